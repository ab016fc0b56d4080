import { describe, expect, test } from 'vitest';
import { makeEnvironment } from '../../envs/index.ts';
import { traceEpisode } from '../../envs/trace.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';
import { CHAOTIC } from './chaotic-tasks.ts';
import { recordedTasks, recordedTrace } from './recorded-traces.ts';

describe('an episode of recorded actions has the return that dm_control gives, for every recorded seed', () => {
  test.each(recordedTasks)('%s', { timeout: 300_000 }, async (task) => {
    const environment = await makeEnvironment(task, { models: packagedModels });
    for (const { seed, openLoop } of recordedTrace(task).seeds) {
      const found = traceEpisode(environment, seed);
      const expected = Number(openLoop.return_total);
      // Chaotic ones: the same kind of motion, not the same motion.
      const limit = CHAOTIC.includes(task) ? Math.max(1, 0.1 * expected) : 1e-6;
      expect(Math.abs(Number(found.return_total) - expected), `seed ${seed}`).toBeLessThan(limit);
      expect([found.steps, found.discount]).toEqual([openLoop.steps, openLoop.discount]);
    }
    environment.dispose();
  });
});

test('a million steps of cheetah-run leave the memory as it was', { timeout: 600_000 }, async () => {
  const environment = await makeEnvironment('cheetah-run', { models: packagedModels });
  const action = new Float64Array(6);
  const memory = () => environment.physics.qpos.buffer.byteLength;
  environment.reset(0);
  let start = 0;
  let heap = 0;
  for (let step = 0; step < 1_000_000; step++) {
    action.fill(Math.sin(step / 7));
    if (environment.step(action).truncated) environment.reset();
    if (step === 100_000) {
      start = memory();
      heap = process.memoryUsage().rss;
    }
  }
  expect(memory()).toBe(start);
  expect(process.memoryUsage().rss - heap).toBeLessThan(32 * 2 ** 20);
  environment.dispose();
});
