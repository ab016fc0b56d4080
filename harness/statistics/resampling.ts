/**
 * Resampling runs with replacement, independently within every task (stratified by task): each resample has
 * as many runs of a task as there are.
 */
import type { ScoresByTask } from './aggregates.ts';
import { percentileOfSorted } from './moments.ts';

/** What resampling needs of a random stream (engine/random.ts has it). */
export interface IndexSource {
  /** Fills with integers in [0, bound). */
  fillIntegers(out: Int32Array, bound: number): Int32Array;
}

/** Both ends of an interval. */
export type Interval = readonly [low: number, high: number];

/** Run indices of one resample: `indices[task][run]`. */
export type ResampleIndices = readonly ArrayLike<number>[];

/** The scores that an explicit resample picks. */
export function resample(scores: ScoresByTask, indices: ResampleIndices): number[][] {
  return scores.map((runs, task) => Array.from(indices[task], (run) => runs[run]));
}

/** Draws the indices of one resample. */
export function drawResample(scores: ScoresByTask, random: IndexSource): Int32Array[] {
  return scores.map((runs) => random.fillIntegers(new Int32Array(runs.length), runs.length));
}

/** The central interval of resampled statistics, by percentiles with linear interpolation. Sorts in place. */
export function percentileInterval(statistics: Float64Array, confidence = 0.95): Interval {
  const tail = (1 - confidence) * 50;
  statistics.sort();
  return [percentileOfSorted(statistics, tail), percentileOfSorted(statistics, 100 - tail)];
}

/** The stratified percentile bootstrap of any statistics of a score matrix, one interval for each. */
export function bootstrapIntervals(
  scores: ScoresByTask,
  statistics: (scores: ScoresByTask) => readonly number[],
  options: { readonly resamples: number; readonly random: IndexSource; readonly confidence?: number },
): Interval[] {
  const size = statistics(scores).length;
  const columns = Array.from({ length: size }, () => new Float64Array(options.resamples));
  for (let b = 0; b < options.resamples; b++) {
    const values = statistics(resample(scores, drawResample(scores, options.random)));
    for (let i = 0; i < size; i++) columns[i][b] = values[i];
  }
  return columns.map((column) => percentileInterval(column, options.confidence));
}

/** The percentile bootstrap of the mean of one sample. One value gives an interval without width. */
export function bootstrapMeanInterval(
  sample: ArrayLike<number>,
  options: { readonly resamples: number; readonly random: IndexSource; readonly confidence?: number },
): Interval {
  const size = sample.length;
  const indices = new Int32Array(size);
  const means = new Float64Array(options.resamples);
  for (let b = 0; b < options.resamples; b++) {
    options.random.fillIntegers(indices, size);
    let sum = 0;
    for (let i = 0; i < size; i++) sum += sample[indices[i]];
    means[b] = sum / size;
  }
  return percentileInterval(means, options.confidence);
}
