/** What a program is made of, in order: each kernel reads views of storages and writes views of storages. */
import type { Parameters } from './elements.ts';
import type { Kind } from './groups.ts';
import type { Combination } from './reductions.ts';
import type { Storage, View } from './views.ts';

/** A graph's value while kernels are made. */
export interface Tensor {
  readonly type: Kind;
  readonly view: View;
  /** The number that every element is. */
  readonly uniform?: number;
  /** What computes it, if that works on every element and the elements are still in its order. */
  readonly origin?: ElementKernel;
}

export interface ElementKernel {
  readonly kind: 'element';
  readonly operation: string;
  readonly type: Kind;
  readonly resultType: Kind;
  readonly parameters: Parameters;
  readonly operands: readonly Tensor[];
  readonly result: View;
}

export interface ProductKernel {
  readonly kind: 'product';
  /** Two axes each, for every product of a batch. */
  readonly products: readonly { readonly a: View; readonly b: View; readonly c: View }[];
}

export interface ReductionKernel {
  readonly kind: 'reduction';
  readonly combination: Combination;
  readonly type: Kind;
  readonly factor: number;
  readonly source: View;
  /** Of the source's shape with length 1 along the axes that go. */
  readonly result: View;
  readonly axes: readonly number[];
}

export interface CallKernel {
  readonly kind: 'call';
  /** A function of the C library on floats. */
  readonly symbol: string;
  readonly operands: readonly View[];
  readonly result: View;
}

export type Kernel = ElementKernel | ProductKernel | ReductionKernel | CallKernel;

export function readsOf(kernel: Kernel): Storage[] {
  switch (kernel.kind) {
    case 'element':
      return kernel.operands.filter((x) => x.uniform === undefined).map((x) => x.view.storage);
    case 'product':
      return kernel.products.flatMap(({ a, b }) => [a.storage, b.storage]);
    case 'reduction':
      return [kernel.source.storage];
    case 'call':
      return kernel.operands.map((view) => view.storage);
  }
}

export function writesOf(kernel: Kernel): Storage {
  return kernel.kind === 'product' ? kernel.products[0].c.storage : kernel.result.storage;
}
