/** Sums, extremes and their like along axes; softmax; scans. */
import type { ElementType, Graph, Value } from '../graph.ts';
import { normaliseAxes, normaliseAxis, reducedShape, sizeOf } from '../shapes.ts';
import type { Translation, Translations } from '../tfjs-to-graph.ts';
import { matMul } from './matmul.ts';

/**
 * Sums over the rows of matrices up to this high are products with ones: 256 rows of 256 take 8 µs so, and 64 as
 * ONNX Runtime's ReduceSum; 1024 of 128 take 11 and 16, 2560 of 256 97 and 89.
 */
const MOST_ROWS = 2048;

/** An ONNX reduction along axes; an empty reduction gives `empty`. */
function reduce(
  graph: Graph,
  operation: string,
  x: Value,
  axes: readonly number[],
  keep: boolean,
  empty: number,
): Value {
  const shape = reducedShape(x.shape, axes, keep);
  if (sizeOf(x.shape) === 0)
    return graph.constant(x.type, shape, new Array<number>(sizeOf(shape)).fill(empty));
  if (axes.every((axis) => x.shape[axis] === 1)) return graph.reshape(x, shape);
  if (operation === 'ReduceSum' && x.type === 'float32' && x.shape.length === 2 && axes.join() === '0') {
    const [rows] = x.shape;
    if (rows <= MOST_ROWS) {
      const ones = graph.constant('float32', [1, rows], new Float32Array(rows).fill(1));
      return graph.reshape(matMul(graph, ones, x, false, false), shape);
    }
  }
  return graph.node(operation, [x, graph.int64(axes)], { type: x.type, shape }, { keepdims: keep ? 1 : 0 });
}

const reduction = (operation: string, empty: number, type?: ElementType): Translation => {
  return (graph, { x }, attributes) => {
    const { axis = attributes.reductionIndices, keepDims } = attributes; // Max names its axes differently
    const operand = graph.cast(x, type ?? (x.type === 'bool' ? 'int32' : x.type));
    const axes = normaliseAxes(axis as number | number[] | null | undefined, x.shape.length);
    return reduce(graph, operation, operand, axes, keepDims === true, empty);
  };
};

/** ONNX reduces no bools: the extreme of 0 and 1. */
const logicalReduction = (operation: string, empty: number): Translation => {
  return (graph, { x }, { axis, keepDims }) => {
    const axes = normaliseAxes(axis as number | number[] | null | undefined, x.shape.length);
    return graph.cast(
      reduce(graph, operation, graph.cast(x, 'int32'), axes, keepDims === true, empty),
      'bool',
    );
  };
};

const position = (operation: string): Translation => {
  return (graph, { x }, { axis }) => {
    const at = normaliseAxes(axis as number | number[], x.shape.length)[0] ?? 0;
    const shape = reducedShape(x.shape, [at], false);
    const source = x.type === 'bool' ? graph.cast(x, 'int32') : x;
    if (x.shape.length === 0) return graph.scalar('int32', 0);
    const index = graph.node(operation, [source], { type: 'int64', shape }, { axis: at, keepdims: 0 });
    return graph.cast(index, 'int32');
  };
};

const normalised = (operation: string, key: string): Translation => {
  return (graph, { logits }, attributes) => {
    const axis = normaliseAxis((attributes[key] as number | undefined) ?? -1, logits.shape.length);
    return graph.node(
      operation,
      [graph.cast(logits, 'float32')],
      { type: 'float32', shape: logits.shape },
      { axis },
    );
  };
};

/** Truth values as the numbers 0 and 1. */
const counted = (graph: Graph, x: Value) => (x.type === 'bool' ? graph.cast(x, 'int32') : x);

interface ScanAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

function cumulativeSum(graph: Graph, x: Value, { axis, exclusive, reverse }: ScanAttributes): Value {
  if (x.shape.length === 0) return exclusive ? graph.scalar(x.type, 0) : x;
  const at = graph.constant('int64', [], [normaliseAxis(axis, x.shape.length)]);
  return graph.node(
    'CumSum',
    [x, at],
    { type: x.type, shape: x.shape },
    { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 },
  );
}

/** ONNX has no CumProd: products over windows that double in length, log2(n) passes. */
function cumulativeProduct(graph: Graph, x: Value, { axis, exclusive, reverse }: ScanAttributes): Value {
  if (x.shape.length === 0) return exclusive ? graph.scalar(x.type, 1) : x;
  const at = normaliseAxis(axis, x.shape.length);
  const length = x.shape[at];
  /** Moves by `distance` along the axis, ones coming in. */
  const shifted = (value: Value, distance: number): Value => {
    const start = x.shape.map((_, i) => (i === at && !reverse ? distance : 0));
    const end = x.shape.map((_, i) => (i === at && reverse ? distance : 0));
    const padded = graph.node('Pad', [value, graph.int64([...start, ...end]), graph.scalar(x.type, 1)], {
      type: x.type,
      shape: x.shape.map((n, i) => (i === at ? n + distance : n)),
    });
    const from = reverse ? distance : 0;
    const bounds = [[from], [from + length], [at]].map((list) => graph.int64(list));
    return graph.node('Slice', [padded, ...bounds], { type: x.type, shape: x.shape });
  };
  let product = exclusive ? shifted(x, 1) : x;
  for (let window = 1; window < length; window *= 2) {
    product = graph.binary('Mul', product, shifted(product, window));
  }
  return product;
}

export const reductionTranslations: Translations = {
  Sum: reduction('ReduceSum', 0),
  Mean: reduction('ReduceMean', Number.NaN, 'float32'),
  Prod: reduction('ReduceProd', 1),
  Max: reduction('ReduceMax', Number.NEGATIVE_INFINITY),
  Min: reduction('ReduceMin', Number.POSITIVE_INFINITY),
  Any: logicalReduction('ReduceMax', 0),
  All: logicalReduction('ReduceMin', 1),
  ArgMax: position('ArgMax'),
  ArgMin: position('ArgMin'),
  Softmax: normalised('Softmax', 'dim'),
  LogSoftmax: normalised('LogSoftmax', 'axis'),
  Cumsum: (graph, { x }, attributes) =>
    cumulativeSum(graph, counted(graph, x), attributes as unknown as ScanAttributes),
  Cumprod: (graph, { x }, attributes) =>
    cumulativeProduct(graph, counted(graph, x), attributes as unknown as ScanAttributes),
  TopK: (graph, { x }, attributes) => {
    const { k, sorted } = attributes as { k: number; sorted: boolean };
    const shape = [...x.shape.slice(0, -1), k];
    const [values, indices] = graph.nodes(
      'TopK',
      [x, graph.int64([k])],
      [
        { type: x.type, shape },
        { type: 'int64', shape },
      ],
      { axis: x.shape.length - 1, largest: 1, sorted: sorted ? 1 : 0 },
    );
    return [values, graph.cast(indices, 'int32')];
  },
};
