/** How a TensorFlow.js kernel becomes nodes of the graph. */
import type { ElementType, Graph, Value } from './graph.ts';

/** Operands by the kernel's names for them; a kernel of a list of operands has '0', '1', ... */
export type Operands = Readonly<Record<string, Value>>;

/** The kernel's attributes; each translation knows the type that TensorFlow.js gives them. */
export type Attributes = Readonly<Record<string, unknown>>;

export type Translation = (
  graph: Graph,
  operands: Operands,
  attributes: Attributes,
) => Value | readonly Value[];

export type Translations = Readonly<Record<string, Translation>>;

/** The graph's element type for TensorFlow.js's. */
export function elementType(dtype: string): ElementType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new TypeError(`tensors of type ${dtype} cannot be compiled; use float32, int32 or bool`);
}
