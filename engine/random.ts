/** Seeded, splittable, counter-based random numbers (Philox4x32-10, Salmon et al. 2011). */

/** Where a stream stands; plain JSON. */
export interface RandomStreamState {
  readonly key: readonly [number, number];
  readonly counter: number;
  readonly [extra: string]: unknown;
}

/** To be written: see engine.md "Randomness". */
export declare class RandomStream {
  /** The root stream of a seed (0 ≤ seed < 2^53). */
  static fromSeed(seed: number): RandomStream;
  static restore(state: RandomStreamState): RandomStream;
  state(): RandomStreamState;
  /** An independent stream that depends on this stream's key and the label alone, not on its position. */
  split(label: string): RandomStream;
  /** A float64 in [0, 1) with 53 bits. */
  uniform(): number;
  /** An integer in [0, bound). */
  integer(bound: number): number;
  /** Fills with float32 uniforms in [low, high). */
  fillUniform(out: Float32Array, low?: number, high?: number): Float32Array;
  /** Fills with standard normals (float32). */
  fillNormal(out: Float32Array): Float32Array;
  /** Fills with integers in [0, bound). */
  fillIntegers(out: Int32Array, bound: number): Int32Array;
}
