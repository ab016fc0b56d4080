/** The ways in which RFM is known to fail, each provoked: what is reported, and that numbers stay finite. */
import { afterAll, describe, expect, it } from 'vitest';
import type { AgentFactory, Metrics } from '../../../agents/agent.ts';
import type { RfmConfig } from '../../../agents/rfm/config.ts';
import { rfmDiffusion } from '../../../agents/rfm/diffusion.ts';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import { createEngine } from '../../../engine/index.ts';
import { oneHump, type Reward, trainOnBandit } from '../bandit.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

type Options = Partial<RfmConfig> & Record<string, unknown>;
const agents = [
  ['rfm-flow', rfmFlow as AgentFactory<RfmConfig>],
  ['rfm-diffusion', rfmDiffusion as AgentFactory<RfmConfig>],
] as const;

async function train(
  factory: AgentFactory<RfmConfig>,
  options: Options,
  { updates = 3, reward = oneHump as Reward } = {},
): Promise<Metrics> {
  const config = factory.config.parse({ ...factory.presets.smoke, batchSize: 32, ...options });
  const { agent, metrics } = await trainOnBandit(factory, { engine, reward, updates, config });
  for (const [name, value] of Object.entries(metrics)) expect(Number.isFinite(value), name).toBe(true);
  for (const mode of ['explore', 'exploit'] as const) {
    const actions = await agent.act(new Float32Array(8), 4, mode);
    expect(actions.every((a) => a >= -1 && a <= 1)).toBe(true);
  }
  await agent.dispose();
  return metrics;
}

describe.each(agents)('exploding weights of %s', (_, factory) => {
  const sharp = (temperature: number) => ({ temperature, finalTemperature: temperature });

  it.each(['optimal', 'optimal-matrix', 'adaptive', 'gradient'])(
    'show as an ESS of 1 at Q/λ of a million and more, and nothing becomes NaN: %s',
    async (estimator) => {
      const { ess } = await train(factory, { ...sharp(1e-7), estimator });
      expect(ess).toBeLessThan(1.5);
    },
  );

  it('stay finite with proposals and with the weight by variance', async () => {
    for (const proposal of ['policy', 'buffer', 'laplace'] as const) {
      await train(factory, { ...sharp(1e-7), proposal, lossWeight: 'variance' });
    }
  });

  it('stay finite where Q itself is ±1e6', async () => {
    const huge: Reward = (a) => 1e6 * Math.sign(a);
    const fast = { criticLearningRate: 1, maxGradNorm: 1e30 };
    const { q_max_abs } = await train(factory, fast, { reward: huge, updates: 200 });
    expect(q_max_abs).toBeGreaterThan(1e5);
  });

  it('are held by the floor of λ', async () => {
    const { ess } = await train(factory, sharp(1e-7));
    const floored = await train(factory, { ...sharp(1e-7), temperatureFloor: 1 });
    expect(floored.ess).toBeGreaterThan(2 * ess);
  });

  it('are held by the bound of a weight', async () => {
    // Peaked, and more than one draw has a weight that float32 can hold: bounding one weight alone moves nothing.
    const plain = await train(factory, sharp(0.03));
    const bounded = await train(factory, { ...sharp(0.03), maxWeight: 0.1 });
    expect(bounded.ess).toBeGreaterThan(1.1 * plain.ess);
  });
});

describe('times next to 0 and 1', () => {
  const cases: readonly (readonly [string, AgentFactory<RfmConfig>, Options])[] = [
    ['flow', rfmFlow as AgentFactory<RfmConfig>, {}],
    ['flow, uniform weight', rfmFlow as AgentFactory<RfmConfig>, { lossWeight: 'uniform' }],
    ...['vp', 'cosine', 've'].map(
      (schedule) => [schedule, rfmDiffusion as AgentFactory<RfmConfig>, { schedule }] as const,
    ),
  ];
  const variants: readonly Options[] = [
    {},
    { prediction: 'data' },
    { proposal: 'policy', estimator: 'adaptive', lossWeight: 'variance' },
    { softQ: 'exact' },
  ];
  const tMin = 1e-6;
  it.each(
    cases.flatMap(([name, factory, options]) =>
      variants.map((variant) => [`${name} ${JSON.stringify(variant)}`, factory, options, variant] as const),
    ),
  )('give finite numbers at t_min = 1e-6: %s', async (__, factory, options, variant) => {
    await train(factory, { ...options, ...variant, tMin });
  });
});

describe.each(agents)('mode collapse of %s', (_, factory) => {
  it('shows as a policy spread that falls', async () => {
    // Pulled to the edge of the box: in the latent about atanh a = 3.5 ± 0.7, in the action one point.
    const edge: Reward = (a) => 10 * a;
    const spreads: number[] = [];
    const { agent } = await trainOnBandit(factory, {
      engine,
      reward: edge,
      updates: 600,
      config: { ...factory.presets.smoke, proposal: 'policy' }, // the surest to find the edge
      each: ({ policy_spread }) => spreads.push(policy_spread),
    });
    expect(spreads[599]).toBeLessThan(spreads[0] / 4);
    expect(spreads[599]).toBeGreaterThanOrEqual(0);
    await agent.dispose();
  });
});
