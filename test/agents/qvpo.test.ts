import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qvpoChoice } from '../../agents/qvpo.ts';
import { createEngine } from '../../engine/index.ts';
import { oneHump } from './bandit.ts';
import { expectGreedy } from './qvpo-bandit.ts';

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

describe('qvpo on a bandit', () => {
  const engine = createEngine({ backend: 'wasm' });
  afterAll(() => engine.dispose());

  // Of two humps, with other networks: qvpo.nightly.test.ts.
  it('reaches the greedy policy, the top of one hump at 0.3', async () => {
    expect.hasAssertions();
    await expectGreedy(engine, {
      networks: 'reference',
      reward: oneHump,
      best: 0.3,
      within: 0.1,
      updates: 700,
    });
  }, 300_000);
});
