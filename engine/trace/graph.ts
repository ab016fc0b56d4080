/** The graph that tracing records: values, the nodes that make them, and simplifications made on the way. */
import { bytesOf } from '../bits.ts';
import { broadcastShapes, sameShape, sizeOf } from './shapes.ts';
import { toInt32 } from './whole-numbers.ts';

/** int64 appears only as an operand that ONNX wants so (axes, shapes) and as a result to be cast. */
export type ElementType = 'float32' | 'int32' | 'bool' | 'int64';

export type ConstantData = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** One tensor of the graph; its shape is always known. */
export interface Value {
  readonly id: number;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** What computes it; absent for inputs and constants. */
  readonly node?: GraphNode;
  /** Values of a constant, row major; of length 1 if all are the same ("uniform"). */
  readonly constant?: ConstantData;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One ONNX operation. */
export interface GraphNode {
  readonly operation: string;
  /** '' for ONNX itself, 'com.microsoft' for ONNX Runtime's own. */
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Value[];
}

export interface OutputSpec {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

export const MICROSOFT = 'com.microsoft';

/** Operations of two operands whose order does not matter, so that both orders count as the same. */
const commutative = new Set(['Add', 'Mul', 'Max', 'Min', 'And', 'Or', 'Xor', 'Equal']);

/**
 * Records nodes. The same operation on the same operands is recorded once (common-subexpression elimination).
 */
export class Graph {
  #nextId: number;
  readonly #known = new Map<string, GraphNode>();
  readonly #constants = new Map<string, Value>();
  readonly inputs: Value[] = [];

  /** @param firstId of its values */
  constructor(firstId = 0) {
    this.#nextId = firstId;
  }

  input(type: ElementType, shape: readonly number[]): Value {
    const value: Value = { id: this.#nextId++, type, shape: [...shape] };
    this.inputs.push(value);
    return value;
  }

  /** A constant with these values; stored as one number if all are the same. */
  constant(type: ElementType, shape: readonly number[], values: ArrayLike<number | bigint>): Value {
    const first = values[0];
    let uniform = values.length > 0;
    // Bit patterns, not numbers, decide: 0 and -0 differ, NaN equals itself.
    for (let i = 1; uniform && i < values.length; i++) uniform = Object.is(values[i], first);
    const data = toData(type, uniform ? [first] : values);
    const key = data.length <= 64 ? `${type}|${shape}|${signature(data)}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const value: Value = { id: this.#nextId++, type, shape: [...shape], constant: data };
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  scalar(type: ElementType, value: number): Value {
    return this.constant(type, [], [value]);
  }

  /** A list of sizes, axes or indices, as ONNX takes them. */
  int64(values: readonly number[]): Value {
    return this.constant(
      'int64',
      [values.length],
      values.map((value) => BigInt(value)),
    );
  }

  /** Records an operation with several results. */
  nodes(
    operation: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly OutputSpec[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): readonly Value[] {
    if (outputs.every(({ shape }) => sizeOf(shape) === 0)) {
      return outputs.map(({ type, shape }) => this.constant(type, shape, []));
    }
    const key = `${domain}:${operation}|${operandsKey(operation, inputs)}|${attributesKey(attributes)}|${outputs.length}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known.outputs;
    const results: Value[] = [];
    const node: GraphNode = { operation, domain, inputs: [...inputs], attributes, outputs: results };
    for (const { type, shape } of outputs) {
      results.push({ id: this.#nextId++, type, shape: [...shape], node });
    }
    this.#known.set(key, node);
    return results;
  }

  /** Records an operation with one result. */
  node(
    operation: string,
    inputs: readonly (Value | undefined)[],
    output: OutputSpec,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    return this.nodes(operation, inputs, [output], attributes, domain)[0];
  }

  /** The value as the result of a node of its own: a graph's output must be one. */
  copy(x: Value): Value {
    const outputs: Value[] = [];
    const node: GraphNode = { operation: 'Identity', domain: '', inputs: [x], attributes: {}, outputs };
    outputs.push({ id: this.#nextId++, type: x.type, shape: x.shape, node });
    return outputs[0];
  }

  /** An operation on every element. */
  unary(operation: string, x: Value, type: ElementType = x.type): Value {
    return this.node(operation, [x], { type, shape: x.shape });
  }

  /** An operation on pairs of elements, with broadcasting. */
  binary(operation: string, a: Value, b: Value, type: ElementType = a.type): Value {
    const shape = broadcastShapes(a.shape, b.shape);
    const identity = this.#identity(operation, a, b);
    if (identity !== undefined) return this.expand(identity, shape);
    const [left, right] = this.#narrow([a, b], shape);
    return this.node(operation, [left, right], { type, shape });
  }

  /** Elements of a where the condition holds, else of b; all broadcast. */
  where(condition: Value, a: Value, b: Value): Value {
    const shape = broadcastShapes(broadcastShapes(condition.shape, a.shape), b.shape);
    return this.node('Where', this.#narrow([condition, a, b], shape), { type: a.type, shape });
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    if (x.constant !== undefined) return this.#reshapedConstant(x, shape);
    const source = x.node?.operation === 'Reshape' ? x.node.inputs[0] : x;
    if (source === undefined || sameShape(source.shape, shape)) return source ?? x;
    return this.node('Reshape', [source, this.int64(shape)], { type: x.type, shape }, { allowzero: 1 });
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    if (permutation.every((axis, i) => axis === i)) return x;
    const shape = permutation.map((axis) => x.shape[axis]);
    if (x.constant?.length === 1) return this.#reshapedConstant(x, shape);
    // Moving axes of length 1 alone moves no data.
    const moved = permutation.filter((axis) => x.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > moved[i - 1])) return this.reshape(x, shape);
    if (x.node?.operation === 'Transpose' && x.node.inputs[0] !== undefined) {
      const inner = x.node.attributes.perm as readonly number[];
      return this.transpose(
        x.node.inputs[0],
        permutation.map((axis) => inner[axis]),
      );
    }
    return this.node('Transpose', [x], { type: x.type, shape }, { perm: [...permutation] });
  }

  /** Repeats x along axes of length 1 up to `shape`. Element-wise operations on the result read x itself. */
  expand(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    if (x.constant?.length === 1) return this.#reshapedConstant(x, shape);
    if (sizeOf(x.shape) === sizeOf(shape)) return this.reshape(x, shape);
    return this.node('Expand', [x, this.int64(shape)], { type: x.type, shape });
  }

  cast(x: Value, type: ElementType): Value {
    if (x.type === type) return x;
    if (x.constant !== undefined) {
      const numbers = Array.from(x.constant, Number);
      if (type === 'bool')
        return this.constant(
          type,
          x.shape,
          this.#all(
            x,
            numbers.map((n) => (n !== 0 ? 1 : 0)),
          ),
        );
      if (type !== 'int64') {
        const cast = type === 'int32' ? numbers.map(toInt32) : numbers;
        return this.constant(type, x.shape, this.#all(x, cast));
      }
    }
    return this.node('Cast', [x], { type, shape: x.shape }, { to: onnxTypes[type] });
  }

  /** Spreads the single number of a uniform constant again. */
  #all(x: Value, numbers: number[]): number[] {
    return numbers.length === 1 ? new Array<number>(sizeOf(x.shape)).fill(numbers[0]) : numbers;
  }

  #reshapedConstant(x: Value, shape: readonly number[]): Value {
    const data = x.constant as ConstantData;
    if (data.length === 1) return this.constant(x.type, shape, data);
    return { id: this.#nextId++, type: x.type, shape: [...shape], constant: data };
  }

  /** The operand that x + 0, x · 1 and their like return; nothing that would hide a NaN. */
  #identity(operation: string, a: Value, b: Value): Value | undefined {
    const left = uniformNumber(a);
    const right = uniformNumber(b);
    if (operation === 'Mul') return right === 1 ? a : left === 1 ? b : undefined;
    if (operation === 'Div') return right === 1 ? a : undefined;
    if (operation === 'Add') return right === 0 ? a : left === 0 ? b : undefined;
    if (operation === 'Sub') return right === 0 ? a : undefined;
    return undefined;
  }

  /**
   * Reads operands that were spread out before (expanded values, uniform constants) in their small form, as far
   * as the result keeps its shape: an element-wise operation broadcasts for nothing.
   */
  #narrow(operands: readonly Value[], shape: readonly number[]): Value[] {
    const narrow = [...operands];
    for (let i = 0; i < narrow.length; i++) {
      const small = this.#source(narrow[i]);
      if (small === undefined) continue;
      const others = narrow.map((value, j) => (j === i ? small.shape : value.shape));
      if (sameShape(others.reduce(broadcastShapes), shape)) narrow[i] = small;
    }
    return narrow;
  }

  #source(x: Value): Value | undefined {
    if (x.constant?.length === 1 && x.shape.length > 0) return this.constant(x.type, [], x.constant);
    if (x.node?.operation === 'Expand') return x.node.inputs[0];
    if (x.node?.operation !== 'Reshape') return undefined;
    // Leading axes of length 1 come and go for nothing.
    const source = x.node.inputs[0];
    const essential = (shape: readonly number[]) => shape.slice(shape.findIndex((n) => n !== 1));
    return source !== undefined && sameShape(essential(source.shape), essential(x.shape))
      ? source
      : undefined;
  }
}

/** The number that a uniform constant repeats. */
export function uniformNumber(x: Value): number | undefined {
  return x.constant?.length === 1 ? Number(x.constant[0]) : undefined;
}

/** TensorProto.DataType. */
export const onnxTypes: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

function toData(type: ElementType, values: ArrayLike<number | bigint>): ConstantData {
  if (type === 'int64') return BigInt64Array.from(Array.from(values, (value) => BigInt(value)));
  const numbers = values as ArrayLike<number>;
  if (type === 'float32') return Float32Array.from(numbers);
  return type === 'int32' ? Int32Array.from(numbers) : Uint8Array.from(numbers);
}

function operandsKey(operation: string, inputs: readonly (Value | undefined)[]): string {
  const [a, b] = inputs;
  if (inputs.length === 2 && a !== undefined && b !== undefined) {
    return a.id > b.id && commutative.has(operation) ? `${b.id},${a.id}` : `${a.id},${b.id}`;
  }
  return inputs.map((value) => (value === undefined ? '' : value.id)).join();
}

/** As text. */
function attributesKey(attributes: Readonly<Record<string, Attribute>>): string {
  for (const _ in attributes) return JSON.stringify(attributes);
  return '';
}

/** The bits, as text. */
function signature(data: ConstantData): string {
  if (data instanceof Float32Array) {
    return new Uint32Array(data.buffer, data.byteOffset, data.length).join();
  }
  return bytesOf(data).join();
}

/**
 * The nodes that outputs need, as they were recorded: every operand comes first, and what a function computes block by block
 * stays so. (From the outputs backwards, all blocks' layers came before the first block's gradient, and were kept until then.)
 */
export function needed(outputs: readonly Value[]): GraphNode[] {
  const nodes = new Set<GraphNode>();
  // A stack of our own: graphs of a sampler are deeper than JavaScript's.
  const pending: (Value | undefined)[] = [...outputs];
  while (pending.length > 0) {
    const node = pending.pop()?.node;
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    pending.push(...node.inputs);
  }
  return [...nodes].sort((a, b) => a.outputs[0].id - b.outputs[0].id);
}
