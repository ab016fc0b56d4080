/** Against numbers of rliable 1.2.0 (test/data/rliable-dev.json), which says how far interval ends may differ. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../engine/random.ts';
import {
  type AgentScores,
  aggregate,
  averageScoreDistribution,
  bootstrapIntervals,
  bootstrapMeanInterval,
  compareScores,
  mean,
  median,
  optimalityGap,
  probabilityOfImprovement,
  resample,
  scoreDistribution,
  standardDeviation,
  studentInterval,
  taskImprovement,
  trimmedMean,
} from '../../../harness/statistics/index.ts';

interface Interval {
  point: number;
  ci: [number, number];
  mc_se_of_ci_ends: [number, number];
}
interface Profile {
  point: number[];
  ci_low: number[];
  ci_high: number[];
}
interface Case {
  scores: Record<string, number[][]>;
  aggregates: Record<string, Record<string, Interval>>;
  profiles: Record<string, { score_distribution: Profile; run_average: Profile }>;
  probability_of_improvement: (Interval & { x: string; y: string; per_task: number[] })[];
  per_task: Record<
    string,
    {
      mean: number;
      sd: number | null;
      t_ci: [number, number] | null;
      bootstrap_ci: [number, number];
      bootstrap_mc_se_of_ci_ends: [number, number];
      iqm: number;
      median: number;
    }[]
  >;
  fixed_resamples: {
    algorithm: string;
    indices: number[][][];
    statistics: Record<string, number[]>;
    percentile_ci: Record<string, [number, number]>;
  };
}

const reference: { taus: number[]; cases: Record<string, Case> } = JSON.parse(
  readFileSync(new URL('../../data/rliable-dev.json', import.meta.url), 'utf8'),
);

const byTask = (runs: number[][]): number[][] => runs[0].map((_, task) => runs.map((run) => run[task]));
const close = (value: number, expected: number, tolerance = 1e-12) =>
  expect(Math.abs(value - expected), `${value} against ${expected}`).toBeLessThanOrEqual(tolerance);
const metricNames = ['mean', 'median', 'iqm', 'optimality_gap'] as const;
const referenceName = (metric: string) => (metric === 'optimality_gap' ? 'optimality_gap_gamma_1' : metric);
/** 6 · √2 standard errors of a difference of two Monte-Carlo estimates, as the reference allows. */
const withinError = (
  ci: readonly number[],
  expected: readonly number[],
  se: readonly number[],
  lattice = 0,
) => {
  for (const end of [0, 1]) close(ci[end], expected[end], 6 * Math.SQRT2 * se[end] + lattice + 1e-12);
};

describe.each(Object.entries(reference.cases))('%s', (_, reference_) => {
  const names = Object.keys(reference_.scores);
  const matrices = Object.fromEntries(names.map((name) => [name, byTask(reference_.scores[name])]));
  const tasks = matrices[names[0]].map((__, task) => `task${task}`);
  const agents: AgentScores[] = names.map((agent) => ({ agent, tasks, scores: matrices[agent] }));
  const root = RandomStream.fromSeed(20260705);
  const estimates = compareScores(agents, {
    interval: 'rliable',
    resamples: 50_000,
    random: (agent, task) => root.split(agent).split(task),
    taus: reference.taus,
  });

  it.each(names)('aggregates of %s equal rliable to 1e-12, intervals to Monte-Carlo error', (name) => {
    const points = aggregate(matrices[name]);
    const found = estimates.agents.find((agent) => agent.agent === name)?.aggregates;
    for (const metric of metricNames) {
      const expected = reference_.aggregates[name][referenceName(metric)];
      close(points[metric], expected.point);
      withinError(found?.[metric].interval ?? [], expected.ci, expected.mc_se_of_ci_ends);
    }
  });

  it.each(names)('the optimality gap of %s at another gamma', (name) => {
    const expected = reference_.aggregates[name]['optimality_gap_gamma_0.8'];
    close(optimalityGap(matrices[name], 0.8), expected.point);
    const [interval] = bootstrapIntervals(matrices[name], (s) => [optimalityGap(s, 0.8)], {
      resamples: 10_000,
      random: RandomStream.fromSeed(3).split(name),
    });
    // Five times fewer resamples than the reference: √((1 + 5)/2) times the error.
    withinError(
      interval,
      expected.ci,
      expected.mc_se_of_ci_ends.map((se) => se * Math.sqrt(3)),
    );
  });

  it.each(names)('performance profiles of %s, with bands within one step of the lattice', (name) => {
    const expected = reference_.profiles[name];
    const scores = matrices[name];
    const found = estimates.agents.find((agent) => agent.agent === name)?.profile ?? [];
    const step = 1 / scores.flat().length;
    scoreDistribution(scores, reference.taus).forEach((value, i) => {
      close(value, expected.score_distribution.point[i]);
      close(found[i].value, value);
      close(found[i].interval?.[0] ?? Number.NaN, expected.score_distribution.ci_low[i], step + 1e-12);
      close(found[i].interval?.[1] ?? Number.NaN, expected.score_distribution.ci_high[i], step + 1e-12);
    });
    averageScoreDistribution(scores, reference.taus).forEach((value, i) => {
      close(value, expected.run_average.point[i]);
    });
    const bands = bootstrapIntervals(scores, (s) => averageScoreDistribution(s, reference.taus), {
      resamples: 5_000,
      random: RandomStream.fromSeed(4).split(name),
    });
    bands.forEach(([low, high], i) => {
      close(low, expected.run_average.ci_low[i], 1 / scores.length + 1e-12);
      close(high, expected.run_average.ci_high[i], 1 / scores.length + 1e-12);
    });
  });

  it('probabilities of improvement equal rliable to 1e-12, intervals to Monte-Carlo error', () => {
    for (const expected of reference_.probability_of_improvement) {
      const { x, y } = expected;
      close(probabilityOfImprovement(matrices[x], matrices[y]), expected.point);
      expected.per_task.forEach((value, task) => {
        close(taskImprovement(matrices[x][task], matrices[y][task]), value);
      });
      const found = estimates.pairs.find((pair) => pair.x === x && pair.y === y);
      close(found?.value ?? Number.NaN, expected.point);
      // Values lie on a lattice of halves of 1 / (runs · runs · tasks).
      const lattice = 0.5 / (matrices[x][0].length * matrices[y][0].length * tasks.length);
      withinError(found?.interval ?? [], expected.ci, expected.mc_se_of_ci_ends, lattice);
    }
  });

  it.each(names)('statistics of each task of %s', (name) => {
    reference_.per_task[name].forEach((expected, task) => {
      const runs = matrices[name][task];
      close(mean(runs), expected.mean);
      close(median(runs), expected.median);
      close(trimmedMean(runs), expected.iqm);
      if (expected.sd === null) expect(standardDeviation(runs)).toBeUndefined();
      else close(standardDeviation(runs) ?? Number.NaN, expected.sd);
      const student = studentInterval(runs);
      if (expected.t_ci === null) expect(student).toBeUndefined();
      else expected.t_ci.forEach((end, i) => void close(student?.[i] ?? Number.NaN, end));
      const interval = bootstrapMeanInterval(runs, {
        resamples: 50_000,
        random: RandomStream.fromSeed(5).split(`${name}/${task}`),
      });
      withinError(interval, expected.bootstrap_ci, expected.bootstrap_mc_se_of_ci_ends);
    });
  });

  it('explicit resamples give the statistics of rliable to 1e-12', () => {
    const { algorithm, indices, statistics } = reference_.fixed_resamples;
    const scores = matrices[algorithm];
    indices.forEach((resampleIndices, b) => {
      const drawn = resample(scores, byTask(resampleIndices));
      const found = aggregate(drawn);
      for (const metric of metricNames) close(found[metric], statistics[referenceName(metric)][b]);
      close(optimalityGap(drawn, 0.8), statistics['optimality_gap_gamma_0.8'][b]);
    });
  });

  it('the one-pass comparison of explicit resamples gives the percentile intervals to 1e-12', () => {
    const { algorithm, indices, percentile_ci } = reference_.fixed_resamples;
    for (const gamma of [1, 0.8]) {
      const { agents: found } = compareScores([{ agent: algorithm, tasks, scores: matrices[algorithm] }], {
        interval: 'rliable',
        resamples: indices.length,
        gamma,
        random: (__, task) => {
          const drawn = indices.flatMap((resampleIndices) => byTask(resampleIndices)[tasks.indexOf(task)]);
          return {
            fillIntegers: (out) => {
              out.set(drawn.splice(0, out.length));
              return out;
            },
            fillNormal: (out) => out,
          };
        },
      });
      for (const metric of metricNames) {
        const name = metric === 'optimality_gap' ? `optimality_gap_gamma_${gamma}` : metric;
        percentile_ci[name].forEach(
          (end, i) => void close(found[0].aggregates[metric].interval?.[i] ?? Number.NaN, end),
        );
      }
    }
  });
});
