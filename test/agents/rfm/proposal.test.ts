import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseEstimator } from '../../../agents/posterior/estimator.ts';
import { posteriorMean } from '../../../agents/posterior/posterior-mean.ts';
import type { ProposalRequest } from '../../../agents/posterior/proposals.ts';
import { linear } from '../../../agents/posterior/schedules.ts';
import { kernelMixture, neighbourLatents } from '../../../agents/rfm/proposal.ts';
import { uncertainPosteriorMean } from '../../../agents/rfm/variance.ts';
import { RandomStream } from '../../../engine/random.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const normals = (seed: number, shape: number[]) =>
  tf.tensor(
    RandomStream.fromSeed(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))),
    shape,
  );

function policy(request: ProposalRequest<tf.Tensor>) {
  if (request.kind !== 'policy') throw new Error('no policy proposal');
  return request;
}

const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('a mixture of kernels', () => {
  const centres = tf.tensor([[[-1], [0.5], [2]]]);

  it('has a density that integrates to one, by the trapezoid rule', () => {
    const { logDensity } = policy(kernelMixture(centres, normals(1, [1, 7, 1]), 0.3));
    const cells = 4000;
    const grid = tf.tensor(
      Array.from({ length: cells }, (_, i) => -8 + (16 * i) / cells),
      [1, cells, 1],
    );
    expect(meanOf(tf.exp(logDensity(grid)).dataSync()) * 16).toBeCloseTo(1, 4);
  });

  it('weighs each kernel by the draws that it gives', () => {
    // Seven draws of three kernels: 3, 2 and 2.
    const { y1, logDensity } = policy(kernelMixture(centres, tf.zeros([1, 7, 1]), 0.01));
    expect([...y1.dataSync()].map((y) => y.toFixed(2))).toEqual(
      [-1, 0.5, 2, -1, 0.5, 2, -1].map((y) => y.toFixed(2)),
    );
    const peak = 1 / (0.01 * Math.sqrt(2 * Math.PI));
    const found = tf.exp(logDensity(centres)).dataSync();
    for (const [k, share] of [3 / 7, 2 / 7, 2 / 7].entries())
      expect(found[k] / (share * peak)).toBeCloseTo(1, 3);
  });

  it('takes its width from the centres, and keeps one where they coincide', () => {
    const [rows, kernels] = [1, 64];
    const wide = policy(kernelMixture(normals(2, [rows, kernels, 2]), tf.zeros([rows, kernels, 2]), null));
    const point = policy(kernelMixture(tf.zeros([1, 4, 2]), tf.ones([1, 4, 2]), null));
    // Silverman for D = 2: σ K^(-1/6)
    const width = (value: number) => Math.exp(-0.5 * (value + Math.log(2 * Math.PI)));
    expect([...point.y1.dataSync()].every((y) => Math.abs(y - 0.05) < 1e-6)).toBe(true);
    const atCentre = point.logDensity(tf.zeros([1, 1, 2])).dataSync()[0];
    expect(width(atCentre)).toBeCloseTo(0.05, 4);
    // Far out the mixture falls like its kernels.
    const [near, far] = wide
      .logDensity(
        tf.tensor([
          [
            [30, 0],
            [31, 0],
          ],
        ]),
      )
      .dataSync();
    const kernel = Math.sqrt(30 / (near - far));
    expect(kernel).toBeGreaterThan(0.35);
    expect(kernel).toBeLessThan(0.65);
  });

  it('is finite far from every kernel', () => {
    const { logDensity } = policy(kernelMixture(centres, normals(1, [1, 3, 1]), 0.05));
    const values = logDensity(tf.tensor([[[1e6], [-1e6], [1e9]]])).dataSync();
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe('kernel centres from a batch', () => {
  it('are a row’s own latent and those after it, around the end', () => {
    const latent = tf.tensor([[0], [1], [2]]);
    const found = tf.squeeze(neighbourLatents(latent, 5), [2]).arraySync();
    expect(found).toEqual([
      [0, 1, 2, 0, 1],
      [1, 2, 0, 1, 2],
      [2, 0, 1, 2, 0],
    ]);
  });
});

/** p1 = N(m, s²) in two dimensions: E[y0 | y_t] = β (y_t - α m)/(α² s² + β²). */
describe('the posterior mean of a Gaussian', () => {
  const [m, s, t, rows, draws] = [0.7, 0.4, 0.05, 400, 32];
  const logDensity = (y1: tf.Tensor) => ({
    logDensity: tf.sum(tf.mul(tf.square(tf.sub(y1, m)), -0.5 / s ** 2), 2),
    score: tf.mul(tf.sub(y1, m), -1 / s ** 2),
  });
  const yt = tf.fill([rows, 2], 0.6);
  const exact = ((1 - t) * (0.6 - t * m)) / (t * t * s * s + (1 - t) ** 2);

  function squaredErrors(seed: number, proposal?: ProposalRequest<tf.Tensor>) {
    const prior = normals(seed, [rows, proposal ? draws / 2 : draws, 2]);
    const time = tf.fill([rows], t);
    const inputs = { schedule: linear, t: time, yt, prior, logDensity, proposal };
    const mean = uncertainPosteriorMean({ ...inputs, estimator: parseEstimator('noise') });
    return { mean, mse: meanOf(tf.square(tf.sub(mean.y0, exact)).dataSync()) };
  }

  it('is ten times closer at t = 0.05 with half of the draws from kernels around the target', () => {
    // The policy is the target at double the deviation, seen through 8 samples.
    const centres = tf.add(tf.mul(normals(3, [rows, 8, 2]), 2 * s), m);
    const proposal = kernelMixture(centres, normals(4, [rows, draws / 2, 2]), null);
    const alone = squaredErrors(5).mse;
    expect(squaredErrors(5, proposal).mse).toBeLessThan(alone / 10);
  });

  it('stays right with kernels that miss the target', () => {
    const centres = tf.add(normals(3, [rows, 8, 2]), -3);
    const proposal = kernelMixture(centres, normals(4, [rows, draws / 2, 2]), null);
    expect(squaredErrors(5, proposal).mse).toBeLessThan(4 * squaredErrors(5).mse);
  });

  // A leave-one-out variance is biased upward (Efron, Stein 1981), most where one draw has most of the weight.
  it.each([
    [0.02, 0.8, 4],
    [0.1, 0.8, 4],
    [0.3, 0.8, 4],
    [0.7, 0.8, 1.25],
    [0.9, 0.8, 1.25],
  ])(
    'comes with a variance of the size of its squared error at t = %d, rather too large than too small',
    (time, low, high) => {
      const [alpha, beta] = [time, 1 - time];
      const truth = (beta * (0.6 - alpha * m)) / (alpha * alpha * s * s + beta * beta);
      const inputs = {
        schedule: linear,
        t: tf.fill([rows], time),
        yt,
        prior: normals(6, [rows, draws, 2]),
        logDensity,
        estimator: parseEstimator('noise'),
      };
      const mean = uncertainPosteriorMean(inputs);
      const mse = meanOf(tf.square(tf.sub(mean.y0, truth)).dataSync());
      const variance = meanOf(mean.variance.dataSync());
      expect(variance / mse).toBeGreaterThan(low);
      expect(variance / mse).toBeLessThan(high);
      const plain = posteriorMean(inputs);
      for (const name of ['y0', 'y1', 'ess', 'cvWeight'] as const) {
        expect([...mean[name].dataSync()]).toEqual([...plain[name].dataSync()]);
      }
    },
  );

  it('has a variance also where one draw takes all the weight', () => {
    const sharp = (y1: tf.Tensor) => {
      const { logDensity: log, score } = logDensity(y1);
      return { logDensity: tf.mul(log, 1e6), score: tf.mul(score, 1e6) };
    };
    const mean = uncertainPosteriorMean({
      schedule: linear,
      t: tf.fill([rows], 0.5),
      yt,
      prior: normals(7, [rows, draws, 2]),
      logDensity: sharp,
      estimator: parseEstimator('noise'),
    });
    expect(Math.max(...mean.ess.dataSync())).toBeLessThan(1.5);
    const variance = mean.variance.dataSync();
    expect(variance.every(Number.isFinite)).toBe(true);
    // 32 normal draws in two dimensions lie about a third from the next.
    expect(meanOf(variance)).toBeGreaterThan(0.01);
  });
});
