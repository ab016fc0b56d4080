/**
 * 95 % intervals of estimates within [0, 1] that hold with few runs per task: probabilities of improvement, points of
 * profiles, means of shares. Where runs show no variance, they still cannot exclude every other value; and tasks of one run
 * show none at all. docs/statistics.md has the measured coverage of each.
 */
import type { ScoresByTask } from './aggregates.ts';
import { exactInterval } from './beta.ts';
import { taskImprovement } from './improvement.ts';
import { mean, standardDeviation } from './moments.ts';
import type { Interval } from './resampling.ts';
import { around, type Component, meanInterval } from './small-samples.ts';

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

/** The runs of a task, and how many of them are above a threshold. */
export interface TaskShare {
  readonly runs: number;
  readonly above: number;
}

/** One threshold of a performance profile: the share of all runs above it, within [0, 1]. */
export function shareInterval(tasks: readonly TaskShare[], confidence = 0.95): Interval {
  const count = (some: readonly TaskShare[]) => some.reduce((sum, { runs }) => sum + runs, 0);
  const shareOf = (some: readonly TaskShare[]) =>
    some.reduce((sum, { above }) => sum + above, 0) / count(some);
  return joinedInterval(
    tasks,
    ({ runs }) => runs === 1,
    (some) => ({ weight: count(some) / count(tasks), value: shareOf(some) }),
    (several) => severalShares(several, shareOf(several), confidence),
    confidence,
  );
}

/** Of tasks with two runs and more: the variance p (1 - p) / (n - 1) of each. */
function severalShares(tasks: readonly TaskShare[], value: number, confidence: number): Interval {
  const size = tasks.reduce((sum, { runs }) => sum + runs, 0);
  const parts = tasks.flatMap(({ runs, above }) => {
    if (above === 0 || above === runs) return [];
    const share = above / runs;
    return [{ variance: ((runs / size) ** 2 * share * (1 - share)) / (runs - 1), degrees: runs - 1 }];
  });
  const alike = tasks
    .filter(({ runs, above }) => above === 0 || above === runs)
    .map(({ runs, above }) => ({ share: above / runs, weight: runs / size, trials: runs }));
  return withUnseen(around(value, parts, confidence), value, alike, confidence);
}

/** The runs of X and of Y on a task, and P(X > Y) there. */
interface Pair {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly share: number;
}

/**
 * P(X > Y) averaged over tasks, within [0, 1].
 * @param x runs of X on each shared task, `y` those of Y
 */
export function improvementInterval(x: ScoresByTask, y: ScoresByTask, confidence = 0.95): Interval {
  const pairs = x.map((xs, task): Pair => ({ xs, ys: y[task], share: taskImprovement(xs, y[task]) }));
  return joinedInterval(
    pairs,
    ({ xs, ys }) => Math.min(xs.length, ys.length) === 1,
    (some) => ({ weight: some.length / pairs.length, value: mean(some.map(({ share }) => share)) }),
    (several) => severalPairs(several, confidence),
    confidence,
  );
}

/**
 * Of tasks with two runs of both and more: the variance of the runs' placements (DeLong et al. 1988; Brunner and Munzel
 * 2000), on the scale of asin √P, on which it hardly depends on P. Where the runs of a task show no variance, all of X above
 * all of Y for one, the interval also holds what they cannot exclude: see `withUnseen`.
 */
function severalPairs(pairs: readonly Pair[], confidence: number): Interval {
  const weight = 1 / pairs.length;
  const value = mean(pairs.map(({ share }) => share));
  const parts: Component[] = [];
  const alike: Alike[] = [];
  for (const { xs, ys, share } of pairs) {
    const own = [
      xs.map((score) => taskImprovement([score], ys)),
      ys.map((score) => taskImprovement(xs, [score])),
    ].map((placements) => varianceOfMean(placements, weight));
    if (own.some(({ variance }) => variance > 0)) parts.push(...own);
    else alike.push({ share, weight, trials: Math.min(xs.length, ys.length) });
  }
  const [low, high] = around(value, parts, confidence);
  const deviation = Math.sqrt(value * (1 - value));
  if (!(deviation > 0) || low === high) return withUnseen([value, value], value, alike, confidence);
  const [angle, half] = [Math.asin(Math.sqrt(value)), (high - low) / 4 / deviation];
  const back = (at: number) => Math.sin(Math.min(Math.PI / 2, Math.max(0, at))) ** 2;
  return withUnseen([back(angle - half), back(angle + half)], value, alike, confidence);
}

const varianceOfMean = (sample: readonly number[], weight: number): Component => ({
  variance: (weight ** 2 * (standardDeviation(sample) ?? 0) ** 2) / sample.length,
  degrees: sample.length - 1,
});

/** A part of an estimate. */
interface Weighed {
  readonly weight: number;
  readonly value: number;
}

/**
 * Tasks of one run show no variance of their own. They are taken together, each as one trial: its result varies no more than
 * that of a trial that succeeds or fails, and trials of different probability no more than as many of their mean. Their exact
 * interval and that of the other tasks are joined as Zou and Donner (2008) do: the distances of the ends from the value
 * add up as their squares.
 */
function joinedInterval<Task>(
  tasks: readonly Task[],
  isSingle: (task: Task) => boolean,
  weigh: (some: readonly Task[]) => Weighed,
  ofSeveral: (several: readonly Task[]) => Interval,
  confidence: number,
): Interval {
  const single = tasks.filter(isSingle);
  const several = tasks.filter((task) => !isSingle(task));
  if (single.length === 0) return ofSeveral(several);
  const one = weigh(single);
  const alone = { ...one, interval: exactInterval(one.value, single.length, confidence) };
  if (several.length === 0) return alone.interval;
  const parts = [alone, { ...weigh(several), interval: ofSeveral(several) }];
  const value = parts.reduce((sum, part) => sum + part.weight * part.value, 0);
  const reach = (end: 0 | 1) =>
    Math.hypot(...parts.map(({ weight, value: own, interval }) => weight * (own - interval[end])));
  return [Math.max(0, value - reach(0)), Math.min(1, value + reach(1))];
}

/** A task whose runs all say the same: its share, its weight in the estimate, and how many independent trials it is. */
interface Alike {
  readonly share: number;
  readonly weight: number;
  readonly trials: number;
}

/**
 * Widens an interval by what trials that all came out alike cannot exclude. If k independent trials succeed with
 * probability p, all of them do with probability p^k, so that no p above α^(1/k) is excluded; and n runs of X against m
 * of Y hold min(n, m) independent pairs. Three runs above three: P(X > Y) may be as low as 0.37; five above five
 * exclude 0.5. Tasks of kₜ trials and weights wₜ, which add up to 1, all succeed with probability ∏ pₜ^kₜ, which is at most
 * (Σ wₜ pₜ)^k with the least kₜ / wₜ as k.
 */
function withUnseen(
  [low, high]: Interval,
  value: number,
  alike: readonly Alike[],
  confidence: number,
): Interval {
  const reach = (share: (part: Alike) => number): number => {
    const found = alike.map((part) => ({ ...part, weight: part.weight * share(part) })).filter(isWeighed);
    if (found.length === 0) return 0;
    const weight = found.reduce((sum, part) => sum + part.weight, 0);
    const trials = Math.min(...found.map((part) => (part.trials * weight) / part.weight));
    return weight * (1 - (1 - confidence) ** (1 / trials));
  };
  const below = value - reach(({ share }) => share);
  const above = value + reach(({ share }) => 1 - share);
  return [Math.max(0, Math.min(low, below)), Math.min(1, Math.max(high, above))];
}

const isWeighed = ({ weight }: Alike): boolean => weight > 0;
