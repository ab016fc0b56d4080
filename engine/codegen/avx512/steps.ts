/** The code of each step of a program. */

import type { ProgramStep } from '../../kernels/fusion.ts';
import {
  type Kernel,
  type ProductKernel,
  type ReductionKernel,
  type RowPartitionKernel,
  selectedBy,
} from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf, share } from '../../kernels/places.ts';
import type { View } from '../../kernels/views.ts';
import { emitArgExtremum, emitScan, emitTop } from './axes.ts';
import { emitBatch } from './batches.ts';
import { emitCall } from './calls.ts';
import { emitBools } from './conversions.ts';
import type { Emitter } from './emitter.ts';
import { emitGroup, selectedRowsOf } from './groups.ts';
import { emitGather, emitScatter } from './indexing.ts';
import type { Native } from './memory.ts';
import { emitProduct, hasUnitStride, type Matrix, type Product, transposed } from './products.ts';
import { emitReduction } from './reductions.ts';
import { emitRowPartition } from './row-loops.ts';

export function emitStep(
  native: Native,
  emitter: Emitter,
  step: ProgramStep,
  placeOf: PlaceOf,
  threads: number,
): void {
  if (step.group !== undefined) {
    emitGroup(emitter, step.group, placeOf, threads);
    return;
  }
  const [kernel] = step.kernels;
  switch (kernel.kind) {
    case 'product':
      emitProducts(emitter, kernel, placeOf, threads);
      break;
    case 'reduction':
      emitReduce(emitter, kernel, placeOf, threads);
      break;
    case 'call':
      emitCall(native, emitter, kernel, placeOf);
      break;
    case 'batch':
      emitBatch(emitter, kernel, placeOf, threads, productOf);
      break;
    case 'gather':
      emitGather(emitter, kernel, placeOf);
      break;
    case 'scatter':
      emitScatter(emitter, kernel, placeOf);
      break;
    case 'scan':
      emitScan(emitter, kernel, placeOf);
      break;
    case 'argExtremum':
      emitArgExtremum(emitter, kernel, placeOf);
      break;
    case 'top':
      emitTop(emitter, kernel, placeOf);
      break;
    case 'boolConversion':
      emitBools(emitter, kernel, placeOf);
      break;
    case 'rowPartition':
      emitPartitionKernel(emitter, kernel, placeOf);
      break;
    default:
      throw new RangeError(`a step without code: ${(kernel as Kernel).kind}`);
  }
}

function emitPartitionKernel(emitter: Emitter, kernel: RowPartitionKernel, placeOf: PlaceOf): void {
  const { source } = kernel;
  const [first, second] = ([0, 1] as const).map((member) =>
    selectedRowsOf(selectedBy(kernel, member), placeOf),
  );
  emitRowPartition(emitter, placeOf(source.storage, source.offset), source.shape[0], first, second);
}

function emitProducts(
  emitter: Emitter,
  { products, selection }: ProductKernel,
  placeOf: PlaceOf,
  threads: number,
): void {
  if (selection !== undefined) {
    const product = { ...productOf(products[0], placeOf), selection: selectedRowsOf(selection, placeOf) };
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

function productOf({ a, b, c }: ProductKernel['products'][number], placeOf: PlaceOf): Product {
  const matrix = ({ storage, offset, strides }: View): Matrix => ({
    place: placeOf(storage, offset),
    rowStride: FLOAT_BYTES * strides[0],
    columnStride: FLOAT_BYTES * strides[1],
  });
  const product: Product = {
    rows: c.shape[0],
    columns: c.shape[1],
    k: a.shape[1],
    a: matrix(a),
    b: matrix(b),
    c: matrix(c),
  };
  // A column times the right matrix's rows: the transposed product has long rows.
  const column = product.columns === 1 && product.a.columnStride !== FLOAT_BYTES;
  const row = product.rows === 1 && product.b.columnStride !== FLOAT_BYTES;
  if (!(column || row) || !hasUnitStride(product.a)) return product;
  if (column && product.c.rowStride !== FLOAT_BYTES) return product;
  return {
    rows: product.columns,
    columns: product.rows,
    k: product.k,
    a: transposed(product.b),
    b: transposed(product.a),
    c: transposed(product.c),
  };
}

function emitReduce(emitter: Emitter, kernel: ReductionKernel, placeOf: PlaceOf, threads: number): void {
  const { source, result, axes, combination, type, factor } = kernel;
  const all = source.shape.map((size, axis) => ({
    axis,
    size,
    source: source.strides[axis],
    result: result.strides[axis],
  }));
  emitReduction(
    emitter,
    {
      combination,
      type,
      factor,
      source: placeOf(source.storage, source.offset),
      result: placeOf(result.storage, result.offset),
      kept: all.filter(({ axis }) => !axes.includes(axis)),
      reduced: all.filter(({ axis }) => axes.includes(axis)),
    },
    threads,
  );
}
