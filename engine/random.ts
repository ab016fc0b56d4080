/**
 * Seeded, splittable, counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3").
 *
 * A stream is a 64-bit key and a count of the 32-bit words drawn from it; word n is word n mod 4 of the
 * block Philox(key, counter = [n div 4 (64 bits), 0, 0]). So a stream's state is two numbers and a count, and
 * nothing is cached that a restore would miss.
 *
 * The same seed gives the same numbers everywhere. Normals come from a 256-layer ziggurat (Marsaglia and Tsang 2000,
 * with the layer and the magnitude taken from separate bits as Doornik 2005 asks); the layers' tables and 1.2 % of the
 * draws use exp and log of our own.
 */
import { exp, log } from '../math/elementary.ts';
import {
  BUFFERED_WORDS,
  LAYERS,
  type Layers,
  MOST_VALUES,
  makeStreamCode,
  type StreamCode,
} from './random-code.ts';

/** Where a stream stands; plain JSON. */
export interface RandomStreamState {
  readonly key: readonly [number, number];
  /** 32-bit words drawn so far. */
  readonly counter: number;
  readonly [extra: string]: unknown;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** The last counter word of blocks that derive keys; blocks that give numbers have 0 there. */
const SPLIT_DOMAIN = 0x53504c54;

const TWO_32 = 2 ** 32;
const TWO_53 = 2 ** 53;

/**
 * Writes `blocks` Philox4x32-10 blocks for the counters [c0 + i, c1, c2, c3] (c0 + i must stay below 2^32).
 * The high half of a 32 × 32 bit product is put together from 16-bit halves, since JavaScript has no wider
 * integer product; everything stays in int32, which V8 keeps in registers.
 */
export function philoxBlocks(
  out: Uint32Array,
  blocks: number,
  key0: number,
  key1: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
): void {
  const m0Low = MULTIPLIER_0 & 0xffff;
  const m0High = MULTIPLIER_0 >>> 16;
  const m1Low = MULTIPLIER_1 & 0xffff;
  const m1High = MULTIPLIER_1 >>> 16;
  for (let block = 0; block < blocks; block++) {
    let x0 = (c0 + block) | 0;
    let x1 = c1 | 0;
    let x2 = c2 | 0;
    let x3 = c3 | 0;
    let k0 = key0 | 0;
    let k1 = key1 | 0;
    for (let round = 0; round < ROUNDS; round++) {
      const x0Low = x0 & 0xffff;
      const x0High = x0 >>> 16;
      const a = (Math.imul(x0High, m0Low) + (Math.imul(x0Low, m0Low) >>> 16)) | 0;
      const b = (Math.imul(x0Low, m0High) + (a & 0xffff)) | 0;
      const high0 = (Math.imul(x0High, m0High) + (a >>> 16) + (b >>> 16)) | 0;
      const x2Low = x2 & 0xffff;
      const x2High = x2 >>> 16;
      const c = (Math.imul(x2High, m1Low) + (Math.imul(x2Low, m1Low) >>> 16)) | 0;
      const d = (Math.imul(x2Low, m1High) + (c & 0xffff)) | 0;
      const high1 = (Math.imul(x2High, m1High) + (c >>> 16) + (d >>> 16)) | 0;
      const low0 = Math.imul(x0, MULTIPLIER_0);
      const low1 = Math.imul(x2, MULTIPLIER_1);
      x0 = high1 ^ x1 ^ k0;
      x1 = low1;
      x2 = high0 ^ x3 ^ k1;
      x3 = low0;
      k0 = (k0 + WEYL_0) | 0;
      k1 = (k1 + WEYL_1) | 0;
    }
    const at = block * 4;
    out[at] = x0;
    out[at + 1] = x1;
    out[at + 2] = x2;
    out[at + 3] = x3;
  }
}

/** LAYERS of equal area lie under exp(-x²/2); RIGHT is where the tail begins. */
const RIGHT = 3.6541528853610088;
/** Left-over magnitude bits of a word after 8 bits for the layer and 1 for the sign. */
const MAGNITUDES = 2 ** 23;

interface Ziggurat extends Layers {
  /** exp(-x²/2) at each edge. [257] */
  readonly height: Float64Array;
}

function buildZiggurat(): Ziggurat {
  const density = (x: number) => exp(-0.5 * x * x);
  const area = 0.00492867323399;
  const edge = new Float64Array(LAYERS + 1);
  edge[0] = area / density(RIGHT); // the base layer's width with the tail folded in
  edge[1] = RIGHT;
  for (let i = 2; i < LAYERS; i++) {
    edge[i] = Math.sqrt(-2 * log(area / edge[i - 1] + density(edge[i - 1])));
  }
  edge[LAYERS] = 0;
  const scale = new Float64Array(LAYERS);
  const inside = new Int32Array(LAYERS);
  for (let i = 0; i < LAYERS; i++) {
    scale[i] = edge[i] / MAGNITUDES;
    inside[i] = Math.floor((edge[i + 1] / edge[i]) * MAGNITUDES);
  }
  return { scale, inside, height: edge.map((x, i) => (i === 0 ? 0 : density(x))) };
}

const ziggurat = buildZiggurat();

/** Shorter fills go word by word. */
const LEAST_FILL = 32;

let streamCode: StreamCode | undefined | null = null;

/** Written when the first stream computes words. */
function ownStreamCode(): StreamCode | undefined {
  if (streamCode === null) {
    const philox = {
      multipliers: [MULTIPLIER_0, MULTIPLIER_1],
      weyl: [WEYL_0, WEYL_1],
      rounds: ROUNDS,
    } as const;
    streamCode = makeStreamCode(philox, ziggurat);
  }
  return streamCode;
}

function checkBound(bound: number): void {
  if (!Number.isSafeInteger(bound) || bound < 1) {
    throw new RangeError(`a bound of random integers is an integer from 1 to 2^53 - 1, not ${bound}`);
  }
}

/** One independent sequence of random numbers. */
export class RandomStream {
  readonly #key0: number;
  readonly #key1: number;
  /** Words [#start, #start + 256) of the sequence, once #filled. */
  readonly #words = new Uint32Array(BUFFERED_WORDS);
  #start = 0;
  #next = 0;
  #filled = false;

  private constructor(key0: number, key1: number, counter: number) {
    this.#key0 = key0 >>> 0;
    this.#key1 = key1 >>> 0;
    this.#next = counter % BUFFERED_WORDS;
    this.#start = counter - this.#next;
  }

  /** The root stream of a seed (0 ≤ seed < 2^53). */
  static fromSeed(seed: number): RandomStream {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`a seed is an integer from 0 to 2^53 - 1, not ${seed}`);
    }
    return new RandomStream(seed % TWO_32, Math.floor(seed / TWO_32), 0);
  }

  /** The stream that `state()` described; it goes on bit for bit. */
  static restore(state: RandomStreamState): RandomStream {
    const [key0, key1] = state.key;
    const { counter } = state;
    const words = [key0, key1].every((word) => Number.isInteger(word) && word >= 0 && word < TWO_32);
    if (!words || !Number.isSafeInteger(counter) || counter < 0) {
      throw new RangeError(`not the state of a random stream: ${JSON.stringify(state)}`);
    }
    return new RandomStream(key0, key1, counter);
  }

  /** Where the stream stands, plain JSON; `restore` goes on from there. */
  state(): RandomStreamState {
    return { key: [this.#key0, this.#key1], counter: this.#start + this.#next };
  }

  /**
   * An independent stream that depends on this stream's key and the label alone, not on its position. The
   * label's UTF-8 bytes are absorbed eight at a time: key ← first two words of Philox(key, [bytes 0-3,
   * bytes 4-7, label length, a constant that number blocks never have]).
   */
  split(label: string): RandomStream {
    const bytes = new TextEncoder().encode(label);
    const padded = new DataView(new ArrayBuffer(Math.max(8, Math.ceil(bytes.length / 8) * 8)));
    bytes.forEach((byte, i) => {
      padded.setUint8(i, byte);
    });
    let key0 = this.#key0;
    let key1 = this.#key1;
    const block = new Uint32Array(4);
    for (let at = 0; at < padded.byteLength; at += 8) {
      const low = padded.getUint32(at, true);
      const high = padded.getUint32(at + 4, true);
      philoxBlocks(block, 1, key0, key1, low, high, bytes.length, SPLIT_DOMAIN);
      key0 = block[0];
      key1 = block[1];
    }
    return new RandomStream(key0, key1, 0);
  }

  /** A float64 in [0, 1) with 53 bits. */
  uniform(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 0x4000000 + low) / TWO_53;
  }

  /** An integer in [0, bound), without bias. */
  integer(bound: number): number {
    checkBound(bound);
    if (bound > TWO_32) {
      const limit = TWO_53 - (TWO_53 % bound);
      for (;;) {
        const draw = this.uniform() * TWO_53;
        if (draw < limit) return draw % bound;
      }
    }
    const limit = TWO_32 - (TWO_32 % bound);
    for (;;) {
      const draw = this.#word();
      if (draw < limit) return draw % bound;
    }
  }

  /** Fills with float32 uniforms in [low, high), each from 24 random bits. */
  fillUniform(out: Float32Array, low = 0, high = 1): Float32Array {
    if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
      throw new RangeError(`uniforms need finite low < high, not [${low}, ${high})`);
    }
    const scale = (high - low) / 2 ** 24;
    // Draws that round to the open end are drawn again: most would be.
    if (Math.fround(low + scale * 2 ** 22) >= high) {
      throw new RangeError(`float32 has too few numbers in [${low}, ${high}) to draw from`);
    }
    for (let i = 0; i < out.length; ) {
      this.#refill();
      const words = this.#words;
      while (i < out.length && this.#next < BUFFERED_WORDS) {
        out[i] = low + scale * (words[this.#next++] >>> 8);
        if (out[i] < high) i++; // float32 rounding may reach the open end
      }
    }
    return out;
  }

  /** Fills with standard normals (float32). */
  fillNormal(out: Float32Array): Float32Array {
    const code = out.length < LEAST_FILL ? undefined : ownStreamCode();
    if (code === undefined) {
      for (let i = 0; i < out.length; ) {
        const x = this.#normal();
        if (x !== undefined) out[i++] = x;
      }
      return out;
    }
    if (this.#filled) code.words.set(this.#words);
    for (let done = 0; done < out.length; done += MOST_VALUES) {
      const count = Math.min(MOST_VALUES, out.length - done);
      let i = 0;
      while (i < count) {
        this.#refill();
        const drawn = code.fillValues(this.#next, i, count);
        i += drawn;
        this.#next += drawn;
        if (i === count || this.#next === BUFFERED_WORDS) continue;
        const x = this.#normal();
        if (x !== undefined) code.values[i++] = x;
      }
      out.set(count === MOST_VALUES ? code.values : code.values.subarray(0, count), done);
    }
    return out;
  }

  /** A standard normal, or undefined if the draw is to be repeated. */
  #normal(): number | undefined {
    const { scale, inside } = ziggurat;
    const word = this.#word();
    const layer = word & 0xff;
    const magnitude = word >>> 9;
    const x = magnitude < inside[layer] ? magnitude * scale[layer] : this.#edge(layer, magnitude);
    if (x < 0) return undefined;
    return word & 0x100 ? -x : x;
  }

  /** Fills with integers in [0, bound). */
  fillIntegers(out: Int32Array, bound: number): Int32Array {
    checkBound(bound);
    if (bound > 2 ** 31) throw new RangeError(`int32 values are below 2^31, the bound is ${bound}`);
    for (let i = 0; i < out.length; i++) out[i] = this.integer(bound);
    return out;
  }

  /** |normal| at the edge of a layer or in the tail; negative if the draw is to be repeated. */
  #edge(layer: number, magnitude: number): number {
    if (layer === 0) {
      // Marsaglia's tail beyond RIGHT.
      for (;;) {
        const x = -log(1 - this.uniform()) / RIGHT;
        const y = -log(1 - this.uniform());
        if (2 * y > x * x) return RIGHT + x;
      }
    }
    const { scale, height } = ziggurat;
    const x = magnitude * scale[layer];
    const y = height[layer] + this.uniform() * (height[layer + 1] - height[layer]);
    return y < exp(-0.5 * x * x) ? x : -1;
  }

  #word(): number {
    this.#refill();
    return this.#words[this.#next++];
  }

  /** Computes the buffer at the position where it is not there, moving on to the next one at its end. */
  #refill(): void {
    if (this.#filled && this.#next < BUFFERED_WORDS) return;
    if (this.#next === BUFFERED_WORDS) {
      this.#start += BUFFERED_WORDS;
      this.#next = 0;
    }
    const block = this.#start / 4;
    // A buffer never straddles 2^32 blocks: 64 divides it.
    const [c0, c1] = [block % TWO_32, Math.floor(block / TWO_32)];
    const code = ownStreamCode();
    if (code === undefined) {
      philoxBlocks(this.#words, BUFFERED_WORDS / 4, this.#key0, this.#key1, c0, c1, 0, 0);
    } else {
      code.fillWords(this.#key0, this.#key1, c0, c1);
      this.#words.set(code.words);
    }
    this.#filled = true;
  }
}
