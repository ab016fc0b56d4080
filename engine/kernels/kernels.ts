/** What a program is made of, in order: each kernel reads views of storages and writes views of storages. */
import type { Kind, Parameters, RowSelection } from './groups.ts';
import { FLOAT_BYTES } from './places.ts';
import type { Storage, View } from './views.ts';

/** A graph's value while kernels are made. */
export interface Tensor {
  readonly type: Kind;
  readonly view: View;
  /** The number that every element is. */
  readonly uniform?: number;
  /** What computes it, if that works on every element and the elements are still in its order. */
  readonly origin?: ElementKernel;
  /** its rows are those selected for a member of an ensemble, one after another, or in their place (View.selectedRows). */
  readonly selection?: RowSelection;
}

export interface ElementKernel {
  readonly kind: 'element';
  readonly operation: string;
  readonly type: Kind;
  readonly resultType: Kind;
  readonly parameters: Parameters;
  readonly operands: readonly Tensor[];
  readonly result: View;
  readonly selection?: RowSelection;
}

export interface ProductKernel {
  readonly kind: 'product';
  /** Two axes each, for every product of a batch. */
  readonly products: readonly { readonly a: View; readonly b: View; readonly c: View }[];
  readonly selection?: RowSelection;
}

export type Combination = 'sum' | 'product' | 'max' | 'min';

export interface ReductionKernel {
  readonly kind: 'reduction';
  readonly combination: Combination;
  readonly type: Kind;
  readonly factor: number;
  readonly source: View;
  /** Of the source's shape with length 1 along the reduced axes. */
  readonly result: View;
  readonly axes: readonly number[];
}

export interface CallKernel {
  readonly kind: 'call';
  /** A function of the C library: on floats, or for int32 on doubles whose result is truncated. */
  readonly symbol: string;
  readonly type: 'float32' | 'int32';
  readonly operands: readonly View[];
  readonly result: View;
}

/** One matrix product for every index of the axes before the last two. */
export interface BatchKernel {
  readonly kind: 'batch';
  readonly a: View;
  readonly b: View;
  readonly result: View;
}

/** Positions in a tensor of shape [batch, ...bounds, slice], given by tuples of indices [batch, count, bounds]. */
export interface Positions {
  readonly batch: number;
  readonly count: number;
  /** Lengths of the axes that a tuple's indices go along. */
  readonly bounds: readonly number[];
  /** Elements at each position, one after another. */
  readonly slice: number;
  /** Whether every member of the batch has the same tuples. */
  readonly shared: boolean;
}

/** Bytes from one position to the next along each axis of the tuples. */
export function positionStrides({ bounds, slice }: Positions): number[] {
  const strides = bounds.map(() => FLOAT_BYTES * slice);
  for (let i = bounds.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * bounds[i + 1];
  return strides;
}

/** Bytes of one member of the batch. */
export const batchBytes = ({ bounds, slice }: Positions) =>
  FLOAT_BYTES * bounds.reduce((product, n) => product * n, slice);

/** result [batch, count, slice] from source [batch, ...bounds, slice]; all contiguous. */
export interface GatherKernel {
  readonly kind: 'gather';
  readonly positions: Positions;
  readonly source: View;
  readonly indices: View;
  readonly result: View;
}

/** Updates [count, slice] added to or put into a result [...bounds, slice] that is there before; all contiguous. */
export interface ScatterKernel {
  readonly kind: 'scatter';
  readonly type: Kind;
  readonly reduction: 'add' | 'none';
  readonly positions: Positions;
  readonly indices: View;
  readonly updates: View;
  readonly result: View;
}

/** Running sums along an axis. */
export interface ScanKernel {
  readonly kind: 'scan';
  readonly type: Kind;
  readonly exclusive: boolean;
  readonly axis: number;
  readonly source: View;
  readonly result: View;
}

/** The first index of the extreme along an axis, which the result has with length 1. */
export interface ArgExtremumKernel {
  readonly kind: 'argExtremum';
  readonly type: Kind;
  readonly largest: boolean;
  readonly axis: number;
  readonly source: View;
  readonly result: View;
}

/** The largest numbers along the last axis in descending order, and their indices. */
export interface TopKernel {
  readonly kind: 'top';
  readonly type: Kind;
  readonly source: View;
  /** Values, then indices, along an axis in front. */
  readonly result: View;
}

/** Bools between the caller's bytes and 32 bits; contiguous. */
export interface BoolKernel {
  readonly kind: 'boolConversion';
  readonly direction: 'in' | 'out';
  readonly source: View;
  readonly result: View;
}

/** Lists of the rows where a condition holds, and of the others: two counts, then the indices of each. */
export interface RowPartitionKernel {
  readonly kind: 'rowPartition';
  readonly source: View;
  readonly result: View;
}

/** The first or the second list of a choice. */
export function selectedBy({ source, result }: RowPartitionKernel, member: 0 | 1): RowSelection {
  return { storage: result.storage, count: member, index: 2 + member * (source.shape[0] + 1) };
}

export type Kernel =
  | ElementKernel
  | ProductKernel
  | ReductionKernel
  | CallKernel
  | BatchKernel
  | GatherKernel
  | ScatterKernel
  | ScanKernel
  | ArgExtremumKernel
  | TopKernel
  | BoolKernel
  | RowPartitionKernel;

export function readsOf(kernel: Kernel): Storage[] {
  switch (kernel.kind) {
    case 'element':
      return [
        ...kernel.operands.filter((x) => x.uniform === undefined).map((x) => x.view.storage),
        ...selectionStorage(kernel),
      ];
    case 'product':
      return [...kernel.products.flatMap(({ a, b }) => [a.storage, b.storage]), ...selectionStorage(kernel)];
    case 'call':
      return kernel.operands.map((view) => view.storage);
    case 'batch':
      return [kernel.a.storage, kernel.b.storage];
    case 'gather':
      return [kernel.source.storage, kernel.indices.storage];
    case 'scatter':
      return [kernel.indices.storage, kernel.updates.storage, kernel.result.storage];
    default:
      return [kernel.source.storage];
  }
}

function selectionStorage({ selection }: { readonly selection?: RowSelection }): Storage[] {
  return selection === undefined ? [] : [selection.storage];
}

export function writesOf(kernel: Kernel): Storage {
  return kernel.kind === 'product' ? kernel.products[0].c.storage : kernel.result.storage;
}
