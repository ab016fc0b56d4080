/** Performance profiles: what share of runs, or of tasks, scores above a threshold (Agarwal et al. 2021). */
import type { ScoresByTask } from './aggregates.ts';
import { mean } from './moments.ts';

/** 0, 0.01, … 1 as the nearest doubles. */
export const defaultThresholds: readonly number[] = Array.from({ length: 101 }, (_, i) => i / 100);

/** For every threshold tau, the share of all run scores of all tasks strictly above it. */
export function scoreDistribution(scores: ScoresByTask, taus = defaultThresholds): number[] {
  return shareAbove(scores.flat(), taus);
}

/** For every threshold tau, the share of tasks whose mean over runs is strictly above it. */
export function averageScoreDistribution(scores: ScoresByTask, taus = defaultThresholds): number[] {
  return shareAbove(scores.map(mean), taus);
}

function shareAbove(values: readonly number[], taus: readonly number[]): number[] {
  return taus.map((tau) => values.filter((value) => value > tau).length / values.length);
}
