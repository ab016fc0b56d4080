import { expect, it } from 'vitest';
import { RandomStream } from '../../../engine/random.ts';
import { type AgentScores, compareScores } from '../../../harness/statistics/index.ts';

/**
 * Scores of every task are symmetric around 0.5, with another spread in each, and so are those of all tasks
 * together: their mean and interquartile mean are 0.5 exactly.
 */
it('95 % intervals of rliable from 10 runs × 8 tasks hold the true IQM in 92 to 97 % of experiments', () => {
  const experiments = 1500;
  const tasks = Array.from({ length: 8 }, (_, task) => `task${task}`);
  const root = RandomStream.fromSeed(1);
  const hits = { iqm: 0, mean: 0 };
  for (let e = 0; e < experiments; e++) {
    const random = root.split(`experiment ${e}`);
    const scores = tasks.map((_, task) => {
      const normals = random.fillNormal(new Float32Array(10));
      return Array.from(normals, (normal) => 0.5 + (0.05 + 0.02 * task) * normal);
    });
    const agent: AgentScores = { agent: 'a', tasks, scores };
    const { agents } = compareScores([agent], {
      interval: 'rliable',
      resamples: 500,
      taus: [],
      random: (_, task) => random.split(task),
    });
    for (const metric of ['iqm', 'mean'] as const) {
      const [low, high] = agents[0].aggregates[metric].interval ?? [];
      if (low !== undefined && high !== undefined && low <= 0.5 && 0.5 <= high) hits[metric]++;
    }
  }
  const covered = { iqm: hits.iqm / experiments, mean: hits.mean / experiments };
  console.log(`covered: IQM ${(100 * covered.iqm).toFixed(1)} %, mean ${(100 * covered.mean).toFixed(1)} %`);
  expect(covered.iqm).toBeGreaterThan(0.92);
  expect(covered.iqm).toBeLessThan(0.97);
}, 120_000);
