import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qvpo, qvpoChoice } from '../../agents/qvpo.ts';
import { createEngine } from '../../engine/index.ts';
import { drawActions, oneHump, trainOnBandit } from './bandit.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the imitated action', () => {
  it('is the best sample of a quadratic critic, weighted by its advantage over the mean', () => {
    const actions = [-0.9, -0.1, 0.25, 0.8];
    const q = actions.map((a) => 2 - 3 * (a - 0.3) ** 2);
    const { action, weight } = qvpoChoice(tf.tensor(actions, [1, 4, 1]), tf.tensor(q, [1, 4]));
    expect(action.dataSync()[0]).toBeCloseTo(0.25, 6);
    const value = q.reduce((sum, x) => sum + x, 0) / 4;
    expect(weight.dataSync()[0]).toBeCloseTo(q[2] - value, 5);
  });

  it('has no weight where all samples are equally good', () => {
    const { weight } = qvpoChoice(tf.zeros([2, 3, 1]), tf.ones([2, 3]));
    expect([...weight.dataSync()]).toEqual([0, 0]);
  });
});

it('reads a configuration of earlier results, in the form that is left', () => {
  const config = qvpo.presets.smoke;
  expect(qvpo.config.parse({ ...config, networks: 'reference' })).toEqual(config);
  expect(qvpo.config.safeParse({ ...config, networks: 'common' }).success).toBe(false);
});

describe('qvpo on a bandit', () => {
  const engine = createEngine({ backend: 'wasm' });
  afterAll(() => engine.dispose());

  it('reaches the greedy policy, the top of one hump at 0.3', async () => {
    const { agent, metrics } = await trainOnBandit(qvpo, {
      engine,
      reward: oneHump,
      updates: 700,
      config: {
        actorLearningRate: 3e-4,
        diffusionSteps: 10,
        targetParticles: 1,
        embedding: 16,
        maxGradNorm: 10,
      },
    });
    for (const mode of ['explore', 'exploit'] as const) {
      const found = await drawActions(agent, mode, 500);
      const distance = found.reduce((sum, a) => sum + Math.abs(a - 0.3), 0) / found.length;
      expect(distance).toBeLessThan(0.1);
    }
    expect(metrics.policy_spread).toBeGreaterThan(0.02); // the entropy term keeps it from a point
    await agent.dispose();
  }, 300_000);
});
