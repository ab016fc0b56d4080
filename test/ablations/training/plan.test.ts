import { describe, expect, it } from 'vitest';
import { trainingAblations } from '../../../ablations/training/definitions.ts';
import { planTraining, type TrainingRequest } from '../../../ablations/training/plan.ts';
import { workplace } from '../../e2e/support/command.ts';
import { command } from '../../harness/support/command.ts';

const ablation = (name: string) => {
  const found = trainingAblations.find((each) => each.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

const request = (parts: Partial<TrainingRequest> = {}): TrainingRequest => ({
  full: false,
  agent: 'rfm-flow',
  set: [],
  settings: {},
  ...parts,
});

/** The values of a config key, by variant. */
async function values(name: string, key: string, parts: Partial<TrainingRequest> = {}) {
  const [{ plan }] = await planTraining(ablation(name), request(parts));
  return Object.fromEntries(plan.agents.map(({ label, config }) => [label, config[key]]));
}

describe.each(trainingAblations)('$name', (each) => {
  it.each(['rfm-flow', 'rfm-diffusion'])(
    'resolves for %s, quick and full, as the agent allows',
    async (agent) => {
      for (const full of [false, true]) {
        const planned = await planTraining(each, request({ agent, full }));
        for (const { plan } of planned) {
          expect(new Set(plan.agents.map(({ label }) => label)).size).toBe(plan.agents.length);
          expect(plan.seeds).toHaveLength(full ? 5 : 3);
          expect(new Set(plan.agents.map(({ preset }) => preset))).toEqual(
            new Set([full ? 'laptop' : 'smoke']),
          );
          const varied = plan.agents.map(({ config }) =>
            JSON.stringify(each.varied.map((key) => config[key])),
          );
          expect(new Set(varied).size, 'no two variants are the same').toBe(plan.agents.length);
        }
      }
    },
  );
});

describe('the variants', () => {
  it('of eta are the grid, the optimum and the adaptive estimator', async () => {
    expect(await values('eta', 'estimator')).toEqual({
      'eta-0': 'eta=0',
      'eta-0.25': 'eta=0.25',
      'eta-0.5': 'eta=0.5',
      'eta-0.75': 'eta=0.75',
      'eta-1': 'eta=1',
      optimal: 'optimal',
      adaptive: 'adaptive',
    });
  });

  it('of sensitivity move one constant at a time away from the preset, which is not repeated', async () => {
    const draws = await values('sensitivity', 'priorDraws', { full: true });
    expect(draws).toMatchObject({
      reference: 32,
      'draws-8': 8,
      'draws-16': 16,
      'draws-64': 64,
      't-min-0.1': 32,
    });
    expect(draws).not.toHaveProperty('draws-32');
    expect(await values('sensitivity', 'temperature', { full: true })).toMatchObject({
      reference: 0.02,
      'temperature-0.005': 0.005,
      'temperature-0.5': 0.5,
      'draws-8': 0.02,
    });
    expect(await values('sensitivity', 'tMin', { full: true })).toMatchObject({
      reference: 0.01,
      't-min-0.0001': 1e-4,
      't-min-0.1': 0.1,
    });
  });

  it('of sensitivity move around a reference that --set changed', async () => {
    const draws = await values('sensitivity', 'priorDraws', { full: true, set: ['priorDraws=64'] });
    expect(draws).toMatchObject({ reference: 64, 'draws-32': 32, 'temperature-0.5': 64 });
    expect(draws).not.toHaveProperty('draws-64');
  });

  it('of noisy-q are every noise with every estimator', async () => {
    const noise = await values('noisy-q', 'criticNoise', { full: true });
    expect(Object.keys(noise)).toHaveLength(16);
    expect(noise).toMatchObject({ 'gradient-q0': 0, 'gradient-q0.3': 0.3, 'adaptive-q1': 1 });
    expect(await values('noisy-q', 'estimator', { full: true })).toMatchObject({
      'gradient-q0.3': 'gradient',
    });
  });

  it('of soft-q and proposal are the settings of one key', async () => {
    expect(Object.values(await values('soft-q', 'softQ'))).toEqual(['none', 'exact', 'hutchinson']);
    expect(Object.values(await values('proposal', 'endpoints'))).toEqual(['buffer', 'policy', 'adaptive']);
  });

  it('of target change the reference in one remedy each', async () => {
    const [{ plan }] = await planTraining(ablation('target'), request({ full: true }));
    const reference = plan.agents.find(({ label }) => label === 'reference')?.config ?? {};
    expect(reference).toMatchObject({ lossWeight: 'uniform', proposal: 'prior', prediction: 'native' });
    const changed = plan.agents.map(({ label, config }) => [
      label,
      Object.keys(config)
        .filter((key) => JSON.stringify(config[key]) !== JSON.stringify(reference[key]))
        .sort(),
    ]);
    expect(Object.fromEntries(changed)).toEqual({
      reference: [],
      'snr-weight': ['lossWeight'],
      'variance-weight': ['lossWeight'],
      'policy-draws': ['proposal'],
      'buffer-draws': ['proposal'],
      'annealed-t-min': ['finalTMin', 'tMin', 'tMinSteps'],
      'data-prediction': ['prediction'],
    });
  });

  it('of target anneal t_min over half of the updates, not of the steps', async () => {
    const settings = { steps: 5000 };
    const set = ['randomSteps=1000', 'updatesPerStep=0.5'];
    const steps = await values('target', 'tMinSteps', { settings, set });
    expect(steps['annealed-t-min']).toBe(1000);
  });
});

describe('the comparisons', () => {
  it('take tasks of different length apart, and together under --steps', async () => {
    const apart = await planTraining(ablation('eta'), request({ full: true }));
    expect(apart.map(({ name, plan }) => [name, plan.steps, plan.tasks.map((task) => task.name)])).toEqual([
      ['30k', 30_000, ['cartpole-swingup']],
      ['50k', 50_000, ['walker-walk']],
    ]);
    const together = await planTraining(ablation('eta'), request({ full: true, settings: { steps: '10k' } }));
    expect(together.map(({ name, plan }) => [name, plan.steps, plan.tasks.length])).toEqual([
      ['', 10_000, 2],
    ]);
  });

  it('take settings, constants and a choice of variants', async () => {
    const [{ plan }] = await planTraining(
      ablation('eta'),
      request({
        agent: 'rfm-diffusion',
        variants: ['adaptive', 'eta-1'],
        set: ['priorDraws=7', 'rfm-diffusion.batchSize=33'],
        settings: { tasks: 'walker-walk', seeds: '3,5', preset: 'laptop', steps: '2k' },
      }),
    );
    expect(plan.agents.map(({ label }) => label)).toEqual(['eta-1', 'adaptive']);
    for (const agent of plan.agents) {
      expect(agent).toMatchObject({ source: { name: 'rfm-diffusion' }, preset: 'laptop' });
      expect(agent.config).toMatchObject({ priorDraws: 7, batchSize: 33 });
    }
    expect(plan).toMatchObject({ seeds: [3, 5], steps: 2000, tasks: [{ name: 'walker-walk' }] });
  });
});

/** Command words → what the one line must say. */
const cases: [string, RegExp][] = [
  ['eta --variants adaptiv', /unknown variant of eta 'adaptiv'; did you mean 'adaptive'\?/],
  ['eta --variants ,', /empty name in the list/],
  ['eta --set estimator=noise', /--set estimator: that is what 'eta' varies/],
  [
    'eta --set optimal.batchSize=3',
    /--set expects key=value, for all variants; found 'optimal\.batchSize=3'/,
  ],
  ['eta --set batchsize=3', /unknown key of rfm-flow 'batchsize'; did you mean 'batchSize'\?/],
  ['eta --set priorDraws=1', /rfm-flow\.priorDraws: .*found 1/],
  ['eta --agent rfm-flo', /unknown agent 'rfm-flo'; did you mean 'rfm-flow'\?/],
  [
    'eta --agent sac',
    /'eta' varies 'estimator', which sac does not have; --agent is one of rfm-flow, rfm-dif/,
  ],
  ['eta --tasks walker-wolk', /unknown task or suite 'walker-wolk'; did you mean 'walker-walk'\?/],
  ['eta --steps many', /--steps must be a whole number/],
  ['eta --seeds 0', /--seeds must lie between 1/],
  ['eta --preset labtop', /unknown preset 'labtop'; did you mean 'laptop'\?/],
  ['eta --resume', /--resume needs --out/],
  ['eta --resume --out nowhere', /nothing to resume in .*results\/nowhere\/eta/],
  ['eta --resume --force --out a', /choose one/],
  ['etta', /unknown command 'etta'; did you mean 'eta'\?/],
];

describe('wrong input', () => {
  it.each(cases)('harness ablate %s: one line, exit code 2', async (words, message) => {
    const { code, stdout, stderr } = await command(workplace(), 'ablate', ...words.split(' '));
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
