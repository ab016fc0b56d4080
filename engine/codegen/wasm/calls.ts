/** Functions that have no code for vectors, element by element. */
import type { CallKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { sizeOf } from '../../trace/shapes.ts';
import type { Code, Module } from './assembler.ts';
import { pushPlace, type Table } from './loops.ts';
import { Memory, S, Type } from './opcodes.ts';
import { scalarFunction } from './scalar-functions.ts';

/** A function on floats; or for integers, whose result is truncated: the bits above 32 go. */
export function emitCall(
  code: Code,
  module: Module,
  table: Table & { readonly words: number },
  kernel: CallKernel,
  placeOf: PlaceOf,
): void {
  const { symbol, type, operands, result } = kernel;
  const fn = scalarFunction(module, symbol, table.words);
  if (fn === undefined) throw new RangeError(`no code for ${symbol}`);
  const pointers = [...operands, result].map(({ storage, offset }) => {
    const local = code.take();
    pushPlace(code, table, placeOf(storage, offset));
    code.set(local);
    return local;
  });
  const to = pointers[operands.length];
  code.repeat(sizeOf(result.shape), () => {
    code.get(to);
    for (let i = 0; i < operands.length; i++) {
      code.get(pointers[i]);
      code.memory(type === 'int32' ? Memory.i32Load : Memory.f32Load, 0);
      code.scalar(type === 'int32' ? S.f64FromI32 : S.f64FromF32);
    }
    code.call(fn);
    if (type === 'int32') {
      truncate(code);
      code.memory(Memory.i32Store, 0);
    } else {
      code.scalar(S.f32FromF64);
      code.memory(Memory.f32Store, 0);
    }
    for (const pointer of pointers) code.advance(pointer, FLOAT_BYTES);
  });
  for (const local of pointers) code.release(local);
}

/** The low 32 bits of a double's whole part; 0 where 64 bits do not hold it. */
function truncate(code: Code): void {
  const value = code.take(Type.f64);
  code.tee(value);
  code.truncateToI64();
  code.scalar(S.i32FromI64);
  code.i32(0);
  code.get(value);
  code.scalar(S.f64Absolute);
  code.f64(2 ** 63);
  code.scalar(S.f64Less);
  code.scalar(S.select);
  code.release(value);
}
