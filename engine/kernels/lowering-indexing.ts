/** Reading and writing at indices. */
import { sizeOf } from '../trace/shapes.ts';
import type { Builder } from './builder.ts';
import type { Tensor } from './kernels.ts';
import { reshapeView, sliceView, type View } from './views.ts';

/** Constant indices in more pieces than this are read when the program runs. */
const MOST_RUNS = 8;

interface Run {
  readonly first: number;
  readonly step: number;
  readonly length: number;
}

/** Numbers as arithmetic progressions that follow each other. */
function runsOf(numbers: readonly number[]): Run[] {
  const runs: Run[] = [];
  let at = 0;
  while (at < numbers.length) {
    let length = 1;
    const step = at + 1 < numbers.length ? numbers[at + 1] - numbers[at] : 1;
    while (at + length < numbers.length && numbers[at + length] - numbers[at + length - 1] === step) length++;
    runs.push({ first: numbers[at], step, length });
    at += length;
  }
  return runs;
}

/** Slices along an axis. Constant indices are in range: tracing has looked. */
export function gather(
  builder: Builder,
  x: Tensor,
  indices: Tensor,
  constant: readonly number[] | undefined,
  axis: number,
  target: View,
): Tensor {
  const { shape } = x.view;
  const [outer, inner] = [shape.slice(0, axis), shape.slice(axis + 1)];
  if (constant !== undefined) {
    const runs = runsOf(constant);
    const flat = reshapeView(target, [...outer, constant.length, ...inner]);
    if (runs.length <= MOST_RUNS && flat !== undefined) {
      const pieces = runs.map(({ first, step, length }) => ({
        ...x,
        view: sliceView(x.view, axis, first, length, step),
        origin: undefined,
      }));
      if (pieces.length === 1) return builder.reshaped(pieces[0], target.shape);
      let at = 0;
      for (const [i, piece] of pieces.entries()) {
        builder.copy(piece, sliceView(flat, axis, at, runs[i].length));
        at += runs[i].length;
      }
      return { type: x.type, view: target };
    }
  }
  const result = builder.contiguousPlace(target);
  builder.kernels.push({
    kind: 'gather',
    positions: {
      batch: sizeOf(outer),
      count: sizeOf(indices.view.shape),
      bounds: [shape[axis]],
      slice: sizeOf(inner),
      shared: true,
    },
    source: builder.contiguous(x).view,
    indices: builder.contiguous(indices).view,
    result,
  });
  return { type: x.type, view: result };
}

/** Slices at tuples of indices along the first axes behind those of the batch. */
export function gatherTuples(
  builder: Builder,
  x: Tensor,
  indices: Tensor,
  batchAxes: number,
  target: View,
): Tensor {
  const { shape } = x.view;
  const tuples = indices.view.shape;
  const depth = tuples[tuples.length - 1];
  const result = builder.contiguousPlace(target);
  builder.kernels.push({
    kind: 'gather',
    positions: {
      batch: sizeOf(shape.slice(0, batchAxes)),
      count: sizeOf(tuples.slice(batchAxes, -1)),
      bounds: shape.slice(batchAxes, batchAxes + depth),
      slice: sizeOf(shape.slice(batchAxes + depth)),
      shared: false,
    },
    source: builder.contiguous(x).view,
    indices: builder.contiguous(indices).view,
    result,
  });
  return { type: x.type, view: result };
}

/** A copy of x with slices added or put at tuples of indices. */
export function scatterTuples(
  builder: Builder,
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  reduction: 'add' | 'none',
  target: View,
): Tensor {
  const { shape } = x.view;
  const tuples = indices.view.shape;
  const depth = tuples[tuples.length - 1];
  const result = builder.contiguousPlace(target);
  builder.copy(x, result);
  const count = sizeOf(tuples.slice(0, -1));
  if (count > 0) {
    builder.kernels.push({
      kind: 'scatter',
      type: x.type,
      reduction,
      positions: {
        batch: 1,
        count,
        bounds: shape.slice(0, depth),
        slice: sizeOf(shape.slice(depth)),
        shared: true,
      },
      indices: builder.contiguous(indices).view,
      updates: builder.contiguous(updates).view,
      result,
    });
  }
  return { type: x.type, view: result };
}
