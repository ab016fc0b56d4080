/** Code that changes how numbers are stored: the caller's bools. */

import type { BoolKernel } from '../../kernels/kernels.ts';
import type { PlaceOf } from '../../kernels/places.ts';
import { sizeOf } from '../../trace/shapes.ts';
import { R } from './assembler.ts';
import { type Emitter, VECTOR, VECTOR_BYTES } from './emitter.ts';
import { V1 } from './instructions.ts';

const REST = 1;
const TRUE = 2;

/** Bytes other than 0 are true. */
export function emitBools(emitter: Emitter, kernel: BoolKernel, placeOf: PlaceOf): void {
  const { asm } = emitter;
  const { source, result, direction } = kernel;
  const size = sizeOf(source.shape);
  emitter.point(R.rsi, placeOf(source.storage, source.offset));
  emitter.point(R.rdi, placeOf(result.storage, result.offset));
  const [from, to] = [R.rsi, R.rdi].map((base) => ({ base, displacement: 0 }));
  const [bits, ones] = [0, 1];
  asm.broadcast(ones, emitter.constantBits(1));
  const body = (masking: { mask?: number }) => {
    const zeroing = { ...masking, zero: masking.mask !== undefined };
    asm.vector2(direction === 'in' ? V1.loadBytes : V1.load, bits, from, zeroing);
    asm.testBits(TRUE, bits, bits);
    asm.vector2(V1.move, bits, ones, { mask: TRUE, zero: true });
    if (direction === 'in') asm.storeVector(to, bits, masking);
    else asm.vector2(V1.storeBytes, bits, to, masking);
  };
  emitter.repeat(R.rcx, Math.floor(size / VECTOR), () => {
    body({});
    asm.addNumber(R.rsi, direction === 'in' ? VECTOR : VECTOR_BYTES);
    asm.addNumber(R.rdi, direction === 'in' ? VECTOR_BYTES : VECTOR);
  });
  if (size % VECTOR === 0) return;
  asm.setMask(REST, (1 << (size % VECTOR)) - 1);
  body({ mask: REST });
}
