/** Sums over products of elements that share labels of axes, as products of matrices where there are any. */

import { UnsupportedOperation } from '../errors.ts';
import { sizeOf } from '../trace/shapes.ts';
import type { Builder } from './builder.ts';
import type { Tensor } from './kernels.ts';
import { contiguousStrides, transposeView, type View } from './views.ts';

/** A tensor and the labels of its axes. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/** Matrices of fewer elements than this in a batch are multiplied element by element. */
const SMALL = 4;

export function einsum(
  builder: Builder,
  equation: string,
  operands: readonly Tensor[],
  target: View,
): Tensor {
  const [left, right] = equation.split('->');
  const result = [...right];
  const terms = left.split(',').map((labels, i) => ({ tensor: operands[i], labels: [...labels] }));
  if (terms.length > 2 || terms.some(({ labels }) => new Set(labels).size < labels.length)) {
    throw new UnsupportedOperation(`Einsum ${equation}`);
  }
  const [a, b] = terms.map((term, i) => {
    const others = [...result, ...(terms[1 - i]?.labels ?? [])];
    return summed(builder, term, (label) => others.includes(label));
  });
  if (b === undefined) return permuted(a, result).tensor;
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => result.includes(label));
  const inner = shared.filter((label) => !result.includes(label));
  const rows = a.labels.filter((label) => !b.labels.includes(label));
  const columns = b.labels.filter((label) => !a.labels.includes(label));
  const lengthOf = (labels: readonly string[]) => labels.map((label) => length([a, b], label));
  const all = [...batch, ...rows, ...columns];
  const sizes = [sizeOf(lengthOf(rows)), sizeOf(lengthOf(columns)), sizeOf(lengthOf(inner))];
  if (inner.length === 0 || (batch.length > 0 && sizes[0] * sizes[1] < SMALL)) {
    const labels = [...all, ...inner];
    const factors = [a, b].map((term) => broadcast(term, labels));
    const shape = lengthOf(labels);
    const products: Labelled = { tensor: builder.compute('Mul', factors, shape), labels };
    const sum = summed(builder, products, (label) => !inner.includes(label));
    return permuted(sum, result).tensor;
  }
  const count = sizeOf(lengthOf(batch));
  const matrices = (term: Labelled, order: readonly string[], shape: readonly number[]) =>
    builder.reshaped(permuted(term, order).tensor, shape).view;
  const x = matrices(a, [...batch, ...rows, ...inner], [count, sizes[0], sizes[2]]);
  const y = matrices(b, [...batch, ...inner, ...columns], [count, sizes[2], sizes[1]]);
  const inOrder = result.every((label, i) => label === all[i]);
  const place = inOrder ? builder.contiguousPlace(target) : builder.place(lengthOf(all));
  const shape = [count, sizes[0], sizes[1]];
  const flat: View = { ...place, shape, strides: contiguousStrides(shape) };
  builder.product(x, y, flat);
  return permuted({ tensor: { type: 'float32', view: place }, labels: all }, result).tensor;
}

function length(terms: readonly Labelled[], label: string): number {
  const found = terms.find(({ labels }) => labels.includes(label)) as Labelled;
  return found.tensor.view.shape[found.labels.indexOf(label)];
}

/** Sums over the axes that are not kept. */
function summed(builder: Builder, { tensor, labels }: Labelled, keep: (label: string) => boolean): Labelled {
  const kept = labels.filter(keep);
  if (kept.length === labels.length) return { tensor, labels };
  const axes = labels.map((_, i) => i).filter((i) => !keep(labels[i]));
  const shape = kept.map((label) => tensor.view.shape[labels.indexOf(label)]);
  return { tensor: builder.reduced('ReduceSum', tensor, axes, shape, builder.place(shape)), labels: kept };
}

function permuted({ tensor, labels }: Labelled, order: readonly string[]): Labelled {
  if (order.every((label, i) => label === labels[i])) return { tensor, labels };
  const permutation = order.map((label) => labels.indexOf(label));
  const { type, uniform } = tensor;
  return { tensor: { type, view: transposeView(tensor.view, permutation), uniform }, labels: order };
}

/** The axes in an order of labels, of length 1 where the tensor has none. */
function broadcast(term: Labelled, order: readonly string[]): Tensor {
  const own = permuted(
    term,
    order.filter((label) => term.labels.includes(label)),
  );
  const { shape, strides } = own.tensor.view;
  const at = (label: string) => own.labels.indexOf(label);
  const view = {
    ...own.tensor.view,
    shape: order.map((label) => (at(label) < 0 ? 1 : shape[at(label)])),
    strides: order.map((label) => (at(label) < 0 ? 0 : strides[at(label)])),
  };
  return { type: own.tensor.type, view, uniform: own.tensor.uniform };
}
