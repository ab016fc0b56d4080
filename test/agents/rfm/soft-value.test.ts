import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Metrics } from '../../../agents/agent.ts';
import { diffusionForm } from '../../../agents/rfm/diffusion.ts';
import { flowForm, rfmFlow } from '../../../agents/rfm/flow.ts';
import type { PolicyForm } from '../../../agents/rfm/prediction.ts';
import {
  actionLogDensity,
  latentLogDensity,
  signProbes,
  unitProbes,
} from '../../../agents/rfm/soft-value.ts';
import { type FieldAtTime, integrationTimes } from '../../../agents/samplers.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { trainOnBandit } from '../bandit.ts';

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

const native = { prediction: 'native', dataBound: 50 } as const;
const data = { prediction: 'data', dataBound: 50 } as const;

describe('the log-density of an affine velocity field', () => {
  // dy/dt = A y + b moves volumes by exp(t tr A), for any number of steps.
  const matrix = [
    [0.5, 1, -0.3],
    [0, -0.8, 0.4],
    [0.7, 0.2, 0.9],
  ];
  const trace = 0.6;
  const field: FieldAtTime = (y) => tf.add(tf.matMul(y, tf.tensor2d(matrix), false, true), [0.1, -0.2, 0.3]);
  const rows = 2000;
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

/** Two Gaussians in one dimension, and E[y1 | y_t] of the path between noise and them. */
const parts = [
  { weight: 0.3, mean: -0.9, deviation: 0.4 },
  { weight: 0.7, mean: 0.8, deviation: 0.3 },
];

function mixtureDensity(y: number, alpha = 1, beta = 0): number {
  return parts.reduce((sum, { weight, mean, deviation }) => {
    const variance = alpha * alpha * deviation * deviation + beta * beta;
    const away = y - alpha * mean;
    return sum + (weight * Math.exp((-0.5 * away * away) / variance)) / Math.sqrt(2 * Math.PI * variance);
  }, 0);
}

function exactData(form: PolicyForm, times: readonly number[]): FieldAtTime {
  return (y, k) => {
    const { alpha, beta } = form.schedule.at(times[k]);
    const terms = parts.map(({ weight, mean, deviation }) => {
      const variance = alpha * alpha * deviation * deviation + beta * beta;
      const away = tf.sub(y, alpha * mean);
      const log = tf.add(tf.mul(tf.square(away), -0.5 / variance), Math.log(weight / Math.sqrt(variance)));
      return { log, data: tf.add(tf.mul(away, (alpha * deviation * deviation) / variance), mean) };
    });
    const share = tf.sigmoid(tf.sub(terms[1].log, terms[0].log));
    return tf.add(tf.mul(terms[1].data, share), tf.mul(terms[0].data, tf.sub(1, share)));
  };
}

const forms: readonly (readonly [string, PolicyForm, 'velocity' | 'noise' | 'data'])[] = [
  ['flow, euler', flowForm({ ...native, solver: 'euler' }), 'velocity'],
  ['flow, heun', flowForm({ ...native, solver: 'heun' }), 'velocity'],
  ['flow, data', flowForm({ ...data, solver: 'euler' }), 'data'],
  ['flow, data, heun', flowForm({ ...data, solver: 'heun' }), 'data'],
  ...(['vp', 'cosine', 've'] as const).flatMap(
    (schedule) =>
      [
        [`diffusion, ${schedule}`, diffusionForm({ ...native, schedule, sampler: 'ddim' }), 'noise'],
        [`diffusion, ${schedule}, data`, diffusionForm({ ...data, schedule, sampler: 'ddim' }), 'data'],
      ] as const,
  ),
];

describe.each(forms)('the log-density of two Gaussians: %s', (_, form, kind) => {
  const steps = 600;
  const rows = 801;
  const times = integrationTimes(steps, 1e-3);
  const exact = exactData(form, times);
  const field: FieldAtTime = (y, k) => {
    const predicted = exact(y, k);
    const { alpha, beta, alphaDot, betaDot } = form.schedule.at(times[k]);
    if (kind === 'data') return predicted;
    const noise = tf.div(tf.sub(y, tf.mul(predicted, alpha)), beta);
    return kind === 'noise' ? noise : tf.add(tf.mul(predicted, alphaDot), tf.mul(noise, betaDot));
  };
  const spacing = 8 / (rows - 1);
  const start = Array.from({ length: rows }, (_, i) => -4 + i * spacing);
  const logNormal = (z: number) => -0.5 * z * z - 0.5 * Math.log(2 * Math.PI);
  const noise = tf.tensor(start, [rows, 1]);
  const run = () => {
    const found = latentLogDensity(form, field, noise, times, unitProbes(rows, 1));
    const action = numbers(tf.tanh(found.latent));
    return {
      latent: numbers(found.latent),
      logDensity: numbers(found.logDensity),
      action,
      actionLog: numbers(actionLogDensity(found.latent, found.logDensity)),
      sampled: numbers(form.sample(field, tf.mul(noise, form.startScale(times[0])), times)),
    };
  };

  it('is that of what the sampler gives, and integrates to one in the latent and in the box', () => {
    const { latent, logDensity, action, actionLog, sampled } = run();
    for (let i = 0; i < rows; i += 20) expect(Math.abs(sampled[i] - latent[i])).toBeLessThan(2e-3);
    const end = form.schedule.at(times[steps]);
    for (let i = 1; i + 1 < rows; i++) {
      if (mixtureDensity(latent[i]) < 0.02) continue;
      // Mass is kept: p(y) = φ(z) dz/dy, by central differences over the neighbours' latents.
      const stretch = (latent[i + 1] - latent[i - 1]) / (2 * spacing);
      expect(Math.abs(logDensity[i] - logNormal(start[i]) + Math.log(stretch))).toBeLessThan(0.1);
      // VE starts at N(0, 5²), the noised mixture is wider and off its centre: what comes out is not the mixture.
      if (form.schedule.config.kind === 've') continue;
      const exact = Math.log(mixtureDensity(latent[i], end.alpha, end.beta));
      expect(Math.abs(logDensity[i] - exact)).toBeLessThan(0.1);
    }
    expect(Math.abs(integral(latent, logDensity) - 1)).toBeLessThan(0.01);
    expect(Math.abs(integral(action, actionLog) - 1)).toBeLessThan(0.01);
  });
});

/** Trapezoid rule over sorted points. */
function integral(at: readonly number[], logDensity: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i + 1 < at.length; i++) {
    sum += ((at[i + 1] - at[i]) * (Math.exp(logDensity[i]) + Math.exp(logDensity[i + 1]))) / 2;
  }
  return sum;
}

describe('a soft critic', () => {
  it('values endless indifference at γ/(1-γ) λ log 2, the entropy of a uniform action', async () => {
    const config = {
      softQ: 'exact' as const,
      endpoints: 'buffer' as const,
      lossWeight: 'snr' as const,
      tMin: 1e-3,
      embedding: 16,
      discount: 0.5,
      temperature: 1,
      finalTemperature: 1,
      particles: 1,
      integrationSteps: 20,
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
