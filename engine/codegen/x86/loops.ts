/** Loops over tensors: axes merged where memory allows, vectors along the innermost, a mask for the rest. */

import { type Nest, walkOf } from '../../kernels/nests.ts';
import { FLOAT_BYTES, type Place } from '../../kernels/places.ts';
import type { Address } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import { LOOP_REGISTERS } from './instruction-set.ts';

/** Gives out the registers of loops, one at each call, those aside that something else uses. */
export function registersBeside(reserved: readonly number[]): () => number {
  const free = LOOP_REGISTERS.filter((register) => !reserved.includes(register));
  return () => {
    const register = free.shift();
    if (register === undefined) throw new RangeError('a loop needs more registers than there are');
    return register;
  };
}

/**
 * The address of elements at a place.
 * @param slots registers that hold the addresses of the caller's arrays
 * @param index the register of how far the loop has come, in bytes
 */
export function addressOf(
  { slot, offset }: Place,
  slots: ReadonlyMap<number, number>,
  index: number | undefined,
): Address {
  const base = slot === undefined ? undefined : slots.get(slot);
  return base === undefined ? { base: index, displacement: offset } : { base, index, displacement: offset };
}

/** How the body reaches the elements at hand. */
export interface Cursor {
  /** The address of an access's elements, and their stride along the innermost axis. */
  at(access: number): { readonly address: Address; readonly stride: number };
  /** Lanes of mask 1 are the elements that exist. */
  readonly masked: boolean;
  /** How many elements there are: a whole vector, or fewer if masked. */
  readonly lanes: number;
}

export interface LoopOptions {
  /** The body handles one element at a time. */
  readonly single?: boolean;
  /** Registers that the body uses. */
  readonly reserved?: readonly number[];
}

/**
 * Writes loops whose body handles up to a vector of elements along the innermost axis.
 * @param from the part of the outermost axis that is walked, by thread
 */
export function emitLoops(
  emitter: Emitter,
  nest: Nest,
  threads: number,
  body: (cursor: Cursor) => void,
  options: LoopOptions = {},
): void {
  const { asm, thread, lanes, set } = emitter;
  const walk = walkOf(nest, set.target, { single: options.single, thread, threads });
  if (walk === undefined) return;
  const { sizes, accesses, whole, rest } = walk;
  const depth = sizes.length;
  const take = registersBeside(options.reserved ?? []);
  const patterns = new Map<string, { register: number; strides: readonly number[] }>();
  const slots = new Map<number, number>();
  for (const { place, strides } of accesses) {
    const { slot } = place;
    if (slot !== undefined && !slots.has(slot)) slots.set(slot, take());
    const key = strides.join();
    if (strides.some((stride) => stride !== 0) && !patterns.has(key))
      patterns.set(key, { register: take(), strides });
  }
  for (const [slot, register] of slots) asm.move(register, { displacement: emitter.layout.table + 8 * slot });
  for (const { register } of patterns.values()) asm.moveNumber(register, 0);

  if (rest > 0) asm.setMask(1, rest);
  const counters = sizes.map((_, level) =>
    (level === depth - 1 ? whole : sizes[level]) > 1 ? take() : undefined,
  );
  const cursor = (masked: boolean): Cursor => ({
    masked,
    lanes: masked ? rest : lanes,
    at(access) {
      const { place, strides } = accesses[access];
      const address = addressOf(place, slots, patterns.get(strides.join())?.register);
      return { address, stride: strides[depth - 1] };
    },
  });
  const advance = (bytes: (strides: readonly number[]) => number) => {
    for (const { register, strides } of patterns.values()) asm.addNumber(register, bytes(strides));
  };
  const level = (at: number): void => {
    if (at === depth - 1) {
      emitter.repeat(counters[at], whole, () => {
        body(cursor(false));
        if (whole > 1 || rest > 0) advance((strides) => emitter.vectorBytes * strides[at]);
      });
      if (rest > 0) body(cursor(true));
      return;
    }
    emitter.repeat(counters[at], sizes[at], () => {
      level(at + 1);
      const walked = at + 1 === depth - 1 ? walkedInner(whole, rest, lanes) : sizes[at + 1];
      advance((strides) => FLOAT_BYTES * (strides[at] - walked * strides[at + 1]));
    });
  };
  level(0);
}

/** Elements that the innermost loop has moved on by at its end. */
function walkedInner(whole: number, rest: number, lanes: number): number {
  return whole > 1 || rest > 0 ? whole * lanes : 0;
}
