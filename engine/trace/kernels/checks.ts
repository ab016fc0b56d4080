/** What the kernels' translations take for granted of shapes, axes, sizes and types, and TensorFlow.js does not check. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { Value } from '../graph.ts';
import { broadcastShapes, normaliseAxis, sameShape, sizeOf } from '../shapes.ts';
import type { Attributes, Operands } from '../tfjs-to-graph.ts';
import { tuplesOf } from './gathering.ts';

/** @throws RangeError that says what is wrong */
type Check = (operands: Operands, attributes: Attributes) => void;

const text = (shape: readonly number[]) => `[${shape}]`;

function refuse(problem: string): never {
  throw new RangeError(problem);
}

const whole = (n: number) => Number.isInteger(n) && n >= 0;

/** Indices are whole numbers: the bits of others would be read as such. */
function wholeNumbers(what: string, { type }: Value): void {
  if (type === 'float32') refuse(`${what} of type ${type}: cast them to int32`);
}

/** The same shapes but along one axis, and one type. */
function alike(parts: readonly Value[], but?: number): void {
  const [first] = parts;
  for (const part of parts) {
    const same =
      part.shape.length === first.shape.length &&
      part.shape.every((n, axis) => axis === but || n === first.shape[axis]);
    if (!same) {
      const shapes = parts.map(({ shape }) => text(shape)).join(', ');
      refuse(
        but === undefined
          ? `shapes ${shapes} are not the same`
          : `shapes ${shapes} differ beside axis ${but}`,
      );
    }
    if (part.type !== first.type) {
      refuse(`types ${parts.map(({ type }) => type).join(', ')} differ: cast them to one`);
    }
  }
}

function reshape({ x }: Operands, { shape }: Attributes): void {
  const sizes = shape as readonly number[];
  const open = sizes.filter((n) => n === -1).length;
  if (open > 1) refuse(`${text(sizes)} leaves more than one length open`);
  if (!sizes.every((n) => n === -1 || whole(n))) refuse(`${text(sizes)} is no shape`);
  const known = sizeOf(sizes.filter((n) => n !== -1));
  const size = sizeOf(x.shape);
  const fits = open === 0 ? known === size : known > 0 && size % known === 0;
  if (!fits) refuse(`${text(x.shape)} has ${size} elements, which ${text(sizes)} does not hold`);
}

function transpose({ x }: Operands, { perm }: Attributes): void {
  const axes = perm as readonly number[];
  const each = x.shape.every((_, axis) => axes.includes(axis));
  if (axes.length !== x.shape.length || !each) {
    refuse(`the axes ${text(axes)} do not name each axis of ${text(x.shape)} once`);
  }
}

function tile({ x }: Operands, { reps }: Attributes): void {
  const repeats = reps as readonly number[];
  if (repeats.length !== x.shape.length || !repeats.every(whole)) {
    refuse(`${text(repeats)} does not say how often ${text(x.shape)} is repeated along each axis`);
  }
}

function broadcastTo({ x }: Operands, attributes: Attributes): void {
  const shape = attributes.shape as readonly number[];
  if (!shape.every(whole) || !sameShape(broadcastShapes(x.shape, shape), shape)) {
    refuse(`${text(x.shape)} does not broadcast to ${text(shape)}`);
  }
}

function slice({ x }: Operands, attributes: Attributes): void {
  const { begin, size } = attributes as { begin: number | number[]; size: number | number[] | undefined };
  const from = [begin].flat();
  const lengths = [size ?? []].flat();
  const rank = x.shape.length;
  const inside = x.shape.every((n, i) => {
    const start = from[i] ?? 0;
    const length = lengths[i] ?? -1;
    return whole(start) && (length === -1 ? start <= n : whole(length) && start + length <= n);
  });
  if (from.length > rank || lengths.length > rank || !inside) {
    refuse(`the slice from ${text(from)} of size ${text(lengths)} does not lie in ${text(x.shape)}`);
  }
}

function split({ x }: Operands, { numOrSizeSplits, axis }: Attributes): void {
  const at = normaliseAxis(axis as number, x.shape.length);
  const length = x.shape[at];
  const parts = numOrSizeSplits as number | readonly number[];
  if (typeof parts === 'number') {
    if (whole(parts) && parts > 0 && length % parts === 0) return;
    refuse(`axis ${at} of ${text(x.shape)} does not split into ${parts} equal parts`);
  }
  const open = parts.filter((n) => n === -1).length;
  const known = parts.filter((n) => n !== -1);
  const sum = known.reduce((total, n) => total + n, 0);
  if (open > 1 || !known.every(whole) || (open === 0 ? sum !== length : sum > length)) {
    refuse(`axis ${at} of ${text(x.shape)} does not split into parts of ${text(parts)}`);
  }
}

function pad({ x }: Operands, { paddings }: Attributes): void {
  const list = paddings as readonly (readonly number[])[];
  if (list.length !== x.shape.length || !list.every((pair) => pair.length === 2 && pair.every(whole))) {
    const pairs = list.map((pair) => text(pair)).join(', ');
    refuse(`the paddings ${pairs} are not two lengths for each axis of ${text(x.shape)}`);
  }
}

function mirrorPad(operands: Operands, attributes: Attributes): void {
  pad(operands, attributes);
  const { shape } = operands.x;
  const most = attributes.mode === 'reflect' ? 1 : 0;
  const list = attributes.paddings as readonly (readonly number[])[];
  list.forEach((pair, axis) => {
    if (pair.some((n) => n > 0 && n > shape[axis] - most)) {
      refuse(`axis ${axis} of ${text(shape)} is too short to be mirrored by ${text(pair)}`);
    }
  });
}

function gather({ x, indices }: Operands, { axis, batchDims }: Attributes): void {
  wholeNumbers('indices', indices);
  const at = normaliseAxis(axis as number, x.shape.length);
  if (x.shape.length === 0) refuse('a number has no axis to gather along');
  // It throws where the shapes do not agree.
  backend_util.segment_util.collectGatherOpShapeInfo(
    { shape: [...x.shape] } as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[0],
    { shape: [...indices.shape] } as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[1],
    at,
    batchDims as number,
  );
}

function gatherNd({ params, indices }: Operands): void {
  wholeNumbers('indices', indices);
  const depth = indices.shape[indices.shape.length - 1];
  if (depth === undefined || depth > params.shape.length) {
    refuse(`indices ${text(indices.shape)} into ${text(params.shape)}: their last axis names its axes`);
  }
}

/** Updates are what lies at each tuple of indices. */
function scatter(shape: readonly number[], indices: Value, updates: Value): void {
  wholeNumbers('indices', indices);
  const tuples = tuplesOf(indices.shape);
  const depth = tuples[tuples.length - 1];
  const expected = [...tuples.slice(0, -1), ...shape.slice(depth)];
  if (
    depth === undefined ||
    depth > shape.length ||
    !shape.every(whole) ||
    !sameShape(updates.shape, expected)
  ) {
    refuse(`updates ${text(updates.shape)} at indices ${text(indices.shape)} do not fit into ${text(shape)}`);
  }
}

function segmentSum({ x, segmentIds }: Operands, { numSegments }: Attributes): void {
  wholeNumbers('segment ids', segmentIds);
  const { shape } = segmentIds;
  if (!sameShape(shape, x.shape.slice(0, shape.length))) {
    refuse(`segment ids ${text(shape)} are not the first axes of ${text(x.shape)}`);
  }
  if (!whole(numSegments as number)) refuse(`${numSegments} is no number of segments`);
}

function searchSorted({ sortedSequence, values }: Operands): void {
  const [sorted, sought] = [sortedSequence.shape, values.shape];
  if (sorted.length !== 2 || sought.length !== 2 || sorted[0] !== sought[0]) {
    refuse(`${text(sought)} is not sought in rows of ${text(sorted)}`);
  }
}

/** Statistics and the factors broadcast to x, not x to them. */
function batchNorm({ x, ...others }: Operands): void {
  for (const { shape } of Object.values(others)) {
    if (!sameShape(broadcastShapes(x.shape, shape), x.shape)) {
      refuse(`${text(shape)} does not broadcast to ${text(x.shape)}`);
    }
  }
}

function position({ x }: Operands, { axis }: Attributes): void {
  const [at] = [(axis as number | number[] | undefined) ?? 0].flat();
  if (x.shape.length > 0 && x.shape[normaliseAxis(at, x.shape.length)] === 0) {
    refuse(`axis ${at} of ${text(x.shape)} has no elements`);
  }
}

function top({ x }: Operands, { k }: Attributes): void {
  const length = x.shape[x.shape.length - 1] ?? 0;
  if (!whole(k as number) || (k as number) > length) {
    refuse(`the ${k} largest of the last axis of ${text(x.shape)}`);
  }
}

function selectRows({ x, mask }: Operands, { rows }: Attributes): void {
  if (mask.shape.length !== 1 || mask.shape[0] !== x.shape[0] || (rows as number) > x.shape[0]) {
    refuse(`${rows} rows of ${text(x.shape)} by a mask of ${text(mask.shape)}`);
  }
}

function joinRows({ a, b, first }: Operands): void {
  alike([a, b]);
  if (first.shape.length !== 1 || first.shape[0] !== a.shape[0]) {
    refuse(`rows of ${text(a.shape)} by a mask of ${text(first.shape)}`);
  }
}

function numbers(operands: Operands): void {
  const { type } = Object.values(operands)[0];
  if (type === 'bool') refuse('truth values are no numbers: cast them to int32 or float32');
}

export const checks: Readonly<Record<string, Check>> = {
  Reshape: reshape,
  Transpose: transpose,
  Tile: tile,
  BroadcastTo: broadcastTo,
  Slice: slice,
  SplitV: split,
  PadV2: pad,
  MirrorPad: mirrorPad,
  Concat: (operands, { axis }) => {
    const parts = Object.values(operands);
    alike(parts, normaliseAxis(axis as number, parts[0].shape.length));
    if (parts[0].shape.length === 0) refuse('numbers have no axis to be joined along: use stack');
  },
  Pack: (operands) => alike(Object.values(operands)),
  AddN: (operands) => {
    alike(Object.values(operands));
    numbers(operands);
  },
  Abs: numbers,
  ClipByValue: numbers,
  IsFinite: numbers,
  IsInf: numbers,
  IsNan: numbers,
  Neg: numbers,
  Relu: numbers,
  Relu6: numbers,
  Sign: numbers,
  Square: numbers,
  Step: numbers,
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: ({ indices, updates }, { shape }) => scatter(shape as number[], indices, updates),
  TensorScatterUpdate: ({ tensor, indices, updates }) => scatter(tensor.shape, indices, updates),
  UnsortedSegmentSum: segmentSum,
  SearchSorted: searchSorted,
  LowerBound: searchSorted,
  UpperBound: searchSorted,
  FusedBatchNorm: batchNorm,
  ArgMax: position,
  ArgMin: position,
  TopK: top,
  SelectRows: selectRows,
  JoinRows: joinRows,
};
