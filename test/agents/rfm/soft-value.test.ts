import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Metrics } from '../../../agents/agent.ts';
import { flowForm, rfmFlow } from '../../../agents/rfm/flow.ts';
import { latentLogDensity, signProbes, unitProbes } from '../../../agents/rfm/soft-value.ts';
import { type FieldAtTime, integrationTimes } from '../../../agents/samplers.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { trainOnBandit } from '../bandit.ts';
import { expectTwoGaussians, native } from './two-gaussians.ts';

const engine = createEngine({ backend: 'wasm' });
beforeAll(async () => {
  await tf.setBackend('cpu');
});
afterAll(() => engine.dispose());

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const normals = (seed: number, shape: number[]) =>
  tf.tensor(RandomStream.fromSeed(seed).fillNormal(new Float32Array(size(shape))), shape);
const uniforms = (seed: number, shape: number[]) =>
  tf.tensor(RandomStream.fromSeed(seed).fillUniform(new Float32Array(size(shape))), shape);
const numbers = (x: tf.Tensor) => Array.from(x.dataSync());

describe('the log-density of an affine velocity field', () => {
  // dy/dt = A y + b moves volumes by exp(t tr A), for any number of steps.
  const matrix = [
    [0.5, 1, -0.3],
    [0, -0.8, 0.4],
    [0.7, 0.2, 0.9],
  ];
  const trace = 0.6;
  const field: FieldAtTime = (y) => tf.add(tf.matMul(y, tf.tensor2d(matrix), false, true), [0.1, -0.2, 0.3]);
  const rows = 1000;
  const noise = normals(1, [rows, 3]);
  const start = numbers(tf.sum(tf.square(noise), 1)).map((r) => -0.5 * r - 1.5 * Math.log(2 * Math.PI));
  const times = integrationTimes(10, 1e-3);
  const expected = start.map((value) => value - trace * (1 - 2e-3));

  for (const solver of ['euler', 'heun'] as const) {
    const form = flowForm({ ...native, solver });
    it(`is exact with the exact trace: ${solver}`, () => {
      const found = latentLogDensity(form, field, noise, times, unitProbes(rows, 3));
      for (const [i, value] of numbers(found.logDensity).entries()) expect(value).toBeCloseTo(expected[i], 4);
      const sampled = form.sample(field, noise, times);
      expect(tf.max(tf.abs(tf.sub(sampled, found.latent))).dataSync()[0]).toBeLessThan(1e-5);
    });
  }

  it('is right in the mean with Hutchinson’s', () => {
    const form = flowForm({ ...native, solver: 'euler' });
    const found = latentLogDensity(form, field, noise, times, signProbes(uniforms(2, [rows, 3])));
    const errors = numbers(found.logDensity).map((value, i) => value - expected[i]);
    const mean = errors.reduce((a, b) => a + b, 0) / rows;
    const deviation = Math.sqrt(errors.reduce((a, b) => a + (b - mean) ** 2, 0) / rows);
    expect(deviation).toBeGreaterThan(0.1); // an estimate, not the trace itself
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(rows));
  });
});

describe('the log-density of two Gaussians: flow, euler', () => {
  // Diffusions, other solvers and predictions: soft-value.nightly.test.ts.
  it('is that of what the sampler gives, and integrates to one in the latent and in the box', () => {
    expect.hasAssertions();
    expectTwoGaussians(flowForm({ ...native, solver: 'euler' }), 'velocity');
  });
});

describe('a soft critic', () => {
  it('values endless indifference at γ/(1-γ) λ log 2, the entropy of a uniform action', async () => {
    const config = {
      softQ: 'exact' as const,
      endpoints: 'buffer' as const,
      lossWeight: 'snr' as const,
      tMin: 1e-3,
      ...{ actorWidth: 32, criticWidth: 32, embedding: 16 },
      discount: 0.5,
      temperature: 1,
      finalTemperature: 1,
      particles: 1,
      integrationSteps: 10,
      actorLearningRate: 1e-3,
    };
    // At this learning rate the policy jitters from update to update, and Q of one batch by 0.03: means over many.
    const all: Metrics[] = [];
    const each = (metrics: Metrics) => all.push(metrics);
    const endless = { engine, reward: () => 0, updates: 900, mask: 1 as const, config, each };
    const { agent } = await trainOnBandit(rfmFlow, endless);
    const last = all.slice(-300);
    const mean = (name: string) => last.reduce((sum, metrics) => sum + metrics[name] / last.length, 0);
    expect(Math.abs(mean('q_mean') - Math.LN2)).toBeLessThan(0.07);
    expect(Math.abs(mean('entropy') - Math.LN2)).toBeLessThan(0.07);
    // γ/(1-γ) is 1: the value is the policy's own entropy, whatever that is.
    expect(Math.abs(mean('q_mean') - mean('entropy'))).toBeLessThan(0.015);
    await agent.dispose();
  }, 300_000);
});
