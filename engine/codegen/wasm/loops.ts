/** Loops over tensors: vectors of four along the innermost axis, single lanes for the rest. */
import { type Access, type Nest, walkOf } from '../../kernels/nests.ts';
import { FLOAT_BYTES, type Place } from '../../kernels/places.ts';
import type { Code } from './assembler.ts';
import { Memory, S, Type, V, VectorMemory } from './opcodes.ts';
import { wasm } from './target.ts';

export const LANES = wasm.lanes;
export const VECTOR_BYTES = LANES * FLOAT_BYTES;

/** The address of elements at hand: what a local holds plus a number of bytes. */
export interface Address {
  readonly base: number | undefined;
  readonly offset: number;
  /** From one element to the next along the innermost axis, in elements. */
  readonly stride: number;
}

/** How the body of a loop reaches the elements at hand. */
export interface Cursor {
  /** @param vector of those that the body handles at once */
  at(access: number, vector?: number): Address;
  /** How many elements a vector has: four, or fewer at the end. */
  readonly lanes: number;
  /** How many vectors the body handles at once. */
  readonly vectors: number;
}

/** Where the addresses of the caller's arrays are, four bytes each. */
export interface Table {
  readonly table: number;
}

/** Leaves the address of a place on the stack. */
export function pushPlace(code: Code, { table }: Table, { slot, offset }: Place): void {
  if (slot === undefined) {
    code.i32(offset);
    return;
  }
  code.i32(0);
  code.memory(Memory.i32Load, table + FLOAT_BYTES * slot);
  if (offset === 0) return;
  code.i32(offset);
  code.scalar(S.i32Add);
}

/** Pushes what an instruction adds its immediate offset to. @returns that offset, which has no sign */
function pushBase(code: Code, { base, offset, stride }: Address, element = 0): number {
  const at = offset + FLOAT_BYTES * stride * element;
  if (base === undefined) code.i32(0);
  else code.get(base);
  if (at >= 0) return at;
  code.i32(at);
  code.scalar(S.i32Add);
  return 0;
}

/** Leaves the elements at an address on the stack, those beyond the lanes undefined. */
export function load(code: Code, address: Address, lanes: number): void {
  const { stride } = address;
  const first = pushBase(code, address);
  if (stride === 0) {
    code.vectorMemory(VectorMemory.splat32, first);
    return;
  }
  if (stride === 1) {
    if (lanes === 1) code.vectorMemory(VectorMemory.loadZero32, first);
    else if (lanes === 2) code.vectorMemory(VectorMemory.loadZero64, first);
    else code.vectorMemory(VectorMemory.load, first);
    return;
  }
  code.vectorMemory(VectorMemory.loadZero32, first);
  if (lanes === 1) return;
  const vector = code.take(Type.v128);
  code.set(vector);
  for (let lane = 1; lane < lanes; lane++) {
    const at = pushBase(code, address, lane);
    code.get(vector);
    code.vectorMemory(VectorMemory.loadLane32, at, lane);
    code.set(vector);
  }
  code.get(vector);
  code.release(vector);
}

/** Stores the lanes of what `push` leaves on the stack. */
export function store(code: Code, address: Address, lanes: number, push: () => void): void {
  const { stride } = address;
  if (stride === 1 && lanes === LANES) {
    const at = pushBase(code, address);
    push();
    code.vectorMemory(VectorMemory.store, at);
    return;
  }
  if (lanes === 1 || stride === 0) {
    const at = pushBase(code, address);
    push();
    code.vectorMemory(VectorMemory.storeLane32, at, 0);
    return;
  }
  const vector = code.take(Type.v128);
  push();
  code.set(vector);
  const one = (lane: number) => {
    const at = pushBase(code, address, lane);
    code.get(vector);
    code.vectorMemory(VectorMemory.storeLane32, at, lane);
  };
  if (stride === 1) {
    const at = pushBase(code, address);
    code.get(vector);
    code.vectorMemory(VectorMemory.storeLane64, at, 0);
    if (lanes === 3) one(2);
  } else for (let lane = 0; lane < lanes; lane++) one(lane);
  code.release(vector);
}

/** A local that moves along with some of the accesses. */
interface Pattern {
  readonly local: number;
  readonly strides: readonly number[];
  /** What it starts from beside an array's address, so that it never falls below zero. */
  readonly bias: number;
}

export interface LoopOptions {
  /** The body handles one element at a time. */
  readonly single?: boolean;
  /** The most vectors that the body handles at once; 1 by default. */
  readonly abreast?: number;
  /** Fewer than that if the innermost axis is then so many times as long: no second loop for those left over. */
  readonly even?: boolean;
}

/** Writes loops whose body handles vectors along the innermost axis. */
export function emitLoops(
  code: Code,
  table: Table,
  nest: Nest,
  body: (cursor: Cursor) => void,
  options: LoopOptions = {},
): void {
  const { single = false, abreast = 1, even = false } = options;
  const walk = walkOf(nest, wasm, { single });
  if (walk === undefined) return;
  const { sizes, accesses, whole, rest } = walk;
  const { patterns, find, release } = takePatterns(code, table, sizes, accesses);
  const depth = sizes.length;
  const cursor = (lanes: number, vectors: number): Cursor => ({
    lanes,
    vectors,
    at(access, vector = 0) {
      const { place, strides } = accesses[access];
      const pattern = find(access);
      const stride = strides[depth - 1];
      const offset = place.offset - (pattern?.bias ?? 0) + vector * VECTOR_BYTES * stride;
      return { base: pattern?.local, offset, stride };
    },
  });
  const advance = (bytes: (strides: readonly number[]) => number) => {
    for (const { local, strides } of patterns) code.advance(local, bytes(strides));
  };
  const most = even ? divisor(whole, abreast) : abreast;
  const parts = [
    { times: Math.floor(whole / most), vectors: most, lanes: LANES },
    { times: most === 1 ? 0 : whole % most, vectors: 1, lanes: LANES },
    { times: rest > 0 ? 1 : 0, vectors: 1, lanes: rest },
  ].filter(({ times }) => times > 0);
  const moves = parts.length > 1 || parts[0].times > 1;
  const level = (at: number): void => {
    if (at === depth - 1) {
      for (const { times, vectors, lanes } of parts) {
        code.repeat(times, () => {
          body(cursor(lanes, vectors));
          if (moves && lanes === LANES) advance((strides) => vectors * VECTOR_BYTES * strides[at]);
        });
      }
      return;
    }
    code.repeat(sizes[at], () => {
      level(at + 1);
      const walked = at + 1 === depth - 1 ? (moves ? whole * LANES : 0) : sizes[at + 1];
      advance((strides) => FLOAT_BYTES * (strides[at] - walked * strides[at + 1]));
    });
  };
  level(0);
  release();
}

/** The largest number up to a limit that divides another one. */
function divisor(of: number, most: number): number {
  for (let n = Math.min(most, of); n > 1; n--) if (of % n === 0) return n;
  return 1;
}

function takePatterns(code: Code, table: Table, sizes: readonly number[], accesses: readonly Access[]) {
  const patterns = new Map<string, Pattern>();
  const keyOf = ({ place, strides }: Access) =>
    `${place.slot} ${strides.map((s, i) => (sizes[i] === 1 ? 0 : s))}`;
  for (const access of accesses) {
    const { place, strides } = access;
    if (patterns.has(keyOf(access))) continue;
    const moving = strides.some((stride, i) => stride !== 0 && sizes[i] > 1);
    if (place.slot === undefined && !moving) continue;
    const bias = strides.reduce(
      (sum, stride, i) => sum + (stride < 0 ? -stride * (sizes[i] - 1) * FLOAT_BYTES : 0),
      0,
    );
    const local = code.take();
    if (place.slot === undefined) code.i32(bias);
    else pushPlace(code, table, { slot: place.slot, offset: bias });
    code.set(local);
    patterns.set(keyOf(access), { local, strides, bias });
  }
  return {
    patterns: [...patterns.values()],
    find: (access: number) => patterns.get(keyOf(accesses[access])),
    release: () => {
      for (const { local } of patterns.values()) code.release(local);
    },
  };
}

/**
 * Replaces the vector on the stack by one whose lanes all hold what its lanes make together.
 * @param combine of the two vectors on the stack
 */
export function combineLanes(code: Code, combine: () => void): void {
  const vector = code.take(Type.v128);
  for (const lanes of [
    [2, 3, 0, 1],
    [1, 0, 3, 2],
  ]) {
    code.tee(vector);
    code.get(vector);
    code.get(vector);
    code.shuffle(lanes);
    combine();
  }
  code.release(vector);
}

/** Instructions of floats and of integers that combine two vectors. */
export const sums = { float32: V.f32Add, int32: V.i32Add, int64: V.i32Add, bool: V.i32Add } as const;
