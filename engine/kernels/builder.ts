/** Makes kernels and the places they write: what lowering a node of any kind needs. */

import { UnsupportedOperation } from '../errors.ts';
import { sameShape, sizeOf } from '../trace/shapes.ts';
import { elementFunction } from './elements.ts';
import type { Kind, Parameters } from './groups.ts';
import type { Combination, Kernel, Tensor } from './kernels.ts';
import type { Target } from './target.ts';
import {
  contiguousStrides,
  expandView,
  reshapeView,
  type Storage,
  sliceView,
  type View,
  wholeView,
} from './views.ts';

/** Thrown where selected rows go into an operation that needs all rows. */
export class NeedsDenseRows extends Error {}

/** Axes up to this long are combined element by element, which fuses with what comes before and after. */
const SHORT_AXIS = 8;
/** Products of a smaller batch are written one after another, those of a larger one as a loop. */
const MOST_PRODUCTS = 64;
/** Axes that do not follow each other in memory that one reduction takes. */
const MOST_REDUCED = 3;

export const combinations: Readonly<Record<string, Combination>> = {
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

export class Builder {
  readonly kernels: Kernel[] = [];
  readonly storages: Storage[] = [];
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  storage(shape: readonly number[], rest: Partial<Storage> = {}): Storage {
    const storage = { id: this.storages.length, elements: sizeOf(shape), ...rest };
    this.storages.push(storage);
    return storage;
  }

  /** New memory for a tensor. */
  place(shape: readonly number[]): View {
    return wholeView(this.storage(shape), shape);
  }

  /** The target itself if it is contiguous, else new memory of its shape. */
  contiguousPlace(target: View): View {
    return isContiguous(target) ? target : this.place(target.shape);
  }

  element(
    operation: string,
    type: Kind,
    resultType: Kind,
    operands: readonly Tensor[],
    result: View,
    parameters: Parameters = {},
  ): Tensor {
    if (elementFunction(operation, type, resultType, parameters) === undefined) {
      throw new UnsupportedOperation(`${operation} of ${type}`);
    }
    const kernel: Kernel = { kind: 'element', operation, type, resultType, parameters, operands, result };
    this.kernels.push(kernel);
    return { type: resultType, view: result, origin: kernel };
  }

  /** An operation between nodes, on a place of its own. */
  compute(
    operation: string,
    operands: readonly Tensor[],
    shape: readonly number[],
    resultType?: Kind,
  ): Tensor {
    const type = operands[operands.length - 1].type;
    return this.element(operation, type, resultType ?? type, operands, this.place(shape));
  }

  /** An operation on the rows selected for a member, one after another. */
  rows(
    operation: string,
    resultType: Kind,
    operands: readonly Tensor[],
    shape: readonly number[],
    parameters: Parameters = {},
  ): Tensor {
    return this.#onRows(operation, resultType, operands, this.rowPlace(shape), parameters);
  }

  /** Puts selected rows where they are among all rows. */
  scatterRows(tensor: Tensor, target: View): void {
    this.#onRows('Copy', tensor.type, [tensor], { ...target, selectedRows: true });
  }

  /** Memory for selected rows, with room behind the last. */
  rowPlace(shape: readonly number[]): View {
    const [rows, ...rest] = shape;
    return wholeView(this.storage([rows + this.#target.rowPadding, ...rest]), shape);
  }

  #onRows(
    operation: string,
    resultType: Kind,
    operands: readonly Tensor[],
    result: View,
    parameters: Parameters = {},
  ): Tensor {
    const selection = operands.find((operand) => operand.selection !== undefined)?.selection;
    const { shape } = result;
    const same = operands.every(({ selection: other, view }) =>
      other === undefined ? view.shape.length < shape.length || view.shape[0] === 1 : other === selection,
    );
    if (!same || essential(shape.slice(1)).length > 1) throw new NeedsDenseRows();
    const { type } = operands[operands.length - 1];
    if (elementFunction(operation, type, resultType, parameters) === undefined) {
      throw new UnsupportedOperation(`${operation} of ${type}`);
    }
    const kernel = {
      kind: 'element',
      operation,
      type,
      resultType,
      parameters,
      operands,
      result,
      selection,
    } as const;
    this.kernels.push(kernel);
    return { type: resultType, view: result, origin: kernel, selection };
  }

  copy(tensor: Tensor, target: View): Tensor {
    return this.element('Copy', tensor.type, tensor.type, [tensor], target);
  }

  number(type: Kind, value: number): Tensor {
    const constant = type === 'float32' ? Float32Array.of(value) : Int32Array.of(value);
    const storage = this.storage([], { constant });
    return { type, view: wholeView(storage, []), uniform: value };
  }

  cast(tensor: Tensor, type: Kind): Tensor {
    if (tensor.type === type) return tensor;
    return this.element('Cast', tensor.type, type, [tensor], this.place(tensor.view.shape));
  }

  contiguous(tensor: Tensor): Tensor {
    if (isContiguous(tensor.view)) return tensor;
    return this.compute('Copy', [tensor], tensor.view.shape);
  }

  reshaped(tensor: Tensor, shape: readonly number[]): Tensor {
    const view = reshapeView(tensor.view, shape);
    const moved = view === undefined ? this.contiguous(tensor) : tensor;
    const result = view ?? (reshapeView(moved.view, shape) as View);
    const origin = sameShape(essential(shape), essential(tensor.view.shape)) ? moved.origin : undefined;
    return { type: tensor.type, view: result, uniform: tensor.uniform, origin };
  }

  /** As reshaped, with the elements one after another in memory. */
  flat(tensor: Tensor, shape: readonly number[]): Tensor {
    return this.reshaped(this.contiguous(tensor), shape);
  }

  // Reductions.

  /** @param shape of the result, with or without the reduced axes; it is in `target` */
  reduced(
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
    if (long.length > MOST_REDUCED) {
      const first = long.slice(MOST_REDUCED);
      const part = view.shape.map((n, i) => (first.includes(i) ? 1 : n));
      const partial = this.reduced(operation, source, first, part, this.place(part));
      return this.reduced(operation, partial, long.slice(0, MOST_REDUCED), shape, target);
    }
    const result = reshapeView(target, kept) ?? this.place(kept);
    if (long.length === 1 && view.shape[long[0]] <= SHORT_AXIS && source.uniform === undefined) {
      return this.#shortReduction(combination, source, long[0], factor, result, shape);
    }
    this.kernels.push({ kind: 'reduction', combination, type, factor, source: view, result, axes: long });
    return { type, view: reshapeView(result, shape) as View };
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
        ? this.element(operation, type, type, [sum, part], target)
        : this.compute(operation, [sum, part], target.shape);
    }
    if (factor !== 1) sum = this.element('Mul', type, type, [sum, this.number(type, factor)], target);
    return this.reshaped(sum, shape);
  }

  // Products.

  /** a · b on the last two axes, the axes before broadcast to those of `target`. */
  product(a: View, b: View, target: View): Tensor {
    const { shape } = target;
    if (a.shape[a.shape.length - 1] === 1) {
      const operands: Tensor[] = [
        { type: 'float32', view: a },
        { type: 'float32', view: b },
      ];
      return this.element('Mul', 'float32', 'float32', operands, target);
    }
    // Rows of a product are written contiguously.
    const inRows = shape[shape.length - 1] === 1 || target.strides[target.strides.length - 1] === 1;
    const c = inRows ? target : this.place(shape);
    const batch = shape.slice(0, -2);
    const spread = (view: View) => expandView(view, [...batch, ...view.shape.slice(-2)]);
    const [left, right] = [spread(a), spread(this.#unitStride(b))];
    if (sizeOf(batch) > MOST_PRODUCTS) {
      this.kernels.push({ kind: 'batch', a: left, b: right, result: c });
    } else {
      const products = indices(batch).map((index) => ({
        a: pick(left, index),
        b: pick(right, index),
        c: pick(c, index),
      }));
      this.kernels.push({ kind: 'product', products });
    }
    return { type: 'float32', view: c };
  }

  /** The product of selected rows [rows, k] and a matrix. */
  rowProduct(tensor: Tensor, b: View, shape: readonly number[]): Tensor {
    const { selection } = tensor;
    if (tensor.view.shape.length !== 2 || b.shape.length !== 2) throw new NeedsDenseRows();
    const a = tensor.view.selectedRows
      ? this.rows('Copy', tensor.type, [tensor], tensor.view.shape).view
      : tensor.view;
    const c = this.rowPlace(shape);
    this.kernels.push({ kind: 'product', products: [{ a, b: this.#unitStride(b), c }], selection });
    return { type: 'float32', view: c, selection };
  }

  /** A right operand must be contiguous along rows or along columns. */
  #unitStride(view: View): View {
    const [row, column] = view.strides.slice(-2);
    const [rows, columns] = view.shape.slice(-2);
    if (column === 1 || row === 1 || columns === 1 || rows === 1)
      return columns === 1 ? unitColumns(view) : view;
    return this.compute('Copy', [{ type: 'float32', view }], view.shape).view;
  }
}

function isContiguous({ shape, strides }: View): boolean {
  const plain = contiguousStrides(shape);
  return shape.every((n, i) => n === 1 || strides[i] === plain[i]);
}

function essential(shape: readonly number[]): number[] {
  return shape.filter((n) => n !== 1);
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
export function pick(view: View, index: readonly number[]): View {
  return {
    storage: view.storage,
    offset: index.reduce((offset, i, axis) => offset + i * view.strides[axis], view.offset),
    shape: view.shape.slice(-2),
    strides: view.strides.slice(-2),
  };
}
