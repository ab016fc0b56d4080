/**
 * How steady an agent is: between seeds, and along each run's own curve of evaluation returns.
 *
 * | metric | of one task | over tasks |
 * | --- | --- | --- |
 * | `seed_deviation` | standard deviation of the runs' scores, with n - 1 | root of the mean of the tasks' variances |
 * | `worst_seed` | lowest score | mean |
 * | `drawdown` | largest fall of a run's curve below its best so far, as a share of its best; mean over runs | mean |
 * | `collapsed` | share of a run's later evaluations that are below half of its best so far; mean over runs | mean |
 */
import type { ScoresByTask } from './aggregates.ts';
import { chiSquareQuantile } from './chi-square.ts';
import type { Estimate } from './estimates.ts';
import { largest, mean, smallest, standardDeviation } from './moments.ts';
import type { Interval } from './resampling.ts';
import { boundedMeanInterval } from './share-intervals.ts';
import { degreesOf } from './small-samples.ts';

/** Names of the measures of stability, in the order of tables. */
export const stabilityMetrics = ['seed_deviation', 'worst_seed', 'drawdown', 'collapsed'] as const;
/** One of them. */
export type StabilityMetric = (typeof stabilityMetrics)[number];

/**
 * The largest fall below the best so far, as a share of the best of the whole curve; a fall below 0 counts as one to 0.
 * @param curve evaluation returns in the order of steps, with 0 as the lowest possible
 * @returns undefined for fewer than two evaluations, or where none is above 0
 */
export function drawdown(curve: readonly number[]): number | undefined {
  const best = largest(curve);
  if (curve.length < 2 || !(best > 0)) return undefined;
  let [soFar, fall] = [0, 0];
  for (const value of curve) {
    soFar = Math.max(soFar, value);
    fall = Math.max(fall, soFar - Math.max(0, value));
  }
  return fall / best;
}

/**
 * The share of evaluations after the first that are below half of the best before them; none is as long as nothing is above 0.
 * @param curve as in `drawdown`
 * @returns undefined for fewer than two evaluations
 */
export function collapsedShare(curve: readonly number[]): number | undefined {
  if (curve.length < 2) return undefined;
  let [soFar, collapsed] = [Math.max(0, curve[0]), 0];
  for (const value of curve.slice(1)) {
    if (Math.max(0, value) < soFar / 2) collapsed++;
    soFar = Math.max(soFar, value);
  }
  return collapsed / (curve.length - 1);
}

/**
 * The deviation between seeds: the root of the mean of the tasks' variances. Its interval takes the mean of the
 * variances for a χ² variable with Satterthwaite's degrees of freedom, which is exact for one task and normal scores.
 * Tasks with one run are left out.
 * @returns undefined if no task has two runs; without an interval where no two runs differ
 */
export function seedDeviation(scores: ScoresByTask, confidence = 0.95): Estimate | undefined {
  const parts = scores.flatMap((runs) => {
    const deviation = standardDeviation(runs);
    return deviation === undefined ? [] : [{ variance: deviation ** 2, degrees: runs.length - 1 }];
  });
  if (parts.length === 0) return undefined;
  const variance = mean(parts.map((part) => part.variance));
  if (variance === 0) return { value: 0, interval: undefined };
  const degrees = degreesOf(parts);
  const end = (probability: number) =>
    Math.sqrt((degrees * variance) / chiSquareQuantile(probability, degrees));
  const interval: Interval = [end((1 + confidence) / 2), end((1 - confidence) / 2)];
  return { value: Math.sqrt(variance), interval };
}

/** The runs of one agent on one task. */
export interface TaskRuns {
  /** Normalised scores, one a run. */
  readonly scores: readonly number[];
  /** Normalised evaluation returns of each run; empty for a score from elsewhere. */
  readonly curves: readonly (readonly number[])[];
}

/**
 * All metrics over tasks; those of curves over the tasks and runs that have one. What no run tells is left out.
 * The worst seed has no interval: the lowest of three says little of the lowest of others.
 */
export function stability(
  tasks: readonly TaskRuns[],
  confidence = 0.95,
): Partial<Record<StabilityMetric, Estimate>> {
  const ofCurves = (measure: (curve: readonly number[]) => number | undefined): Estimate | undefined => {
    const values = tasks
      .map(({ curves }) => curves.map(measure).filter((value) => value !== undefined))
      .filter((runs) => runs.length > 0);
    if (values.length === 0) return undefined;
    return { value: mean(values.map(mean)), interval: boundedMeanInterval(values, confidence) };
  };
  const found: Record<StabilityMetric, Estimate | undefined> = {
    seed_deviation: seedDeviation(
      tasks.map(({ scores }) => scores),
      confidence,
    ),
    worst_seed: { value: mean(tasks.map(({ scores }) => smallest(scores))), interval: undefined },
    drawdown: ofCurves(drawdown),
    collapsed: ofCurves(collapsedShare),
  };
  return Object.fromEntries(Object.entries(found).filter(([, estimate]) => estimate !== undefined));
}
