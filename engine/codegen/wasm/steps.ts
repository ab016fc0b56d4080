/** The code of each step of a program. */
import type { ProgramStep } from '../../kernels/fusion.ts';
import type { BatchKernel, Kernel, ProductKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import type { View } from '../../kernels/views.ts';
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

export function emitStep(code: Code, context: Context, { group, kernels }: ProgramStep): void {
  const { module, placeOf } = context;
  if (group !== undefined) {
    emitGroup(code, context, group, placeOf);
    return;
  }
  const [kernel] = kernels;
  switch (kernel.kind) {
    case 'product':
      emitProducts(code, context, kernel);
      break;
    case 'batch':
      emitBatch(code, context, kernel);
      break;
    case 'reduction':
      emitReduction(code, context, kernel, placeOf);
      break;
    case 'call':
      emitCall(code, module, context, kernel, placeOf);
      break;
    case 'gather':
      emitGather(code, context, kernel, placeOf);
      break;
    case 'scatter':
      emitScatter(code, context, kernel, placeOf);
      break;
    case 'scan':
      emitScan(code, context, kernel, placeOf);
      break;
    case 'argExtremum':
      emitArgExtremum(code, context, kernel, placeOf);
      break;
    case 'top':
      emitTop(code, context, kernel, placeOf);
      break;
    case 'boolConversion':
      emitBools(code, context, kernel, placeOf);
      break;
    case 'rowPartition':
      emitRowPartition(code, context, kernel, placeOf);
      break;
    default:
      throw new RangeError(`a step without code: ${(kernel as Kernel).kind}`);
  }
}

/** A product's shape, and which views its operands are, in order: a product of one row or column may be turned. */
function productOf(a: View, b: View, c: View, rows: number | undefined): { product: Product; views: View[] } {
  const strides = ({ strides: [row, column] }: View): Strides => ({
    row: FLOAT_BYTES * row,
    column: FLOAT_BYTES * column,
  });
  const [left, right, result] = [a, b, c].map(strides);
  const [, columns] = c.shape;
  const [, k] = a.shape;
  const product: Product = { rows, columns, k, a: left, b: right, c: result };
  // A column times the right matrix's rows: the transposed product has long rows.
  const isColumn = columns === 1 && left.column !== FLOAT_BYTES;
  const isRow = rows === 1 && right.column !== FLOAT_BYTES;
  const usable = left.row === FLOAT_BYTES || left.column === FLOAT_BYTES;
  if (rows === undefined || !(isColumn || isRow) || !usable) return { product, views: [a, b, c] };
  if (isColumn && result.row !== FLOAT_BYTES) return { product, views: [a, b, c] };
  const turned = ({ row, column }: Strides) => ({ row: column, column: row });
  return {
    product: {
      rows: columns,
      columns: rows,
      k,
      a: turned(right),
      b: turned(left),
      c: turned(result),
    },
    views: [b, a, c],
  };
}

function emitProducts(code: Code, context: Context, { products, selection }: ProductKernel): void {
  const { module, scratch, placeOf } = context;
  for (const { a, b, c } of products) {
    const rows = selection === undefined ? c.shape[0] : undefined;
    const { product, views } = productOf(a, b, c, rows);
    const index = productFunction(module, scratch, product);
    for (const { storage, offset } of views) pushPlace(code, context, placeOf(storage, offset));
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
  const matrix = (view: View): View => ({
    ...view,
    shape: view.shape.slice(-2),
    strides: view.strides.slice(-2),
  });
  const [x, y, z] = [a, b, result].map(matrix);
  const { product, views } = productOf(x, y, z, z.shape[0]);
  const index = productFunction(module, scratch, product);
  const whole = views.map((view) => (view === x ? a : view === y ? b : result));
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
