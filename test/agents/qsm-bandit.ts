import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { TwinCritic } from '../../agents/critic.ts';
import { type QsmConfig, qsm } from '../../agents/qsm.ts';
import { RandomStream } from '../../engine/random.ts';
import type { Engine } from '../../engine/types.ts';
import { banditObservation, drawActions, type Reward, trainOnBandit, wasserstein } from './bandit.ts';

type Method = Pick<QsmConfig, 'gradientScale' | 'diffusionSteps'>;

const optimum = 0.3;

/**
 * Asserts that a trained qsm samples what the paper's chain gives with the critics' own gradient, around the best action.
 * @param height of the reward's hump
 */
export async function expectChain(engine: Engine, method: Method, height: number): Promise<void> {
  const reward: Reward = (a) => -height * (a - optimum) ** 2;
  const config = { ...qsm.presets.smoke, embedding: 16, maxGradNorm: 10, ...method };
  const { agent } = await trainOnBandit(qsm, { engine, reward, updates: 1500, config });
  const found = await drawActions(agent, 'exploit', 1000);
  // Not the reward's gradient: beyond the box, where noised actions lie, the critics were never trained.
  const critic = new TwinCritic({
    observationSize: 2,
    actionSize: 1,
    width: config.criticWidth,
    layers: config.criticLayers,
  });
  const { data, shape } = (await agent.save()).arrays['critic/params'];
  const weights = critic.layout.unflatten(tf.tensor(data, [...shape]));
  const gradient = (actions: readonly number[]) => {
    const observation = tf.tile(tf.tensor([[...banditObservation]]), [actions.length, 1]);
    const values = (a: tf.Tensor) => tf.mean(critic.values(weights, observation, a), 0);
    return tf
      .grad(values)(tf.tensor([...actions], [actions.length, 1]))
      .dataSync();
  };
  expect(wasserstein(found, chain(gradient, 1000, method))).toBeLessThan(0.05);
  const mean = found.reduce((sum, a) => sum + a, 0) / found.length;
  expect(Math.abs(mean - optimum)).toBeLessThan(0.15);
  await agent.dispose();
}

/** The paper's sampler in plain numbers, with ε = -κ ∇Q in place of a network; sorted. */
function chain(
  gradient: (actions: readonly number[]) => ArrayLike<number>,
  count: number,
  { gradientScale, diffusionSteps }: Method,
): number[] {
  const random = RandomStream.fromSeed(11);
  const normals = () => random.fillNormal(new Float32Array(count));
  /** ᾱ_k, rates 0.1 to 10 */
  const cumulative = (k: number) =>
    Math.exp(-0.1 * (k / diffusionSteps) - 0.5 * 9.9 * (k / diffusionSteps) ** 2);
  let actions = Array.from(normals());
  for (let k = diffusionSteps; k >= 1; k--) {
    const rate = 1 - cumulative(k) / cumulative(k - 1);
    const pull = (gradientScale * rate) / Math.sqrt(1 - cumulative(k));
    const slope = gradient(actions);
    const fresh = normals();
    actions = actions.map((a, i) => {
      const mean = (a + pull * slope[i]) / Math.sqrt(1 - rate);
      return Math.min(1, Math.max(-1, k > 1 ? mean + Math.sqrt(rate) * fresh[i] : mean));
    });
  }
  return actions.sort((x, y) => x - y);
}
