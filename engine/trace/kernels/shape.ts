/** Operations that move, repeat or cut data without computing. */
import { backend_util, slice_util } from '@tensorflow/tfjs-core';
import type { Graph, Value } from '../graph.ts';
import { normaliseAxes, normaliseAxis, sameShape, sizeOf } from '../shapes.ts';
import type { Translations } from '../tfjs-to-graph.ts';

/** ONNX's slice: begin, end and step per axis; an end below 0 means "through the first element". */
function slice(
  graph: Graph,
  x: Value,
  begin: readonly number[],
  size: readonly number[],
  step?: readonly number[],
) {
  const axes = x.shape.map((_, i) => i).filter((i) => size[i] !== x.shape[i] || (step?.[i] ?? 1) !== 1);
  if (axes.length === 0) return x;
  const steps = axes.map((i) => step?.[i] ?? 1);
  const ends = axes.map((i, k) => {
    const end = begin[i] + size[i] * steps[k];
    return end < 0 ? -(2 ** 31) : end;
  });
  const lists = [axes.map((i) => begin[i]), ends, axes, steps];
  const operands = steps.every((s) => s === 1) ? lists.slice(0, 3) : lists;
  return graph.node('Slice', [x, ...operands.map((list) => graph.int64(list))], {
    type: x.type,
    shape: size,
  });
}

function concat(graph: Graph, parts: readonly Value[], axis: number): Value {
  const filled = parts.filter((part) => part.shape[axis] > 0);
  if (filled.length === 0) return parts[0];
  if (filled.length === 1) return filled[0];
  const length = filled.reduce((sum, part) => sum + part.shape[axis], 0);
  const shape = filled[0].shape.map((n, i) => (i === axis ? length : n));
  return graph.node('Concat', filled, { type: filled[0].type, shape }, { axis });
}

function split(graph: Graph, x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  if (sizes.length === 1) return [x];
  const shapes = sizes.map((size) => x.shape.map((n, i) => (i === axis ? size : n)));
  return graph.nodes(
    'Split',
    [x, graph.int64(sizes)],
    shapes.map((shape) => ({ type: x.type, shape })),
    { axis },
  );
}

function pad(graph: Graph, x: Value, paddings: readonly (readonly [number, number])[], value: number): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((n, i) => paddings[i][0] + n + paddings[i][1]);
  if (x.shape.includes(0)) {
    return graph.constant(x.type, shape, new Array<number>(sizeOf(shape)).fill(value));
  }
  const list = graph.int64([...paddings.map((p) => p[0]), ...paddings.map((p) => p[1])]);
  if (x.type === 'bool') {
    const operands = [graph.cast(x, 'int32'), list, graph.scalar('int32', value)];
    return graph.cast(graph.node('Pad', operands, { type: 'int32', shape }), 'bool');
  }
  return graph.node('Pad', [x, list, graph.scalar(x.type, value)], { type: x.type, shape });
}

/** Reads along each padded axis at mirrored positions. */
function mirrorPad(
  graph: Graph,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  mode: string,
): Value {
  const edge = mode === 'reflect' ? 0 : 1;
  return paddings.reduce((value, [before, after], axis) => {
    if (before === 0 && after === 0) return value;
    const length = x.shape[axis];
    const indices = Array.from({ length: before + length + after }, (_, i) => {
      const at = i - before;
      if (at < 0) return -at - edge;
      return at < length ? at : 2 * (length - 1) - at + edge;
    });
    const shape = value.shape.map((n, i) => (i === axis ? indices.length : n));
    return graph.node('Gather', [value, graph.int64(indices)], { type: x.type, shape }, { axis });
  }, x);
}

export const shapeTranslations: Translations = {
  Reshape: (graph, { x }, { shape }) => graph.reshape(x, inferred(x, shape as number[])),
  ExpandDims: (graph, { input }, { dim }) => {
    const axis = normaliseAxis(dim as number, input.shape.length + 1);
    const shape = [...input.shape];
    shape.splice(axis, 0, 1);
    return graph.reshape(input, shape);
  },
  Transpose: (graph, { x }, { perm }) => graph.transpose(x, perm as number[]),
  BroadcastTo: (graph, { x }, { shape }) => graph.expand(x, shape as number[]),
  Tile: (graph, { x }, { reps }) => {
    const repeats = reps as number[];
    const shape = x.shape.map((n, i) => n * repeats[i]);
    if (sameShape(shape, x.shape)) return x;
    if (x.shape.every((n, i) => n === 1 || repeats[i] === 1)) return graph.expand(x, shape);
    return graph.node('Tile', [x, graph.int64(repeats)], { type: x.type, shape });
  },
  Concat: (graph, operands, { axis }) => {
    const parts = Object.values(operands);
    return concat(graph, parts, normaliseAxis(axis as number, parts[0].shape.length));
  },
  Pack: (graph, operands, { axis }) => {
    const parts = Object.values(operands);
    const at = normaliseAxis(axis as number, parts[0].shape.length + 1);
    const shape = [...parts[0].shape];
    shape.splice(at, 0, 1);
    return concat(
      graph,
      parts.map((part) => graph.reshape(part, shape)),
      at,
    );
  },
  Unpack: (graph, { value }, { axis }) => {
    const at = normaliseAxis(axis as number, value.shape.length);
    const shape = value.shape.filter((_, i) => i !== at);
    const pieces = split(graph, value, new Array<number>(value.shape[at]).fill(1), at);
    return pieces.map((piece) => graph.reshape(piece, shape));
  },
  SplitV: (graph, { x }, { numOrSizeSplits, axis }) => {
    const at = normaliseAxis(axis as number, x.shape.length);
    const info = { shape: [...x.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0];
    return split(graph, x, backend_util.prepareSplitSize(info, numOrSizeSplits as number[], at), at);
  },
  Slice: (graph, { x }, attributes) => {
    const { begin, size } = attributes as { begin: number | number[]; size: number | number[] };
    const info = { shape: [...x.shape], rank: x.shape.length } as unknown as Parameters<
      typeof slice_util.parseSliceParams
    >[0];
    const [from, lengths] = slice_util.parseSliceParams(info, begin, size);
    slice_util.assertParamsValid(info, from, lengths);
    return slice(graph, x, from, lengths);
  },
  StridedSlice: (graph, { x }, attributes) => {
    const a = attributes as {
      begin: number[];
      end: number[];
      strides: number[];
      beginMask: number;
      endMask: number;
      ellipsisMask: number;
      newAxisMask: number;
      shrinkAxisMask: number;
    };
    const info = slice_util.sliceInfo(
      [...x.shape],
      a.begin,
      a.end,
      a.strides,
      a.beginMask,
      a.endMask,
      a.ellipsisMask,
      a.newAxisMask,
      a.shrinkAxisMask,
    );
    const lengths = x.shape.map((_, i) =>
      Math.max(0, Math.ceil((info.end[i] - info.begin[i]) / info.strides[i])),
    );
    return graph.reshape(slice(graph, x, info.begin, lengths, info.strides), info.finalShape);
  },
  PadV2: (graph, { x }, { paddings, constantValue }) =>
    pad(graph, x, paddings as [number, number][], constantValue as number),
  MirrorPad: (graph, { x }, { paddings, mode }) =>
    mirrorPad(graph, x, paddings as [number, number][], mode as string),
  Reverse: (graph, { x }, { dims }) => {
    const axes = normaliseAxes(dims as number | number[], x.shape.length);
    const begin = x.shape.map((n, i) => (axes.includes(i) ? n - 1 : 0));
    const steps = x.shape.map((_, i) => (axes.includes(i) ? -1 : 1));
    return slice(graph, x, begin, x.shape, steps);
  },
};

function inferred(x: Value, shape: readonly number[]): number[] {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
  return shape.map((n) => (n === -1 ? sizeOf(x.shape) / known : n));
}
