import { describe, expect, test } from 'vitest';
import { findTask, makeEnvironment } from '../../envs/index.ts';
import { traceEpisode } from '../../envs/trace.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';
import { CHAOTIC } from './chaotic-tasks.ts';
import { furtherTasks, recordedTasks, recordedTrace } from './recorded-traces.ts';

const steady = [...recordedTasks, ...furtherTasks].filter(
  (task) => findTask(task) !== undefined && !CHAOTIC.includes(task),
);

describe('an episode of recorded actions has the return that dm_control gives', () => {
  test.each(steady)('%s', async (task) => {
    const environment = await makeEnvironment(task, { models: packagedModels });
    const { seed, openLoop } = recordedTrace(task).seeds[0];
    const found = traceEpisode(environment, seed);
    environment.dispose();
    expect(Math.abs(Number(found.return_total) - Number(openLoop.return_total))).toBeLessThan(1e-6);
    expect(Math.abs(Number(found.last_time) - Number(openLoop.last_time))).toBeLessThan(1e-9);
    expect([found.steps, found.discount]).toEqual([openLoop.steps, openLoop.discount]);
  });
});
