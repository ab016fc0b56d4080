import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { additions, describeAdditions, extendPlan } from '../../../harness/plan/extend.ts';
import { type ComparisonPlan, jobsOf, planSchema } from '../../../harness/plan/plan.ts';
import { planFor } from '../../../harness/plan/plan-for.ts';
import { resolvePlan } from '../../../harness/plan/resolve.ts';
import type { Settings } from '../../../harness/plan/settings.ts';
import { runName } from '../../../harness/run/job.ts';
import { workplace } from '../../e2e/support/command.ts';
import { agentFile } from '../support/agent-files.ts';

const agent = (label: string, rate = 1) => ({
  label,
  source: { name: label },
  preset: 'smoke' as const,
  config: { rate },
});

const plan: ComparisonPlan = {
  agents: [agent('sac'), agent('td3')],
  tasks: [{ name: 'walker-walk' }],
  seeds: [0, 1, 2],
  steps: 100,
  evaluation: { every: 10, episodes: 1, starts: 'fixed' },
  logEvery: 5,
  backend: 'wasm',
  threads: 1,
};

const names = (of: ComparisonPlan) => jobsOf(of).map(({ identity }) => runName(identity));
const extended = (more: Partial<ComparisonPlan>) => extendPlan(plan, { ...plan, ...more }, 'here');

describe('a plan that is extended', () => {
  it('takes the order of a list that names all that is there, as a plan made whole has it', () => {
    const whole = { agents: [agent('rfm-flow'), agent('sac'), agent('td3')], seeds: [0, 1, 2, 3, 4] };
    expect(extended(whole)).toEqual({ ...plan, ...whole });
  });

  it('has what is new last, where a list names that alone', () => {
    const { agents, tasks, seeds } = extended({
      agents: [agent('rfm-flow')],
      tasks: [{ name: 'cheetah-run' }],
      seeds: [7, 1],
    });
    expect(agents.map(({ label }) => label)).toEqual(['sac', 'td3', 'rfm-flow']);
    expect(tasks.map(({ name }) => name)).toEqual(['walker-walk', 'cheetah-run']);
    expect(seeds).toEqual([0, 1, 2, 7]);
  });

  it('tells what is new', () => {
    const added = additions(
      plan,
      extended({ agents: [agent('rfm-flow')], tasks: [{ name: 'cheetah-run' }], seeds: [3, 4], steps: 2000 }),
      'here',
    );
    expect(added).toEqual({
      agents: ['rfm-flow'],
      tasks: ['cheetah-run'],
      seeds: [3, 4],
      steps: { from: 100, to: 2000 },
    });
    expect(describeAdditions(added)).toBe('agent rfm-flow; task cheetah-run; seeds 3, 4; steps 100 to 2k');
    expect(describeAdditions(additions(plan, extended({}), 'here'))).toBeUndefined();
  });

  it('refuses an agent and a task of the same name that are others', () => {
    expect(() => extended({ agents: [agent('sac', 2)] })).toThrow(
      "agent 'sac' in here has other settings: 'config.rate' differs (1 there, 2 asked)",
    );
    expect(() => extended({ tasks: [{ name: 'walker-walk', file: '/mine.ts' }] })).toThrow(
      "task 'walker-walk' in here has other settings: 'file' differs",
    );
  });

  it('refuses what is no addition', () => {
    expect(() => additions(plan, { ...plan, seeds: [0, 1] }, 'here')).toThrow(/'seeds.2' differs/);
    expect(() => additions(plan, { ...plan, logEvery: 1 }, 'here')).toThrow(/'logEvery' differs/);
    expect(() => additions(plan, { ...plan, steps: 50 }, 'here')).toThrow(
      'here has runs of 100 steps; --extend makes them longer, not 50',
    );
  });
});

describe('a sweep that is extended', () => {
  const first = {
    ...{ tasks: 'cartpole-balance', seeds: 1, steps: 300, preset: 'smoke', evaluationEpisodes: 1 },
    set: { 'rfm-flow': { priorDraws: 8 } },
  };
  const request = { usesDefaults: false, extend: true, folder: 'here' };
  /** What a second command adds to a first one. */
  const extendedBy = async (before: Settings, more: Settings) =>
    (await planFor(more, { before: await resolvePlan(before), ...request })).agents;

  it('has the variants of one that is planned whole', async () => {
    const added = await extendedBy(
      { ...first, sweep: { 'rfm-flow': { tMin: [0.003] } } },
      { sweep: { 'rfm-flow': { tMin: [0.1] } } },
    );
    const whole = await resolvePlan({ ...first, sweep: { 'rfm-flow': { tMin: [0.003, 0.1] } } });
    expect(added).toEqual(whole.agents);
    expect(added[1]).toMatchObject({ label: 'rfm-flow-tMin-0.1', config: { tMin: 0.1, priorDraws: 8 } });
  });

  it('takes no value of a key that was swept before', async () => {
    const sweep = { 'rfm-flow': { tMin: [0.003], eta: [0.5] } };
    const added = await extendedBy({ ...first, sweep }, { sweep: { 'rfm-flow': { batchSize: [8] } } });
    const alone = await resolvePlan({ ...first, sweep: { 'rfm-flow': { batchSize: [8] } } });
    expect(added.slice(1)).toEqual(alone.agents);
  });

  it('takes the settings of the agent itself where that is there, and those that are given now', async () => {
    const added = await extendedBy(
      { ...first, agents: 'rfm-flow' },
      { sweep: { 'rfm-flow': { tMin: [0.1] } }, set: { 'rfm-flow': { batchSize: 8 } } },
    );
    expect(added[1].config).toMatchObject({ tMin: 0.1, priorDraws: 8, batchSize: 8 });
  });

  it('goes on with the variants of a file', async () => {
    const file = join(workplace({ 'tiny.ts': agentFile() }), 'tiny.ts');
    const added = await extendedBy(
      { ...first, agents: file, set: { tiny: { batchSize: 4 } }, sweep: { tiny: { rate: [0.2, 0.3] } } },
      { agents: file, sweep: { tiny: { rate: [0.4] } } },
    );
    expect(added.map(({ config }) => [config.rate, config.batchSize])).toEqual([
      [0.2, 4],
      [0.3, 4],
      [0.4, 4],
    ]);
  });
});

describe('the shards of a plan', () => {
  it.each([1, 2, 4, 5, 6])('hold every run once, and are of equal size but for one: %i of them', (count) => {
    const shards = Array.from({ length: count }, (_, i) =>
      names({ ...plan, shard: { index: i + 1, count } }),
    );
    expect(shards.flat().sort()).toEqual(names(plan).sort());
    const sizes = shards.map(({ length }) => length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  it('have every agent, with as many shards as seeds', () => {
    expect(names({ ...plan, shard: { index: 2, count: 3 } })).toEqual([
      'walker-walk/sac/1',
      'walker-walk/td3/1',
    ]);
  });

  it('end with the count', () => {
    expect(planSchema.safeParse({ ...plan, shard: { index: 3, count: 3 } }).success).toBe(true);
    expect(planSchema.safeParse({ ...plan, shard: { index: 4, count: 3 } }).success).toBe(false);
  });
});
