/** Code that changes how numbers are stored: the caller's bools, integers for functions of doubles. */

import { sizeOf } from '../trace/shapes.ts';
import { R } from './assembler.ts';
import { type Emitter, FLOAT_BYTES, VECTOR } from './emitter.ts';
import type { PlaceOf } from './groups.ts';
import { V1 } from './instructions.ts';
import type { BoolKernel, CallKernel } from './kernels.ts';

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
    asm.addNumber(R.rsi, direction === 'in' ? VECTOR : VECTOR * FLOAT_BYTES);
    asm.addNumber(R.rdi, direction === 'in' ? VECTOR * FLOAT_BYTES : VECTOR);
  });
  if (size % VECTOR === 0) return;
  asm.setMask(REST, (1 << (size % VECTOR)) - 1);
  body({ mask: REST });
}

/** A function of the C library on doubles, for integers: its result is truncated, the bits above 32 go. */
export function emitIntegerCall(
  emitter: Emitter,
  { operands, result }: CallKernel,
  address: bigint,
  placeOf: PlaceOf,
): void {
  const { asm } = emitter;
  const pointers = [R.r12, R.r13];
  operands.forEach((view, i) => {
    emitter.point(pointers[i], placeOf(view.storage, view.offset));
  });
  emitter.point(R.r14, placeOf(result.storage, result.offset));
  emitter.repeat(R.rbx, sizeOf(result.shape), () => {
    operands.forEach((_, i) => {
      asm.loadIntAsDouble(i, { base: pointers[i], displacement: 0 });
      asm.addNumber(pointers[i], FLOAT_BYTES);
    });
    asm.moveWide(R.rax, address);
    asm.callRegister(R.rax);
    asm.truncateDouble(R.rax, 0);
    asm.store32({ base: R.r14, displacement: 0 }, R.rax);
    asm.addNumber(R.r14, FLOAT_BYTES);
  });
}
