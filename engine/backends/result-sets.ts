/** The arrays that a graph's results are written into: two sets in turn, so that a call allocates nothing. */
import { frozen } from '../tree.ts';
import type { NdArray } from '../types.ts';

export interface ResultSet {
  /** The output tree. */
  readonly tree: unknown;
  readonly arrays: readonly NdArray[];
}

/** What holds a tensor's numbers on the host. */
export const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

export class ResultSets<Results extends ResultSet> {
  readonly #allocate: () => Results;
  readonly #sets: { readonly results: Results; readonly buffers: ReadonlySet<NdArray['data']> }[] = [];
  #last = 0;

  constructor(allocate: () => Results) {
    this.#allocate = allocate;
  }

  /** The next set of which no array is an input of this call: a step's state goes back and forth between the two. */
  next(inputs: readonly NdArray[]): Results {
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
    // A later call gives it out again, as it is.
    frozen(results.tree);
    return { results, buffers: new Set(results.arrays.map(({ data }) => data)) };
  }
}
