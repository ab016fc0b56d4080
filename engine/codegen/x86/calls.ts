/** Functions of the C library, element by element. */

import type { CallKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { sizeOf } from '../../trace/shapes.ts';
import { R } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import type { Native } from './memory.ts';

/** A function on floats; or on doubles for integers: its result is truncated, the bits above 32 go. */
export function emitCall(native: Native, emitter: Emitter, kernel: CallKernel, placeOf: PlaceOf): void {
  const { asm } = emitter;
  const { symbol, type, operands, result } = kernel;
  const address = native.symbol(null, symbol);
  if (address === null) throw new RangeError(`the C library has no ${symbol}`);
  const pointers = [R.r12, R.r13];
  operands.forEach((view, i) => {
    emitter.point(pointers[i], placeOf(view.storage, view.offset));
  });
  emitter.point(R.r14, placeOf(result.storage, result.offset));
  emitter.repeat(R.rbx, sizeOf(result.shape), () => {
    operands.forEach((_, i) => {
      const element = { base: pointers[i], displacement: 0 };
      if (type === 'int32') asm.loadIntAsDouble(i, element);
      else asm.loadScalar(i, element);
      asm.addNumber(pointers[i], FLOAT_BYTES);
    });
    asm.moveWide(R.rax, address);
    asm.callRegister(R.rax);
    const target = { base: R.r14, displacement: 0 };
    if (type === 'int32') {
      asm.truncateDouble(R.rax, 0);
      asm.store32(target, R.rax);
    } else asm.storeScalar(target, 0);
    asm.addNumber(R.r14, FLOAT_BYTES);
  });
}
