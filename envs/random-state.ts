/**
 * `numpy.random.RandomState`, number for number: a task reset with a seed starts in the same state as the
 * Control Suite's own (which draws from this generator).
 *
 * MT19937 (Matsumoto and Nishimura 1998) seeded by one integer; 53-bit uniforms from two words; normals by
 * Marsaglia's polar method, which keeps the second of each pair for the next call; bounded integers by
 * masked rejection.
 */

import { log } from '../math/elementary.ts';
import { decodeFloat64, decodeUint32, encodeArray } from './encoding.ts';
import { SeedError } from './errors.ts';

const WORDS = 624;
const SHIFT = 397;

/** Where a RandomState stands; plain JSON. */
export interface RandomStateSnapshot {
  /** The 624 words of the generator, base64. */
  readonly key: string;
  readonly position: number;
  /** The kept second normal of a pair as base64, or null. */
  readonly keptNormal: string | null;
}

/** Refused arguments of a draw. */
export class RandomStateError extends Error {
  override readonly name = 'RandomStateError';
}

const isSeed = (seed: number): boolean => Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff;
const seedFault = (seed: number): string => `seed must be an integer in [0, 4294967295], got ${seed}`;

/** @throws SeedError that names the task */
export function checkSeed(task: string, seed: number): void {
  if (!isSeed(seed)) throw new SeedError(`${task}: ${seedFault(seed)}`);
}

/** numpy's RandomState: Mersenne Twister, with the draws that tasks need: uniforms and integers bit for bit, normals to the last digits. */
export class RandomState {
  private readonly key = new Uint32Array(WORDS);
  private position = WORDS;
  private keptNormal = 0;
  private hasKeptNormal = false;

  /** @param seed integer in [0, 2^32). */
  constructor(seed: number) {
    this.seed(seed);
  }

  /** Starts anew, as a new RandomState(seed) would. */
  seed(seed: number): void {
    if (!isSeed(seed)) throw new RandomStateError(seedFault(seed));
    const key = this.key;
    key[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const previous = key[i - 1] ^ (key[i - 1] >>> 30);
      key[i] = Math.imul(1812433253, previous) + i;
    }
    this.position = WORDS;
    this.hasKeptNormal = false;
    this.keptNormal = 0;
  }

  /** The next 32-bit word, tempered. */
  private word(): number {
    if (this.position === WORDS) this.twist();
    let y = this.key[this.position++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  private twist(): void {
    const key = this.key;
    for (let i = 0; i < WORDS; i++) {
      const joined = (key[i] & 0x80000000) | (key[(i + 1) % WORDS] & 0x7fffffff);
      key[i] = key[(i + SHIFT) % WORDS] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }

  /** One draw from [0, 1), `random_sample()`. */
  random(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** `rand(size)`. */
  rand(size: number): Float64Array {
    const out = new Float64Array(size);
    for (let i = 0; i < size; i++) out[i] = this.random();
    return out;
  }

  /** One draw from [low, high), `uniform(low, high)`. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * this.random();
  }

  /**
   * `uniform(low, high, size)`, or with one bound per element: then the size is theirs.
   * A matrix is drawn row by row: ask for rows × columns values.
   */
  uniforms(low: number | ArrayLike<number>, high: number | ArrayLike<number>, size?: number): Float64Array {
    const length =
      size ?? (typeof low === 'number' ? (typeof high === 'number' ? 1 : high.length) : low.length);
    for (const bound of [low, high]) {
      if (typeof bound !== 'number' && bound.length !== length) {
        throw new RandomStateError(`${bound.length} bounds for ${length} draws`);
      }
    }
    const out = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      out[i] = this.uniform(
        typeof low === 'number' ? low : low[i],
        typeof high === 'number' ? high : high[i],
      );
    }
    return out;
  }

  /** One standard normal, `randn()`. */
  normal(mean = 0, deviation = 1): number {
    return mean + deviation * this.standardNormal();
  }

  /** `randn(size)`; size 0 draws nothing. */
  normals(size: number): Float64Array {
    const out = new Float64Array(size);
    for (let i = 0; i < size; i++) out[i] = this.standardNormal();
    return out;
  }

  private standardNormal(): number {
    if (this.hasKeptNormal) {
      this.hasKeptNormal = false;
      return this.keptNormal;
    }
    let x1: number;
    let x2: number;
    let r2: number;
    do {
      x1 = 2 * this.random() - 1;
      x2 = 2 * this.random() - 1;
      r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1 || r2 === 0);
    const factor = Math.sqrt((-2 * log(r2)) / r2);
    this.keptNormal = factor * x1;
    this.hasKeptNormal = true;
    return factor * x2;
  }

  /** An integer in [low, high), `randint(low, high)`; high - low at most 2^32. */
  integer(low: number, high: number): number {
    const range = high - low - 1;
    if (!Number.isInteger(low) || !Number.isInteger(high) || range < 0 || range > 0xffffffff) {
      throw new RandomStateError(`no integers to draw from [${low}, ${high})`);
    }
    return low + this.bounded(range);
  }

  /** An integer in [0, max]: words under the smallest mask that covers max, until one is not above it. */
  private bounded(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    let value: number;
    do {
      value = (this.word() & mask) >>> 0;
    } while (value > max);
    return value;
  }

  /**
   * `choice(items)`, or with probabilities `choice(items, p=probabilities)`.
   * @param probabilities one per item, non-negative, summing to 1.
   */
  choice<T>(items: readonly T[], probabilities?: readonly number[]): T {
    if (items.length === 0) throw new RandomStateError('nothing to choose from');
    if (probabilities === undefined) return items[this.integer(0, items.length)];
    const total = probabilities.reduce((sum, p) => sum + p, 0);
    if (
      probabilities.length !== items.length ||
      probabilities.some((p) => !(p >= 0)) ||
      Math.abs(total - 1) > 1e-8
    ) {
      throw new RandomStateError(`[${probabilities}] are not the probabilities of ${items.length} items`);
    }
    const draw = this.random();
    let cumulative = 0;
    for (let i = 0; i < items.length; i++) {
      cumulative += probabilities[i];
      if (draw < cumulative / total) return items[i];
    }
    return items[items.length - 1];
  }

  /** A shuffled [0, size), `permutation(size)`. */
  permutation(size: number): number[] {
    const order = Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i--) {
      const j = this.bounded(i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** Where it stands, plain JSON. */
  snapshot(): RandomStateSnapshot {
    return {
      key: encodeArray(this.key),
      position: this.position,
      keptNormal: this.hasKeptNormal ? encodeArray(Float64Array.of(this.keptNormal)) : null,
    };
  }

  /** Goes on from a snapshot. @throws RandomStateError for what is none */
  restore(snapshot: RandomStateSnapshot): void {
    const key = decodeUint32(snapshot.key);
    if (key.length !== WORDS || !(snapshot.position >= 0 && snapshot.position <= WORDS)) {
      throw new RandomStateError('this is not the snapshot of a RandomState');
    }
    this.key.set(key);
    this.position = snapshot.position;
    this.hasKeptNormal = snapshot.keptNormal !== null;
    this.keptNormal = snapshot.keptNormal === null ? 0 : decodeFloat64(snapshot.keptNormal)[0];
  }
}
