/** Every option of the RFM agents, alone on top of the smoke preset: learns, acts, and stays finite. */
import { afterAll, describe, expect, it } from 'vitest';
import type { AgentFactory, Metrics } from '../../../agents/agent.ts';
import type { RfmConfig } from '../../../agents/rfm/config.ts';
import { rfmDiffusion } from '../../../agents/rfm/diffusion.ts';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import { createEngine } from '../../../engine/index.ts';
import { oneHump, trainOnBandit } from '../bandit.ts';

let graphs = 0;
const engine = createEngine({ dumpGraph: () => graphs++ });
afterAll(() => engine.dispose());

type Options = Partial<RfmConfig> & Record<string, unknown>;

const shared: Options[] = [
  {},
  { proposal: 'policy' },
  { proposal: 'policy', proposalDraws: 3 },
  { proposal: 'policy', proposalDraws: 15, proposalBandwidth: 0.2 },
  { proposal: 'policy', endpoints: 'policy' },
  { proposal: 'buffer' },
  { proposal: 'buffer', proposalDraws: 15 },
  { proposal: 'laplace' },
  { proposal: 'laplace', estimator: 'adaptive' },
  { proposal: 'policy', estimator: 'noise' },
  { prediction: 'data' },
  { prediction: 'data', lossWeight: 'variance', proposal: 'policy' },
  { lossWeight: 'uniform' },
  { lossWeight: 'snr' },
  { lossWeight: 'variance' },
  { lossWeight: 'variance', proposal: 'buffer', estimator: 'optimal-matrix' },
  { maxWeight: 0.2 },
  { temperatureFloor: 0.5 },
  { endpoints: 'policy' },
  { endpoints: 'adaptive' },
  { endpoints: 'adaptive', proposal: 'policy' },
  { criticNoise: 0.5 },
  { softQ: 'exact' },
  { softQ: 'hutchinson' },
  { softQ: 'exact', prediction: 'data' },
  { criticNoise: 2, proposal: 'buffer', estimator: 'gradient' },
  { tMin: 0.1, finalTMin: 1e-3, tMinSteps: 10 },
  { tMin: 0.1, finalTMin: 1e-3, tMinSteps: 10, prediction: 'data', proposal: 'policy' },
];
const flow: Options[] = [
  { solver: 'heun' },
  { solver: 'heun', prediction: 'data' },
  { solver: 'heun', softQ: 'hutchinson' },
  { solver: 'heun', softQ: 'exact', prediction: 'data', tMin: 0.1, finalTMin: 1e-3 },
  { solver: 'heun', tMin: 0.1, finalTMin: 1e-3, prediction: 'data' },
];
const diffusion: Options[] = ['vp', 'cosine', 've'].flatMap((schedule) => [
  { schedule },
  { schedule, sampler: 'ancestral' },
  { schedule, sampler: 'ancestral', prediction: 'data', endpoints: 'policy' },
  { schedule, sampler: 'ancestral', tMin: 0.1, finalTMin: 1e-3 },
  { schedule, proposal: 'policy', lossWeight: 'variance' },
  { schedule, softQ: 'exact', tMin: 0.1, finalTMin: 1e-3 },
]);

describe.each([
  ['rfm-flow', rfmFlow as AgentFactory<RfmConfig>, [...shared, ...flow]],
  ['rfm-diffusion', rfmDiffusion as AgentFactory<RfmConfig>, [...shared, ...diffusion]],
] as const)('%s', (_, factory, cases) => {
  it.each(cases.map((options) => [JSON.stringify(options), options] as const))('%s', async (_, options) => {
    const config = factory.config.parse({
      ...factory.presets.smoke,
      batchSize: 16,
      integrationSteps: 3,
      ...options,
    });
    const { agent, metrics } = await trainOnBandit(factory, { engine, reward: oneHump, updates: 3, config });
    expectFinite(metrics);
    for (const kind of ['actor_loss_t', 'ess_t']) {
      expect(Object.keys(metrics).some((name) => name.startsWith(kind))).toBe(true);
    }
    for (const mode of ['explore', 'exploit'] as const) {
      const actions = await agent.act(new Float32Array(8), 4, mode);
      expect(actions.every((a) => a >= -1 && a <= 1)).toBe(true);
    }
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

function expectFinite(metrics: Metrics): void {
  for (const [name, value] of Object.entries(metrics)) expect(Number.isFinite(value), name).toBe(true);
}
