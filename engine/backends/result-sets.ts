/** The arrays that a graph's results are written into: two sets in turn, so that a call allocates nothing. */
import type { NdArray } from '../types.ts';

export interface ResultSet {
  /** The output tree. */
  readonly tree: unknown;
  readonly arrays: readonly NdArray[];
}

export class ResultSets<Set extends ResultSet> {
  readonly #allocate: () => Set;
  readonly #sets: { readonly results: Set; readonly buffers: ReadonlySet<NdArray['data']> }[] = [];
  #last = 0;

  constructor(allocate: () => Set) {
    this.#allocate = allocate;
  }

  /** The next set of which no array is an input of this call: a step's state goes back and forth between the two. */
  next(inputs: readonly NdArray[]): Set {
    for (let i = 1; i <= 2; i++) {
      const index = (this.#last + i) % 2;
      this.#sets[index] ??= this.#new();
      const { results, buffers } = this.#sets[index];
      if (inputs.some(({ data }) => buffers.has(data))) continue;
      this.#last = index;
      return results;
    }
    // Inputs from both sets: the older one is the caller's from now on.
    this.#last = 1 - this.#last;
    this.#sets[this.#last] = this.#new();
    return this.#sets[this.#last].results;
  }

  #new() {
    const results = this.#allocate();
    return { results, buffers: new globalThis.Set(results.arrays.map(({ data }) => data)) };
  }
}
