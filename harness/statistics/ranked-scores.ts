/**
 * One algorithm's scores prepared for many resamples. Scores are sorted once; a resample is then a count for
 * every sorted score, and order statistics are a walk over the counts instead of a sort.
 */
import { type AggregateMetric, aggregateMetrics, type ScoresByTask } from './aggregates.ts';
import { trimmedCount } from './moments.ts';

/** Values of one resample: the aggregates, and how many scores exceed each threshold. */
export interface ResampleOutputs {
  /** In the order of `aggregateMetrics`. [4] */
  readonly aggregates: Float64Array;
  /** Number of scores strictly above each threshold. [thresholds] */
  readonly above: Int32Array;
  /** Times that each score was drawn; tasks one after another, ascending within a task. [runs of all tasks] */
  readonly taskCounts: Uint16Array;
}

export class RankedScores {
  /** Runs of all tasks together. */
  readonly size: number;
  /** Where each task's runs begin among `size`. [tasks] */
  readonly offsets: readonly number[];
  /** Each task's scores, ascending. */
  readonly sortedByTask: readonly Float64Array[];
  readonly #scores: ScoresByTask;
  readonly #gamma: number;
  readonly #pooled: Float64Array;
  readonly #pooledRank: readonly Int32Array[];
  readonly #taskRank: readonly Int32Array[];
  /** For each threshold, how many pooled scores are not above it. */
  readonly #notAbove: Int32Array;
  readonly #counts: Int32Array;
  readonly #cumulative: Int32Array;
  readonly #taskMeans: Float64Array;

  constructor(scores: ScoresByTask, taus: readonly number[], gamma: number) {
    if (scores.length === 0 || scores.some((runs) => runs.length === 0)) {
      throw new RangeError('every algorithm needs a task, and every task a run');
    }
    this.#scores = scores;
    this.#gamma = gamma;
    let size = 0;
    this.offsets = scores.map((runs) => {
      size += runs.length;
      return size - runs.length;
    });
    this.size = size;
    const flat = scores.flat();
    const { values, rank } = rankOf(flat);
    this.#pooled = values;
    this.#pooledRank = scores.map((runs, task) =>
      rank.slice(this.offsets[task], this.offsets[task] + runs.length),
    );
    const byTask = scores.map(rankOf);
    this.sortedByTask = byTask.map((task) => task.values);
    this.#taskRank = byTask.map((task, t) => task.rank.map((r) => r + this.offsets[t]));
    this.#notAbove = Int32Array.from(taus, (tau) => values.filter((value) => !(value > tau)).length);
    this.#counts = new Int32Array(size);
    this.#cumulative = new Int32Array(size + 1);
    this.#taskMeans = new Float64Array(scores.length);
  }

  /**
   * Evaluates one resample.
   * @param indices for each task, run indices; those of this resample begin at `from` · runs
   */
  evaluate(indices: readonly Int32Array[], from: number, out: ResampleOutputs): void {
    const counts = this.#counts.fill(0);
    out.taskCounts.fill(0);
    let belowGamma = 0;
    for (let task = 0; task < this.#scores.length; task++) {
      const runs = this.#scores[task];
      const pooledRank = this.#pooledRank[task];
      const taskRank = this.#taskRank[task];
      const drawn = indices[task];
      const start = from * runs.length;
      let sum = 0;
      for (let i = 0; i < runs.length; i++) {
        const run = drawn[start + i];
        const score = runs[run];
        counts[pooledRank[run]]++;
        out.taskCounts[taskRank[run]]++;
        sum += score;
        belowGamma += Math.min(score, this.#gamma);
      }
      this.#taskMeans[task] = sum / runs.length;
    }
    const { aggregates } = out;
    aggregates[position.mean] = average(this.#taskMeans);
    aggregates[position.median] = medianInPlace(this.#taskMeans);
    aggregates[position.iqm] = this.#trimmedMean(counts);
    aggregates[position.optimality_gap] = this.#gamma - belowGamma / this.size;
    const cumulative = this.#cumulative;
    for (let i = 0; i < this.size; i++) cumulative[i + 1] = cumulative[i] + counts[i];
    const notAbove = this.#notAbove;
    for (let i = 0; i < notAbove.length; i++) out.above[i] = this.size - cumulative[notAbove[i]];
  }

  #trimmedMean(counts: Int32Array): number {
    const cut = trimmedCount(this.size);
    const kept = this.size - 2 * cut;
    let skip = cut;
    let left = kept;
    let sum = 0;
    for (let i = 0; left > 0; i++) {
      let count = counts[i];
      if (skip > 0) {
        const skipped = Math.min(skip, count);
        skip -= skipped;
        count -= skipped;
      }
      const taken = Math.min(left, count);
      sum += taken * this.#pooled[i];
      left -= taken;
    }
    return sum / kept;
  }
}

const position = Object.fromEntries(aggregateMetrics.map((metric, i) => [metric, i])) as Record<
  AggregateMetric,
  number
>;

/** Values ascending, and for each given value its place among them (ties in the order given). */
function rankOf(values: readonly number[]): { values: Float64Array; rank: Int32Array } {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
  const rank = new Int32Array(values.length);
  order.forEach((index, place) => {
    rank[index] = place;
  });
  return { values: Float64Array.from(order, (index) => values[index]), rank };
}

function average(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Insertion sort: tasks are few, and a call of the library's sort costs more than this. */
function medianInPlace(values: Float64Array): number {
  for (let i = 1; i < values.length; i++) {
    const value = values[i];
    let j = i - 1;
    for (; j >= 0 && values[j] > value; j--) values[j + 1] = values[j];
    values[j + 1] = value;
  }
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}
