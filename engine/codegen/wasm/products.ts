/**
 * Matrix products: tiles of up to 4 rows × 8 columns in locals, over panels that are packed so that they stay in the
 * first-level cache (Goto and van de Geijn 2008, doi 10.1145/1356052.1356053). Multiplications and additions are
 * rounded apart: a fused operation is not part of WebAssembly's deterministic instructions.
 *
 * A body takes one step of the sums: V8 moves all loads of a longer one to its beginning, where registers run out.
 */
import { FLOAT_BYTES } from '../../kernels/places.ts';
import type { Code, Module } from './assembler.ts';
import { combineLanes, LANES, VECTOR_BYTES } from './loops.ts';
import { Memory, S, Type, V, type ValueType, VectorMemory } from './opcodes.ts';
import { TILE_ROWS } from './target.ts';

/** From one row and column of a matrix to the next, in bytes. */
export interface Strides {
  readonly row: number;
  readonly column: number;
}

/** c [rows, columns] = a [rows, k] · b [k, columns] */
export interface Product {
  /** Undefined if known only when the program runs: then whole tiles are written. */
  readonly rows?: number;
  readonly columns: number;
  readonly k: number;
  readonly a: Strides;
  readonly b: Strides;
  /** Rows are contiguous. */
  readonly c: Strides;
}

const TILE_VECTORS = 2;
/** Sums are made in pieces of this length: a packed panel of 8 columns then takes 16 KiB. */
const MOST_K = 512;
/** A right operand smaller than this stays in the first-level cache as it is. */
const SMALL_BYTES = 20 << 10;
/** Fewer panels than this do not repay a packed left operand. */
const FEW_PANELS = 3;

/** Working memory that products share. */
export class Scratch {
  readonly address: number;
  bytes = 0;

  constructor(address: number) {
    this.address = address;
  }

  need(bytes: number): void {
    this.bytes = Math.max(this.bytes, bytes);
  }
}

/**
 * A function of the addresses of a, b and c, and of the number of rows if that is not known; written once for each
 * shape.
 * @returns its index
 */
export function productFunction(module: Module, scratch: Scratch, product: Product): number {
  const parameters: ValueType[] = [Type.i32, Type.i32, Type.i32];
  if (product.rows === undefined) parameters.push(Type.i32);
  return module.shared(`product ${JSON.stringify(product)}`, parameters, [], (code) => {
    const { columns, a, b } = product;
    // Loads of a tile's rows take no offsets below 0.
    const isDots = columns === 1 && a.row >= 0 && a.column === FLOAT_BYTES && b.row === FLOAT_BYTES;
    if (isDots) emitDots(code, product);
    else emitTiles(code, scratch, product);
  });
}

const [A, B, C, ROWS] = [0, 1, 2, 3];

/** local = other local + number */
function setTo(code: Code, local: number, other: number, bytes = 0): void {
  code.get(other);
  if (bytes !== 0) {
    code.i32(bytes);
    code.scalar(S.i32Add);
  }
  code.set(local);
}

/** Runs `body`, which moves a pointer, until it is at the end. */
function until(code: Code, pointer: number, end: number, body: () => void): void {
  code.loop(() => {
    body();
    code.get(pointer);
    code.get(end);
    code.scalar(S.i32Ne);
    code.branchIf(0);
  });
}

/** Tiles of `height` rows, as many as there are, then the rows left over. */
function forRows(code: Code, { rows }: Product, height: number, tile: (height: number) => void): void {
  if (rows === undefined) {
    const left = code.take();
    code.get(ROWS);
    code.set(left);
    code.block(() => {
      code.loop(() => {
        code.get(left);
        code.i32(0);
        code.scalar(S.i32GreaterSigned);
        code.scalar(S.i32Eqz);
        code.branchIf(1);
        tile(height);
        code.advance(left, -height);
        code.branch(0);
      });
    });
    code.release(left);
    return;
  }
  code.repeat(Math.floor(rows / height), () => tile(height));
  if (rows % height > 0) tile(rows % height);
}

/** Rows of the left operand times one column, four rows at a time. */
function emitDots(code: Code, product: Product): void {
  const { k, a, c } = product;
  const whole = Math.floor(k / LANES);
  const [left, right, end, result] = [0, 1, 2, 3].map(() => code.take());
  setTo(code, left, A);
  setTo(code, result, C);
  forRows(code, product, TILE_ROWS, (height) => {
    const sums = Array.from({ length: height }, () => code.take(Type.v128));
    const factor = code.take(Type.v128);
    setTo(code, right, B);
    setTo(code, end, B, whole * VECTOR_BYTES);
    for (const sum of sums) {
      code.splat(0);
      code.set(sum);
    }
    const step = (instruction: typeof VectorMemory.load | typeof VectorMemory.loadZero32) => {
      code.get(right);
      code.vectorMemory(instruction, 0);
      code.set(factor);
      for (const [i, sum] of sums.entries()) {
        code.get(sum);
        code.get(left);
        code.vectorMemory(instruction, i * a.row);
        code.get(factor);
        code.vector(V.f32Multiply);
        code.vector(V.f32Add);
        code.set(sum);
      }
    };
    if (whole > 0) {
      until(code, right, end, () => {
        step(VectorMemory.load);
        code.advance(left, VECTOR_BYTES);
        code.advance(right, VECTOR_BYTES);
      });
    }
    for (let i = 0; i < k % LANES; i++) {
      step(VectorMemory.loadZero32);
      code.advance(left, FLOAT_BYTES);
      code.advance(right, FLOAT_BYTES);
    }
    for (const [i, sum] of sums.entries()) {
      code.get(result);
      code.get(sum);
      combineLanes(code, () => code.vector(V.f32Add));
      code.vectorMemory(VectorMemory.storeLane32, i * c.row, 0);
    }
    code.advance(left, height * a.row - k * FLOAT_BYTES);
    code.advance(result, height * c.row);
    for (const local of [...sums, factor]) code.release(local);
  });
  for (const local of [left, right, end, result]) code.release(local);
}

/** How a product is cut. */
interface Plan {
  /** Vectors side by side in a tile, and rows. */
  readonly vectors: number;
  readonly height: number;
  readonly packsA: boolean;
  readonly packsB: boolean;
  /** Bounds of the pieces of the sums. */
  readonly pieces: readonly (readonly [number, number])[];
}

function planOf({ rows, columns, k, a, b }: Product): Plan {
  const few = rows !== undefined && rows < TILE_ROWS;
  const vectors = Math.min(few && (rows as number) < 3 ? LANES : TILE_VECTORS, Math.ceil(columns / LANES));
  const packsB =
    b.column !== FLOAT_BYTES || (!(rows !== undefined && rows <= 2 * TILE_ROWS) && k * b.row > SMALL_BYTES);
  const panels = columns / (vectors * LANES);
  const backwards = a.row < 0 || a.column < 0;
  const packsA = backwards || (!few && a.column !== FLOAT_BYTES && panels >= FEW_PANELS);
  if (packsA && rows === undefined) throw new RangeError('selected rows that are no rows in memory');
  const count = packsA || packsB ? Math.ceil(k / MOST_K) : 1;
  const bound = (i: number) => Math.floor((k * i) / count);
  const pieces = Array.from({ length: count }, (_, i) => [bound(i), bound(i + 1)] as const);
  return { vectors, height: few ? (rows as number) : TILE_ROWS, packsA, packsB, pieces };
}

function emitTiles(code: Code, scratch: Scratch, product: Product): void {
  const plan = planOf(product);
  const { columns, a, b } = product;
  const width = plan.vectors * LANES;
  const panelBytes = MOST_K * width * FLOAT_BYTES;
  if (plan.packsB) scratch.need(panelBytes);
  const packedA = scratch.address + panelBytes;
  for (const [begin, end] of plan.pieces) {
    const k = end - begin;
    if (plan.packsA) {
      const rows = product.rows as number;
      scratch.need(panelBytes + rows * k * FLOAT_BYTES);
      packLeft(code, product, plan.height, begin, k, packedA);
    }
    const [right, result] = [code.take(), code.take()];
    setTo(code, right, B, begin * b.row);
    setTo(code, result, C);
    const panel = (columnsHere: number) => {
      if (plan.packsB) packRight(code, b, right, k, columnsHere, scratch.address);
      const left = code.take();
      if (plan.packsA) code.i32(packedA);
      else {
        code.get(A);
        code.i32(begin * a.column);
        code.scalar(S.i32Add);
      }
      code.set(left);
      const target = code.take();
      setTo(code, target, result);
      forRows(code, product, plan.height, (height) => {
        const strides = plan.packsA ? { row: FLOAT_BYTES, column: height * FLOAT_BYTES } : a;
        emitTile(code, {
          height,
          columns: columnsHere,
          k,
          accumulate: begin > 0,
          a: strides,
          panelRow: plan.packsB ? Math.ceil(columnsHere / LANES) * VECTOR_BYTES : b.row,
          c: product.c,
          left,
          panel: plan.packsB ? scratch.address : right,
          isPacked: plan.packsB,
          result: target,
          next: plan.packsA ? height * k * FLOAT_BYTES : height * a.row,
        });
      });
      code.release(left);
      code.release(target);
      code.advance(right, columnsHere * b.column);
      code.advance(result, columnsHere * FLOAT_BYTES);
    };
    code.repeat(Math.floor(columns / width), () => panel(width));
    if (columns % width > 0) panel(columns % width);
    code.release(right);
    code.release(result);
  }
}

interface Tile {
  readonly height: number;
  readonly columns: number;
  readonly k: number;
  /** Adds to what the result holds. */
  readonly accumulate: boolean;
  readonly a: Strides;
  /** From one row of the panel to the next, in bytes. */
  readonly panelRow: number;
  readonly c: Strides;
  /** Local that points at the left operand's rows; moves on to those of the next tile. */
  readonly left: number;
  /** Address of the packed panel, or local that points at it. */
  readonly panel: number;
  readonly isPacked: boolean;
  readonly result: number;
  /** Bytes from this tile's rows of the left operand to the next one's. */
  readonly next: number;
}

function emitTile(code: Code, tile: Tile): void {
  const { height, columns, k, accumulate, a, panelRow, c, left, result } = tile;
  const vectors = Math.ceil(columns / LANES);
  const take = (count: number, type: ValueType) => Array.from({ length: count }, () => code.take(type));
  const sums = Array.from({ length: height }, () => take(vectors, Type.v128));
  const right = take(vectors, Type.v128);
  const [factor] = take(1, Type.v128);
  const [panel, end] = take(2, Type.i32);
  for (const [row, locals] of sums.entries()) {
    for (const [vector, sum] of locals.entries()) {
      if (accumulate) {
        code.get(result);
        code.vectorMemory(VectorMemory.load, row * c.row + vector * VECTOR_BYTES);
      } else code.splat(0);
      code.set(sum);
    }
  }
  if (tile.isPacked) code.i32(tile.panel);
  else code.get(tile.panel);
  code.tee(panel);
  code.i32(k * panelRow);
  code.scalar(S.i32Add);
  code.set(end);
  const step = () => {
    for (const [vector, local] of right.entries()) {
      code.get(panel);
      code.vectorMemory(VectorMemory.load, vector * VECTOR_BYTES);
      code.set(local);
    }
    for (const [row, locals] of sums.entries()) {
      code.get(left);
      code.vectorMemory(VectorMemory.splat32, row * a.row);
      code.set(factor);
      for (const [vector, sum] of locals.entries()) {
        code.get(sum);
        code.get(factor);
        code.get(right[vector]);
        code.vector(V.f32Multiply);
        code.vector(V.f32Add);
        code.set(sum);
      }
    }
    code.advance(left, a.column);
    code.advance(panel, panelRow);
  };
  if (panelRow === 0) code.repeat(k, step);
  else until(code, panel, end, step);
  code.advance(left, tile.next - k * a.column);
  const rest = columns % LANES;
  for (const [row, locals] of sums.entries()) {
    for (const [vector, sum] of locals.entries()) {
      const offset = row * c.row + vector * VECTOR_BYTES;
      storeFirst(code, result, offset, sum, vector === vectors - 1 && rest > 0 ? rest : LANES);
    }
  }
  code.advance(result, height * c.row);
  for (const local of [...sums.flat(), ...right, factor, panel, end]) code.release(local);
}

function storeFirst(code: Code, base: number, offset: number, vector: number, lanes: number): void {
  type Instruction = (typeof VectorMemory)[keyof typeof VectorMemory];
  const part = (instruction: Instruction, at: number, lane?: number) => {
    code.get(base);
    code.get(vector);
    code.vectorMemory(instruction, offset + at * FLOAT_BYTES, lane);
  };
  if (lanes === LANES) part(VectorMemory.store, 0);
  if (lanes === 2 || lanes === 3) part(VectorMemory.storeLane64, 0, 0);
  if (lanes === 1) part(VectorMemory.storeLane32, 0, 0);
  if (lanes === 3) part(VectorMemory.storeLane32, 2, 2);
}

/** Copies the left operand in tiles: for each step of the sums the rows of a tile, one after another. */
function packLeft(
  code: Code,
  product: Product,
  tileHeight: number,
  begin: number,
  k: number,
  address: number,
): void {
  const { a } = product;
  const [from, to] = [code.take(), code.take()];
  setTo(code, from, A, begin * a.column);
  code.i32(address);
  code.set(to);
  forRows(code, product, tileHeight, (height) => {
    code.repeat(k, () => {
      if (height === LANES && a.row === FLOAT_BYTES) {
        code.get(to);
        code.get(from);
        code.vectorMemory(VectorMemory.load, 0);
        code.vectorMemory(VectorMemory.store, 0);
      } else {
        for (let row = 0; row < height; row++) {
          code.get(to);
          code.get(from);
          code.i32(row * a.row);
          code.scalar(S.i32Add);
          code.memory(Memory.i32Load, 0);
          code.memory(Memory.i32Store, row * FLOAT_BYTES);
        }
      }
      code.advance(from, a.column);
      code.advance(to, height * FLOAT_BYTES);
    });
    code.advance(from, height * a.row - k * a.column);
  });
  code.release(from);
  code.release(to);
}

/** Copies a panel of the right operand: rows of whole vectors, their last lanes undefined. */
function packRight(
  code: Code,
  b: Strides,
  source: number,
  k: number,
  columns: number,
  address: number,
): void {
  const vectors = Math.ceil(columns / LANES);
  const [from, to] = [code.take(), code.take()];
  setTo(code, from, source);
  code.i32(address);
  code.set(to);
  if (b.column === FLOAT_BYTES) {
    code.repeat(k, () => {
      for (let vector = 0; vector < vectors; vector++) {
        code.get(to);
        code.get(from);
        code.vectorMemory(VectorMemory.load, vector * VECTOR_BYTES);
        code.vectorMemory(VectorMemory.store, vector * VECTOR_BYTES);
      }
      code.advance(from, b.row);
      code.advance(to, vectors * VECTOR_BYTES);
    });
  } else {
    const steps = (count: number) => {
      for (let vector = 0; vector < vectors; vector++) {
        const columnOf = (i: number) => Math.min(vector * LANES + i, columns - 1) * b.column;
        packBlock(code, from, to, columnOf, b.row, count, vector * VECTOR_BYTES, vectors * VECTOR_BYTES);
      }
      code.advance(from, count * b.row);
      code.advance(to, count * vectors * VECTOR_BYTES);
    };
    code.repeat(Math.floor(k / LANES), () => steps(LANES));
    if (k % LANES > 0) steps(k % LANES);
  }
  code.release(from);
  code.release(to);
}

/** Four columns of which `count` steps follow each other in memory become the rows of a block. */
function packBlock(
  code: Code,
  from: number,
  to: number,
  columnOf: (i: number) => number,
  rowStride: number,
  count: number,
  offset: number,
  panelRow: number,
): void {
  if (rowStride !== FLOAT_BYTES || [0, 1, 2, 3].some((i) => columnOf(i) < 0)) {
    for (let i = 0; i < count; i++) {
      for (let lane = 0; lane < LANES; lane++) {
        code.get(to);
        code.get(from);
        code.i32(columnOf(lane) + i * rowStride);
        code.scalar(S.i32Add);
        code.memory(Memory.i32Load, 0);
        code.memory(Memory.i32Store, offset + i * panelRow + lane * FLOAT_BYTES);
      }
    }
    return;
  }
  const columns = [0, 1, 2, 3].map(() => code.take(Type.v128));
  const pairs = [0, 1, 2, 3].map(() => code.take(Type.v128));
  for (const [i, local] of columns.entries()) {
    code.get(from);
    code.vectorMemory(VectorMemory.load, columnOf(i));
    code.set(local);
  }
  const mix = (target: number, a: number, b: number, lanes: readonly number[]) => {
    code.get(a);
    code.get(b);
    code.shuffle(lanes);
    code.set(target);
  };
  for (const half of [0, 1]) {
    mix(pairs[2 * half], columns[2 * half], columns[2 * half + 1], [0, 4, 1, 5]);
    mix(pairs[2 * half + 1], columns[2 * half], columns[2 * half + 1], [2, 6, 3, 7]);
  }
  mix(columns[0], pairs[0], pairs[2], [0, 1, 4, 5]);
  mix(columns[1], pairs[0], pairs[2], [2, 3, 6, 7]);
  mix(columns[2], pairs[1], pairs[3], [0, 1, 4, 5]);
  mix(columns[3], pairs[1], pairs[3], [2, 3, 6, 7]);
  for (let i = 0; i < count; i++) {
    code.get(to);
    code.get(columns[i]);
    code.vectorMemory(VectorMemory.store, offset + i * panelRow);
  }
  for (const local of [...columns, ...pairs]) code.release(local);
}
