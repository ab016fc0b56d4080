import { describe, expect, it } from 'vitest';
import { describePlan } from '../../../harness/cli/run-options.ts';
import { planNotes } from '../../../harness/plan/notes.ts';
import { resolvePlan } from '../../../harness/plan/resolve.ts';
import { untrainedLines } from '../../../harness/plan/untrained.ts';
import { updatesAt, updatesIn } from '../../../harness/run/updates.ts';

const config = { batchSize: 256, randomSteps: 2000, updatesPerStep: 1 };
const plan = (steps: number, ...own: Partial<typeof config>[]) => ({
  steps,
  agents: own.map((changes, i) => ({ label: `agent${i}`, config: { ...config, ...changes } })),
});

describe('the updates of a run', () => {
  it.each([
    [0, 4, 1],
    [2000, 256, 1],
    [10, 256, 0.25],
    [0, 1, 0.003],
    [7, 3, 2.5],
    [0, 1, 0],
  ])('are those of its steps: %d random, batch %d, %d a step', (randomSteps, batchSize, updatesPerStep) => {
    const training = { randomSteps, batchSize, updatesPerStep };
    let sum = 0;
    for (let steps = 1; steps <= 3000; steps++) {
      sum += updatesAt(steps, training);
      if (updatesIn(steps, training) !== sum)
        expect([steps, updatesIn(steps, training)]).toEqual([steps, sum]);
    }
  });
});

describe('runs that are too short to train', () => {
  it('are named, with what keeps the agent from an update', () => {
    expect(untrainedLines(plan(2000, {}))).toEqual([
      'agent0 makes no update: its first 2,000 steps are random (more --steps, or --set agent0.randomSteps=…)',
    ]);
    expect(untrainedLines(plan(200, { randomSteps: 0 }))).toEqual([
      'agent0 makes no update: its batches need 256 steps (more --steps, or --set agent0.batchSize=…)',
    ]);
    expect(untrainedLines(plan(3000, { updatesPerStep: 0.0001 }))).toEqual([
      'agent0 makes no update: its updatesPerStep is 0.0001 (more --steps, or --set agent0.updatesPerStep=…)',
    ]);
  });

  it('share a line where they are alike', () => {
    expect(untrainedLines(plan(500, {}, {}, { randomSteps: 100 }, {}))).toEqual([
      'agent0, agent1 and agent3 make no update: their first 2,000 steps are random (more --steps, or --set agent0.randomSteps=…)',
    ]);
  });

  it('are told with the plan, and so is an agent under the name of a built-in one', async () => {
    const agents = ['sac', { agent: 'td3', name: 'qsm' }, 'random'];
    const found = await resolvePlan({ agents, tasks: ['pendulum-swingup'], steps: 2000, preset: 'laptop' });
    const lines = [
      'sac and qsm make no update: their first 2,000 steps are random (more --steps, or --set sac.randomSteps=…)',
      'qsm is td3 here, not the built-in agent of that name',
    ];
    expect(planNotes(found)).toEqual(lines);
    const said = describePlan(found, 'results/mine').split('\n').slice(-2);
    expect(said).toEqual(lines.map((line) => `note:       ${line}`));
    expect(planNotes({ ...found, steps: 2001, agents: found.agents.slice(2) })).toEqual([]);
  });

  it('are none where an agent trains, or never would, or nothing is known', () => {
    expect(untrainedLines(plan(2001, {}, { updatesPerStep: 0 }))).toEqual([]);
    expect(untrainedLines({ agents: 'sac' })).toEqual([]);
    expect(untrainedLines(undefined)).toEqual([]);
  });
});
