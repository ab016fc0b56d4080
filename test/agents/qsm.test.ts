import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qsmNoiseTarget } from '../../agents/qsm.ts';
import { cosineRates, discretePath, noiseActions, vpRates } from '../../agents/steps.ts';
import { createEngine } from '../../engine/index.ts';
import { expectChain } from './qsm-bandit.ts';

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
  const paths = {
    // exp(-0.1 τ - 4.95 τ²) at τ = k/K
    vp: {
      path: discretePath(vpRates(20, 0.1, 10)),
      signal: (k: number) => Math.exp(-0.005 * k - 0.012375 * k * k),
    },
    // cos²((τ + 0.008)/1.008 π/2), relative to τ = 0; the last rate is 0.999 in place of 1
    cosine: {
      path: discretePath(cosineRates(20, 0.008, 0.999)),
      signal(k: number): number {
        const wave = (i: number) => Math.cos(((i / 20 + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
        return k < 20 ? wave(k) / wave(0) : 1e-3 * this.signal(19);
      },
    },
  };

  it.each(Object.entries(paths))('have the signal of their process: %s', (_, found) => {
    const { path } = found;
    expect(path.steps).toEqual(Array.from({ length: 21 }, (_, i) => 20 - i));
    expect(path.inputs).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i));
    const tensors = path.atTensor(tf.tensor1d([...path.steps]));
    const [alphas, betas] = [tensors.alpha.dataSync(), tensors.beta.dataSync()];
    for (const [i, k] of path.steps.entries()) {
      const { alpha, beta } = path.at(k);
      // The tables are made in float32.
      expect(alpha ** 2).toBeCloseTo(found.signal(k), 6);
      expect(beta ** 2).toBeCloseTo(1 - found.signal(k), 6);
      expect(alphas[i]).toBeCloseTo(alpha, 6);
      expect(betas[i]).toBeCloseTo(beta, 6);
    }
  });

  it('are drawn from 1 to K, and the network is told 0 to K - 1', () => {
    const path = discretePath([0.19, 0.5, 0.2, 0.1, 0.3]);
    const { input, noised } = noiseActions(
      path,
      tf.tensor1d([0, 0.19, 0.2, 0.99999994]),
      tf.ones([4, 2]),
      tf.tensor2d([
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
      ]),
    );
    expect([...input.dataSync()]).toEqual([0, 0, 1, 4]);
    const signals = [0.81, 0.81, 0.405, 0.405 * 0.8 * 0.9 * 0.7];
    for (const [i, row] of (noised.arraySync() as number[][]).entries()) {
      expect(row[0]).toBeCloseTo(Math.sqrt(signals[i]), 6);
      expect(row[1]).toBeCloseTo(Math.sqrt(signals[i]) + Math.sqrt(1 - signals[i]), 6);
    }
  });
});

describe('qsm on a bandit', () => {
  const engine = createEngine({ backend: 'wasm' });
  afterAll(() => engine.dispose());

  // With a gradient scale of 1 and five steps: qsm.nightly.test.ts.
  it("samples what the paper's chain gives with the critics' own gradient, around the best action", async () => {
    expect.hasAssertions();
    // A reward so flat that the scaled slope does not carry one step across the box.
    await expectChain(engine, { gradientScale: 50, diffusionSteps: 20 }, 0.05);
  }, 300_000);
});
