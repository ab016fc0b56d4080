/** Code that reads and writes at indices known when the program runs: a loop over positions, slices in vectors. */
import { batchBytes, type GatherKernel, positionStrides, type ScatterKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import type { View } from '../../kernels/views.ts';
import type { Code } from './assembler.ts';
import { LANES, load, pushPlace, store, type Table, VECTOR_BYTES } from './loops.ts';
import { Memory, S, V } from './opcodes.ts';

/** Where it is noted that an index was out of range: 4 bytes that are then not 0. */
export interface Noted extends Table {
  readonly outside: number;
}

function pointers(code: Code, table: Table, placeOf: PlaceOf, views: readonly View[]): number[] {
  return views.map(({ storage, offset }) => {
    const local = code.take();
    pushPlace(code, table, placeOf(storage, offset));
    code.set(local);
    return local;
  });
}

/**
 * Indices out of range are noted, and read the first position: nothing outside of the tensor is read. Where an axis has no
 * elements every index is out of range, and nothing is read.
 */
export function emitGather(code: Code, table: Noted, kernel: GatherKernel, placeOf: PlaceOf): void {
  const { positions, source, indices, result } = kernel;
  const { batch, count, bounds, slice, shared } = positions;
  if (bounds.includes(0) && batch * count > 0) {
    noteOutside(code, table);
    return;
  }
  const strides = positionStrides(positions);
  const [from, tuples, to] = pointers(code, table, placeOf, [source, indices, result]);
  const [position, index] = [code.take(), code.take()];
  code.repeat(batch, () => {
    code.repeat(count, () => {
      code.get(from);
      code.set(position);
      for (const [j, bound] of bounds.entries()) {
        pushChecked(code, table, tuples, FLOAT_BYTES * j, bound, index);
        code.i32(strides[j]);
        code.scalar(S.i32Multiply);
        code.get(position);
        code.scalar(S.i32Add);
        code.set(position);
      }
      inSlices(code, slice, [position, to], (lanes) => {
        store(code, { base: to, offset: 0, stride: 1 }, lanes, () =>
          load(code, { base: position, offset: 0, stride: 1 }, lanes),
        );
      });
      code.advance(tuples, FLOAT_BYTES * bounds.length);
    });
    if (shared) code.advance(tuples, -FLOAT_BYTES * bounds.length * count);
    code.advance(from, batchBytes(positions));
  });
  for (const local of [from, tuples, to, position, index]) code.release(local);
}

/** Leaves the index at a pointer if it is at least 0 and less than the bound, else 0 and a note of it. */
function pushChecked(
  code: Code,
  noted: Noted,
  pointer: number,
  offset: number,
  bound: number,
  index: number,
): void {
  code.get(pointer);
  code.memory(Memory.i32Load, offset);
  code.tee(index);
  code.i32(bound);
  code.scalar(S.i32GreaterEqualUnsigned);
  code.if(() => {
    noteOutside(code, noted);
    code.i32(0);
    code.set(index);
  });
  code.get(index);
}

/** Tells the program's caller that an index was out of range. */
function noteOutside(code: Code, { outside }: Noted): void {
  code.i32(0);
  code.i32(1);
  code.memory(Memory.i32Store, outside);
}

/** Positions out of range are noted, and their updates left out. */
export function emitScatter(code: Code, table: Noted, kernel: ScatterKernel, placeOf: PlaceOf): void {
  const { positions, indices, updates, result, reduction, type } = kernel;
  const { count, bounds, slice } = positions;
  const strides = positionStrides(positions);
  const [to, tuples, from] = pointers(code, table, placeOf, [result, indices, updates]);
  const [position, update] = [code.take(), code.take()];
  code.repeat(count, () => {
    code.block(() => {
      code.get(to);
      code.set(position);
      code.get(from);
      code.set(update);
      for (const [j, bound] of bounds.entries()) {
        code.get(tuples);
        code.memory(Memory.i32Load, FLOAT_BYTES * j);
        code.i32(bound);
        code.scalar(S.i32GreaterEqualUnsigned);
        code.if(() => {
          noteOutside(code, table);
          code.branch(1);
        });
        code.get(tuples);
        code.memory(Memory.i32Load, FLOAT_BYTES * j);
        code.i32(strides[j]);
        code.scalar(S.i32Multiply);
        code.get(position);
        code.scalar(S.i32Add);
        code.set(position);
      }
      const [at, given] = [position, update].map((base) => ({ base, offset: 0, stride: 1 }));
      inSlices(code, slice, [position, update], (lanes) => {
        store(code, at, lanes, () => {
          load(code, given, lanes);
          if (reduction !== 'add') return;
          load(code, at, lanes);
          code.vector(type === 'float32' ? V.f32Add : V.i32Add);
        });
      });
    });
    code.advance(tuples, FLOAT_BYTES * bounds.length);
    code.advance(from, FLOAT_BYTES * slice);
  });
  for (const local of [to, tuples, from, position, update]) code.release(local);
}

/** Walks pointers along a slice, a vector at a time. */
function inSlices(
  code: Code,
  slice: number,
  pointers: readonly number[],
  body: (lanes: number) => void,
): void {
  const advance = (bytes: number) => {
    for (const pointer of pointers) code.advance(pointer, bytes);
  };
  code.repeat(Math.floor(slice / LANES), () => {
    body(LANES);
    advance(VECTOR_BYTES);
  });
  const rest = slice % LANES;
  if (rest === 0) return;
  body(rest);
  advance(FLOAT_BYTES * rest);
}
