import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qvpo, qvpoAlgorithm, qvpoChoice } from '../../agents/qvpo.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import type { NdArray } from '../../engine/types.ts';
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

/** The official program's `if entropy_alpha > 0.0` (src/agent/qvpo.py): without, the loss is a mean over the batch alone. */
it('has no uniform actions where they have no weight', async () => {
  const [batch, sizes] = [8, { observation: 3, action: 2 }];
  const engine = createEngine({ backend: 'wasm' });
  const lossWith = async (entropyWeight: number, entropyDraws: number) => {
    const config = { ...qvpo.presets.smoke, entropyWeight, entropyDraws };
    const algorithm = qvpoAlgorithm(config, sizes.observation, sizes.action);
    // Arrays of more rows begin with the numbers of those of fewer.
    const array = (name: string, shape: readonly number[]) => {
      const random = RandomStream.fromSeed(1).split(name);
      return { data: random.fillUniform(new Float32Array(shape.reduce((a, b) => a * b, 1))), shape };
    };
    const noise = Object.entries(algorithm.draws(batch)).map(([name, { shape }]) => [
      name,
      array(name, shape),
    ]);
    const transitions = {
      observation: array('observation', [batch, sizes.observation]),
      action: array('action', [batch, sizes.action]),
      reward: array('reward', [batch]),
      mask: array('mask', [batch]),
      nextObservation: array('nextObservation', [batch, sizes.observation]),
    };
    const [{ metrics, step }] = algorithm.updates;
    const run = engine.compileStep('qvpo', step as never);
    const inputs = {
      batch: transitions,
      noise: Object.fromEntries(noise),
      temperature: array('temperature', []),
    };
    const { outputs } = await run(algorithm.initialise(RandomStream.fromSeed(0)) as never, inputs as never);
    await run.dispose();
    return (outputs as unknown as { metrics: NdArray }).metrics.data[metrics.indexOf('actor_loss')];
  };
  const loss = await lossWith(0, 10);
  expect(loss / (await lossWith(1e-30, 10))).toBeCloseTo(11, 4);
  expect(loss / (await lossWith(1e-30, 1))).toBeCloseTo(2, 4);
  await engine.dispose();
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
