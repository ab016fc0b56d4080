/** The ways in which RFM is known to fail, each provoked: what is reported, and that numbers stay finite. */
import { expect } from 'vitest';
import type { AgentFactory, Metrics } from '../../../agents/agent.ts';
import type { RfmConfig } from '../../../agents/rfm/config.ts';
import { rfmDiffusion } from '../../../agents/rfm/diffusion.ts';
import { rfmFlow } from '../../../agents/rfm/flow.ts';
import { createEngine } from '../../../engine/index.ts';
import { oneHump, type Reward, trainOnBandit } from '../bandit.ts';

export const engine = createEngine({ backend: 'wasm' });

type RfmFactory = AgentFactory<RfmConfig>;
type Options = Partial<RfmConfig> & Record<string, unknown>;

export const factories = {
  'rfm-flow': rfmFlow as RfmFactory,
  'rfm-diffusion': rfmDiffusion as RfmFactory,
} as const;
export type Name = keyof typeof factories;
export const names = Object.keys(factories) as Name[];

async function train(
  name: Name,
  options: Options,
  { updates = 3, reward = oneHump as Reward } = {},
): Promise<Metrics> {
  const factory = factories[name];
  const config = factory.config.parse({
    ...factory.presets.smoke,
    batchSize: 32,
    integrationSteps: 3,
    ...options,
  });
  const { agent, metrics } = await trainOnBandit(factory, { engine, reward, updates, config });
  for (const [metric, value] of Object.entries(metrics)) expect(Number.isFinite(value), metric).toBe(true);
  for (const mode of ['explore', 'exploit'] as const) {
    const actions = await agent.act(new Float32Array(8), 4, mode);
    expect(actions.every((a) => a >= -1 && a <= 1)).toBe(true);
  }
  await agent.dispose();
  return metrics;
}

const sharp = (temperature: number) => ({ temperature, finalTemperature: temperature });

/** Exploding weights show as an ESS of 1 at Q/λ of a million and more, and nothing becomes NaN. */
export async function expectLowEss(name: Name, estimator: string): Promise<void> {
  const { ess } = await train(name, { ...sharp(1e-7), estimator });
  expect(ess).toBeLessThan(1.5);
}

/** Exploding weights stay finite with a proposal and with the weight by variance. */
export async function expectFinite(name: Name, proposal: RfmConfig['proposal']): Promise<void> {
  await train(name, { ...sharp(1e-7), proposal, lossWeight: 'variance' });
}

/** Exploding weights stay finite where Q itself is ±1e6. */
export async function expectHugeQ(name: Name): Promise<void> {
  const huge: Reward = (a) => 1e6 * Math.sign(a);
  const fast = { criticLearningRate: 1, maxGradNorm: 1e30 };
  const { q_max_abs } = await train(name, fast, { reward: huge, updates: 200 });
  expect(q_max_abs).toBeGreaterThan(1e5);
}

/** Exploding weights are held by the floor of λ. */
export async function expectFloor(name: Name): Promise<void> {
  const { ess } = await train(name, sharp(1e-7));
  const floored = await train(name, { ...sharp(1e-7), temperatureFloor: 1 });
  expect(floored.ess).toBeGreaterThan(2 * ess);
}

/** Exploding weights are held by the bound of a weight. */
export async function expectBound(name: Name): Promise<void> {
  // Peaked, and more than one draw has a weight that float32 can hold: bounding one weight alone moves nothing.
  const plain = await train(name, sharp(0.03));
  const bounded = await train(name, { ...sharp(0.03), maxWeight: 0.1 });
  expect(bounded.ess).toBeGreaterThan(1.1 * plain.ess);
}

export const paths: readonly (readonly [Name, Options])[] = [
  ['rfm-flow', {}],
  ['rfm-flow', { lossWeight: 'uniform' }],
  ['rfm-diffusion', { schedule: 'vp' }],
  ['rfm-diffusion', { schedule: 'cosine' }],
  ['rfm-diffusion', { schedule: 've' }],
];
export const variants: readonly Options[] = [
  {},
  { prediction: 'data' },
  { proposal: 'policy', estimator: 'adaptive', lossWeight: 'variance' },
  { softQ: 'exact' },
];

/** Times next to 0 and 1 give finite numbers: t_min = 1e-6. */
export async function expectFiniteAtTheEnds(name: Name, options: Options): Promise<void> {
  await train(name, { ...options, tMin: 1e-6 });
}

/** Mode collapse shows as a policy spread that falls. */
export async function expectFallingSpread(name: Name): Promise<void> {
  // Pulled to the edge of the box: in the latent about atanh a = 3.5 ± 0.7, in the action one point.
  const edge: Reward = (a) => 10 * a;
  const spreads: number[] = [];
  const { agent } = await trainOnBandit(factories[name], {
    engine,
    reward: edge,
    updates: 600,
    config: { proposal: 'policy' }, // the surest to find the edge
    each: ({ policy_spread }) => spreads.push(policy_spread),
  });
  expect(spreads[599]).toBeLessThan(spreads[0] / 4);
  expect(spreads[599]).toBeGreaterThanOrEqual(0);
  await agent.dispose();
}
