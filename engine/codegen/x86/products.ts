/**
 * Matrix products: tiles of some rows and two vectors of columns in registers, over panels of the right operand that are
 * packed so that they stay in the first-level cache (Goto and van de Geijn 2008, doi 10.1145/1356052.1356053).
 */
import type { SelectedRows } from '../../kernels/groups.ts';
import { FLOAT_BYTES, type Place, placeAt } from '../../kernels/places.ts';
import { type Address, IF, Label, R } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import { V, V1, VI } from './instructions.ts';
import { emitRowShare } from './row-loops.ts';

/** A matrix in memory; strides in bytes. */
export interface Matrix {
  readonly place: Place;
  readonly rowStride: number;
  readonly columnStride: number;
}

export interface Product {
  readonly rows: number;
  readonly columns: number;
  /** Length of the sums. */
  readonly k: number;
  readonly a: Matrix;
  readonly b: Matrix;
  /** Rows of the result are contiguous. */
  readonly c: Matrix;
  /** As many of the rows as were selected at run time; whole tiles of them are written. */
  readonly selection?: SelectedRows;
}

/** Sums are made in pieces of this length: a packed panel of two vectors then takes at most 32 KiB. */
const MOST_K = 256;
/** An unpacked operand smaller than this stays in the first-level cache as it is. */
const SMALL_BYTES = 24 << 10;
/** Registers of how far a block of rows is behind the first, in bytes. */
const BLOCK = { left: R.r10, result: R.r11 } as const;
/** Sums of a row side by side where a sum runs along vectors, whatever their length: bits must not depend on it. */
export const PARTIAL_SUMS = 16;

/**
 * Writes the product of rows [from, to), or of the thread's share of selected rows.
 * @param threads between which selected rows are shared
 */
export function emitProduct(emitter: Emitter, product: Product, from: number, to: number, threads = 1): void {
  const { columns, a, b, c } = product;
  const rows = to - from;
  if (rows <= 0) return;
  const part: Product = {
    ...product,
    rows,
    a: { ...a, place: placeAt(a.place, from * a.rowStride) },
    c: { ...c, place: placeAt(c.place, from * c.rowStride) },
  };
  if (columns === 1 && a.columnStride === FLOAT_BYTES && b.rowStride === FLOAT_BYTES) {
    emitDots(emitter, part, threads);
    return;
  }
  emitBlocks(emitter, part, threads);
}

/** Rows of the left operand times one column. */
function emitDots(emitter: Emitter, { rows, k, a, b, c, selection }: Product, threads: number): void {
  const { asm, set } = emitter;
  const most = set.registers / 4;
  emitter.point(R.r12, a.place);
  emitter.point(R.rsi, b.place);
  emitter.point(R.r13, c.place);
  const group = selection === undefined ? Math.min(rows, most) : most;
  const tile = (height: number) => {
    asm.loadAddress(R.rdi, { base: R.r12, displacement: 0 });
    asm.loadAddress(R.rdx, { base: R.r13, displacement: 0 });
    const key = `dots ${height} ${k} ${a.rowStride} ${c.rowStride}`;
    emitter.call(key, () => dotTile(emitter, height, k, a.rowStride, c.rowStride));
    asm.addNumber(R.r12, height * a.rowStride);
    asm.addNumber(R.r13, height * c.rowStride);
  };
  if (selection !== undefined) {
    emitSelectedTiles(emitter, selection, threads, group, a.rowStride, c.rowStride, () => tile(group));
    return;
  }
  emitter.repeat(R.r15, Math.floor(rows / group), () => tile(group));
  if (rows % group > 0) tile(rows % group);
}

/** Tiles of the rows that were selected: moves r12 and r13, which point at the first rows, and runs the body for each. */
function emitSelectedTiles(
  emitter: Emitter,
  selection: SelectedRows,
  threads: number,
  height: number,
  rowStride: number,
  resultStride: number,
  tile: () => void,
): void {
  const { asm } = emitter;
  emitRowShare(emitter, selection, threads, height, R.r9, R.r15);
  for (const [pointer, stride] of [
    [R.r12, rowStride],
    [R.r13, resultStride],
  ]) {
    asm.multiplyNumber(R.rax, R.r9, height * stride);
    asm.add(pointer, R.rax);
  }
  asm.subtract(R.r15, R.r9);
  const again = new Label();
  const done = new Label();
  asm.bind(again);
  asm.compareNumber(R.r15, 0);
  asm.jumpIf(IF.zero, done);
  tile();
  asm.decrement(R.r15);
  asm.jump(again);
  asm.bind(done);
}

/** rdi rows, rsi the column, rdx results. */
function dotTile(emitter: Emitter, height: number, k: number, rowStride: number, resultStride: number) {
  const { asm, set, lanes, vectorBytes } = emitter;
  const column = set.registers / 2;
  const parts = PARTIAL_SUMS / lanes;
  for (let i = 0; i < height * parts; i++) asm.zero(i);
  const step = (elements: number) => {
    for (let part = 0; part < parts; part++) {
      const load = (register: number, base: number, displacement: number) =>
        loadFirst(emitter, register, { base, index: R.rax, displacement }, elements - part * lanes, 1);
      load(column, R.rsi, part * vectorBytes);
      for (let i = 0; i < height; i++) {
        load(column + 1, R.rdi, i * rowStride + part * vectorBytes);
        asm.vector3(V.fma231, i * parts + part, column, column + 1);
      }
    }
  };
  const whole = Math.floor(k / PARTIAL_SUMS);
  const rest = k % PARTIAL_SUMS;
  if (rest % lanes > 0) asm.setMask(1, rest % lanes);
  asm.moveNumber(R.rax, 0);
  emitter.repeat(R.rcx, whole, () => {
    step(PARTIAL_SUMS);
    asm.addNumber(R.rax, FLOAT_BYTES * PARTIAL_SUMS);
  });
  if (rest > 0) step(rest);
  for (let i = 0; i < height; i++) {
    sumLanes(emitter, i * parts, column);
    asm.storeScalar({ base: R.rdx, displacement: i * resultStride }, i * parts);
  }
}

/** Loads as many elements as there are, zeros behind them; fewer than a vector under a mask. */
export function loadFirst(
  { asm, lanes }: Emitter,
  register: number,
  address: Address,
  elements: number,
  mask: number,
): void {
  if (elements <= 0) asm.zero(register);
  else asm.vector2(V1.load, register, address, elements < lanes ? { mask, zero: true } : {});
}

/** The sum (or another combination) of all partial sums, which begin at a register, to every lane of it. */
export function sumLanes(
  emitter: Emitter,
  register: number,
  spare: number,
  combine: (destination: number, a: number, b: number) => void = (d, a, b) =>
    emitter.asm.vector3(V.add, d, a, b),
): void {
  const { asm, set, lanes } = emitter;
  if (lanes < PARTIAL_SUMS) combine(register, register, register + 1);
  for (const [instruction, order] of set.laneExchanges) {
    asm.vector3Immediate(instruction, spare, register, register, order);
    combine(register, register, spare);
  }
  for (const order of [0x4e, 0xb1]) {
    asm.vector2Immediate(VI.permuteInLane, spare, register, order);
    combine(register, register, spare);
  }
}

/** Blocks of rows that stay in the second-level cache while panel after panel passes over them. */
function emitBlocks(emitter: Emitter, product: Product, threads: number): void {
  const { asm, set, lanes } = emitter;
  const { rows, columns, k, a, c, selection } = product;
  const bytes = FLOAT_BYTES * rows * Math.min(k, MOST_K);
  const blocks = Math.max(1, Math.ceil(bytes / set.blockBytes));
  if (blocks === 1 || columns <= 2 * lanes || selection !== undefined) {
    emitTiles(emitter, product, threads, false);
    return;
  }
  const height = Math.ceil(rows / blocks);
  const low = blocks * height - rows;
  for (const register of Object.values(BLOCK)) asm.moveNumber(register, 0);
  const block = (blockRows: number) => {
    emitTiles(emitter, { ...product, rows: blockRows }, threads, true);
    asm.addNumber(BLOCK.left, blockRows * a.rowStride);
    asm.addNumber(BLOCK.result, blockRows * c.rowStride);
  };
  emitter.repeat(R.r9, blocks - low, () => block(height));
  emitter.repeat(R.r9, low, () => block(height - 1));
}

/** @param isBlock whether rows begin where the registers of a block say */
function emitTiles(emitter: Emitter, product: Product, threads: number, isBlock: boolean): void {
  const { rows, columns, k, b } = product;
  const { set, lanes } = emitter;
  const contiguous = b.columnStride === FLOAT_BYTES;
  const pack = !contiguous || (rows > set.tileRows(2) && k * b.rowStride > SMALL_BYTES);
  const pieces = pack ? Math.ceil(k / MOST_K) : 1;
  // Few rows leave registers for more vectors side by side.
  const most = pack ? 2 : set.tileVectors(rows);
  const width = lanes * Math.min(most, Math.ceil(columns / lanes));
  for (let piece = 0; piece < pieces; piece++) {
    const begin = Math.floor((k * piece) / pieces);
    const end = Math.floor((k * (piece + 1)) / pieces);
    const whole = Math.floor(columns / width);
    emitPanels(emitter, product, threads, { begin, end, first: 0, count: whole, width, pack, isBlock });
    if (columns % width > 0) {
      const rest = columns - whole * width;
      emitPanels(emitter, product, threads, {
        begin,
        end,
        first: whole * width,
        count: 1,
        width: rest,
        pack,
        isBlock,
      });
    }
  }
}

interface Panels {
  /** The piece of the sums. */
  readonly begin: number;
  readonly end: number;
  /** Column at which they start, how many, columns of each. */
  readonly first: number;
  readonly count: number;
  readonly width: number;
  readonly pack: boolean;
  readonly isBlock: boolean;
}

function emitPanels(emitter: Emitter, product: Product, threads: number, panels: Panels): void {
  const { asm, set, lanes, vectorBytes } = emitter;
  const { rows, a, b, c, selection } = product;
  const { begin, end, first, count, width, pack, isBlock } = panels;
  if (count === 0) return;
  const k = end - begin;
  emitter.point(R.r14, placeAt(b.place, begin * b.rowStride + first * b.columnStride));
  emitter.point(R.rbx, placeAt(c.place, first * FLOAT_BYTES));
  if (isBlock) asm.add(R.rbx, BLOCK.result);
  const vectors = Math.ceil(width / lanes);
  const panelStride = pack ? vectors * vectorBytes : b.rowStride;
  // Rows in tiles of nearly the same height: no tile of one row at the end.
  const most = set.tileRows(vectors);
  const tiles = Math.ceil(rows / most);
  const height = Math.ceil(rows / tiles);
  const low = tiles * height - rows;
  emitter.repeat(R.rbp, count, () => {
    if (pack) {
      asm.loadAddress(R.rdi, { base: R.r14, displacement: 0 });
      asm.moveNumber(R.rsi, emitter.scratch);
      emitPack(emitter, b, k, width);
      asm.moveNumber(R.r8, emitter.scratch);
    } else {
      asm.loadAddress(R.r8, { base: R.r14, displacement: 0 });
    }
    emitter.point(R.r12, placeAt(a.place, begin * a.columnStride));
    if (isBlock) asm.add(R.r12, BLOCK.left);
    asm.loadAddress(R.r13, { base: R.rbx, displacement: 0 });
    const tile = (tileRows: number) => {
      const shape: Tile = {
        rows: tileRows,
        width,
        k,
        accumulate: begin > 0,
        rowStride: a.rowStride,
        columnStride: a.columnStride,
        panelStride,
        maskLoads: !pack,
        resultStride: c.rowStride,
      };
      asm.loadAddress(R.rdi, { base: R.r12, displacement: 0 });
      asm.loadAddress(R.rsi, { base: R.r8, displacement: 0 });
      emitter.call(`tile ${JSON.stringify(shape)}`, () => emitTile(emitter, shape));
      asm.addNumber(R.r12, tileRows * a.rowStride);
      asm.addNumber(R.r13, tileRows * c.rowStride);
    };
    if (selection !== undefined) {
      emitSelectedTiles(emitter, selection, threads, most, a.rowStride, c.rowStride, () => tile(most));
    } else {
      emitter.repeat(R.r15, tiles - low, () => tile(height));
      emitter.repeat(R.r15, low, () => tile(height - 1));
    }
    asm.addNumber(R.r14, width * b.columnStride);
    asm.addNumber(R.rbx, width * FLOAT_BYTES);
  });
}

interface Tile {
  readonly rows: number;
  readonly width: number;
  readonly k: number;
  /** Adds to what the result holds. */
  readonly accumulate: boolean;
  readonly rowStride: number;
  readonly columnStride: number;
  /** From one row of the right operand to the next. */
  readonly panelStride: number;
  readonly maskLoads: boolean;
  readonly resultStride: number;
}

/** Steps of the sums written out in a loop's body. */
const UNROLL = 4;

/** rdi the left operand's rows, rsi the panel, r13 the result. */
function emitTile(emitter: Emitter, tile: Tile): void {
  const { asm, set, lanes, vectorBytes } = emitter;
  const { rows, width, k, accumulate, rowStride, columnStride, panelStride, maskLoads, resultStride } = tile;
  const vectors = Math.ceil(width / lanes);
  const rest = width % lanes;
  const masked = rest > 0;
  if (masked) asm.setMask(1, rest);
  const sums = rows * vectors;
  const firstSum = set.firstSum(sums);
  const sum = (row: number, vector: number) => firstSum + row * vectors + vector;
  const firstOther = firstSum === 0 ? sums : 0;
  const spare = set.registers - sums - vectors;
  const result = (row: number, vector: number) => ({
    base: R.r13,
    displacement: row * resultStride + vector * vectorBytes,
  });
  const last = (vector: number) => masked && vector === vectors - 1;
  for (let row = 0; row < rows; row++) {
    for (let vector = 0; vector < vectors; vector++) {
      const masking = last(vector) ? { mask: 1, zero: true } : {};
      if (accumulate) asm.vector2(V1.load, sum(row, vector), result(row, vector), masking);
      else asm.zero(sum(row, vector));
    }
  }
  const needsMask = (vector: number) => maskLoads && last(vector);
  const hasRoom = spare > 0 || set.multipliesByMemory;
  const isLoaded = (vector: number) => hasRoom || needsMask(vector);
  // Without room for the right operand's vectors, registers are a factor's and that of a vector under a mask.
  const right = (vector: number) => firstOther + (hasRoom ? vector : 1);
  const factorOf = (row: number) => firstOther + (hasRoom ? vectors + (row % spare) : 0);
  const step = (p: number) => {
    const place = (vector: number) => ({
      base: R.rsi,
      displacement: p * panelStride + vector * vectorBytes,
    });
    for (let vector = 0; vector < vectors; vector++) {
      const masking = needsMask(vector) ? { mask: 1, zero: true } : {};
      if (isLoaded(vector)) asm.vector2(V1.load, right(vector), place(vector), masking);
    }
    for (let row = 0; row < rows; row++) {
      const address = { base: R.rdi, displacement: row * rowStride + p * columnStride };
      if (set.multipliesByMemory && (vectors === 1 || spare < 1)) {
        for (let vector = 0; vector < vectors; vector++) {
          asm.vector3Broadcast(V.fma231, sum(row, vector), right(vector), address);
        }
        continue;
      }
      const factor = factorOf(row);
      asm.broadcast(factor, address);
      for (let vector = 0; vector < vectors; vector++) {
        const second = isLoaded(vector) ? right(vector) : place(vector);
        asm.vector3(V.fma231, sum(row, vector), factor, second);
      }
    }
  };
  emitter.repeat(R.rcx, Math.floor(k / UNROLL), () => {
    for (let p = 0; p < UNROLL; p++) step(p);
    asm.addNumber(R.rdi, UNROLL * columnStride);
    asm.addNumber(R.rsi, UNROLL * panelStride);
  });
  for (let p = 0; p < k % UNROLL; p++) step(p);
  for (let row = 0; row < rows; row++) {
    for (let vector = 0; vector < vectors; vector++) {
      asm.storeVector(result(row, vector), sum(row, vector), last(vector) ? { mask: 1 } : {});
    }
  }
}

/** Copies a panel: rows of whole vectors, zeros behind the last column. rdi source, rsi destination. */
function emitPack(emitter: Emitter, b: Matrix, k: number, width: number): void {
  const { rowStride, columnStride } = b;
  const key = `pack ${k} ${width} ${rowStride} ${columnStride}`;
  if (columnStride === FLOAT_BYTES) {
    emitter.call(key, () => packRows(emitter, k, width, rowStride));
    return;
  }
  emitter.call(key, () => packColumns(emitter, k, width, columnStride));
}

function packRows(emitter: Emitter, k: number, width: number, rowStride: number): void {
  const { asm, lanes, vectorBytes } = emitter;
  const vectors = Math.ceil(width / lanes);
  const rest = width % lanes;
  if (rest > 0) asm.setMask(1, rest);
  emitter.repeat(R.rcx, k, () => {
    for (let vector = 0; vector < vectors; vector++) {
      const masking = rest > 0 && vector === vectors - 1 ? { mask: 1, zero: true } : {};
      asm.vector2(V1.load, vector, { base: R.rdi, displacement: vector * vectorBytes }, masking);
      asm.storeVector({ base: R.rsi, displacement: vector * vectorBytes }, vector);
    }
    asm.addNumber(R.rdi, rowStride);
    asm.addNumber(R.rsi, vectors * vectorBytes);
  });
}

/** The source holds columns contiguously, `stride` bytes apart: square blocks are transposed in registers. */
function packColumns(emitter: Emitter, k: number, width: number, stride: number): void {
  const { asm, lanes, vectorBytes } = emitter;
  const vectors = Math.ceil(width / lanes);
  const rest = k % lanes;
  if (rest > 0) asm.setMask(1, rest);
  const block = (vector: number, count: number) => {
    const present = Math.min(lanes, width - vector * lanes);
    for (let i = 0; i < lanes; i++) {
      const address = { base: R.rdi, displacement: (vector * lanes + i) * stride };
      if (i >= present) asm.zero(i);
      else asm.vector2(V1.load, i, address, count < lanes ? { mask: 1, zero: true } : {});
    }
    const columns = transposeBlock(emitter);
    for (let i = 0; i < count; i++) {
      asm.storeVector({ base: R.rsi, displacement: (i * vectors + vector) * vectorBytes }, columns[i]);
    }
  };
  emitter.repeat(R.rcx, Math.floor(k / lanes), () => {
    for (let vector = 0; vector < vectors; vector++) block(vector, lanes);
    asm.addNumber(R.rdi, vectorBytes);
    asm.addNumber(R.rsi, lanes * vectors * vectorBytes);
  });
  if (rest > 0) for (let vector = 0; vector < vectors; vector++) block(vector, rest);
}

/**
 * The first registers, rows of a square block, become its columns; the others are overwritten.
 * @returns the registers of the columns
 */
function transposeBlock(emitter: Emitter): readonly number[] {
  const { asm, lanes } = emitter;
  for (let i = 0; i < lanes; i += 2) {
    asm.vector3(V.unpackLow, lanes + i, i, i + 1);
    asm.vector3(V.unpackHigh, lanes + i + 1, i, i + 1);
  }
  for (let i = 0; i < lanes; i += 4) {
    asm.vector3(V.unpackLow64, i, lanes + i, lanes + i + 2);
    asm.vector3(V.unpackHigh64, i + 1, lanes + i, lanes + i + 2);
    asm.vector3(V.unpackLow64, i + 2, lanes + i + 1, lanes + i + 3);
    asm.vector3(V.unpackHigh64, i + 3, lanes + i + 1, lanes + i + 3);
  }
  // Register i holds columns i % 4, 4 + i % 4 and so on, of four rows each.
  return lanes === 16 ? joinQuarters(emitter) : joinHalves(emitter);
}

function joinQuarters({ asm }: Emitter): readonly number[] {
  const lanes = (d: number, a: number, b: number, order: number) =>
    asm.vector3Immediate(VI.shuffleLanes, d, a, b, order);
  for (let c = 0; c < 4; c++) {
    lanes(16 + c, c, 4 + c, 0x44);
    lanes(20 + c, 8 + c, 12 + c, 0x44);
    lanes(24 + c, c, 4 + c, 0xee);
    lanes(28 + c, 8 + c, 12 + c, 0xee);
  }
  for (let c = 0; c < 4; c++) {
    lanes(c, 16 + c, 20 + c, 0x88);
    lanes(4 + c, 16 + c, 20 + c, 0xdd);
    lanes(8 + c, 24 + c, 28 + c, 0x88);
    lanes(12 + c, 24 + c, 28 + c, 0xdd);
  }
  return Array.from({ length: 16 }, (_, i) => i);
}

function joinHalves({ asm }: Emitter): readonly number[] {
  for (let c = 0; c < 4; c++) {
    asm.vector3Immediate(VI.shuffleHalves, 8 + c, c, 4 + c, 0x20);
    asm.vector3Immediate(VI.shuffleHalves, 4 + c, c, 4 + c, 0x31);
  }
  return [8, 9, 10, 11, 4, 5, 6, 7];
}
