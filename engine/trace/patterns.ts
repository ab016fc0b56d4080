/**
 * Rewrites groups of nodes as one operation that ONNX Runtime has for them. A group is rewritten only if nothing
 * else reads what is inside: while a gradient needs the parts, they are computed anyway.
 */
import { type GraphNode, MICROSOFT, uniformNumber, type Value } from './graph.ts';

/** Rewrites nodes in place; `nodes` are those that the outputs need, operands first. */
export function joinPatterns(nodes: readonly GraphNode[], outputs: readonly Value[]): void {
  const uses = new Map<Value, number>();
  const count = (value: Value | undefined, by = 1) => {
    if (value !== undefined) uses.set(value, (uses.get(value) ?? 0) + by);
  };
  for (const node of nodes) for (const input of node.inputs) count(input);
  for (const output of outputs) count(output, Number.POSITIVE_INFINITY);
  const usedBy = (value: Value, times: number) => uses.get(value) === times;
  for (const node of nodes) fuseGelu(node, usedBy);
}

type UsedBy = (value: Value, times: number) => boolean;

function become(
  node: GraphNode,
  operation: string,
  inputs: readonly Value[],
  attributes: GraphNode['attributes'],
  domain = '',
): void {
  Object.assign(node, { operation, inputs, attributes, domain });
}

const GELU_LINEAR = 2 * Math.sqrt(2 / Math.PI);
const GELU_CUBIC = GELU_LINEAR * 0.044715;

/** x · sigmoid(x (c + d x²)) with GELU's constants (its approximation by tanh, written with a sigmoid). */
function fuseGelu(node: GraphNode, usedBy: UsedBy): void {
  for (const [x, gate] of pairs(node, 'Mul')) {
    const argument = producer(gate, 'Sigmoid')?.inputs[0];
    if (argument === undefined || !usedBy(gate, 1)) continue;
    const slope = otherOperand(argument, 'Mul', x);
    if (slope === undefined || !usedBy(argument, 1)) continue;
    const cubic = constantOperand(slope, 'Add', GELU_LINEAR);
    if (cubic === undefined || !usedBy(slope, 1)) continue;
    const square = constantOperand(cubic, 'Mul', GELU_CUBIC);
    if (square === undefined || !usedBy(cubic, 1) || !usedBy(square, 1)) continue;
    if (producer(square, 'Mul')?.inputs.every((input) => input === x) !== true) continue;
    const [linear, bias] = usedBy(x, 4) ? biased(x) : [x, undefined];
    become(node, 'FastGelu', bias === undefined ? [linear] : [linear, bias], {}, MICROSOFT);
    return;
  }
}

/** y and b of x = y + b with b [last axis of y]. */
function biased(x: Value): [Value, Value | undefined] {
  for (const [y, b] of pairs(x.node, 'Add')) {
    const width = x.shape[x.shape.length - 1];
    if (y.shape.join() === x.shape.join() && b.shape.length === 1 && b.shape[0] === width) return [y, b];
  }
  return [x, undefined];
}

/** The node that makes a value, if it is that operation. */
function producer(value: Value | undefined, operation: string): GraphNode | undefined {
  return value?.node?.operation === operation ? value.node : undefined;
}

/** Both orders of a node's two operands, if it is that operation. */
function pairs(node: GraphNode | undefined, operation: string): [Value, Value][] {
  if (node?.operation !== operation || node.inputs.length !== 2) return [];
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined) return [];
  return [
    [a, b],
    [b, a],
  ];
}

function otherOperand(value: Value, operation: string, operand: Value): Value | undefined {
  return pairs(value.node, operation).find(([a]) => a === operand)?.[1];
}

/** The operand beside a constant near `number`. */
function constantOperand(value: Value, operation: string, number: number): Value | undefined {
  return pairs(value.node, operation).find(([, b]) => {
    const found = uniformNumber(b);
    return found !== undefined && Math.abs(found - number) < 1e-6 * number;
  })?.[0];
}
