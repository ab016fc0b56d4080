import { afterAll, describe, expect, test } from 'vitest';
import { findTask, makeEnvironment } from '../../envs/index.ts';
import { traceSeed } from '../../envs/trace.ts';
import { traceDifference } from '../../envs/trace-difference.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';
import { furtherTasks, recordedTasks, recordedTrace } from './recorded-traces.ts';

/** Largest absolute difference from dm_control over a reset and 30 control steps. */
const TOLERANCE = { reset: 1e-9, qpos: 1e-9, qvel: 1e-8, observation: 1e-8, reward: 1e-8 };

describe.each([...recordedTasks, ...furtherTasks].filter((task) => findTask(task) !== undefined))(
  '%s equals dm_control',
  (task) => {
    const recorded = recordedTrace(task);
    const environment = makeEnvironment(task, { models: packagedModels });
    afterAll(async () => (await environment).dispose());

    test.each(recorded.seeds.map((seed) => [seed.seed, seed] as const))('seed %i', async (seed, expected) => {
      const difference = traceDifference(
        await traceSeed(await environment, seed, expected.steps.length),
        expected,
      );
      const beyond = Object.entries(difference).filter(
        ([key, value]) => !(value <= TOLERANCE[key as 'reset']),
      );
      expect(beyond).toEqual([]);
    });
  },
);
