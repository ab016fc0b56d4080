/** From the nodes of a traced graph to kernels on views: what only moves data becomes a view where it can. */
import { type GraphNode, uniformNumber, type Value } from '../trace/graph.ts';
import { needed } from '../trace/onnx-model.ts';
import { sameShape, sizeOf } from '../trace/shapes.ts';
import type { TracedFunction } from '../trace/trace.ts';
import { elementCode, type Parameters } from './elements.ts';
import type { Kind } from './groups.ts';
import type { Kernel, Tensor } from './kernels.ts';
import type { Combination } from './reductions.ts';
import {
  contiguousStrides,
  expandView,
  reshapeView,
  type Storage,
  sliceView,
  transposeView,
  type View,
  wholeView,
} from './views.ts';

/** Something that this backend has no code for; another one takes the graph. */
export class NotNative extends Error {}

export interface Lowered {
  readonly kernels: readonly Kernel[];
  readonly storages: readonly Storage[];
}

/** Axes up to this long are combined element by element, which fuses with what comes before and after. */
const SHORT_AXIS = 8;
/** Products of a batch are written one after another. */
const MOST_PRODUCTS = 64;

/** Functions of one number that the C library computes. */
const calls: Readonly<Record<string, string>> = {
  Acos: 'acosf',
  Acosh: 'acoshf',
  Asin: 'asinf',
  Asinh: 'asinhf',
  Atan: 'atanf',
  Cosh: 'coshf',
  Erf: 'erff',
  Pow: 'powf',
  Sinh: 'sinhf',
  Tan: 'tanf',
};

const combinations: Readonly<Record<string, Combination>> = {
  ReduceSum: 'sum',
  ReduceMean: 'sum',
  ReduceProd: 'product',
  ReduceMax: 'max',
  ReduceMin: 'min',
};

const pairwise: Readonly<Record<Combination, string>> = {
  sum: 'Add',
  product: 'Mul',
  max: 'Max',
  min: 'Min',
};

/** @throws NotNative */
export function lower(traced: TracedFunction): Lowered {
  return new Lowering(traced).run();
}

const views = new Set(['Reshape', 'Split', 'Slice', 'Transpose', 'Expand']);

class Lowering {
  readonly #traced: TracedFunction;
  readonly #nodes: readonly GraphNode[];
  readonly #kernels: Kernel[] = [];
  readonly #storages: Storage[] = [];
  readonly #tensors = new Map<Value, Tensor>();
  /** Where a value is wanted: in the caller's array, or in its part of a concatenation. */
  readonly #wanted = new Map<Value, View>();
  /** Values that are not computed because only joinRows reads them. */
  readonly #skipped = new Set<Value>();

  constructor(traced: TracedFunction) {
    this.#traced = traced;
    this.#nodes = needed(traced.outputs.map(({ value }) => value)).nodes;
  }

  run(): Lowered {
    const { inputs, outputs } = this.#traced;
    for (const [slot, { value }] of inputs.entries()) {
      if (value.type === 'bool') throw new NotNative('inputs of bools');
      this.#tensors.set(value, {
        type: value.type,
        view: wholeView(this.#storage(value, { slot }), value.shape),
      });
    }
    for (const [i, { value }] of outputs.entries()) {
      if (value.type === 'bool' || value.type === 'int64') throw new NotNative(`results of ${value.type}`);
      if (sizeOf(value.shape) === 0) throw new NotNative('empty results');
      const storage = this.#storage(value, { slot: inputs.length + i });
      this.#want(value, wholeView(storage, value.shape));
    }
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const node = this.#nodes[i];
      if (node.operation === 'Concat') this.#wantParts(node);
    }
    for (const node of this.#nodes) this.#node(node);
    if (outputs.some(({ value }) => !this.#tensors.has(value))) throw new NotNative('CumSum');
    return { kernels: this.#kernels, storages: this.#storages };
  }

  // Places.

  #storage({ shape }: { shape: readonly number[] }, rest: Partial<Storage> = {}): Storage {
    const storage = { id: this.#storages.length, elements: sizeOf(shape), ...rest };
    this.#storages.push(storage);
    return storage;
  }

  /** Asks for a value at a place; what computes it will write there if nothing else was asked for first. */
  #want(value: Value, view: View): void {
    const { node } = value;
    if (node === undefined || this.#wanted.has(value)) return;
    if (node.operation === 'Reshape') {
      this.#wanted.set(value, view);
      const source = node.inputs[0] as Value;
      const inner = reshapeView(view, source.shape);
      if (inner !== undefined) this.#want(source, inner);
      return;
    }
    this.#wanted.set(value, view);
  }

  #wantParts(node: GraphNode): void {
    const [result] = node.outputs;
    const axis = node.attributes.axis as number;
    if (isJoin(node)) return;
    if (!this.#wanted.has(result)) this.#wanted.set(result, wholeView(this.#storage(result), result.shape));
    const whole = this.#wanted.get(result) as View;
    let at = 0;
    for (const part of node.inputs as readonly Value[]) {
      const place = sliceView(whole, axis, at, part.shape[axis]);
      if (part.node !== undefined && !views.has(part.node.operation)) this.#want(part, place);
      else if (part.node?.operation === 'Reshape') this.#wantThrough(part, place);
      at += part.shape[axis];
    }
  }

  /** As want, for a part of a concatenation: only what is computed there is asked for. */
  #wantThrough(value: Value, view: View): void {
    const source = value.node?.inputs[0];
    if (source?.node === undefined || views.has(source.node.operation)) return;
    const inner = reshapeView(view, source.shape);
    if (inner !== undefined) this.#want(source, inner);
  }

  /** Where a computed value goes. */
  #target(value: Value): View {
    const wanted = this.#wanted.get(value);
    return wanted ?? wholeView(this.#storage(value), value.shape);
  }

  // Values.

  #tensor(value: Value | undefined): Tensor {
    if (value === undefined) throw new NotNative('an operand left out');
    const known = this.#tensors.get(value);
    if (known !== undefined) return known;
    if (value.constant === undefined) throw new NotNative('a value that nothing computes');
    const numbers = Array.from(value.constant, Number);
    const uniform = uniformNumber(value);
    const data = value.type === 'float32' ? Float32Array.from(numbers) : Int32Array.from(numbers);
    const storage = this.#storage({ shape: [data.length] }, { constant: data });
    const view =
      uniform === undefined
        ? wholeView(storage, value.shape)
        : { storage, offset: 0, shape: value.shape, strides: value.shape.map(() => 0) };
    const tensor: Tensor = { type: value.type, view, uniform };
    this.#tensors.set(value, tensor);
    return tensor;
  }

  /** Records a result; copies it to where it is wanted if it is elsewhere. */
  #set(value: Value, tensor: Tensor): void {
    this.#tensors.set(value, tensor);
    const wanted = this.#wanted.get(value);
    if (wanted === undefined || sameView(wanted, tensor.view)) return;
    this.#element('Copy', tensor.type, tensor.type, [tensor], wanted);
  }

  #element(
    operation: string,
    type: Kind,
    resultType: Kind,
    operands: readonly Tensor[],
    result: View,
    parameters: Parameters = {},
  ): Tensor {
    if (elementCode(operation, type, resultType, parameters) === undefined) {
      throw new NotNative(`${operation} of ${type}`);
    }
    const kernel: Kernel = { kind: 'element', operation, type, resultType, parameters, operands, result };
    this.#kernels.push(kernel);
    return { type: resultType, view: result, origin: kernel };
  }

  /** An operation between nodes, on a place of its own. */
  #compute(
    operation: string,
    operands: readonly Tensor[],
    shape: readonly number[],
    resultType?: Kind,
  ): Tensor {
    const type = operands[operands.length - 1].type;
    const result = wholeView(this.#storage({ shape }), shape);
    return this.#element(operation, type, resultType ?? type, operands, result);
  }

  #number(type: Kind, value: number): Tensor {
    const constant = type === 'float32' ? Float32Array.of(value) : Int32Array.of(value);
    const storage = this.#storage({ shape: [] }, { constant });
    return { type, view: wholeView(storage, []), uniform: value };
  }

  #contiguous(tensor: Tensor): Tensor {
    const { shape, strides } = tensor.view;
    const plain = contiguousStrides(shape);
    if (shape.every((n, i) => n === 1 || strides[i] === plain[i])) return tensor;
    return this.#compute('Copy', [tensor], shape);
  }

  #reshaped(tensor: Tensor, shape: readonly number[]): Tensor {
    const view = reshapeView(tensor.view, shape);
    const moved = view === undefined ? this.#contiguous(tensor) : tensor;
    const result = view ?? (reshapeView(moved.view, shape) as View);
    const origin = sameShape(essential(shape), essential(tensor.view.shape)) ? moved.origin : undefined;
    return { type: tensor.type, view: result, uniform: tensor.uniform, origin };
  }

  #integers(value: Value | undefined): number[] {
    if (value?.constant === undefined) throw new NotNative('operands that are known only at run time');
    const numbers = Array.from(value.constant, Number);
    return numbers.length === 1 ? new Array<number>(sizeOf(value.shape)).fill(numbers[0]) : numbers;
  }

  // Nodes.

  #node(node: GraphNode): void {
    const [result] = node.outputs;
    if (sizeOf(result.shape) === 0) throw new NotNative('empty tensors');
    const handle = this.#handlers[node.operation];
    if (handle !== undefined) handle(node);
    else if (combinations[node.operation] !== undefined) this.#reduce(node);
    else this.#elementwise(node);
  }

  /** What is not computed element by element, nor a reduction. */
  readonly #handlers: Readonly<Record<string, (node: GraphNode) => void>> = {
    Reshape: ({ inputs: [x], outputs: [result] }) =>
      this.#set(result, this.#reshaped(this.#tensor(x), result.shape)),
    Transpose: ({ inputs: [x], outputs: [result], attributes }) => {
      const { type, view, uniform } = this.#tensor(x);
      this.#set(result, { type, view: transposeView(view, attributes.perm as number[]), uniform });
    },
    Expand: ({ inputs: [x], outputs: [result] }) => {
      const { type, view, uniform } = this.#tensor(x);
      this.#set(result, { type, view: expandView(view, result.shape), uniform });
    },
    Split: (node) => this.#split(node),
    Slice: (node) => this.#slice(node),
    Concat: (node) => this.#concat(node),
    MatMul: (node) => this.#product(node),
    FusedMatMul: (node) => this.#product(node),
    Gemm: (node) => this.#product(node),
    ArgMax: (node) => this.#position(node),
    ArgMin: (node) => this.#position(node),
    Softmax: (node) => this.#softmax(node),
    Gather: (node) => this.#joinRows(node),
    Compress: (node) => this.#selectRows(node),
  };

  #split(node: GraphNode): void {
    const { type, view } = this.#tensor(node.inputs[0]);
    const axis = node.attributes.axis as number;
    let at = 0;
    for (const part of node.outputs) {
      this.#set(part, { type, view: sliceView(view, axis, at, part.shape[axis]) });
      at += part.shape[axis];
    }
  }

  #slice({ inputs, outputs: [result] }: GraphNode): void {
    const { type, view } = this.#tensor(inputs[0]);
    const [starts, , axes] = [inputs[1], inputs[2], inputs[3]].map((value) => this.#integers(value));
    const steps = inputs[4] === undefined ? axes.map(() => 1) : this.#integers(inputs[4]);
    const sliced = axes.reduce(
      (part, axis, i) => sliceView(part, axis, starts[i], result.shape[axis], steps[i]),
      view,
    );
    this.#set(result, { type, view: sliced });
  }

  #concat(node: GraphNode): void {
    const {
      inputs,
      outputs: [result],
      attributes,
    } = node;
    if (isJoin(node)) return;
    const whole = this.#wanted.get(result) as View;
    const axis = attributes.axis as number;
    let at = 0;
    for (const value of inputs) {
      const part = this.#tensor(value);
      const length = part.view.shape[axis];
      const place = sliceView(whole, axis, at, length);
      if (!sameView(place, part.view)) this.#element('Copy', part.type, part.type, [part], place);
      at += length;
    }
    this.#tensors.set(result, { type: result.type, view: whole });
  }

  #product({ inputs, outputs: [result], attributes }: GraphNode): void {
    if (inputs.length > 2 && inputs[2] !== undefined) throw new NotNative('a product with a third operand');
    if (attributes.alpha !== undefined || attributes.beta !== undefined)
      throw new NotNative('a scaled product');
    const flip = (view: View, yes: unknown) => {
      const order = view.shape.map((_, i) => i);
      if (yes === 1) order.push(...order.splice(-2).reverse());
      return transposeView(view, order);
    };
    const a = flip(this.#tensor(inputs[0]).view, attributes.transA);
    const b = flip(this.#tensor(inputs[1]).view, attributes.transB);
    const depth = a.shape[a.shape.length - 1];
    if (depth === 1) {
      const left = this.#tensor(inputs[0]);
      const right = this.#tensor(inputs[1]);
      const operands = [
        { type: left.type, view: a },
        { type: right.type, view: b },
      ];
      this.#set(result, this.#element('Mul', 'float32', 'float32', operands, this.#target(result)));
      return;
    }
    const target = this.#target(result);
    // Rows of a product are written contiguously.
    const inRows =
      result.shape[result.shape.length - 1] === 1 || target.strides[target.strides.length - 1] === 1;
    const c = inRows ? target : wholeView(this.#storage(result), result.shape);
    const batch = result.shape.slice(0, -2);
    if (sizeOf(batch) > MOST_PRODUCTS) throw new NotNative(`a batch of ${sizeOf(batch)} products`);
    const spread = (view: View) => expandView(view, [...batch, ...view.shape.slice(-2)]);
    const [left, right] = [spread(a), spread(this.#unitStride(b))];
    const products = indices(batch).map((index) => ({
      a: pick(left, index),
      b: pick(right, index),
      c: pick(c, index),
    }));
    this.#kernels.push({ kind: 'product', products });
    this.#set(result, { type: 'float32', view: c });
  }

  /** A right operand must be contiguous along rows or along columns. */
  #unitStride(view: View): View {
    const [row, column] = view.strides.slice(-2);
    const [rows, columns] = view.shape.slice(-2);
    if (column === 1 || row === 1 || columns === 1 || rows === 1)
      return columns === 1 ? unitColumns(view) : view;
    return this.#compute('Copy', [{ type: 'float32', view }], view.shape).view;
  }

  #reduce({ operation, inputs, outputs: [result] }: GraphNode): void {
    const source = this.#tensor(inputs[0]);
    const axes = this.#integers(inputs[1]);
    this.#set(result, this.#reduced(operation, source, axes, result.shape, this.#target(result)));
  }

  #reduced(
    operation: string,
    source: Tensor,
    axes: readonly number[],
    shape: readonly number[],
    target: View,
  ): Tensor {
    const combination = combinations[operation];
    const { view, type } = source;
    const long = axes.filter((axis) => view.shape[axis] > 1);
    const kept = view.shape.map((n, i) => (axes.includes(i) ? 1 : n));
    const count = sizeOf(axes.map((axis) => view.shape[axis]));
    const factor = operation === 'ReduceMean' ? 1 / count : 1;
    if (long.length === 1 && view.shape[long[0]] <= SHORT_AXIS && source.uniform === undefined) {
      return this.#shortReduction(
        combination,
        source,
        long[0],
        factor,
        reshapeView(target, kept) as View,
        shape,
      );
    }
    const result = reshapeView(target, kept);
    if (result === undefined) throw new NotNative('a reduction into parts');
    this.#kernels.push({ kind: 'reduction', combination, type, factor, source: view, result, axes: long });
    return { type, view: reshapeView(target, shape) as View };
  }

  #shortReduction(
    combination: Combination,
    source: Tensor,
    axis: number,
    factor: number,
    target: View,
    shape: readonly number[],
  ): Tensor {
    const { type, view } = source;
    const parts = Array.from({ length: view.shape[axis] }, (_, i) => ({
      type,
      view: sliceView(view, axis, i, 1),
    }));
    const rounds = parts.slice(1);
    const operation = pairwise[combination];
    let sum: Tensor = parts[0];
    for (const [i, part] of rounds.entries()) {
      const last = i === rounds.length - 1 && factor === 1;
      sum = last
        ? this.#element(operation, type, type, [sum, part], target)
        : this.#compute(operation, [sum, part], target.shape);
    }
    if (factor !== 1) sum = this.#element('Mul', type, type, [sum, this.#number(type, factor)], target);
    return this.#reshaped(sum, shape);
  }

  /** The first index of the extreme along a short axis. */
  #position({ operation, inputs, outputs: [result], attributes }: GraphNode): void {
    const { type, view } = this.#tensor(inputs[0]);
    const axis = attributes.axis as number;
    const length = view.shape[axis];
    if (length > 64) throw new NotNative(`${operation} along ${length} elements`);
    const part = (i: number): Tensor => ({ type, view: sliceView(view, axis, i, 1) });
    const shape = part(0).view.shape;
    let best = part(0);
    let index = this.#number('int32', 0);
    for (let i = 1; i < length; i++) {
      const comparison = operation === 'ArgMax' ? 'Greater' : 'Less';
      const better = this.#compute(comparison, [part(i), best], shape, 'bool');
      index = this.#compute('Where', [better, this.#number('int32', i), index], shape);
      best = this.#compute('Where', [better, part(i), best], shape);
    }
    if (length === 1) index = this.#compute('Copy', [index], shape);
    this.#set(result, this.#reshaped(index, result.shape));
  }

  #softmax({ inputs, outputs: [result], attributes }: GraphNode): void {
    const x = this.#tensor(inputs[0]);
    const axis = attributes.axis as number;
    const shape = result.shape;
    const kept = shape.map((n, i) => (i === axis ? 1 : n));
    const along = (operation: string, tensor: Tensor) =>
      this.#reduced(operation, tensor, [axis], kept, wholeView(this.#storage({ shape: kept }), kept));
    const shifted = this.#compute('Sub', [x, along('ReduceMax', x)], shape);
    const powers = this.#compute('Exp', [shifted], shape);
    const sum = along('ReduceSum', powers);
    this.#set(result, this.#element('Div', 'float32', 'float32', [powers, sum], this.#target(result)));
  }

  /**
   * Rows chosen by one member of an ensemble (engine/routing.ts): all rows of that member, the others with it. What
   * is computed with them keeps to each row, and joinRows takes the chosen ones.
   */
  #selectRows({ inputs: [x, mask], outputs: [result] }: GraphNode): void {
    const parts = mask?.node?.operation === 'Concat' ? mask.node.inputs : [];
    const empty = parts.map((part) => part !== undefined && uniformNumber(part) === 0);
    if (parts.length !== 2 || empty[0] === empty[1]) throw new NotNative('rows selected by a mask');
    const { type, view } = this.#tensor(x);
    const [rows] = result.shape;
    this.#set(result, { type, view: sliceView(view, 0, empty[0] ? rows : 0, rows) });
  }

  #joinRows({ inputs: [joined, at], outputs: [result], attributes }: GraphNode): void {
    const [a, b] = joined?.node?.operation === 'Concat' ? joined.node.inputs : [];
    const first = at?.node?.operation === 'Where' ? at.node.inputs[0] : undefined;
    const scan = at?.node?.inputs[1]?.node?.operation;
    if (
      a === undefined ||
      b === undefined ||
      first === undefined ||
      scan !== 'CumSum' ||
      attributes.axis !== 0
    ) {
      throw new NotNative('gathering at indices');
    }
    const condition = this.#tensor(first);
    const shape = [first.shape[0], ...a.shape.slice(1).map(() => 1)];
    const operands = [this.#reshaped(condition, shape), this.#tensor(a), this.#tensor(b)];
    this.#set(result, this.#element('Where', result.type, result.type, operands, this.#target(result)));
  }

  #elementwise(node: GraphNode): void {
    const { inputs, outputs, operation } = node;
    const [result] = outputs;
    const target = () => this.#target(result);
    if (calls[operation] !== undefined && result.type === 'float32') {
      this.#call(node);
      return;
    }
    if (operation === 'FastGelu') {
      const [x, bias] = inputs;
      const shape = result.shape;
      const biased =
        bias === undefined
          ? this.#tensor(x)
          : this.#compute('Add', [this.#tensor(x), this.#tensor(bias)], shape);
      this.#set(result, this.#element('Gelu', 'float32', 'float32', [biased], target()));
      return;
    }
    if (operation === 'CumSum') {
      // joinRows does without it; whatever else reads it finds nothing.
      this.#skipped.add(result);
      return;
    }
    if (inputs.some((value) => value !== undefined && this.#skipped.has(value))) {
      this.#skipped.add(result);
      return;
    }
    const operands = (operation === 'Clip' ? inputs.slice(0, 1) : inputs).map((value) => this.#tensor(value));
    const type = operation === 'Where' ? operands[1].type : operands[0].type;
    const name = operation === 'Identity' ? 'Copy' : operation;
    const kernel = this.#element(name, type, result.type, operands, target(), parametersOf(node));
    this.#set(result, kernel);
  }

  #call({ operation, inputs, outputs: [result] }: GraphNode): void {
    const shape = result.shape;
    const operands = inputs.map((value) => {
      const { type, view } = this.#tensor(value);
      return this.#contiguous({ type, view: expandView(view, shape) }).view;
    });
    const computed = wholeView(this.#storage(result), shape);
    this.#kernels.push({ kind: 'call', symbol: calls[operation], operands, result: computed });
    this.#set(result, { type: 'float32', view: computed });
  }
}

function parametersOf({ operation, inputs, attributes }: GraphNode): Parameters {
  if (operation === 'Clip') {
    const [low, high] = inputs
      .slice(1)
      .map((value) => (value === undefined ? undefined : uniformNumber(value)));
    if (low === undefined || high === undefined)
      throw new NotNative('Clip with bounds known only at run time');
    return { low, high };
  }
  const parameters: Record<string, number> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'object' && 'float' in value) parameters[name] = value.float;
  }
  return parameters;
}

/** Rows selected for each member, together as many as the shape says: joinRows takes them from the parts. */
function isJoin({ inputs, outputs: [result], attributes }: GraphNode): boolean {
  const axis = attributes.axis as number;
  return inputs.reduce((sum, part) => sum + (part?.shape[axis] ?? 0), 0) !== result.shape[axis];
}

function essential(shape: readonly number[]): number[] {
  return shape.filter((n) => n !== 1);
}

function sameView(a: View, b: View): boolean {
  return (
    a.storage === b.storage &&
    a.offset === b.offset &&
    a.shape.every((n, i) => n === b.shape[i] && (n === 1 || a.strides[i] === b.strides[i]))
  );
}

/** A column counts as contiguous along its row of one element. */
function unitColumns(view: View): View {
  const strides = [...view.strides];
  if (strides[strides.length - 2] !== 1) strides[strides.length - 1] = 1;
  return { ...view, strides };
}

/** All index tuples of a shape. */
function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (tuples, n) => tuples.flatMap((tuple) => Array.from({ length: n }, (_, i) => [...tuple, i])),
    [[]],
  );
}

/** The matrix at an index of the axes before the last two. */
function pick(view: View, index: readonly number[]): View {
  return {
    storage: view.storage,
    offset: index.reduce((offset, i, axis) => offset + i * view.strides[axis], view.offset),
    shape: view.shape.slice(-2),
    strides: view.strides.slice(-2),
  };
}
