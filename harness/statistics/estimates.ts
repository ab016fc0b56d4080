/** What is estimated of a comparison, and how. */
import type { AggregateMetric, ScoresByTask } from './aggregates.ts';
import type { IndexSource, Interval } from './resampling.ts';
import type { NormalSource } from './small-samples.ts';

/** One algorithm: `scores[task][run]`, normalised, in the order of `tasks`. */
export interface AgentScores {
  readonly agent: string;
  readonly tasks: readonly string[];
  readonly scores: ScoresByTask;
}

/** A number with its interval. */
export interface Estimate {
  readonly value: number;
  /** Undefined if no task has two runs: how much they vary is not known then. */
  readonly interval: Interval | undefined;
}

/** What is estimated of one algorithm. */
export interface AgentEstimates {
  readonly agent: string;
  readonly aggregates: Readonly<Record<AggregateMetric, Estimate>>;
  /** The score distribution at each threshold. */
  readonly profile: readonly Estimate[];
}

/** The probability that a run of `x` scores more than one of `y`, averaged over tasks, ties counted half. */
export interface PairEstimate extends Estimate {
  readonly interval: Interval;
  readonly x: string;
  readonly y: string;
  /** Tasks that both ran; the probability is averaged over these. */
  readonly tasks: readonly string[];
}

/** What is estimated of all algorithms. */
export interface ComparisonEstimates {
  readonly taus: readonly number[];
  readonly agents: readonly AgentEstimates[];
  /** Both orders of every two algorithms that share a task. */
  readonly pairs: readonly PairEstimate[];
}

/** Intervals by Student's t, which hold with few runs, or rliable's percentiles of stratified resamples. */
export const intervalMethods = ['student_t', 'rliable'] as const;
/** How intervals are made, by its name. */
export type IntervalMethod = (typeof intervalMethods)[number];

/** How a comparison is estimated. */
export interface ComparisonOptions {
  /** Default `student_t`. */
  readonly interval?: IntervalMethod;
  /** Bootstrap resamples, for `rliable`. */
  readonly resamples: number;
  /** The stream for the runs of one algorithm on one task. */
  readonly random: (agent: string, task: string) => IndexSource & NormalSource;
  readonly taus?: readonly number[];
  /** The score at which the optimality gap stops counting. */
  readonly gamma?: number;
  readonly confidence?: number;
}
