/**
 * Aggregates of run scores over tasks, as rliable defines them (Agarwal et al. 2021, "Deep reinforcement
 * learning at the edge of the statistical precipice", arXiv 2108.13264).
 *
 * Numbers of runs may differ between tasks: the mean and the median weigh every task alike, the interquartile
 * mean and the optimality gap weigh every run alike, which on a rectangular matrix is rliable's definition.
 */
import { mean, median, trimmedMean } from './moments.ts';

/** `scores[task][run]`; every task has at least one run. */
export type ScoresByTask = readonly (readonly number[])[];

/** The aggregate metrics of Agarwal et al. 2021, in the order of aggregate.csv. */
export const aggregateMetrics = ['mean', 'median', 'iqm', 'optimality_gap'] as const;
/** An aggregate metric by its name. */
export type AggregateMetric = (typeof aggregateMetrics)[number];

/** The mean of the task means. */
export const aggregateMean = (scores: ScoresByTask): number => mean(scores.map(mean));

/** The median over tasks of the task means. */
export const aggregateMedian = (scores: ScoresByTask): number => median(scores.map(mean));

/** Interquartile mean: the 25 % trimmed mean of all run scores of all tasks together. */
export const interquartileMean = (scores: ScoresByTask): number => trimmedMean(scores.flat());

/** How far runs stay below `gamma` on average: gamma - mean(min(score, gamma)). Lower is better. */
export const optimalityGap = (scores: ScoresByTask, gamma = 1): number =>
  gamma - mean(scores.flat().map((score) => Math.min(score, gamma)));

/** All four, with the optimality gap at `gamma`. */
export function aggregate(scores: ScoresByTask, gamma = 1): Record<AggregateMetric, number> {
  return {
    mean: aggregateMean(scores),
    median: aggregateMedian(scores),
    iqm: interquartileMean(scores),
    optimality_gap: optimalityGap(scores, gamma),
  };
}
