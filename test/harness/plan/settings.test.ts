import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { suite } from '../../../envs/index.ts';
import { defaultEvaluationEvery, jobsOf, orderOfSeeds, threadsFor } from '../../../harness/plan/plan.ts';
import { parseSet, parseSweep, resolvePlan } from '../../../harness/plan/resolve.ts';
import { parseSeeds, readSettingsFile } from '../../../harness/plan/settings.ts';
import { firstDifference } from '../../../harness/text/difference.ts';
import { formatCount, formatDuration, parseCount } from '../../../harness/text/quantity.ts';
import { workplace } from '../../e2e/support/command.ts';
import { agentFile } from '../support/agent-files.ts';

describe('counts', () => {
  it.each([
    ['300', 300],
    ['30k', 30_000],
    ['1.5M', 1_500_000],
    ['1e5', 100_000],
    ['0.1k', 100],
    ['1_000', 1000],
    [7, 7],
  ])('%s is %d', (text, value) => {
    expect(parseCount(text, '--steps')).toBe(value);
  });

  it.each(['', 'k', '1.5', '3x', 'NaN', 'Infinity', '-', '1e400', '0x10'])('%j is none', (text) => {
    expect(() => parseCount(text, '--steps')).toThrow(/--steps must/);
  });

  it('are written short where that loses nothing', () => {
    expect([1, 999, 1000, 30_000, 1_500_000, 12_345].map(formatCount)).toEqual([
      ...['1', '999', '1k', '30k', '1.5M', '12345'],
    ]);
  });

  it('durations name the units that matter', () => {
    expect([0.4, 42, 200, 7500].map(formatDuration)).toEqual(['0 s', '42 s', '3 min 20 s', '2 h 05 min']);
  });
});

describe('seeds', () => {
  it('are a number of seeds, a list or a range', () => {
    expect(parseSeeds('3')).toEqual([0, 1, 2]);
    expect(parseSeeds(2)).toEqual([0, 1]);
    expect(parseSeeds('3,7,11')).toEqual([3, 7, 11]);
    expect(parseSeeds('7,')).toEqual([7]);
    expect(parseSeeds('10..13')).toEqual([10, 11, 12, 13]);
    expect(parseSeeds([5, 2])).toEqual([5, 2]);
  });

  it.each(['-1', '1,-2', '5..3', 'x', '1,x', '1e9'])('%s are none', (text) => {
    expect(() => parseSeeds(text)).toThrow(/seed/);
  });
});

describe('--sweep', () => {
  it('reads lists of values as --set reads one', () => {
    expect(parseSweep(['sac.tau=0.01, 0.02', 'a.b.sizes=[64, 64],[32]', 'rfm-flow.eta=optimal'])).toEqual({
      sac: { tau: [0.01, 0.02] },
      'a.b': { sizes: [[64, 64], [32]] },
      'rfm-flow': { eta: ['optimal'] },
    });
    for (const none of ['sac.tau=', 'sac.tau=1,,2', 'sac.tau=[1'])
      expect(() => parseSweep([none])).toThrow(/--sweep sac\.tau: '.*' is not a list of values/);
    expect(() => parseSweep(['tau=1'])).toThrow("--sweep expects AGENT.key=value,value, found 'tau=1'");
  });

  it('takes the values of all lists of a key', () => {
    const lists = ['sac.tau=0.01,0.02', 'sac.batchSize=8', 'sac.tau=0.03'];
    expect(parseSweep(lists)).toEqual({ sac: { tau: [0.01, 0.02, 0.03], batchSize: [8] } });
  });

  it('names variants by the parts of composed values', async () => {
    const values = [[64, 64], [1], [2, 3], -1, 0.5, 'eta=0.5', { a: { b: 1 } }];
    const any = agentFile().replace('rate:', 'sizes: z.any().optional(), rate:');
    const { agents } = await resolvePlan({
      agents: [join(workplace({ 'any.ts': any }), 'any.ts')],
      tasks: 'cartpole-balance',
      sweep: { tiny: { sizes: values } },
    });
    const names = ['64-64', '1', '2-3', '-1', '0.5', 'eta-0.5', 'a-b-1'];
    expect(agents.map(({ label }) => label)).toEqual(names.map((name) => `tiny-sizes-${name}`));
  });

  it('puts a named variant for every combination in the place of the agent, with its --set', async () => {
    const { agents } = await resolvePlan({
      agents: ['random', 'rfm-flow', 'sac'],
      tasks: 'cartpole-balance',
      set: { 'rfm-flow': { batchSize: 32 }, 'rfm-flow-temperature-0.1-eta-0.5': { batchSize: 16 } },
      sweep: { 'rfm-flow': { temperature: [0.05, 0.1], eta: ['optimal', 0.5] } },
    });
    expect(agents.map(({ label }) => label)).toEqual([
      'random',
      'rfm-flow-temperature-0.05-eta-optimal',
      'rfm-flow-temperature-0.05-eta-0.5',
      'rfm-flow-temperature-0.1-eta-optimal',
      'rfm-flow-temperature-0.1-eta-0.5',
      'sac',
    ]);
    expect(agents[2].config).toMatchObject({ temperature: 0.05, estimator: 'eta=0.5', batchSize: 32 });
    expect(agents[4].config).toMatchObject({ temperature: 0.1, estimator: 'eta=0.5', batchSize: 16 });
  });

  it('is a list in a --config file too, for all of an agent or for one entry', async () => {
    const folder = workplace({
      'sweep.yaml':
        'agents: [{ agent: sac, name: mine, sweep: { batchSize: [8, 16] } }, sac]\nsweep: { sac: { discount: [0.9] } }\n',
      'scalar.yaml': 'sweep: { sac: { discount: 0.9 } }\n',
    });
    const { agents } = await resolvePlan(readSettingsFile(`${folder}/sweep.yaml`));
    expect(agents.map(({ label }) => label)).toEqual([
      'mine-batchSize-8',
      'mine-batchSize-16',
      'sac-discount-0.9',
    ]);
    expect(() => readSettingsFile(`${folder}/scalar.yaml`)).toThrow(
      'scalar.yaml: sweep.sac.discount: expected a list of values',
    );
  });

  it('alone compares the variants alone, and names agents and keys that exist', async () => {
    const plan = await resolvePlan({ sweep: { sac: { batchSize: [8, 16] } }, tasks: 'cartpole-balance' });
    expect(plan.agents.map(({ label }) => label)).toEqual(['sac-batchSize-8', 'sac-batchSize-16']);
    await expect(resolvePlan({ agents: 'random', sweep: { sac: { batchSize: [8] } } })).rejects.toThrow(
      "unknown agent in --sweep 'sac'",
    );
    await expect(resolvePlan({ sweep: { sac: { batchsize: [8] } } })).rejects.toThrow(
      "unknown key of sac-batchsize-8 'batchsize'; did you mean 'batchSize'?",
    );
    await expect(resolvePlan({ sweep: { sac: { batchSize: [8, 8] } } })).rejects.toThrow(/listed twice/);
  });
});

describe('--set', () => {
  it('reads values as YAML', () => {
    expect(parseSet(['sac.tau=0.01', 'sac.name=x', 'rfm-flow.sizes=[1, 2]', 'a.b.flag=true'])).toEqual({
      sac: { tau: 0.01, name: 'x' },
      'rfm-flow': { sizes: [1, 2] },
      'a.b': { flag: true },
    });
  });

  it('eta=x is short for estimator=eta=x, for agents that have an estimator', async () => {
    const estimatorWith = async (assignment: string) => {
      const set = parseSet([assignment]);
      const plan = await resolvePlan({ agents: 'rfm-flow', tasks: 'cartpole-balance', set });
      return plan.agents[0].config.estimator;
    };
    expect(await estimatorWith('rfm-flow.eta=0.5')).toBe('eta=0.5');
    expect(await estimatorWith('rfm-flow.eta=adaptive')).toBe('adaptive');
    await expect(estimatorWith('rfm-flow.eta=halb')).rejects.toThrow(
      /rfm-flow\.estimator: is not an estimator/,
    );
    const ofSac = resolvePlan({ agents: 'sac', set: parseSet(['sac.eta=0.5']) });
    await expect(ofSac).rejects.toThrow(/unknown key of sac 'eta'/);
  });

  it('compares on the suite rfm8 where no tasks are named', async () => {
    const { tasks } = await resolvePlan({ agents: 'random' });
    expect(tasks.map(({ name }) => name)).toEqual(suite('rfm8'));
  });

  it('takes everything after the first = as the value', () => {
    expect(parseSet(['rfm-flow.estimator=eta=0.5', 'x.key=a.b=c'])).toEqual({
      'rfm-flow': { estimator: 'eta=0.5' },
      x: { key: 'a.b=c' },
    });
  });
});

describe('a plan', () => {
  it('has every agent, task and seed as a run, with the config of the preset and what was set on top', async () => {
    const plan = await resolvePlan({
      agents: 'sac,random',
      tasks: 'cartpole-balance,easy',
      seeds: '4,9',
      steps: '2k',
      preset: 'smoke',
      set: { sac: { tau: 0.5 } },
    });
    const jobs = jobsOf(plan);
    expect(plan.tasks.filter(({ name }) => name === 'cartpole-balance')).toHaveLength(1);
    expect(jobs).toHaveLength(2 * plan.tasks.length * 2);
    expect(jobs[0].identity).toEqual({ task: 'cartpole-balance', agent: 'sac', seed: 4 });
    expect(jobs[0].config).toMatchObject({ tau: 0.5, batchSize: 64 });
    expect(jobs[0].steps).toBe(2000);
  });

  it('takes variants of one agent from a file, each with its name', async () => {
    const folder = workplace({
      'plan.yaml': `
agents:
  - random
  - { agent: sac, name: sac-fast, preset: smoke, set: { tau: 0.1 } }
  - { agent: sac, name: sac-slow, preset: smoke, set: { tau: 0.001 } }
tasks: [cartpole-balance]
seeds: 2
steps: 1k
set:
  sac-slow: { discount: 0.9 }
`,
    });
    const plan = await resolvePlan(readSettingsFile(`${folder}/plan.yaml`));
    expect(plan.agents.map(({ label, source }) => [label, source.name])).toEqual([
      ['random', 'random'],
      ['sac-fast', 'sac'],
      ['sac-slow', 'sac'],
    ]);
    expect(plan.agents[2].config).toMatchObject({ tau: 0.001, discount: 0.9 });
  });

  it('takes paths in a file as relative to it, and names as names', () => {
    const folder = workplace({
      'plans/plan.yaml': `
agents:
  - sac
  - ./mine.ts
  - { agent: ../agents/other.ts, name: other }
tasks: walker-walk, ./task.mjs, task.ts
out: ../outcome
`,
      'plans/named.yaml': 'agents: [/elsewhere/mine.ts]\ntasks: [easy]\nout: name\n',
    });
    expect(readSettingsFile(`${folder}/plans/plan.yaml`)).toEqual({
      agents: ['sac', `${folder}/plans/mine.ts`, { agent: `${folder}/agents/other.ts`, name: 'other' }],
      tasks: ['walker-walk', `${folder}/plans/task.mjs`, `${folder}/plans/task.ts`],
      out: `${folder}/outcome`,
    });
    expect(readSettingsFile(`${folder}/plans/named.yaml`)).toEqual({
      agents: ['/elsewhere/mine.ts'],
      tasks: ['easy'],
      out: 'name',
    });
  });

  it('evaluates between 10 and 25 times unless told', () => {
    for (const steps of [10, 999, 30_000, 100_000, 250_000, 1_000_000]) {
      const times = steps / defaultEvaluationEvery(steps);
      expect(times).toBeGreaterThanOrEqual(9.9);
      expect(times).toBeLessThanOrEqual(25);
    }
    expect(defaultEvaluationEvery(250_000)).toBe(10_000);
  });

  it('gives a run more threads only if there are fewer runs than cores', () => {
    expect([threadsFor(9, 2), threadsFor(2, 2), threadsFor(1, 2), threadsFor(3, 16)]).toEqual([1, 1, 2, 5]);
  });

  it('names the first setting in which it differs from another', () => {
    const a = { agents: [{ label: 'x', config: { eta: 0.5 } }], steps: 1 };
    expect(firstDifference(a, structuredClone(a))).toBeUndefined();
    expect(firstDifference(a, { ...a, steps: 2 })).toBe('steps');
    expect(firstDifference(a, { agents: [{ label: 'x', config: { eta: 1 } }], steps: 1 })).toBe(
      'agents.0.config.eta',
    );
    expect(firstDifference(a, { ...a, extra: 1 })).toBe('extra');
  });
});

it('a comparison begins every first seed before any second one', async () => {
  const plan = await resolvePlan({
    agents: ['sac', 'td3'],
    tasks: ['walker-walk', 'fish-swim'],
    seeds: '5,2',
    preset: 'smoke',
  });
  const jobs = jobsOf(plan);
  const begun = orderOfSeeds(jobs).map((index) => jobs[index].identity);
  expect(begun.map(({ task, agent, seed }) => `${task}/${agent}/${seed}`)).toEqual([
    ...['walker-walk/sac/5', 'walker-walk/td3/5', 'fish-swim/sac/5', 'fish-swim/td3/5'],
    ...['walker-walk/sac/2', 'walker-walk/td3/2', 'fish-swim/sac/2', 'fish-swim/td3/2'],
  ]);
});
