import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TwinCritic } from '../../agents/critic.ts';
import { qsm, qsmNoiseTarget } from '../../agents/qsm.ts';
import { diffusionSteps, stepTime } from '../../agents/steps.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { banditObservation, drawActions, type Reward, trainOnBandit, wasserstein } from './bandit.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the noise target', () => {
  it('is minus the scaled mean of the critics’ action gradients, for quadratic critics', () => {
    // Q₁ = -(a - m)ᵀ(a - m), Q₂ = bᵀ a: the mean gradient is (b - 2 (a - m))/2
    const [m, b] = [tf.tensor([[0.2, -0.4]]), tf.tensor([[3, 1]])];
    const values = (a: tf.Tensor) =>
      tf.stack([tf.neg(tf.sum(tf.square(tf.sub(a, m)), 1)), tf.sum(tf.mul(a, b), 1)]);
    const action = tf.tensor([
      [0.5, 0.5],
      [-1, 0],
    ]);
    const found = qsmNoiseTarget(values, action, 4).dataSync();
    const expected = [0.5, 0.5, -1, 0].map(
      (a, i) => -4 * (([3, 1][i % 2] - 2 * (a - [0.2, -0.4][i % 2])) / 2),
    );
    for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 5);
  });
});

describe('the steps of a discrete diffusion', () => {
  it('run from the noise to the data, and draws cover 1 to K', () => {
    const { times, steps } = diffusionSteps(5, 0);
    expect(steps).toEqual([5, 4, 3, 2, 1, 0]);
    for (const [i, k] of steps.entries()) expect(times[i]).toBeCloseTo(1 - k / 5, 12);
    const { step, time } = stepTime(tf.tensor1d([0, 0.19, 0.2, 0.99999]), 5, 0);
    expect([...step.dataSync()]).toEqual([1, 1, 2, 5]);
    expect(time.dataSync()[2]).toBeCloseTo(0.6, 6);
  });
});

describe('qsm on a bandit', () => {
  const engine = createEngine();
  afterAll(() => engine.dispose());
  const optimum = 0.3;
  const reward: Reward = (a) => 1 - (a - optimum) ** 2;

  it("samples what the paper's chain gives with the critics' own gradient, around the best action", async () => {
    const config = {
      ...qsm.presets.smoke,
      diffusionSteps: 5,
      gradientScale: 1,
      embedding: 16,
      maxGradNorm: 10,
    };
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
    expect(wasserstein(found, chain(gradient, 1000))).toBeLessThan(0.05);
    const mean = found.reduce((sum, a) => sum + a, 0) / found.length;
    expect(Math.abs(mean - optimum)).toBeLessThan(0.15);
    await agent.dispose();
  }, 300_000);
});

/** The paper's sampler in plain numbers, with ε = -∇Q in place of a network; sorted. */
function chain(gradient: (actions: readonly number[]) => ArrayLike<number>, count: number): number[] {
  const random = RandomStream.fromSeed(11);
  const normals = () => random.fillNormal(new Float32Array(count));
  const cumulative = (k: number) => Math.exp(-0.1 * (k / 5) - 0.5 * 9.9 * (k / 5) ** 2); // ᾱ_k, rates 0.1 to 10
  let actions = Array.from(normals());
  for (let k = 5; k >= 1; k--) {
    const rate = 1 - cumulative(k) / cumulative(k - 1);
    const pull = rate / Math.sqrt(1 - cumulative(k));
    const slope = gradient(actions);
    const fresh = normals();
    actions = actions.map((a, i) => {
      const mean = (a + pull * slope[i]) / Math.sqrt(1 - rate);
      return Math.min(1, Math.max(-1, k > 1 ? mean + Math.sqrt(rate) * fresh[i] : mean));
    });
  }
  return actions.sort((x, y) => x - y);
}
