/** P(X > Y) of resampled runs, from the counts that RankedScores gives for each algorithm. */
import type { RankedScores } from './ranked-scores.ts';

/** One task that both algorithms ran; places are among each one's counts. */
interface SharedTask {
  readonly xStart: number;
  readonly yStart: number;
  /** For each of X's sorted scores, how many of Y's sorted scores are strictly less, and how many not greater. */
  readonly less: Int32Array;
  readonly notGreater: Int32Array;
  readonly yRuns: number;
  /** 1 / (runs of X · runs of Y · shared tasks · 2). */
  readonly weight: number;
}

export class RankedPair {
  readonly #tasks: readonly SharedTask[];
  readonly #cumulative: Int32Array;

  /** @param shared index of each shared task in X and in Y */
  constructor(x: RankedScores, y: RankedScores, shared: readonly (readonly [x: number, y: number])[]) {
    this.#tasks = shared.map(([tx, ty]) => {
      const xs = x.sortedByTask[tx];
      const ys = y.sortedByTask[ty];
      return {
        xStart: x.offsets[tx],
        yStart: y.offsets[ty],
        less: Int32Array.from(xs, (score) => ys.filter((other) => other < score).length),
        notGreater: Int32Array.from(xs, (score) => ys.filter((other) => other <= score).length),
        yRuns: ys.length,
        weight: 1 / (2 * xs.length * ys.length * shared.length),
      };
    });
    this.#cumulative = new Int32Array(1 + Math.max(0, ...this.#tasks.map((task) => task.yRuns)));
  }

  /** The probability of improvement of one resample of X over one of Y, averaged over the shared tasks. */
  evaluate(xCounts: Uint16Array, yCounts: Uint16Array): number {
    const cumulative = this.#cumulative;
    let probability = 0;
    for (const { xStart, yStart, less, notGreater, yRuns, weight } of this.#tasks) {
      for (let j = 0; j < yRuns; j++) cumulative[j + 1] = cumulative[j] + yCounts[yStart + j];
      let won = 0; // in halves
      for (let i = 0; i < less.length; i++) {
        won += xCounts[xStart + i] * (cumulative[less[i]] + cumulative[notGreater[i]]);
      }
      probability += won * weight;
    }
    return probability;
  }
}
