/** All estimates of a comparison: aggregates, performance profiles and probabilities of improvement, with intervals. */
import { type AggregateMetric, aggregate } from './aggregates.ts';
import type { AgentEstimates, AgentScores, ComparisonEstimates, ComparisonOptions } from './estimates.ts';
import { probabilityOfImprovement } from './improvement.ts';
import { bothOrders, sharedTasks } from './pairs.ts';
import { defaultThresholds, scoreDistribution } from './profiles.ts';
import { resampledEstimates } from './resampled-comparison.ts';
import type { Interval } from './resampling.ts';
import { improvementInterval, shareInterval } from './share-intervals.ts';
import {
  interquartileMeanInterval,
  meanInterval,
  medianInterval,
  optimalityGapInterval,
} from './small-samples.ts';

/** Estimates with intervals for every algorithm and every pair of algorithms. */
export function compareScores(
  agents: readonly AgentScores[],
  options: ComparisonOptions,
): ComparisonEstimates {
  if (options.interval === 'rliable') return resampledEstimates(agents, options);
  const { confidence = 0.95, taus = defaultThresholds } = options;
  return {
    taus,
    agents: agents.map((agent) => agentEstimates(agent, options)),
    pairs: agents.flatMap((x, i) =>
      agents.slice(i + 1).flatMap((y) => {
        const shared = sharedTasks(x, y);
        if (shared.length === 0) return [];
        const [xs, ys] = [shared.map(([tx]) => x.scores[tx]), shared.map(([, ty]) => y.scores[ty])];
        return bothOrders(
          x,
          y,
          shared.map(([tx]) => x.tasks[tx]),
          { value: probabilityOfImprovement(xs, ys), interval: improvementInterval(xs, ys, confidence) },
        );
      }),
    ),
  };
}

function agentEstimates(
  { agent, tasks, scores }: AgentScores,
  { confidence = 0.95, gamma = 1, taus = defaultThresholds, random }: ComparisonOptions,
): AgentEstimates {
  if (scores.length === 0 || scores.some((runs) => runs.length === 0)) {
    throw new RangeError('every algorithm needs a task, and every task a run');
  }
  const points = aggregate(scores, gamma);
  const streams = tasks.map((task) => random(agent, task));
  const estimate = (metric: AggregateMetric, interval: Interval | undefined) => ({
    value: points[metric],
    interval,
  });
  return {
    agent,
    aggregates: {
      mean: estimate('mean', meanInterval(scores, confidence)),
      median: estimate('median', medianInterval(scores, streams, confidence)),
      iqm: estimate('iqm', interquartileMeanInterval(scores, confidence)),
      optimality_gap: estimate('optimality_gap', optimalityGapInterval(scores, gamma, confidence)),
    },
    profile: scoreDistribution(scores, taus).map((value, i) => {
      const counts = scores.map((runs) => ({
        runs: runs.length,
        above: runs.filter((score) => score > taus[i]).length,
      }));
      return { value, interval: shareInterval(counts, confidence) };
    }),
  };
}
