/** The code of each step of a program. */
import type { BatchKernel, ProductKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { oriented } from '../../kernels/products.ts';
import type { KernelEmitters } from '../../kernels/steps.ts';
import type { Code, Module } from './assembler.ts';
import { emitArgExtremum, emitScan, emitTop } from './axes.ts';
import { emitCall } from './calls.ts';
import { emitBools } from './conversions.ts';
import { emitGroup } from './groups.ts';
import { emitGather, emitScatter } from './indexing.ts';
import { pushPlace } from './loops.ts';
import { Memory } from './opcodes.ts';
import { type Product, productFunction, type Scratch, type Strides } from './products.ts';
import { emitReduction } from './reductions.ts';
import { emitRowPartition } from './row-loops.ts';

/** What code refers to. */
export interface Context {
  readonly module: Module;
  /** Address of the addresses of the caller's arrays. */
  readonly table: number;
  /** Address of the words of 4/π. */
  readonly words: number;
  /** Address of 4 bytes that are not 0 once an index was out of range. */
  readonly outside: number;
  readonly scratch: Scratch;
  readonly placeOf: PlaceOf;
}

/** What writes the code of a step. */
export function emitters(code: Code, context: Context): KernelEmitters {
  const { placeOf } = context;
  return {
    group: (group) => emitGroup(code, context, group, placeOf),
    product: (kernel) => emitProducts(code, context, kernel),
    batch: (kernel) => emitBatch(code, context, kernel),
    reduction: (kernel) => emitReduction(code, context, kernel, placeOf),
    call: (kernel) => emitCall(code, context.module, context, kernel, placeOf),
    gather: (kernel) => emitGather(code, context, kernel, placeOf),
    scatter: (kernel) => emitScatter(code, context, kernel, placeOf),
    scan: (kernel) => emitScan(code, context, kernel, placeOf),
    argExtremum: (kernel) => emitArgExtremum(code, context, kernel, placeOf),
    top: (kernel) => emitTop(code, context, kernel, placeOf),
    boolConversion: (kernel) => emitBools(code, context, kernel, placeOf),
    rowPartition: (kernel) => emitRowPartition(code, context, kernel, placeOf),
  };
}

/** @param rows of the product, if they are known */
function productOf({ a, b, c }: ProductKernel['products'][number], rows: number | undefined): Product {
  const [left, right, result] = [a, b, c].map(({ strides }): Strides => {
    const [row, column] = strides.slice(-2);
    return { row: FLOAT_BYTES * row, column: FLOAT_BYTES * column };
  });
  const [, columns] = c.shape.slice(-2);
  return { rows, columns, k: a.shape[a.shape.length - 1], a: left, b: right, c: result };
}

function emitProducts(code: Code, context: Context, { products, selection }: ProductKernel): void {
  const { module, scratch, placeOf } = context;
  for (const given of products) {
    const views = selection === undefined ? oriented(given) : given;
    const { a, b, c } = views;
    const rows = selection === undefined ? c.shape[0] : undefined;
    const index = productFunction(module, scratch, productOf(views, rows));
    for (const { storage, offset } of [a, b, c]) pushPlace(code, context, placeOf(storage, offset));
    if (selection !== undefined) {
      code.i32(0);
      code.memory(Memory.i32Load, placeOf(selection.storage, selection.count).offset);
    }
    code.call(index);
  }
}

/** A loop over many products of the same shape. */
function emitBatch(code: Code, context: Context, { a, b, result }: BatchKernel): void {
  const { module, scratch, placeOf } = context;
  const views = oriented({ a, b, c: result });
  const whole = [views.a, views.b, views.c];
  const index = productFunction(module, scratch, productOf(views, views.c.shape[views.c.shape.length - 2]));
  const pointers = whole.map(({ storage, offset }) => {
    const local = code.take();
    pushPlace(code, context, placeOf(storage, offset));
    code.set(local);
    return local;
  });
  const sizes = result.shape.slice(0, -2);
  const level = (axis: number): void => {
    if (axis === sizes.length) {
      for (const pointer of pointers) code.get(pointer);
      code.call(index);
      return;
    }
    code.repeat(sizes[axis], () => {
      level(axis + 1);
      for (const [i, pointer] of pointers.entries())
        code.advance(pointer, FLOAT_BYTES * whole[i].strides[axis]);
    });
    for (const [i, pointer] of pointers.entries()) {
      code.advance(pointer, -FLOAT_BYTES * whole[i].strides[axis] * sizes[axis]);
    }
  };
  level(0);
  for (const pointer of pointers) code.release(pointer);
}
