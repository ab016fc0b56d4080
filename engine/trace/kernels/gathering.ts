/** Reading and writing at indices. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { Graph, Value } from '../graph.ts';
import { broadcastShapes, normaliseAxis, sizeOf } from '../shapes.ts';
import { elementType, type Translations } from '../tfjs-to-graph.ts';

function gather(graph: Graph, x: Value, indices: Value, axis: number, batchDims: number): Value {
  refuseOutside(indices, [x.shape[axis]]);
  if (batchDims === 0) {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return graph.node('Gather', [x, indices], { type: x.type, shape }, { axis });
  }
  const info = backend_util.segment_util.collectGatherOpShapeInfo(
    { shape: [...x.shape] } as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[0],
    { shape: [...indices.shape] } as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[1],
    axis,
    batchDims,
  );
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
  const count = indices.shape.slice(batchDims).reduce((product, n) => product * n, 1);
  const rows = graph.transpose(graph.reshape(x, [batchSize, outerSize, dimSize, sliceSize]), [0, 2, 1, 3]);
  const at = graph.reshape(graph.cast(indices, 'int64'), [batchSize, count, 1]);
  const picked = graph.node(
    'GatherND',
    [rows, at],
    { type: x.type, shape: [batchSize, count, outerSize, sliceSize] },
    { batch_dims: 1 },
  );
  return graph.reshape(graph.transpose(picked, [0, 2, 1, 3]), outputShape);
}

/**
 * Constant indices out of range fail while tracing, as others do when the graph runs.
 * @param bounds of each index of a tuple
 * @throws RangeError
 */
function refuseOutside({ constant, shape }: Value, bounds: readonly number[]): void {
  if (constant === undefined || sizeOf(shape) === 0) return;
  constant.forEach((index: number | bigint, i: number) => {
    const outside = bounds.find(
      (bound, k) => (constant.length === 1 || i % bounds.length === k) && (index < 0 || index >= bound),
    );
    if (outside !== undefined) throw new RangeError(`the index ${index} is not in [0, ${outside - 1}]`);
  });
}

/** The shape of indices to scatter at: a list of numbers is a list of tuples of one. */
export function tuplesOf(shape: readonly number[]): readonly number[] {
  return shape.length === 1 ? [shape[0], 1] : shape;
}

/** Adds (or writes) whole slices of `target` at index tuples. */
function scatter(
  graph: Graph,
  target: Value,
  indices: Value,
  updates: Value,
  reduction: 'add' | 'none',
): Value {
  const { type, shape } = target;
  const tuples = graph.reshape(indices, tuplesOf(indices.shape));
  refuseOutside(tuples, shape.slice(0, tuples.shape[tuples.shape.length - 1]));
  return graph.node(
    'ScatterND',
    [target, graph.cast(tuples, 'int64'), updates],
    { type, shape },
    { reduction },
  );
}

/** Truth values as the numbers 0 and 1. */
const integers = (graph: Graph, x: Value) => (x.type === 'bool' ? graph.cast(x, 'int32') : x);

const zeros = (graph: Graph, like: Value, shape: readonly number[]) =>
  graph.expand(graph.scalar(like.type, 0), shape);

/** Indices in [0, count), and `count` in place of others. */
function insideOr(graph: Graph, indices: Value, count: number): Value {
  const { constant, type, shape } = indices;
  if (constant !== undefined) {
    const numbers = Array.from(constant, Number).map((index) =>
      index >= 0 && index < count ? index : count,
    );
    const all = numbers.length === 1 ? new Array<number>(sizeOf(shape)).fill(numbers[0]) : numbers;
    return graph.constant(type, shape, all);
  }
  const [none, zero] = [count, 0].map((index) => graph.scalar(type, index));
  const below = graph.binary('Less', indices, zero, 'bool');
  const beyond = graph.binary('GreaterOrEqual', indices, none, 'bool');
  return graph.where(graph.binary('Or', below, beyond, 'bool'), none, indices);
}

/** [0, 1, ..., count - 1], along the last of `rank` axes. */
function positions(graph: Graph, count: number): Value {
  return graph.constant(
    'int32',
    [count],
    Array.from({ length: count }, (_, i) => i),
  );
}

/** The rows of a where `first` holds and those of b elsewhere, each list in its order. */
function joinRows(graph: Graph, a: Value, b: Value, first: Value): Value {
  const [rows] = first.shape;
  const counts = { type: 'int32', shape: [rows] } as const;
  const chosen = graph.cast(first, 'int32');
  const before = graph.node('CumSum', [chosen, graph.scalar('int32', 0)], counts, { exclusive: 1 });
  const total = graph.node('ReduceSum', [chosen, graph.int64([0])], { type: 'int32', shape: [1] });
  const behind = graph.binary('Add', graph.binary('Sub', positions(graph, rows), before), total);
  const output = { type: a.type, shape: a.shape };
  const joined = graph.node('Concat', [a, b], output, { axis: 0 });
  // These indices need no check.
  return graph.node('Gather', [joined, graph.where(first, before, behind)], output, { axis: 0, inside: 1 });
}

export const gatheringTranslations: Translations = {
  /** Rows of x where the mask holds. How many is not known; the shape says the most. See engine/routing.ts. */
  SelectRows: (graph, { x, mask }, { rows }) =>
    graph.node(
      'Compress',
      [x, mask],
      { type: x.type, shape: [rows as number, ...x.shape.slice(1)] },
      { axis: 0 },
    ),
  JoinRows: (graph, { a, b, first }) => joinRows(graph, a, b, first),
  GatherV2: (graph, { x, indices }, { axis, batchDims }) =>
    gather(
      graph,
      x,
      integers(graph, indices),
      normaliseAxis(axis as number, x.shape.length),
      batchDims as number,
    ),
  GatherNd: (graph, { params, indices }) => {
    const depth = indices.shape[indices.shape.length - 1];
    refuseOutside(indices, params.shape.slice(0, depth));
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)];
    return graph.node('GatherND', [params, graph.cast(indices, 'int64')], { type: params.type, shape });
  },
  ScatterNd: (graph, { indices, updates }, { shape }) =>
    scatter(graph, zeros(graph, updates, shape as number[]), indices, updates, 'add'),
  TensorScatterUpdate: (graph, { tensor, indices, updates }) =>
    scatter(graph, tensor, indices, updates, 'none'),
  /** What belongs to no segment goes into one behind the last, which is cut off. */
  UnsortedSegmentSum: (graph, { x: addends, segmentIds }, { numSegments }) => {
    const x = integers(graph, addends);
    const count = numSegments as number;
    const rows = graph.reshape(insideOr(graph, segmentIds, count), [...segmentIds.shape, 1]);
    const rest = x.shape.slice(segmentIds.shape.length);
    const sums = scatter(graph, zeros(graph, x, [count + 1, ...rest]), rows, x, 'add');
    const bounds = [[0], [count], [0]].map((list) => graph.int64(list));
    return graph.node('Slice', [sums, ...bounds], { type: x.type, shape: [count, ...rest] });
  },
  OneHot: (graph, { indices }, attributes) => {
    const { depth, onValue, offValue, dtype } = attributes as {
      depth: number;
      onValue: number;
      offValue: number;
      dtype: string;
    };
    const type = elementType(dtype);
    const expanded = graph.reshape(graph.cast(indices, 'int32'), [...indices.shape, 1]);
    const hit = graph.binary('Equal', expanded, positions(graph, depth), 'bool');
    if (onValue === 1 && offValue === 0) return graph.cast(hit, type);
    return graph.where(hit, graph.scalar(type, onValue), graph.scalar(type, offValue));
  },
  MatrixBandPart: (graph, { input, numLower, numUpper }) => {
    const [rows, columns] = input.shape.slice(-2);
    const i = graph.reshape(positions(graph, rows), [rows, 1]);
    const j = graph.reshape(positions(graph, columns), [1, columns]);
    const zero = graph.scalar('int32', 0);
    /** Within `bound` of the diagonal; a negative bound keeps the whole triangle. */
    const within = (distance: Value, bound: Value) => {
      const open = graph.binary('Less', bound, zero, 'bool');
      return graph.binary('Or', open, graph.binary('LessOrEqual', distance, bound, 'bool'), 'bool');
    };
    const lower = within(graph.binary('Sub', i, j), graph.cast(numLower, 'int32'));
    const upper = within(graph.binary('Sub', j, i), graph.cast(numUpper, 'int32'));
    const band = graph.binary('And', lower, upper, 'bool');
    return graph.where(band, input, graph.scalar(input.type, 0));
  },
  /** How many sorted values lie below (LowerBound) or not above (UpperBound) each one sought, per row. */
  LowerBound: (graph, { sortedSequence, values }) => rank(graph, sortedSequence, values, 'Less'),
  UpperBound: (graph, { sortedSequence, values }) => rank(graph, sortedSequence, values, 'LessOrEqual'),
  SearchSorted: (graph, { sortedSequence, values }, { side }) =>
    rank(graph, sortedSequence, values, side === 'left' ? 'Less' : 'LessOrEqual'),
};

function rank(graph: Graph, sequence: Value, sought: Value, comparison: string): Value {
  const type = sequence.type === 'float32' || sought.type === 'float32' ? 'float32' : 'int32';
  return rankOfOneType(graph, graph.cast(sequence, type), graph.cast(sought, type), comparison);
}

function rankOfOneType(graph: Graph, sorted: Value, values: Value, comparison: string): Value {
  const [rows, count] = sorted.shape;
  const sought = values.shape[1];
  const below = graph.binary(
    comparison,
    graph.reshape(sorted, [rows, 1, count]),
    graph.reshape(values, [rows, sought, 1]),
    'bool',
  );
  const shape = broadcastShapes([rows, sought], [1, 1]);
  return graph.node(
    'ReduceSum',
    [graph.cast(below, 'int32'), graph.int64([2])],
    { type: 'int32', shape },
    { keepdims: 0 },
  );
}
