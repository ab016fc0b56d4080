/** The code of each step of a program. */

import { selectedRowsOf } from '../../kernels/groups.ts';
import type { ProductKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf, share } from '../../kernels/places.ts';
import { oriented } from '../../kernels/products.ts';
import type { KernelEmitters } from '../../kernels/steps.ts';
import type { View } from '../../kernels/views.ts';
import { emitArgExtremum, emitScan, emitTop } from './axes.ts';
import { emitBatch } from './batches.ts';
import { emitCall } from './calls.ts';
import { emitBools } from './conversions.ts';
import type { Emitter } from './emitter.ts';
import { emitGroup } from './groups.ts';
import { emitGather, emitScatter } from './indexing.ts';
import type { Native } from './memory.ts';
import { emitProduct, type Matrix, type Product } from './products.ts';
import { emitReduction } from './reductions.ts';
import { emitRowPartition } from './row-loops.ts';

/** What writes the code of a step for the thread at hand, one of `threads`. */
export function emitters(
  native: Native,
  emitter: Emitter,
  placeOf: PlaceOf,
  threads: number,
): KernelEmitters {
  return {
    group: (group) => emitGroup(emitter, group, placeOf, threads),
    product: (kernel) => emitProducts(emitter, kernel, placeOf, threads),
    batch: (kernel) => emitBatch(emitter, kernel, placeOf, threads, productOf),
    reduction: (kernel) => emitReduction(emitter, kernel, placeOf, threads),
    call: (kernel) => emitCall(native, emitter, kernel, placeOf),
    gather: (kernel) => emitGather(emitter, kernel, placeOf),
    scatter: (kernel) => emitScatter(emitter, kernel, placeOf),
    scan: (kernel) => emitScan(emitter, kernel, placeOf),
    argExtremum: (kernel) => emitArgExtremum(emitter, kernel, placeOf),
    top: (kernel) => emitTop(emitter, kernel, placeOf),
    boolConversion: (kernel) => emitBools(emitter, kernel, placeOf),
    rowPartition: (kernel) => emitRowPartition(emitter, kernel, placeOf),
  };
}

function emitProducts(
  emitter: Emitter,
  { products, selection }: ProductKernel,
  placeOf: PlaceOf,
  threads: number,
): void {
  if (selection !== undefined) {
    // As they are: selected are rows of the left matrix.
    const product = { ...asProduct(products[0], placeOf), selection: selectedRowsOf(selection, placeOf) };
    emitProduct(emitter, product, 0, product.rows, threads);
    return;
  }
  const byProduct = products.length % threads === 0;
  for (const [i, views] of products.entries()) {
    const product = productOf(views, placeOf);
    if (threads === 1) emitProduct(emitter, product, 0, product.rows);
    else if (byProduct) {
      if (i % threads === emitter.thread) emitProduct(emitter, product, 0, product.rows);
    } else {
      const [from, to] = share(product.rows, 1, emitter.thread, threads);
      emitProduct(emitter, product, from, to);
    }
  }
}

type ProductViews = ProductKernel['products'][number];

const productOf = (views: ProductViews, placeOf: PlaceOf): Product => asProduct(oriented(views), placeOf);

function asProduct({ a, b, c }: ProductViews, placeOf: PlaceOf): Product {
  const matrix = ({ storage, offset, strides }: View): Matrix => ({
    place: placeOf(storage, offset),
    rowStride: FLOAT_BYTES * strides[0],
    columnStride: FLOAT_BYTES * strides[1],
  });
  const [rows, columns] = c.shape;
  return { rows, columns, k: a.shape[1], a: matrix(a), b: matrix(b), c: matrix(c) };
}
