import { describe, expect, it } from 'vitest';
import { runSeconds, schedule } from '../../../harness/plan/estimate.ts';
import { measureTask } from '../../../harness/plan/measure-speeds.ts';

describe('the estimate of a schedule', () => {
  it('hands the next run to the first free worker', () => {
    expect(schedule([4, 3, 2, 1], 1)).toBe(10);
    expect(schedule([4, 3, 2, 1], 2)).toBe(5);
    expect(schedule([9, 1, 1, 1], 2)).toBe(9);
  });
});

describe('the estimate of a run', () => {
  const plan = { steps: 1000, evaluation: { every: 500, episodes: 2, starts: 'fixed' as const } };
  const agent = { config: { randomSteps: 200, updatesPerStep: 0.5 } };
  const task = { size: 6, episodeLength: 100, start: 0.1, step: 0.001, reset: 0.05 };
  const speed = { start: 2, act: 0.0005, update: 0.01, evaluationAct: 0.002 };

  it('adds up control steps, actions, updates and evaluations', () => {
    // 1000 control steps, 800 actions, 400 updates; three evaluations of 100 steps of two episodes
    const training = 1000 * 0.001 + 800 * 0.0005 + 400 * 0.01;
    const evaluations = 3 * (100 * (0.002 + 2 * 0.001) + 2 * 0.05);
    const starting = 1.5 + 2 + 3 * 0.1;
    const seconds = runSeconds(plan, agent, task, speed);
    expect(seconds).toBeGreaterThan(starting + training + evaluations);
    expect(seconds).toBeLessThan(starting + 1.05 * (training + evaluations));
  });

  it('differs from task to task: each is measured', async () => {
    const light = await measureTask({ name: 'pendulum-swingup' });
    const heavy = await measureTask({ name: 'humanoid-walk' });
    expect(light).toMatchObject({ size: 3 + 1, episodeLength: 1000 });
    expect(heavy).toMatchObject({ size: 67 + 21, episodeLength: 1000 });
    expect(heavy.step).toBeGreaterThan(5 * light.step);
  });
});
