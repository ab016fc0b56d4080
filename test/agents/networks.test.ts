import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TwinCritic } from '../../agents/critic.ts';
import { gelu, MishTimeNetwork, mish, sinusoidalEmbedding, TimeNetwork } from '../../agents/networks.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { whyMissing } from '../engine/present-backends.ts';

const normal = (seed: number, shape: number[]) =>
  tf.tensor(
    RandomStream.fromSeed(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))),
    shape,
  );
const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('gelu', () => {
  // jax.nn.gelu(x, approximate=True) and its gradient, JAX's documented tanh form evaluated with mpmath
  const x = [-3, -1, -0.5, 0, 0.5, 1, 3];
  const expected = x.map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))));

  it('equals the tanh approximation', () => {
    const found = gelu(tf.tensor1d(x)).dataSync();
    for (let i = 0; i < x.length; i++) expect(found[i]).toBeCloseTo(expected[i], 6);
  });

  it('has the slope of its finite differences', () => {
    const slope = tf
      .grad((v: tf.Tensor) => gelu(v))(tf.tensor1d(x))
      .dataSync();
    const f = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
    for (let i = 0; i < x.length; i++) {
      expect(slope[i]).toBeCloseTo((f(x[i] + 1e-5) - f(x[i] - 1e-5)) / 2e-5, 5);
    }
  });
});

describe('mish', async () => {
  const x = [-100, -87, -30, -10, -1.2, -1e-3, 0, 1e-3, 0.5, 3, 10, 19.9, 20, 20.1, 60, 1e4];
  const softplus = (v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  const exact = (v: number) => v * Math.tanh(softplus(v));
  const exactSlope = (v: number) => {
    const gate = Math.tanh(softplus(v));
    return gate + v * (1 - gate * gate) * sigmoid(v);
  };
  const backends = ['cpu', 'wasm', 'onnx', 'native'] as const;

  for (const backend of backends) {
    const missing = await whyMissing(backend);
    it.skipIf(missing !== undefined)(
      `is x tanh(softplus(x)) with its slope, in every range of float32: ${backend}${missing === undefined ? '' : ` (${missing})`}`,
      async () => {
        const engine = createEngine({ backend });
        const run = engine.compile<{ x: tf.Tensor }, { y: tf.Tensor; slope: tf.Tensor }>(
          'mish',
          (inputs) => ({
            y: mish(inputs.x),
            slope: tf.grad((v: tf.Tensor) => mish(v))(inputs.x),
          }),
        );
        const { y, slope } = await run({ x: { data: Float32Array.from(x), shape: [x.length] } });
        for (const [i, v] of Float32Array.from(x).entries()) {
          const close = (found: number, expected: number) =>
            expect(Math.abs(found - expected)).toBeLessThanOrEqual(2e-6 * Math.abs(expected) + 1e-36);
          close(y.data[i], exact(v));
          // The slope is a sum of two terms, which cancel near its zero at -1.19.
          expect(Math.abs(slope.data[i] - exactSlope(v))).toBeLessThanOrEqual(
            1e-6 * Math.max(1, Math.abs(exactSlope(v))),
          );
        }
        await engine.dispose();
        await tf.setBackend('cpu');
      },
    );
  }
});

describe('sinusoidalEmbedding', () => {
  it.each([1000, 10_000])('holds sines then cosines with frequencies from 1 to 1/%d', (span) => {
    const found = sinusoidalEmbedding(tf.tensor1d([2]), 6, 1, span).dataSync();
    const frequencies = [1, span ** -0.5, 1 / span];
    const expected = [...frequencies.map((f) => Math.sin(2 * f)), ...frequencies.map((f) => Math.cos(2 * f))];
    for (let i = 0; i < 6; i++) expect(found[i]).toBeCloseTo(expected[i], 6);
  });
});

describe.each([TimeNetwork, MishTimeNetwork])('%s', (Network) => {
  it('gives particles the same outputs as single latents', () => {
    const shape = {
      observationSize: 4,
      actionSize: 3,
      width: 16,
      blocks: 2,
      embedding: 8,
      embeddingScale: 1,
    };
    const network = new Network(shape);
    const weights = network.layout.unflatten(
      tf.tensor(network.layout.initialise(RandomStream.fromSeed(3)), [...network.layout.shape]),
    );
    const [batch, m, times] = [5, 2, [0.1, 0.7]];
    const observation = normal(1, [batch, 4]);
    const latent = normal(2, [batch * m, 3]);
    const temperature = tf.scalar(0.02);
    const field = network.particles(weights, observation, temperature, times, m);
    const repeated = tf.reshape(tf.tile(tf.expandDims(observation, 1), [1, m, 1]), [batch * m, 4]);
    for (const [index, time] of times.entries()) {
      const expected = network.apply(weights, repeated, latent, tf.fill([batch * m], time), temperature);
      expect(largest(tf.sub(field(latent, index), expected))).toBeLessThan(2e-6);
    }
  });
});

describe('TwinCritic', () => {
  const shape = { observationSize: 4, actionSize: 3, width: 16, layers: 2 };
  const critic = new TwinCritic(shape);
  const parameters = () =>
    critic.layout.unflatten(
      tf.tensor(critic.layout.initialise(RandomStream.fromSeed(5)), [...critic.layout.shape]),
    );

  it.each(['relu', 'mish'] as const)(
    'has two different members, and the same values for particles as for single actions: %s',
    (activation) => {
      const critic = new TwinCritic(shape, activation);
      const [batch, n] = [4, 3];
      const observation = normal(1, [batch, 4]);
      const action = normal(2, [batch, n, 3]);
      const found = critic.particleValues(parameters(), observation, action);
      const repeated = tf.reshape(tf.tile(tf.expandDims(observation, 1), [1, n, 1]), [batch * n, 4]);
      const expected = critic.values(parameters(), repeated, tf.reshape(action, [batch * n, 3]));
      expect(largest(tf.sub(found, expected))).toBeLessThan(2e-6);
      expect(largest(tf.sub(tf.slice(found, 0, 1), tf.slice(found, 1, 1)))).toBeGreaterThan(0.01);
    },
  );

  it("returns the minimum and that member's gradient, as finite differences show", () => {
    const observation = normal(1, [3, 4]);
    const action = normal(2, [3, 2, 3]);
    const { value, gradient } = critic.minimumWithGradient(parameters(), observation, action);
    const both = critic.particleValues(parameters(), observation, action).arraySync() as number[][];
    const values = value.dataSync();
    for (let i = 0; i < 6; i++) expect(values[i]).toBeCloseTo(Math.min(both[0][i], both[1][i]), 6);
    const direction = normal(6, [3, 2, 3]);
    const h = 1e-3;
    const at = (step: number) =>
      critic.minimum(parameters(), observation, tf.add(action, tf.mul(direction, step)));
    const numeric = tf.div(tf.sub(at(h), at(-h)), 2 * h);
    const exact = tf.sum(tf.mul(gradient, direction), 2);
    expect(largest(tf.sub(numeric, exact))).toBeLessThan(5e-3);
  });
});
