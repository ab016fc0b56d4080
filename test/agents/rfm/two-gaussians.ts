/** The density of what a policy's sampler gives, where the prediction is exact: two Gaussians as the data. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { PolicyForm } from '../../../agents/rfm/prediction.ts';
import { actionLogDensity, latentLogDensity, unitProbes } from '../../../agents/rfm/soft-value.ts';
import { type FieldAtTime, integrationTimes } from '../../../agents/samplers.ts';

export const native = { prediction: 'native', dataBound: 50 } as const;
export const data = { prediction: 'data', dataBound: 50 } as const;

const numbers = (x: tf.Tensor) => Array.from(x.dataSync());

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

/**
 * Asserts that the log-density of a policy under the exact prediction is that of what its sampler gives, and integrates
 * to one in the latent and in the box.
 */
export function expectTwoGaussians(form: PolicyForm, kind: 'velocity' | 'noise' | 'data'): void {
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

  const { latent, logDensity, action, actionLog, sampled } = tf.tidy(run);
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
}

/** Trapezoid rule over sorted points. */
function integral(at: readonly number[], logDensity: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i + 1 < at.length; i++) {
    sum += ((at[i + 1] - at[i]) * (Math.exp(logDensity[i]) + Math.exp(logDensity[i + 1]))) / 2;
  }
  return sum;
}
