/** From the nodes of a traced graph to kernels on views: what only moves data becomes a view where it can. */

import { UnsupportedOperation } from '../errors.ts';
import { type GraphNode, needed, uniformNumber, type Value } from '../trace/graph.ts';
import { sizeOf } from '../trace/shapes.ts';
import type { TracedFunction } from '../trace/trace.ts';
import { Builder, combinations, NeedsDenseRows } from './builder.ts';
import type { Parameters, RowSelection } from './groups.ts';
import { type Kernel, type RowPartitionKernel, selectedBy, type Tensor } from './kernels.ts';
import { argExtremum, largest, scan, softmax } from './lowering-axes.ts';
import { einsum } from './lowering-einsum.ts';
import { gather, gatherTuples, scatterTuples } from './lowering-indexing.ts';
import { pad, tile } from './lowering-moving.ts';
import type { Target } from './target.ts';
import {
  expandView,
  reshapeView,
  type Storage,
  sliceView,
  transposeView,
  type View,
  wholeView,
} from './views.ts';

export interface Lowered {
  readonly kernels: readonly Kernel[];
  readonly storages: readonly Storage[];
}

/** Functions that the C library computes. */
const calls: Readonly<Record<string, string>> = {
  Acos: 'acosf',
  Acosh: 'acoshf',
  Asin: 'asinf',
  Asinh: 'asinhf',
  Atan: 'atanf',
  Atan2: 'atan2f',
  Cosh: 'coshf',
  Mod: 'fmodf',
  Pow: 'powf',
  Sinh: 'sinhf',
  Tan: 'tanf',
};

/** @throws UnsupportedOperation */
export function lower(traced: TracedFunction, target: Target): Lowered {
  try {
    return new Lowering(traced, target, true).run();
  } catch (error) {
    if (!(error instanceof NeedsDenseRows)) throw error;
    return new Lowering(traced, target, false).run();
  }
}

const views = new Set(['Reshape', 'Split', 'Slice', 'Transpose', 'Expand']);

class Lowering {
  readonly #traced: TracedFunction;
  readonly #nodes: readonly GraphNode[];
  readonly #builder: Builder;
  readonly #tensors = new Map<Value, Tensor>();
  /** Where a value is wanted: in the caller's array, or in its part of a concatenation. */
  readonly #wanted = new Map<Value, View>();
  /** Whether what is computed for selected rows is computed for them alone. */
  readonly #byRow: boolean;
  readonly #partitions = new Map<Value, readonly [RowSelection, RowSelection]>();

  constructor(traced: TracedFunction, target: Target, byRow: boolean) {
    this.#builder = new Builder(target);
    this.#traced = traced;
    this.#byRow = byRow;
    this.#nodes = needed(traced.outputs.map(({ value }) => value));
  }

  run(): Lowered {
    const { inputs, outputs } = this.#traced;
    for (const [slot, { value }] of inputs.entries()) this.#input(value, slot);
    for (const [i, { value }] of outputs.entries()) {
      if (value.type === 'bool' || sizeOf(value.shape) === 0) continue;
      const storage = this.#builder.storage(value.shape, { slot: inputs.length + i });
      this.#wanted.set(value, wholeView(storage, value.shape));
    }
    // What is a result itself goes to its own place, not to that of a result that reshapes it.
    for (const [value, view] of [...this.#wanted]) this.#wantSource(value, view);
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const node = this.#nodes[i];
      if (node.operation === 'Concat') this.#wantParts(node);
    }
    for (const node of this.#nodes) this.#node(node);
    for (const [i, { value }] of outputs.entries()) {
      if (value.type === 'bool' && sizeOf(value.shape) > 0) this.#boolOutput(value, inputs.length + i);
    }
    const { kernels, storages } = this.#builder;
    return { kernels, storages };
  }

  // Places.

  #input(value: Value, slot: number): void {
    const { type, shape } = value;
    const given = wholeView(this.#builder.storage(shape, { slot }), shape);
    const view = type === 'bool' ? this.#builder.place(shape) : given;
    this.#tensors.set(value, { type, view });
    if (type !== 'bool' || sizeOf(shape) === 0) return;
    this.#builder.kernels.push({ kind: 'boolConversion', direction: 'in', source: given, result: view });
  }

  #boolOutput(value: Value, slot: number): void {
    const source = this.#builder.contiguous(this.#tensor(value)).view;
    const result = wholeView(this.#builder.storage(value.shape, { slot }), value.shape);
    this.#builder.kernels.push({ kind: 'boolConversion', direction: 'out', source, result });
  }

  /** Asks for a value at a place; what computes it will write there if nothing else was asked for first. */
  #want(value: Value, view: View): void {
    if (value.node === undefined || this.#wanted.has(value)) return;
    this.#wanted.set(value, view);
    this.#wantSource(value, view);
  }

  #wantSource({ node }: Value, view: View): void {
    if (node?.operation !== 'Reshape') return;
    const source = node.inputs[0] as Value;
    const inner = reshapeView(view, source.shape);
    if (inner !== undefined) this.#want(source, inner);
  }

  #wantParts(node: GraphNode): void {
    const [result] = node.outputs;
    const axis = node.attributes.axis as number;
    if (isJoin(node)) return;
    if (!this.#wanted.has(result)) this.#wanted.set(result, this.#builder.place(result.shape));
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
    return wanted ?? this.#builder.place(value.shape);
  }

  // Values.

  #tensor(value: Value | undefined): Tensor {
    const tensor = this.#rowsOrTensor(value);
    if (tensor.selection !== undefined) throw new NeedsDenseRows();
    return tensor;
  }

  /** As tensor, but it may be selected rows. */
  #rowsOrTensor(value: Value | undefined): Tensor {
    if (value === undefined) throw new UnsupportedOperation('an operand left out');
    const known = this.#tensors.get(value);
    if (known !== undefined) return known;
    if (value.constant === undefined) throw new UnsupportedOperation('a value that nothing computes');
    const numbers = Array.from(value.constant, Number);
    const uniform = uniformNumber(value);
    const data = value.type === 'float32' ? Float32Array.from(numbers) : Int32Array.from(numbers);
    const storage = this.#builder.storage([data.length], { constant: data });
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
    if (wanted !== undefined && tensor.selection !== undefined) throw new NeedsDenseRows();
    if (wanted === undefined || sameView(wanted, tensor.view) || sizeOf(value.shape) === 0) return;
    this.#builder.copy(tensor, wanted);
  }

  readonly #element: Builder['element'] = (...operands) => this.#builder.element(...operands);
  readonly #reshaped: Builder['reshaped'] = (...operands) => this.#builder.reshaped(...operands);

  #integers(value: Value | undefined): number[] {
    if (value?.constant === undefined)
      throw new UnsupportedOperation('operands that are known only at run time');
    const numbers = Array.from(value.constant, Number);
    return numbers.length === 1 ? new Array<number>(sizeOf(value.shape)).fill(numbers[0]) : numbers;
  }

  // Nodes.

  #node(node: GraphNode): void {
    if (node.outputs.every(({ shape }) => sizeOf(shape) === 0)) {
      for (const value of node.outputs) this.#set(value, this.#nothing(value));
      return;
    }
    const handle = this.#handlers[node.operation];
    if (handle !== undefined) handle(node);
    else if (combinations[node.operation] !== undefined) this.#reduce(node);
    else this.#elementwise(node);
  }

  #nothing({ type, shape }: Value): Tensor {
    return { type, view: this.#builder.place(shape) };
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
    LogSoftmax: (node) => this.#softmax(node),
    CumSum: (node) => this.#scan(node),
    TopK: (node) => this.#largest(node),
    Gather: (node) => {
      const joined = node.inputs[0]?.node;
      if (joined?.operation === 'Concat' && isJoin(joined)) this.#joinRows(node);
      else this.#gather(node);
    },
    GatherND: ({ inputs: [x, at], outputs: [result], attributes }) => {
      const axes = (attributes.batch_dims as number | undefined) ?? 0;
      const [source, indices] = [this.#tensor(x), this.#tensor(at)];
      this.#set(result, gatherTuples(this.#builder, source, indices, axes, this.#target(result)));
    },
    ScatterND: ({ inputs, outputs: [result], attributes }) => {
      const [x, indices, updates] = inputs.map((value) => this.#tensor(value));
      const reduction = attributes.reduction as 'add' | 'none';
      const target = this.#target(result);
      this.#set(result, scatterTuples(this.#builder, x, indices, updates, reduction, target));
    },
    Pad: ({ inputs: [x, list, fill], outputs: [result] }) => {
      const before = this.#integers(list).slice(0, result.shape.length);
      const [source, frame] = [this.#tensor(x), this.#tensor(fill)];
      this.#set(result, pad(this.#builder, source, before, frame, this.#target(result)));
    },
    Tile: ({ inputs: [x, list], outputs: [result] }) => {
      const repeats = this.#integers(list);
      this.#set(result, tile(this.#builder, this.#tensor(x), repeats, this.#target(result)));
    },
    Einsum: ({ inputs, outputs: [result], attributes }) => {
      const operands = inputs.map((value) => this.#builder.cast(this.#tensor(value), 'float32'));
      const equation = attributes.equation as string;
      this.#set(result, einsum(this.#builder, equation, operands, this.#target(result)));
    },
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
      if (!sameView(place, part.view)) this.#builder.copy(part, place);
      at += length;
    }
    this.#tensors.set(result, { type: result.type, view: whole });
  }

  #product({ inputs, outputs: [result], attributes }: GraphNode): void {
    if (inputs.length > 2 && inputs[2] !== undefined)
      throw new UnsupportedOperation('a product with a third operand');
    if (attributes.alpha !== undefined || attributes.beta !== undefined)
      throw new UnsupportedOperation('a scaled product');
    const flip = (view: View, yes: unknown) => {
      const order = view.shape.map((_, i) => i);
      if (yes === 1) order.push(...order.splice(-2).reverse());
      return transposeView(view, order);
    };
    const left = this.#rowsOrTensor(inputs[0]);
    if (left.selection !== undefined) {
      const right = flip(this.#tensor(inputs[1]).view, attributes.transB);
      if (attributes.transA === 1) throw new NeedsDenseRows();
      this.#set(result, this.#builder.rowProduct(left, right, result.shape));
      return;
    }
    const a = flip(left.view, attributes.transA);
    const b = flip(this.#tensor(inputs[1]).view, attributes.transB);
    this.#set(result, this.#builder.product(a, b, this.#target(result)));
  }

  #reduce({ operation, inputs, outputs: [result] }: GraphNode): void {
    const source = this.#tensor(inputs[0]);
    const axes = this.#integers(inputs[1]);
    const target = this.#target(result);
    this.#set(result, this.#builder.reduced(operation, source, axes, result.shape, target));
  }

  #position({ operation, inputs, outputs: [result], attributes }: GraphNode): void {
    const axis = attributes.axis as number;
    const index = argExtremum(this.#builder, this.#tensor(inputs[0]), axis, operation === 'ArgMax');
    this.#set(result, this.#reshaped(index, result.shape));
  }

  #softmax({ operation, inputs, outputs: [result], attributes }: GraphNode): void {
    const axis = attributes.axis as number;
    const logarithm = operation === 'LogSoftmax';
    const x = this.#tensor(inputs[0]);
    this.#set(result, softmax(this.#builder, x, axis, logarithm, this.#target(result)));
  }

  #scan({ inputs: [x, at], outputs: [result], attributes }: GraphNode): void {
    const [axis] = this.#integers(at);
    const options = { exclusive: attributes.exclusive === 1, reverse: attributes.reverse === 1 };
    this.#set(result, scan(this.#builder, this.#tensor(x), axis, options, this.#target(result)));
  }

  #largest({ inputs: [x, k], outputs }: GraphNode): void {
    const [count] = this.#integers(k);
    const { values, indices } = largest(this.#builder, this.#tensor(x), count);
    this.#set(outputs[0], values);
    this.#set(outputs[1], indices);
  }

  #gather({ inputs: [x, at], outputs: [result], attributes }: GraphNode): void {
    const axis = attributes.axis as number;
    const constant = at?.constant === undefined ? undefined : this.#integers(at);
    const [source, indices] = [this.#tensor(x), this.#tensor(at)];
    const target = this.#target(result);
    this.#set(result, gather(this.#builder, source, indices, constant, axis, target));
  }

  /**
   * Rows selected by one member of an ensemble (engine/routing.ts): all rows of that member, the others with it. What
   * is computed with them keeps to each row, and joinRows takes the selected ones.
   */
  #selectRows({ inputs: [x, mask], outputs: [result] }: GraphNode): void {
    const parts = mask?.node?.operation === 'Concat' ? mask.node.inputs : [];
    const empty = parts.map((part) => part !== undefined && uniformNumber(part) === 0);
    if (parts.length !== 2 || empty[0] === empty[1])
      throw new UnsupportedOperation('rows selected by a mask');
    const { type, view } = this.#tensor(x);
    const [rows] = result.shape;
    const member = empty[0] ? 1 : 0;
    const own = sliceView(view, 0, member * rows, rows);
    const condition = member === 0 ? parts[0] : parts[1]?.node?.inputs[0];
    const known = member === 0 || parts[1]?.node?.operation === 'Not';
    if (!this.#byRow || condition === undefined || !known) {
      this.#set(result, { type, view: own });
      return;
    }
    const selection = this.#partition(condition)[member];
    this.#set(result, { type, view: { ...own, selectedRows: true }, selection });
  }

  /** The rows where a condition holds, and the others. */
  #partition(condition: Value): readonly [RowSelection, RowSelection] {
    const known = this.#partitions.get(condition);
    if (known !== undefined) return known;
    const source = this.#builder.contiguous(this.#tensor(condition)).view;
    const result = this.#builder.place([2 + 2 * (source.shape[0] + 1)]);
    const partition: RowPartitionKernel = { kind: 'rowPartition', source, result };
    this.#builder.kernels.push(partition);
    const lists = [selectedBy(partition, 0), selectedBy(partition, 1)] as const;
    this.#partitions.set(condition, lists);
    return lists;
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
      throw new UnsupportedOperation('gathering at indices');
    }
    const [rowsA, rowsB] = [this.#rowsOrTensor(a), this.#rowsOrTensor(b)];
    if (rowsA.selection !== undefined && rowsB.selection !== undefined) {
      const view = this.#target(result);
      for (const rows of [rowsA, rowsB]) this.#builder.scatterRows(rows, view);
      this.#set(result, { type: result.type, view });
      return;
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
    if (calls[operation] !== undefined && (result.type === 'float32' || operation === 'Pow')) {
      this.#call(node);
      return;
    }
    if (operation === 'LeakyRelu') {
      const x = this.#builder.cast(this.#tensor(inputs[0]), 'float32');
      this.#set(result, this.#element(operation, 'float32', 'float32', [x], target(), parametersOf(node)));
      return;
    }
    if (operation === 'FastGelu') {
      const [x, bias] = inputs;
      const shape = result.shape;
      const biased =
        bias === undefined
          ? this.#tensor(x)
          : this.#builder.compute('Add', [this.#tensor(x), this.#tensor(bias)], shape);
      this.#set(result, this.#element('Gelu', 'float32', 'float32', [biased], target()));
      return;
    }
    const operands = (operation === 'Clip' ? inputs.slice(0, 1) : inputs).map((value) =>
      this.#rowsOrTensor(value),
    );
    if (operands.some(({ selection }) => selection !== undefined)) {
      if (operation === 'Identity') throw new NeedsDenseRows();
      const parameters = parametersOf(node);
      this.#set(result, this.#builder.rows(operation, result.type, operands, result.shape, parameters));
      return;
    }
    const type = operation === 'Where' ? operands[1].type : operands[0].type;
    const name = operation === 'Identity' ? 'Copy' : operation;
    const kernel = this.#element(name, type, result.type, operands, target(), parametersOf(node));
    this.#set(result, kernel);
  }

  #call({ operation, inputs, outputs: [result] }: GraphNode): void {
    const { shape } = result;
    const type = result.type === 'float32' ? 'float32' : 'int32';
    const operands = inputs.map((value) => {
      const operand = this.#tensor(value);
      return this.#builder.contiguous({ type: operand.type, view: expandView(operand.view, shape) }).view;
    });
    const computed = this.#builder.contiguousPlace(this.#target(result));
    const symbol = type === 'float32' ? calls[operation] : 'pow';
    this.#builder.kernels.push({ kind: 'call', symbol, type, operands, result: computed });
    this.#set(result, { type, view: computed });
  }
}

function parametersOf({ operation, inputs, attributes }: GraphNode): Parameters {
  if (operation === 'Clip') {
    const [low, high] = inputs
      .slice(1)
      .map((value) => (value === undefined ? undefined : uniformNumber(value)));
    if (low === undefined || high === undefined)
      throw new UnsupportedOperation('Clip with bounds known only at run time');
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

function sameView(a: View, b: View): boolean {
  return (
    a.storage === b.storage &&
    a.offset === b.offset &&
    a.shape.every((n, i) => n === b.shape[i] && (n === 1 || a.strides[i] === b.strides[i]))
  );
}
