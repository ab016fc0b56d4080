/** The replay buffer that every off-policy agent here learns from: uniform sampling from a ring. */
import type { RandomStream } from '../engine/random.ts';
import type { Batch } from './agent.ts';

export interface TransitionSizes {
  /** Length of an observation. */
  readonly observation: number;
  /** Length of an action. */
  readonly action: number;
}

/**
 * Allocates a batch that `ReplayBuffer.sample` fills again and again.
 * @param size the config's `batchSize`
 * @throws RangeError if there is no room for it
 */
export function allocateBatch(size: number, sizes: TransitionSizes): Batch {
  try {
    return {
      size,
      observation: new Float32Array(size * sizes.observation),
      action: new Float32Array(size * sizes.action),
      reward: new Float32Array(size),
      mask: new Float32Array(size),
      nextObservation: new Float32Array(size * sizes.observation),
    };
  } catch (cause) {
    throw new RangeError(`batchSize ${size} is too large: there is no memory for such a batch`, { cause });
  }
}

/**
 * A ring of the last `capacity` transitions. A transition is one row of float32
 * [observation | action | reward | mask | next observation], so that sampling one touches one place in
 * memory and a checkpoint appends rows as they are.
 */
export class ReplayBuffer {
  readonly rowSize: number;
  readonly #sizes: TransitionSizes;
  readonly #capacity: number;
  #rows: Float32Array;
  #added = 0;
  #indices = new Int32Array(0);

  constructor(capacity: number, sizes: TransitionSizes) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`replay capacity must be a positive integer, found ${capacity}`);
    }
    this.#capacity = capacity;
    this.#sizes = sizes;
    this.rowSize = 2 * sizes.observation + sizes.action + 2;
    this.#rows = new Float32Array(Math.min(capacity, 4096) * this.rowSize);
  }

  /** Transitions that can be sampled. */
  get size(): number {
    return Math.min(this.#added, this.#capacity);
  }

  /** Transitions ever added; the first of them have index 0. */
  get added(): number {
    return this.#added;
  }

  /** Transitions that it can hold. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Adds a transition; a full buffer loses its oldest. @param mask 0 at a true terminal state, else 1 (also at a time limit) */
  add(
    observation: ArrayLike<number>,
    action: ArrayLike<number>,
    reward: number,
    mask: number,
    nextObservation: ArrayLike<number>,
  ): void {
    const { observation: obs, action: act } = this.#sizes;
    const row = this.#nextRow();
    this.#rows.set(observation, row);
    this.#rows.set(action, row + obs);
    this.#rows[row + obs + act] = reward;
    this.#rows[row + obs + act + 1] = mask;
    this.#rows.set(nextObservation, row + obs + act + 2);
  }

  /** Fills `batch` with transitions drawn uniformly with replacement. */
  sample(random: RandomStream, batch: Batch): Batch {
    if (this.size === 0) throw new Error('cannot sample from an empty replay buffer');
    if (this.#indices.length !== batch.size) this.#indices = new Int32Array(batch.size);
    random.fillIntegers(this.#indices, this.size);
    const { observation: obs, action: act } = this.#sizes;
    for (let i = 0; i < batch.size; i++) {
      const row = this.#indices[i] * this.rowSize;
      copy(this.#rows, row, batch.observation, i * obs, obs);
      copy(this.#rows, row + obs, batch.action, i * act, act);
      batch.reward[i] = this.#rows[row + obs + act];
      batch.mask[i] = this.#rows[row + obs + act + 1];
      copy(this.#rows, row + obs + act + 2, batch.nextObservation, i * obs, obs);
    }
    return batch;
  }

  /**
   * Rows of the transitions with indices first ≤ i < last in the order of adding, [last - first, rowSize].
   * @throws RangeError for rows that were overwritten or not yet added
   */
  read(first: number, last: number): Float32Array {
    if (first > last || last > this.#added || first < this.#added - this.size) {
      throw new RangeError(`replay rows ${first}..${last} are not held`);
    }
    const out = new Float32Array((last - first) * this.rowSize);
    for (let i = first; i < last; i++) {
      const row = (i % this.#capacity) * this.rowSize;
      out.set(this.#rows.subarray(row, row + this.rowSize), (i - first) * this.rowSize);
    }
    return out;
  }

  /** Appends rows as `read` returned them; the first gets index `first` if the buffer is still empty. */
  append(rows: Float32Array, first = this.#added): void {
    if (this.#added === 0) this.#added = first;
    for (let at = 0; at < rows.length; at += this.rowSize) {
      const row = this.#nextRow(); // may replace #rows by a larger array
      this.#rows.set(rows.subarray(at, at + this.rowSize), row);
    }
  }

  #nextRow(): number {
    const slot = this.#added % this.#capacity;
    const end = (slot + 1) * this.rowSize;
    if (end > this.#rows.length) {
      const doubled = Math.max(end, Math.min(2 * this.#rows.length, this.#capacity * this.rowSize));
      const grown = new Float32Array(doubled);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#added++;
    return slot * this.rowSize;
  }
}

/** Faster than `set(subarray)` for the short rows of an observation or action. */
function copy(from: Float32Array, at: number, to: Float32Array, start: number, length: number): void {
  for (let k = 0; k < length; k++) to[start + k] = from[at + k];
}
