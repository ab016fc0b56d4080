/**
 * 95 % intervals that hold with few runs per task. Every estimate is a sum over tasks of means of independent runs, or
 * close to one: its variance is the sum of the tasks' variances, and Student's t replaces the normal distribution,
 * with the degrees of freedom of Satterthwaite (1946), "An approximate distribution of estimates of variance
 * components". docs/statistics.md has the measured coverage of each.
 */
import { interquartileMean, optimalityGap, type ScoresByTask } from './aggregates.ts';
import { taskImprovement } from './improvement.ts';
import { mean, median, sorted, standardDeviation, trimmedCount } from './moments.ts';
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

/**
 * The mean of task means of values within [0, 1], whose interval stays there; where all runs of a task are 0, or all
 * 1, it also holds what they cannot exclude: see `withUnseen`. Undefined if no task has two runs.
 */
export function boundedMeanInterval(values: ScoresByTask, confidence = 0.95): Interval | undefined {
  const known = meanInterval(values, confidence);
  const alike = values
    .filter((runs) => runs.every((value) => value === 0) || runs.every((value) => value === 1))
    .map((runs) => ({ share: runs[0], weight: 1 / values.length, trials: runs.length }));
  return known && withUnseen(known, mean(values.map(mean)), alike, confidence);
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
 * Yuen (1974) for one task. A task is known with as many degrees as it has different values then, less one.
 * Undefined if no task has two runs.
 */
export function interquartileMeanInterval(scores: ScoresByTask, confidence = 0.95): Interval | undefined {
  const pooled = sorted(scores.flat());
  const size = pooled.length;
  const cut = trimmedCount(size);
  const kept = size - 2 * cut;
  const [low, high] = [pooled[cut], pooled[size - 1 - cut]];
  const scale = kept > 1 ? ((size - 1) * kept) / (size * (kept - 1)) : 1;
  const moved = scores.map((runs) => runs.map((score) => Math.min(high, Math.max(low, score))));
  const parts = components(
    moved,
    (runs) => (runs.length * Math.sqrt(scale)) / kept,
    (_, task) => {
      const runs = scores[task];
      const beyond = (limit: number, out: (score: number) => boolean) =>
        runs.some(out) && !runs.includes(limit) ? 1 : 0;
      const inside = runs.filter((score) => score >= low && score <= high).length;
      return inside + beyond(low, (score) => score < low) + beyond(high, (score) => score > high) - 1;
    },
  );
  return parts && around(interquartileMean(scores), parts, confidence);
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

/** One threshold of a performance profile: the share of all runs above it, within [0, 1]. */
export function shareInterval(
  tasks: readonly { readonly runs: number; readonly above: number }[],
  confidence = 0.95,
): Interval {
  const size = tasks.reduce((sum, { runs }) => sum + runs, 0);
  const value = tasks.reduce((sum, { above }) => sum + above, 0) / size;
  const parts = tasks.flatMap(({ runs, above }) => {
    if (above === 0 || above === runs) return [];
    const share = above / runs;
    return [{ variance: ((runs / size) ** 2 * share * (1 - share)) / (runs - 1), degrees: runs - 1 }];
  });
  const known = around(value, parts, confidence);
  const alike = tasks
    .filter(({ runs, above }) => above === 0 || above === runs)
    .map(({ runs, above }) => ({ share: above / runs, weight: runs / size, trials: runs }));
  return withUnseen(known, value, alike, confidence);
}

/**
 * P(X > Y) averaged over tasks, within [0, 1]: the variance of the runs' placements (DeLong et al. 1988; Brunner and
 * Munzel 2000), on the scale of asin √P, on which it hardly depends on P. Where the runs of a task show no variance,
 * all of X above all of Y for one, the interval also holds what they cannot exclude: see `withUnseen`.
 * @param x runs of X on each shared task, `y` those of Y
 */
export function improvementInterval(x: ScoresByTask, y: ScoresByTask, confidence = 0.95): Interval {
  const weight = 1 / x.length;
  const parts: Component[] = [];
  const alike: Alike[] = [];
  let value = 0;
  let single = false;
  x.forEach((xs, task) => {
    const ys = y[task];
    const share = taskImprovement(xs, ys);
    value += weight * share;
    const own = [
      xs.map((score) => taskImprovement([score], ys)),
      ys.map((score) => taskImprovement(xs, [score])),
    ]
      .filter((placements) => placements.length > 1)
      .map((placements) => varianceOfMean(placements, weight));
    if (own.some(({ variance }) => variance > 0)) {
      parts.push(...own);
      if (own.length < 2) single = true;
    } else alike.push({ share, weight, trials: Math.min(xs.length, ys.length) });
  });
  if (single) {
    // One run has no variance: as if each task were min(n, m) independent trials, whose variance is never less.
    const trials = x.reduce((sum, xs, task) => sum + Math.min(xs.length, y[task].length), 0);
    return withUnseen(wilson(value, trials, confidence), value, alike, confidence);
  }
  const [low, high] = around(value, parts, confidence);
  const deviation = Math.sqrt(value * (1 - value));
  if (!(deviation > 0) || low === high) return withUnseen([value, value], value, alike, confidence);
  const [angle, half] = [Math.asin(Math.sqrt(value)), (high - low) / 4 / deviation];
  const back = (at: number) => Math.sin(Math.min(Math.PI / 2, Math.max(0, at))) ** 2;
  return withUnseen([back(angle - half), back(angle + half)], value, alike, confidence);
}

/** A task whose runs all say the same: its share, its weight in the estimate, and how many independent trials it is. */
interface Alike {
  readonly share: number;
  readonly weight: number;
  readonly trials: number;
}

/**
 * Widens an interval by what trials that all came out alike cannot exclude. If k independent trials succeed with
 * probability p, all of them do with probability p^k (over tasks of different p never more than with their mean), so
 * that no p above α^(1/k) is excluded; and n runs of X against m of Y hold min(n, m) independent pairs. Three runs
 * above three: P(X > Y) may be as low as 0.37; five above five exclude 0.5.
 */
function withUnseen(
  [low, high]: Interval,
  value: number,
  alike: readonly Alike[],
  confidence: number,
): Interval {
  const reach = (share: (part: Alike) => number): number => {
    const found = alike.filter((part) => share(part) > 0);
    if (found.length === 0) return 0;
    const trials = found.reduce((sum, part) => sum + part.trials, 0);
    const weight = found.reduce((sum, part) => sum + part.weight * share(part), 0);
    return weight * (1 - (1 - confidence) ** (1 / trials));
  };
  const below = value - reach(({ share }) => share);
  const above = value + reach(({ share }) => 1 - share);
  return [Math.max(0, Math.min(low, below)), Math.min(1, Math.max(high, above))];
}

/** The score interval of Wilson (1927) for a share of independent trials. */
function wilson(share: number, trials: number, confidence: number): Interval {
  const z = studentQuantile((1 + confidence) / 2, 1e6);
  const centre = (share + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half =
    (z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))) /
    (1 + (z * z) / trials);
  return [centre - half, centre + half];
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

const varianceOfMean = (sample: readonly number[], weight: number): Component => ({
  variance: (weight ** 2 * (standardDeviation(sample) ?? 0) ** 2) / sample.length,
  degrees: sample.length - 1,
});

function around(value: number, parts: readonly Component[], confidence: number): Interval {
  return symmetric(
    value,
    parts.reduce((sum, { variance }) => sum + variance, 0),
    degreesOf(parts),
    confidence,
  );
}

/** (Σ v)² / Σ (v² / ν): Satterthwaite's degrees of freedom of a sum of variances; 1 at least. */
export function degreesOf(parts: readonly Component[]): number {
  const sum = parts.reduce((total, { variance }) => total + variance, 0);
  const squares = parts.reduce((total, { variance, degrees }) => total + variance ** 2 / degrees, 0);
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
