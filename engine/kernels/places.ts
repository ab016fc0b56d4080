/** Where tensors lie while a program runs. */
import type { Storage } from './views.ts';

export const FLOAT_BYTES = 4;

/**
 * Where a tensor's first element is: at an address known while code is generated, or at an offset from the address
 * that a slot of the table holds when it runs (arrays of the caller).
 */
export interface Place {
  readonly slot?: number;
  /** Bytes. */
  readonly offset: number;
}

/** The place of an element of a storage. */
export type PlaceOf = (storage: Storage, offset: number) => Place;

export const placeAt = (place: Place, bytes: number): Place => ({ ...place, offset: place.offset + bytes });

/** The part of `count` items, in multiples of `unit`, that one of `threads` takes. */
export function share(
  count: number,
  unit: number,
  thread: number,
  threads: number,
): readonly [number, number] {
  const units = Math.ceil(count / unit);
  const bound = (i: number) => Math.min(count, Math.floor((units * i) / threads) * unit);
  return [bound(thread), thread === threads - 1 ? count : bound(thread + 1)];
}
