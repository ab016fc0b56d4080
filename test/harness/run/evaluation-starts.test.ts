import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeEnvironment } from '../../../envs/index.ts';
import { defaultEvaluationEvery } from '../../../harness/plan/plan.ts';
import { resolvePlan } from '../../../harness/plan/resolve.ts';
import { packagedModels } from '../../../harness/plugins/assets.ts';
import { beginEpisode, fixedStart } from '../../../harness/run/evaluate.ts';

/** From dm_control: what the k-th evaluation environment of the official RFM program shows first. */
const { tasks } = JSON.parse(
  readFileSync(new URL('../../data/dmc/second-resets.json', import.meta.url), 'utf8'),
) as { tasks: Record<string, { seed: number; observation: number[] }[]> };

describe('the fixed starts of evaluations', () => {
  it.each(Object.keys(tasks))('of %s are those of the official program', async (task) => {
    const environment = await makeEnvironment(task, { models: packagedModels });
    for (const { seed, observation } of tasks[task]) {
      const first = beginEpisode(environment, fixedStart(seed));
      expect(first.length).toBe(observation.length);
      observation.forEach((value, i) => {
        expect(Math.abs(first[i] - value)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
      });
    }
    environment.dispose();
  });
});

describe('the protocol of a preset', () => {
  const planned = (preset: string, more = {}) =>
    resolvePlan({ agents: ['random'], tasks: ['walker-run'], preset, ...more });

  it("is the official program's at paper: 26 evaluations of 25 fixed episodes in 250k steps", async () => {
    const { steps, evaluation } = await planned('paper');
    expect(steps).toBe(250_000);
    expect(evaluation).toEqual({ every: 10_000, episodes: 25, starts: 'fixed' });
    expect(steps / evaluation.every + 1).toBe(26);
  });

  it('gives way to what is asked', async () => {
    const asked = { steps: 40_000, evaluateEvery: 20_000, evaluationEpisodes: 3, evaluationStarts: 'fresh' };
    const { steps, evaluation } = await planned('paper', asked);
    expect(steps).toBe(40_000);
    expect(evaluation).toEqual({ every: 20_000, episodes: 3, starts: 'fresh' });
  });

  it('spreads evaluations over the steps elsewhere', async () => {
    const { steps, evaluation } = await planned('laptop');
    expect(evaluation).toEqual({ every: defaultEvaluationEvery(steps), episodes: 5, starts: 'fixed' });
  });
});
