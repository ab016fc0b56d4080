/**
 * Operations of the graph that ONNX does not have, or that ONNX Runtime computes otherwise at the edges (NaN,
 * infinities, indices out of range), as operations that it has. What they mean stands in docs/engine.md.
 */
import { Graph, type GraphNode, type Value } from '../trace/graph.ts';

/** The results of a node, recorded in a graph of their own whose operations mean what ONNX Runtime does. */
type Expansion = (graph: Graph, node: GraphNode) => readonly Value[] | undefined;

const number = (graph: Graph, value: number) => graph.scalar('float32', value);
const nanIn = (graph: Graph, x: Value) => graph.unary('IsNaN', x, 'bool');

/**
 * 1 above 0, else 0, and NaN at NaN, as max(0, min(1, αx)) with the largest α: one pass, where a comparison and
 * a cast are two. The numbers that differ are denormal, and those count as 0 here.
 */
const step: Expansion = (graph, { inputs: [x] }) =>
  x && [graph.node('HardSigmoid', [x], x, { alpha: { float: 3e38 }, beta: { float: 0 } })];

/** The angle of (b, a) with the special values of IEEE 754: signs of zeros count, infinities are directions. */
const atan2: Expansion = (graph, { inputs: [a, b] }) => {
  if (a === undefined || b === undefined) return undefined;
  const zero = number(graph, 0);
  const below = (x: Value) => graph.binary('Less', x, zero, 'bool');
  /** Also of -0, whose reciprocal is -∞. */
  const negative = (x: Value) => graph.binary('Or', below(x), below(graph.unary('Reciprocal', x)), 'bool');
  const [height, width] = [a, b].map((x) => graph.unary('Abs', x));
  const diagonal = graph.binary('Equal', height, width, 'bool');
  const ratio = graph.where(diagonal, graph.unary('Sign', height), graph.binary('Div', height, width));
  const principal = graph.unary('Atan', ratio);
  const left = graph.binary('Sub', number(graph, Math.PI), principal);
  const angle = graph.where(negative(b), left, principal);
  // A factor, since Where loses the sign of zero.
  return [graph.binary('Mul', angle, graph.where(negative(a), number(graph, -1), number(graph, 1)))];
};

/** Axes up to this long are compared element by element: as few nodes as looking for NaN takes. */
const SHORT_AXIS = 3;

/** ONNX Runtime's reductions lose a NaN, its operations on pairs do not. */
const extreme =
  (pairwise: 'Max' | 'Min'): Expansion =>
  (graph, { operation, inputs: [x, axes], outputs: [result], attributes }) => {
    if (x?.type !== 'float32' || axes?.constant === undefined) return undefined;
    const [axis, ...others] = Array.from(axes.constant, Number);
    const length = x.shape[axis];
    if (others.length === 0 && length > 1 && length <= SHORT_AXIS) {
      const shape = x.shape.map((n, i) => (i === axis ? 1 : n));
      const parts = graph.nodes(
        'Split',
        [x, graph.int64(new Array<number>(length).fill(1))],
        new Array(length).fill({ type: x.type, shape }),
        { axis },
      );
      const largest = parts.slice(1).reduce((best, part) => graph.binary(pairwise, best, part), parts[0]);
      return [graph.reshape(largest, result.shape)];
    }
    // A sum of magnitudes is NaN if, and only if, one of them is.
    const magnitudes = graph.node('ReduceL1', [x, axes], result, attributes);
    const reduced = graph.node(operation, [x, axes], result, attributes);
    return [graph.where(nanIn(graph, magnitudes), magnitudes, reduced)];
  };

/** The first NaN, if there is one: to ONNX Runtime no number compares with it. */
const position: Expansion = (graph, { operation, inputs: [x], outputs: [result], attributes }) => {
  if (x?.type !== 'float32') return undefined;
  const flags = graph.cast(nanIn(graph, x), 'float32');
  const found = graph.node(
    'ReduceMax',
    [flags, graph.int64([attributes.axis as number])],
    {
      type: 'float32',
      shape: result.shape,
    },
    { keepdims: attributes.keepdims },
  );
  const any = graph.binary('Greater', found, number(graph, 0), 'bool');
  const first = graph.node('ArgMax', [flags], result, attributes);
  return [graph.where(any, first, graph.node(operation, [x], result, attributes))];
};

/** NaN counts as larger than any number: all sorted with NaN as ∞, then those that are NaN put in front. */
const top: Expansion = (graph, { inputs: [x, count], outputs, attributes }) => {
  if (x?.type !== 'float32') return undefined;
  const axis = attributes.axis as number;
  const length = graph.int64([x.shape[axis]]);
  const indices = (shape: readonly number[]) => ({ type: 'int64', shape }) as const;
  const pick = (from: Value, at: Value) =>
    graph.node('GatherElements', [from, at], { type: from.type, shape: at.shape }, { axis });
  const sort = (by: Value, k: Value | undefined, shape: readonly number[]) =>
    graph.nodes('TopK', [by, k], [{ type: by.type, shape }, indices(shape)], { ...attributes, sorted: 1 })[1];
  const key = graph.where(nanIn(graph, x), number(graph, Number.POSITIVE_INFINITY), x);
  const order = sort(key, length, x.shape);
  const sorted = pick(x, order);
  const first = sort(graph.cast(nanIn(graph, sorted), 'float32'), count, outputs[0].shape);
  return [pick(sorted, first), pick(order, first)];
};

const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];
/** The largest float32 below 2³¹. */
const MOST_FLOAT = 2 ** 31 - 128;

/** Towards zero; NaN is 0 and what is out of range the nearest number: processors differ there. */
const cast: Expansion = (graph, { inputs: [x], outputs: [result] }) => {
  if (x?.type !== 'float32' || result.type !== 'int32') return undefined;
  const bounds = [LEAST, MOST_FLOAT].map((bound) => number(graph, bound));
  const inside = graph.cast(graph.node('Clip', [x, ...bounds], x), 'int32');
  const beyond = graph.binary('Greater', x, number(graph, MOST_FLOAT), 'bool');
  const whole = graph.where(beyond, graph.scalar('int32', MOST), inside);
  return [graph.where(nanIn(graph, x), graph.scalar('int32', 0), whole)];
};

/** b with 1 in place of 0 and -1, by which ONNX Runtime's divisions of integers end the process. */
function harmless(graph: Graph, b: Value): Value {
  const [zero, one, minusOne] = [0, 1, -1].map((n) => graph.scalar(b.type, n));
  const harmful = graph.binary(
    'Or',
    graph.binary('Equal', b, zero, 'bool'),
    graph.binary('Equal', b, minusOne, 'bool'),
    'bool',
  );
  return graph.where(harmful, one, b);
}

/** ONNX's division of integers rounds to zero, so 1 is taken off where signs differ. */
const floorDivision: Expansion = (graph, { inputs: [a, b] }) => {
  if (a === undefined || b === undefined) return undefined;
  const [zero, minusOne, least, most] = [0, -1, LEAST, MOST].map((n) => graph.scalar(a.type, n));
  const divisor = harmless(graph, b);
  const quotient = graph.binary('Div', a, divisor);
  const rest = graph.binary('Sub', a, graph.binary('Mul', quotient, divisor));
  const inexact = graph.unary('Not', graph.binary('Equal', rest, zero, 'bool'));
  const signs = [rest, divisor].map((value) => graph.binary('Less', value, zero, 'bool'));
  const lower = graph.binary('And', inexact, graph.binary('Xor', signs[0], signs[1], 'bool'), 'bool');
  const floored = graph.binary('Sub', quotient, graph.cast(lower, a.type));
  const negated = graph.where(graph.binary('Equal', a, least, 'bool'), most, graph.binary('Sub', zero, a));
  const signed = graph.where(graph.binary('Equal', b, minusOne, 'bool'), negated, floored);
  return [graph.where(graph.binary('Equal', b, zero, 'bool'), zero, signed)];
};

/** The remainder by 1, which stands for 0 and -1 too, is 0. */
const remainder: Expansion = (graph, { inputs: [a, b], outputs: [result], attributes }) => {
  if (a === undefined || b === undefined || result.type === 'float32') return undefined;
  return [graph.node('Mod', [a, harmless(graph, b)], result, attributes)];
};

/**
 * Negative indices, which ONNX counts from the end, become the length of their axis: with it, as with any larger
 * one, ONNX Runtime fails.
 * @param bounds of each index of a tuple
 */
function refuseNegative(graph: Graph, indices: Value, bounds: readonly number[]): Value {
  const below = graph.binary('Less', indices, graph.scalar(indices.type, 0), 'bool');
  return graph.where(
    below,
    graph.constant(indices.type, [bounds.length], bounds.map(indexOf(indices))),
    indices,
  );
}

const indexOf = (indices: Value) => (bound: number) => (indices.type === 'int64' ? BigInt(bound) : bound);

const gather: Expansion = (graph, { inputs: [x, indices], outputs: [result], attributes }) => {
  if (x === undefined || indices === undefined || indices.constant !== undefined) return undefined;
  const axis = attributes.axis as number;
  const inside = attributes.inside === 1;
  const checked = inside
    ? indices
    : graph.reshape(refuseNegative(graph, indices, [x.shape[axis]]), indices.shape);
  return [graph.node('Gather', [x, checked], result, { axis })];
};

const gatherTuples: Expansion = (graph, { inputs: [x, indices], outputs: [result], attributes }) => {
  if (x === undefined || indices === undefined) return undefined;
  const batch = (attributes.batch_dims as number | undefined) ?? 0;
  const depth = indices.shape[indices.shape.length - 1];
  const checked = refuseNegative(graph, indices, x.shape.slice(batch, batch + depth));
  return [graph.node('GatherND', [x, checked], result, attributes)];
};

const scatterTuples: Expansion = (
  graph,
  { inputs: [x, indices, updates], outputs: [result], attributes },
) => {
  if (x === undefined || indices === undefined) return undefined;
  const checked = refuseNegative(graph, indices, x.shape.slice(0, indices.shape[indices.shape.length - 1]));
  return [graph.node('ScatterND', [x, checked, updates], result, attributes)];
};

const expansions: Readonly<Record<string, Expansion>> = {
  Step: step,
  Atan2: atan2,
  ReduceMax: extreme('Max'),
  ReduceMin: extreme('Min'),
  ArgMax: position,
  ArgMin: position,
  TopK: top,
  Cast: cast,
  FloorDiv: floorDivision,
  Mod: remainder,
  Gather: gather,
  GatherND: gatherTuples,
  ScatterND: scatterTuples,
};

export interface Expanded {
  /** Operands first. */
  readonly nodes: readonly GraphNode[];
  /** Results of the new nodes that stand for values of the graph. */
  readonly standIns: ReadonlyMap<Value, Value>;
}

/** The nodes with those that must be replaced by others; the graph's own nodes stay as they are. */
export function expand(nodes: readonly GraphNode[]): Expanded {
  const ids = nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map((value) => value?.id ?? 0));
  const graph = new Graph(1 + ids.reduce((largest, id) => Math.max(largest, id), 0));
  const expanded: GraphNode[] = [];
  const standIns = new Map<Value, Value>();
  const written = new Set<GraphNode>(nodes);
  const write = (value: Value | undefined) => {
    const node = value?.node;
    if (node === undefined || written.has(node)) return;
    written.add(node);
    for (const input of node.inputs) write(input);
    expanded.push(node);
  };
  for (const node of nodes) {
    const results = expansions[node.operation]?.(graph, node);
    if (results === undefined) {
      expanded.push(node);
      continue;
    }
    for (const [i, result] of results.entries()) {
      const own = standIns.has(result) ? graph.copy(result) : result;
      write(own);
      standIns.set(own, node.outputs[i]);
    }
  }
  return { nodes: expanded, standIns };
}
