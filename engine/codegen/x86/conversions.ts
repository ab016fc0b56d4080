/** Code that changes how numbers are stored: the caller's bools. */

import type { BoolKernel } from '../../kernels/kernels.ts';
import type { PlaceOf } from '../../kernels/places.ts';
import { sizeOf } from '../../trace/shapes.ts';
import { R } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import { V1 } from './instructions.ts';

const REST = 1;
const TRUE = 2;

/** Bytes other than 0 are true. */
export function emitBools(emitter: Emitter, kernel: BoolKernel, placeOf: PlaceOf): void {
  const { asm, lanes, vectorBytes } = emitter;
  const { source, result, direction } = kernel;
  const size = sizeOf(source.shape);
  emitter.point(R.rsi, placeOf(source.storage, source.offset));
  emitter.point(R.rdi, placeOf(result.storage, result.offset));
  const [from, to] = [R.rsi, R.rdi].map((base) => ({ base, displacement: 0 }));
  const [bits, ones] = [0, 1];
  asm.broadcast(ones, emitter.constantBits(1));
  const body = (masking: { mask?: number }) => {
    const zeroing = { ...masking, zero: masking.mask !== undefined };
    if (direction === 'in') asm.loadBytes(bits, from, zeroing);
    else asm.vector2(V1.load, bits, from, zeroing);
    asm.testBits(TRUE, bits, bits);
    asm.vector2(V1.move, bits, ones, { mask: TRUE, zero: true });
    if (direction === 'in') asm.storeVector(to, bits, masking);
    else asm.storeBytes(to, bits, masking);
  };
  emitter.repeat(R.rcx, Math.floor(size / lanes), () => {
    body({});
    asm.addNumber(R.rsi, direction === 'in' ? lanes : vectorBytes);
    asm.addNumber(R.rdi, direction === 'in' ? vectorBytes : lanes);
  });
  if (size % lanes === 0) return;
  asm.setMask(REST, size % lanes);
  body({ mask: REST });
}
