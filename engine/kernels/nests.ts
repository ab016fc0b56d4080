/** Loops over tensors: axes merged where memory allows, the one that most tensors are contiguous along innermost. */
import { FLOAT_BYTES, type Place, share } from './places.ts';
import type { Target } from './target.ts';

/** One tensor as a loop walks it: strides in elements, one for each axis of the loop. */
export interface Access {
  readonly place: Place;
  readonly strides: readonly number[];
  /** Written: its innermost stride matters most. */
  readonly store?: boolean;
}

export interface Nest {
  readonly sizes: readonly number[];
  readonly accesses: readonly Access[];
}

/** Axes of length 1 go, the best innermost axis comes last, neighbours become one axis where all strides agree. */
export function simplify({ sizes, accesses }: Nest): Nest {
  let axes = sizes.map((_, i) => i).filter((i) => sizes[i] !== 1);
  const score = (axis: number) =>
    accesses.reduce((sum, { strides, store }) => {
      if (strides[axis] === 1) return sum + (store ? 4 : 2);
      return strides[axis] === 0 ? sum + (store ? 0 : 1) : sum;
    }, 0) * (sizes[axis] < 4 ? 0.5 : 1);
  if (axes.length > 1) {
    const last = axes[axes.length - 1];
    const best = axes.reduce((a, b) => (score(b) > score(a) ? b : a), last);
    if (best !== last) axes = [...axes.filter((axis) => axis !== best), best];
  }
  const merged: number[][] = [];
  for (const axis of axes) {
    const group = merged[merged.length - 1];
    const outer = group?.[group.length - 1];
    const follows =
      outer !== undefined && accesses.every(({ strides }) => strides[outer] === strides[axis] * sizes[axis]);
    if (follows) group.push(axis);
    else merged.push([axis]);
  }
  return {
    sizes: merged.map((group) => group.reduce((n, axis) => n * sizes[axis], 1)),
    accesses: accesses.map((access) => ({
      ...access,
      strides: merged.map((group) => access.strides[group[group.length - 1]]),
    })),
  };
}

export interface WalkOptions {
  /** One element at a time. */
  readonly single?: boolean;
  /** The thread that walks its part of the outermost axis, of so many. */
  readonly thread?: number;
  readonly threads?: number;
}

/** A nest as loops walk it, at least one: vectors along the innermost axis, and the elements left over. */
interface Walk extends Nest {
  readonly whole: number;
  readonly rest: number;
}

/** @returns undefined where there is nothing to walk */
export function walkOf(nest: Nest, { lanes }: Target, options: WalkOptions = {}): Walk | undefined {
  const simple = simplify(nest);
  const single = simple.sizes.length === 0 || options.single === true;
  const sizes = single ? [...simple.sizes, 1] : [...simple.sizes];
  const { thread = 0, threads = 1 } = options;
  const unit = sizes.length === 1 ? lanes : 1;
  const [from, to] = threads === 1 ? [0, sizes[0]] : share(sizes[0], unit, thread, threads);
  sizes[0] = to - from;
  if (sizes.some((size) => size <= 0)) return undefined;
  const accesses = simple.accesses.map((access) => {
    const strides = single ? [...access.strides, 0] : access.strides;
    const offset = access.place.offset + FLOAT_BYTES * from * strides[0];
    return { ...access, place: { ...access.place, offset }, strides };
  });
  const inner = sizes[sizes.length - 1];
  return { sizes, accesses, whole: Math.floor(inner / lanes), rest: inner % lanes };
}
