/**
 * 95 % intervals that hold with few runs per task. Every estimate is a sum over tasks of means of independent runs, or
 * close to one: its variance is the sum of the tasks' variances, and Student's t replaces the normal distribution,
 * with the degrees of freedom of Satterthwaite (1946), "An approximate distribution of estimates of variance
 * components". docs/statistics.md has the measured coverage of each.
 */
import { interquartileMean, optimalityGap, type ScoresByTask } from './aggregates.ts';
import { largest, mean, median, sorted, standardDeviation, trimmedCount } from './moments.ts';
import type { Interval } from './resampling.ts';
import { studentQuantile } from './student.ts';

/** Standard normal numbers. */
export interface NormalSource {
  /** Fills `out` [n] and returns it. */
  fillNormal(out: Float32Array): Float32Array;
}

/** One independent part of an estimate: its variance, and the degrees of freedom that this is known with. */
export interface Component {
  readonly variance: number;
  readonly degrees: number;
}

/** The mean of task means: mean ± t · √(Σ s²/n) / tasks. Undefined if no task has two runs. */
export function meanInterval(scores: ScoresByTask, confidence = 0.95): Interval | undefined {
  const parts = components(scores, () => 1 / scores.length);
  return parts && around(mean(scores.map(mean)), parts, confidence);
}

/** The optimality gap, in which every run weighs alike. Undefined if no task has two runs. */
export function optimalityGapInterval(
  scores: ScoresByTask,
  gamma = 1,
  confidence = 0.95,
): Interval | undefined {
  const size = scores.reduce((sum, runs) => sum + runs.length, 0);
  const parts = components(
    scores.map((runs) => runs.map((score) => Math.min(score, gamma))),
    (runs) => runs.length / size,
  );
  return parts && around(optimalityGap(scores, gamma), parts, confidence);
}

/**
 * The interquartile mean, after Tukey and McLaughlin (1963): the variance of a trimmed mean is that of the scores
 * with the trimmed ones set to the last ones kept, by task here; it and the degrees of freedom become those of
 * Yuen (1974) for one task. A task is known with as many degrees as runs of it are kept, those moved onto an end that is
 * none of its own scores counted as one more, less one. Undefined if no task has two runs, or if those kept show no variance although
 * runs differ: two of each of two tasks, say.
 */
export function interquartileMeanInterval(scores: ScoresByTask, confidence = 0.95): Interval | undefined {
  const pooled = sorted(scores.flat());
  const size = pooled.length;
  const cut = trimmedCount(size);
  const kept = size - 2 * cut;
  const [low, high] = [pooled[cut], pooled[size - 1 - cut]];
  // Of scores equal to an end, some are trimmed and some kept: each counts as the share of them that is kept.
  const equal = (limit: number) => pooled.filter((score) => score === limit).length;
  const below = pooled.filter((score) => score < low).length;
  const above = pooled.filter((score) => score > high).length;
  const keptShare = (score: number): number => {
    if (score < low || score > high) return 0;
    if (low === high) return kept / equal(low);
    if (score === low) return 1 - (cut - below) / equal(low);
    return score === high ? 1 - (cut - above) / equal(high) : 1;
  };
  const scale = kept > 1 ? ((size - 1) * kept) / (size * (kept - 1)) : 1;
  const moved = scores.map((runs) => runs.map((score) => Math.min(high, Math.max(low, score))));
  const parts = components(
    moved,
    (runs) => (runs.length * Math.sqrt(scale)) / kept,
    (_, task) => {
      const runs = scores[task];
      const beyond = (limit: number, out: (score: number) => boolean) =>
        runs.some(out) && !runs.includes(limit) ? 1 : 0;
      const inside = runs.reduce((sum, score) => sum + keptShare(score), 0);
      return inside + beyond(low, (score) => score < low) + beyond(high, (score) => score > high) - 1;
    },
  );
  const differ = scores.some((runs) => runs.some((score) => score !== runs[0]));
  if (parts === undefined || (differ && parts.every(({ variance }) => variance === 0))) return undefined;
  return around(interquartileMean(scores), parts, confidence);
}

/** Draws of the task means from which the variance of their median is found. */
const MEDIAN_DRAWS = 2000;

/**
 * The median over tasks of the task means: its mean squared deviation when every task mean varies by its standard
 * error, with each task's degrees of freedom weighed by how often the task is in the middle.
 * Undefined if no task has two runs.
 * @param random the normal numbers of each task
 */
export function medianInterval(
  scores: ScoresByTask,
  random: readonly NormalSource[],
  confidence = 0.95,
): Interval | undefined {
  const own = components(scores, () => 1);
  if (own === undefined) return undefined;
  const means = scores.map(mean);
  const value = median(means);
  if (scores.length === 1) return around(value, own, confidence);
  const errors = own.map(({ variance }) => Math.sqrt(variance));
  const normals = random.map((source) => source.fillNormal(new Float32Array(MEDIAN_DRAWS)));
  const drawn = new Float64Array(means.length);
  const order = new Uint32Array(means.length);
  const middle = new Float64Array(means.length);
  const half = means.length >> 1;
  let squares = 0;
  for (let b = 0; b < MEDIAN_DRAWS; b++) {
    for (let task = 0; task < means.length; task++)
      drawn[task] = means[task] + errors[task] * normals[task][b];
    sortInto(order, drawn);
    const [below, above] = [order[means.length % 2 === 1 ? half : half - 1], order[half]];
    middle[below]++;
    middle[above]++;
    squares += ((drawn[below] + drawn[above]) / 2 - value) ** 2;
  }
  const weighed = own.map(({ variance, degrees }, task) => ({ variance: middle[task] * variance, degrees }));
  return symmetric(value, squares / MEDIAN_DRAWS, degreesOf(weighed), confidence);
}

/**
 * The variance that each task adds. A task of one run is given the mean variance of the others' runs; undefined if
 * there is none to take it from.
 * @param weigh the weight of a task's mean in the estimate
 */
function components(
  scores: ScoresByTask,
  weigh: (runs: readonly number[]) => number,
  degrees: (runs: readonly number[], task: number) => number = (runs) => runs.length - 1,
): Component[] | undefined {
  const variances = scores.map((runs) => standardDeviation(runs)).map((sd) => sd && sd ** 2);
  const known = variances.filter((variance) => variance !== undefined);
  if (known.length === 0) return undefined;
  const usual = mean(known);
  return scores.map((runs, task) => ({
    variance: (weigh(runs) ** 2 * (variances[task] ?? usual)) / runs.length,
    degrees: Math.max(1, degrees(runs, task)),
  }));
}

/** value ± t(ν) · √V, with V the sum of the parts' variances. */
export function around(value: number, parts: readonly Component[], confidence: number): Interval {
  return symmetric(
    value,
    parts.reduce((sum, { variance }) => sum + variance, 0),
    degreesOf(parts),
    confidence,
  );
}

/** (Σ v)² / Σ (v² / ν): Satterthwaite's degrees of freedom of a sum of variances; 1 at least. */
export function degreesOf(parts: readonly Component[]): number {
  // Over a power of two near the largest, which rounds nothing: their squares stay within doubles.
  const most = 2 ** Math.round(Math.log2(largest(parts.map(({ variance }) => variance)) || 1));
  const sum = parts.reduce((total, { variance }) => total + variance / most, 0);
  const squares = parts.reduce((total, { variance, degrees }) => total + (variance / most) ** 2 / degrees, 0);
  return squares > 0 ? Math.max(1, sum ** 2 / squares) : 1;
}

function symmetric(value: number, variance: number, degrees: number, confidence: number): Interval {
  if (!(variance > 0)) return [value, value];
  const half = studentQuantile((1 + confidence) / 2, degrees) * Math.sqrt(variance);
  return [value - half, value + half];
}

/** The places of `values` in ascending order. Insertion sort: tasks are few. */
function sortInto(order: Uint32Array, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    let j = i - 1;
    for (; j >= 0 && values[order[j]] > values[i]; j--) order[j + 1] = order[j];
    order[j + 1] = i;
  }
}
