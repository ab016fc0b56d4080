/** Options of the RFM agents: with every value an agent learns, acts, and stays finite. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Metrics } from '../../../agents/agent.ts';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import { createEngine } from '../../../engine/index.ts';
import { oneHump, trainOnBandit } from '../bandit.ts';
import { agents, expectUsable, type Options } from './options.ts';

let graphs = 0;
const engine = createEngine({ dumpGraph: () => graphs++ });
afterAll(() => engine.dispose());

// Every value of an option once, with some of the options that it meets. Each alone, and on every schedule: options.nightly.test.ts.
const some: Readonly<Record<string, readonly Options[]>> = {
  'rfm-flow': [
    { proposal: 'policy', proposalDraws: 3, estimator: 'noise', maxWeight: 0.2 },
    { proposal: 'buffer', proposalDraws: 15, lossWeight: 'variance', estimator: 'optimal-matrix' },
    { proposal: 'laplace', estimator: 'adaptive', criticNoise: 0.5 },
    { prediction: 'data', lossWeight: 'uniform', endpoints: 'policy' },
    { lossWeight: 'snr', temperatureFloor: 0.5, endpoints: 'adaptive', proposal: 'policy' },
    { softQ: 'exact', prediction: 'data', solver: 'heun', tMin: 0.1, finalTMin: 1e-3, tMinSteps: 10 },
    { softQ: 'hutchinson', solver: 'heun' },
  ],
  'rfm-diffusion': [
    { schedule: 'vp', proposal: 'policy', proposalDraws: 15, proposalBandwidth: 0.2, lossWeight: 'variance' },
    { schedule: 'cosine', sampler: 'ancestral', prediction: 'data', endpoints: 'policy' },
    { schedule: 've', sampler: 'ancestral', tMin: 0.1, finalTMin: 1e-3 },
    { schedule: 'cosine', softQ: 'exact', endpoints: 'adaptive', criticNoise: 2, estimator: 'gradient' },
    { schedule: 've', proposal: 'buffer', lossWeight: 'uniform' },
  ],
};

describe.each(agents)('%s', (name, factory) => {
  it.each(some[name].map((options) => [JSON.stringify(options), options] as const))(
    '%s',
    async (_, options) => {
      expect.hasAssertions();
      await expectUsable(factory, options, engine);
    },
  );
});

describe('the temperature', () => {
  it.each([
    [{ temperature: 0.1, temperatureSteps: 4 }, [0.1, 0.1, 0.1, 0.1, 0.1]],
    [
      { temperature: 0.1, finalTemperature: 1e-3, temperatureSteps: 4 },
      [0.1, 10 ** -1.5, 0.01, 10 ** -2.5, 1e-3],
    ],
  ])('stays what it is set to, unless it has an end: %o', async (config, expected) => {
    const seen: number[] = [];
    const each = (metrics: Metrics) => seen.push(metrics.temperature);
    const { agent } = await trainOnBandit(rfmFlow, { engine, reward: oneHump, updates: 5, config, each });
    for (const [i, value] of expected.entries()) expect(seen[i]).toBeCloseTo(value, 8);
    await agent.dispose();
  });
});

describe('an annealed t_min', () => {
  it('goes from tMin to finalTMin, is reported, and needs no second graph', async () => {
    const config = { tMin: 0.1, finalTMin: 1e-3, tMinSteps: 4 };
    const before = graphs;
    const seen: number[] = [];
    const { agent } = await trainOnBandit(rfmFlow, {
      engine,
      reward: oneHump,
      updates: 6,
      config,
      each: (metrics) => seen.push(metrics.t_min),
    });
    expect(graphs - before).toBe(1);
    const expected = [0.1, 10 ** -1.5, 0.01, 10 ** -2.5, 0.001, 0.001];
    for (const [i, value] of expected.entries()) expect(seen[i]).toBeCloseTo(value, 8);
    await agent.dispose();
  });

  it('is a constant where finalTMin is left out', async () => {
    const config = { tMin: 0.1 };
    const { agent, metrics } = await trainOnBandit(rfmFlow, { engine, reward: oneHump, updates: 1, config });
    expect(metrics).not.toHaveProperty('t_min');
    await agent.dispose();
  });

  it('gives what the constant gives when both ends are the same', async () => {
    // 0.05 → 0.05·(1 + 1e-9) is annealed in name only: the sampler's and the bridge's times are inputs.
    const constant = { tMin: 0.05 };
    const annealed = { tMin: 0.05, finalTMin: 0.05 * (1 + 1e-9) };
    const found: Metrics[] = [];
    for (const config of [constant, annealed]) {
      const { agent, metrics } = await trainOnBandit(rfmFlow, {
        engine,
        reward: oneHump,
        updates: 3,
        config,
      });
      found.push(metrics);
      await agent.dispose();
    }
    for (const name of ['critic_loss', 'actor_loss', 'ess', 'policy_spread']) {
      expect(Math.abs(found[0][name] - found[1][name]), name).toBeLessThan(1e-3 * Math.abs(found[0][name]));
    }
  });
});

describe('the config', () => {
  const parse = (options: Options) => rfmFlow.config.safeParse({ ...rfmFlow.presets.smoke, ...options });
  it('refuses more proposal draws than there are draws, and says so', () => {
    const { error } = parse({ proposal: 'policy', proposalDraws: 16 });
    expect(error?.issues[0].message).toContain('less than priorDraws (16)');
    expect(parse({ proposal: 'prior', proposalDraws: 16 }).success).toBe(true);
  });

  it('asks laplace for as many draws as pilots', () => {
    const { error } = parse({ proposal: 'laplace', proposalDraws: 4 });
    expect(error?.issues[0].message).toContain('half of priorDraws (16)');
  });

  it('reads configs from before the options existed', () => {
    const { proposal, prediction, maxWeight, finalTMin, ...old } = rfmFlow.presets.paper;
    expect(rfmFlow.config.parse(old)).toEqual({ ...old, proposal, prediction, maxWeight, finalTMin });
    expect([proposal, prediction, maxWeight, finalTMin]).toEqual(['prior', 'native', 1, null]);
  });
});
