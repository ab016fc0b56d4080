/** Whether two traced functions are one graph, so that what was made of the first serves the second too. */
import { bytesOf } from '../bits.ts';
import { type ConstantData, needed, type Value } from './graph.ts';
import type { TracedFunction } from './trace.ts';

/** What a graph computes, without names. */
export interface Structure {
  /** Operations, what they read, and types and shapes, as text. */
  readonly text: string;
  /** Numbers of the constants, in the order of the text. */
  readonly constants: readonly ConstantData[];
}

export function structureOf({ inputs, outputs }: Pick<TracedFunction, 'inputs' | 'outputs'>): Structure {
  const results = outputs.map(({ value }) => value);
  const nodes = needed(results);
  const constants: ConstantData[] = [];
  const numbers = new Map<Value, number>();
  const parts: string[] = [];
  const define = (value: Value) => {
    numbers.set(value, numbers.size);
    parts.push(`${value.type}[${value.shape}]`);
  };
  const read = (value: Value) => {
    if (numbers.has(value)) return;
    define(value);
    if (value.constant === undefined) return;
    parts.push(`constant ${value.constant.length}`);
    constants.push(value.constant);
  };
  for (const { value } of inputs) define(value);
  for (const { operation, domain, inputs: operands, attributes, outputs: made } of nodes) {
    for (const operand of operands) if (operand !== undefined) read(operand);
    const places = operands.map((operand) => (operand === undefined ? '' : numbers.get(operand)));
    parts.push(`${domain}:${operation}(${places})${JSON.stringify(attributes)}`);
    for (const value of made) define(value);
  }
  for (const value of results) read(value);
  parts.push(`${results.map((value) => numbers.get(value))}`);
  return { text: parts.join('\n'), constants };
}

/** Bits decide: 0 and -0 differ, a NaN equals itself. */
export function sameStructure(a: Structure, b: Structure): boolean {
  return (
    a.text === b.text &&
    a.constants.every((data, i) => data === b.constants[i] || sameBytes(data, b.constants[i]))
  );
}

function sameBytes(a: ConstantData, b: ConstantData): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}
