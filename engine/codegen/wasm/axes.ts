/** Scan, arg-reduce and top-k kernels, along one axis number by number. */

import { acrossAxis, acrossRows } from '../../kernels/axes.ts';
import type { Kind } from '../../kernels/groups.ts';
import type { ArgExtremumKernel, ScanKernel, TopKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import type { Code } from './assembler.ts';
import { type Address, emitLoops, type Table } from './loops.ts';
import { Memory, S, Type } from './opcodes.ts';

/** pointer = address */
function point(code: Code, pointer: number, { base, offset }: Address): void {
  code.i32(offset);
  if (base !== undefined) {
    code.get(base);
    code.scalar(S.i32Add);
  }
  code.set(pointer);
}

const single = { single: true } as const;

export function emitScan(code: Code, table: Table, kernel: ScanKernel, placeOf: PlaceOf): void {
  const { source, result, axis, exclusive, type } = kernel;
  const isFloat = type === 'float32';
  const [from, to] = [code.take(), code.take()];
  const sum = code.take(isFloat ? Type.f32 : Type.i32);
  emitLoops(
    code,
    table,
    acrossAxis(kernel, placeOf),
    (cursor) => {
      point(code, from, cursor.at(0));
      point(code, to, cursor.at(1));
      if (isFloat) code.f32(0);
      else code.i32(0);
      code.set(sum);
      const write = () => {
        code.get(to);
        code.get(sum);
        code.memory(isFloat ? Memory.f32Store : Memory.i32Store, 0);
      };
      code.repeat(source.shape[axis], () => {
        // The source is read before the result is written, which may lie in its place.
        const next = code.take(isFloat ? Type.f32 : Type.i32);
        code.get(from);
        code.memory(isFloat ? Memory.f32Load : Memory.i32Load, 0);
        code.set(next);
        if (exclusive) write();
        code.get(sum);
        code.get(next);
        code.scalar(isFloat ? S.f32Add : S.i32Add);
        code.set(sum);
        if (!exclusive) write();
        code.release(next);
        code.advance(from, FLOAT_BYTES * source.strides[axis]);
        code.advance(to, FLOAT_BYTES * result.strides[axis]);
      });
    },
    single,
  );
  for (const local of [from, to, sum]) code.release(local);
}

/** Only what exceeds the best so far replaces it: the first of equals stays, and the first NaN whatever comes. */
export function emitArgExtremum(code: Code, table: Table, kernel: ArgExtremumKernel, placeOf: PlaceOf): void {
  const { source, axis, largest, type } = kernel;
  const isFloat = type === 'float32';
  const numbers = isFloat ? Type.f32 : Type.i32;
  const loadNumber = isFloat ? Memory.f32Load : Memory.i32Load;
  /** Whether the number on the stack replaces the best. */
  const isBetter = () => {
    code.get(best);
    if (!isFloat) {
      code.scalar(largest ? S.i32GreaterSigned : S.i32LessSigned);
      return;
    }
    code.scalar(largest ? S.f32LessEqual : S.f32GreaterEqual);
    code.scalar(S.i32Eqz);
    code.get(best);
    code.get(best);
    code.scalar(S.f32Equal);
    code.scalar(S.i32And);
  };
  const [from, to, index, bestIndex] = [0, 1, 2, 3].map(() => code.take());
  const [best, next] = [code.take(numbers), code.take(numbers)];
  emitLoops(
    code,
    table,
    acrossAxis(kernel, placeOf),
    (cursor) => {
      point(code, from, cursor.at(0));
      point(code, to, cursor.at(1));
      code.get(from);
      code.memory(loadNumber, 0);
      code.set(best);
      for (const local of [index, bestIndex]) {
        code.i32(0);
        code.set(local);
      }
      code.repeat(source.shape[axis] - 1, () => {
        code.advance(from, FLOAT_BYTES * source.strides[axis]);
        code.advance(index, 1);
        code.get(from);
        code.memory(loadNumber, 0);
        code.tee(next);
        isBetter();
        code.if(() => {
          code.get(next);
          code.set(best);
          code.get(index);
          code.set(bestIndex);
        });
      });
      code.get(to);
      code.get(bestIndex);
      code.memory(Memory.i32Store, 0);
    },
    single,
  );
  for (const local of [from, to, index, bestIndex, best, next]) code.release(local);
}

/** Leaves the bits of the number at a pointer as an integer in the numbers' order, -0 as 0, NaN above all numbers. */
function pushKey(code: Code, type: Kind, pointer: number): void {
  if (type !== 'float32') {
    code.get(pointer);
    code.memory(Memory.i32Load, 0);
    return;
  }
  const bits = code.take();
  const number = code.take(Type.f32);
  // What is chosen below where the number is no NaN, of either sign.
  code.get(pointer);
  code.memory(Memory.f32Load, 0);
  code.f32(0);
  code.scalar(S.f32Add);
  code.tee(number);
  code.scalar(S.i32FromF32Bits);
  code.tee(bits);
  code.get(bits);
  code.i32(31);
  code.scalar(S.i32ShiftRightSigned);
  code.i32(2 ** 31 - 1);
  code.scalar(S.i32And);
  code.scalar(S.i32Xor);
  code.i32(2 ** 31 - 1);
  code.get(number);
  code.get(number);
  code.scalar(S.f32Equal);
  code.scalar(S.select);
  code.release(bits);
  code.release(number);
}

/**
 * Each round finds the largest number behind the one found before: among equal numbers the first comes first, as
 * with TensorFlow.js; NaN counts as larger than any number.
 */
export function emitTop(code: Code, table: Table, kernel: TopKernel, placeOf: PlaceOf): void {
  const { source, result, type } = kernel;
  const axis = source.shape.length - 1;
  const length = source.shape[axis];
  const count = result.shape[axis + 1];
  const step = FLOAT_BYTES * source.strides[axis];
  const locals = Array.from({ length: 10 }, () => code.take());
  const [from, values, indices, index, key, best, bestIndex, lastKey, lastIndex, bestBits] = locals;
  const setNumber = (local: number, value: number) => {
    code.i32(value);
    code.set(local);
  };
  emitLoops(
    code,
    table,
    acrossRows(kernel, placeOf),
    (cursor) => {
      point(code, from, cursor.at(0));
      point(code, values, cursor.at(1));
      point(code, indices, cursor.at(2));
      setNumber(lastKey, 2 ** 31 - 1);
      setNumber(lastIndex, -1);
      code.repeat(count, () => {
        setNumber(index, 0);
        setNumber(bestIndex, -1);
        setNumber(best, 0);
        code.repeat(length, () => {
          pushKey(code, type, from);
          code.set(key);
          // Behind the last one found: smaller, or equal with a larger index ...
          code.get(key);
          code.get(lastKey);
          code.scalar(S.i32LessSigned);
          code.get(key);
          code.get(lastKey);
          code.scalar(S.i32Eq);
          code.get(index);
          code.get(lastIndex);
          code.scalar(S.i32GreaterSigned);
          code.scalar(S.i32And);
          code.scalar(S.i32Or);
          // ... and larger than the best so far, or the first.
          code.get(key);
          code.get(best);
          code.scalar(S.i32GreaterSigned);
          code.get(bestIndex);
          code.i32(0);
          code.scalar(S.i32LessSigned);
          code.scalar(S.i32Or);
          code.scalar(S.i32And);
          code.if(() => {
            code.get(key);
            code.set(best);
            code.get(index);
            code.set(bestIndex);
            code.get(from);
            code.memory(Memory.i32Load, 0);
            code.set(bestBits);
          });
          code.advance(index, 1);
          code.advance(from, step);
        });
        code.advance(from, -step * length);
        for (const [pointer, number] of [
          [values, bestBits],
          [indices, bestIndex],
        ]) {
          code.get(pointer);
          code.get(number);
          code.memory(Memory.i32Store, 0);
          code.advance(pointer, FLOAT_BYTES);
        }
        code.get(best);
        code.set(lastKey);
        code.get(bestIndex);
        code.set(lastIndex);
      });
    },
    single,
  );
  for (const local of locals) code.release(local);
}
