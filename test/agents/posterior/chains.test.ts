import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { controlledMean, parseEstimator } from '../../../agents/posterior/estimator.ts';
import { float64Algebra as a, type Float64Tensor, float64Tensor } from '../../../agents/posterior/float64.ts';
import type { PosteriorTarget } from '../../../agents/posterior/langevin.ts';
import { malaDraws, malaEvaluations } from '../../../agents/posterior/mala.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { resample } from '../../../agents/posterior/resampling.ts';
import { createSchedule, scheduleNames } from '../../../agents/posterior/schedules.ts';
import { smcDraws, smcEvaluations } from '../../../agents/posterior/smc.ts';
import { tensorAlgebra } from '../../../agents/posterior/tensors.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { posteriorMixture, samples } from './exact-draws.ts';
import { variance } from './reference.ts';

const one = (x: number) => float64Tensor(Float64Array.of(x), [1, 1, 1]);
const description = variance.anisotropic2;
const mixture = new GaussianMixture(description);
const yt = description.y_t['0.5'][3];

function noiseOf(random: RandomStream) {
  type Shape = [number, number, number];
  const size = (shape: Shape) => new Float32Array(shape[0] * shape[1] * shape[2]);
  return {
    normals: (shape: Shape) => float64Tensor(Float64Array.from(random.fillNormal(size(shape))), shape),
    uniforms: (shape: Shape) => float64Tensor(Float64Array.from(random.fillUniform(size(shape))), shape),
  };
}

type Target = PosteriorTarget<Float64Tensor>;

function moveNoise({ normals, uniforms }: ReturnType<typeof noiseOf>, batch: number, count: number) {
  return { normal: normals([batch, 2, count]), uniform: uniforms([batch, 1, count]) };
}

/** `batch` independent runs. */
function runMala(target: Target, batch: number, random: RandomStream) {
  const noise = noiseOf(random);
  return malaDraws(a, {
    ...target,
    prior: noise.normals([batch, 2, 40]),
    resampling: noise.uniforms([batch, 1, 1]),
    noise: moveNoise(noise, batch, 8 * 60),
    chains: 8,
    burnIn: 20,
  });
}

/** `batch` independent runs. */
function runSmc(target: Target, batch: number, random: RandomStream) {
  const noise = noiseOf(random);
  return smcDraws(a, {
    ...target,
    prior: noise.normals([batch, 2, 60]),
    resampling: noise.uniforms([batch, 1, 5]),
    noise: moveNoise(noise, batch, 5 * 48),
    chains: 12,
  });
}

const samplers = { mala: runMala, smc: runSmc };

describe('draws of the posterior by Markov chains', () => {
  const cases = (['mala', 'smc'] as const).flatMap((sampler) =>
    scheduleNames.map((schedule) => ({ sampler, schedule })),
  );

  test.each(cases)(
    '$sampler, $schedule: mean and Stein term agree with exact posterior draws',
    ({ sampler, schedule }) => {
      const { alpha, beta } = createSchedule(schedule).at(0.6);
      const target = {
        alpha: one(alpha),
        beta: one(beta),
        yt: float64Tensor(Float64Array.from(yt), [1, 2, 1]),
        logDensity: (y1: Float64Tensor) => mixture.evaluate(y1),
      };
      const batch = 150;
      const { draws } = samplers[sampler](target, batch, RandomStream.fromSeed(6).split(schedule));
      const exact = mixture.posterior(alpha, beta, yt).y0;
      const scale = samples(posteriorMixture(description, alpha, beta, yt), 500, RandomStream.fromSeed(1))
        .map((y1) => y1.map((value, d) => (yt[d] - alpha * value) / beta - exact[d]))
        .reduce((sum, y0) => sum + y0[0] ** 2 + y0[1] ** 2, 0);
      const deviation = Math.sqrt(scale / 1000);
      const means = [
        { found: draws.meanPrior.data, wanted: exact },
        { found: draws.meanStein.data, wanted: [0, 0] },
      ];
      for (const { found, wanted } of means)
        for (const d of [0, 1]) {
          const runs = Array.from({ length: batch }, (_, i) => found[2 * i + d]);
          const mean = runs.reduce((sum, x) => sum + x, 0) / batch;
          const spread = runs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (batch - 1);
          // Chains begun away from their target keep a bias of the order of 1/N: a twentieth of the posterior's width
          // is a hundredth of what a wrong acceptance rule or a wrong score leaves.
          const bias = found === draws.meanPrior.data ? 0.05 * deviation : 0;
          expect(Math.abs(mean - wanted[d])).toBeLessThan(4 * Math.sqrt(spread / batch) + bias);
        }
    },
  );

  test.each(['mala', 'smc'] as const)('%s: makes as many evaluations as it says', (sampler) => {
    let points = 0;
    const target = {
      alpha: one(0.5),
      beta: one(0.5),
      yt: float64Tensor(Float64Array.from(yt), [1, 2, 1]),
      logDensity: (y1: Float64Tensor) => {
        points += y1.shape[2];
        return mixture.evaluate(y1);
      },
    };
    samplers[sampler](target, 3, RandomStream.fromSeed(2));
    const said =
      sampler === 'mala'
        ? malaEvaluations({ pilots: 40, chains: 8, moves: 60 })
        : smcEvaluations({ draws: 60, chains: 12, stages: 5 });
    expect(points).toBe(said);
  });

  test('SMC reaches narrow posteriors that importance sampling misses', () => {
    const { alpha, beta } = createSchedule('linear').at(0.02);
    const random = RandomStream.fromSeed(9);
    const target = {
      alpha: one(alpha),
      beta: one(beta),
      yt: float64Tensor(Float64Array.from(description.y_t['0.02'][0]), [1, 2, 1]),
      logDensity: (y1: Float64Tensor) => mixture.evaluate(y1),
    };
    const { draws, temperatures } = runSmc(target, 50, random);
    // In the mode's reach log p1 differs from its maximum by a few units; a prior draw's by thousands.
    const spread = draws.stein.data.reduce((sum, u) => sum + u * u, 0) / draws.stein.data.length;
    expect(Math.sqrt(spread)).toBeLessThan(10 * (beta / alpha));
    for (let i = 0; i < 50; i++) {
      const path = temperatures.data.subarray(5 * i, 5 * i + 5);
      expect([...path]).toEqual([...path].sort((x, y) => x - y));
      expect(path[4]).toBeCloseTo(1, 12);
    }
  });

  test('noise that does not fit is refused', () => {
    const { normals, uniforms } = noiseOf(RandomStream.fromSeed(0));
    const inputs = {
      alpha: one(0.5),
      beta: one(0.5),
      yt: one(0),
      logDensity: (y1: Float64Tensor) => ({ logDensity: y1, score: y1 }),
      prior: normals([1, 1, 10]),
      resampling: uniforms([1, 1, 2]),
      noise: { normal: normals([1, 1, 7]), uniform: uniforms([1, 1, 7]) },
      chains: 5,
    };
    expect(() => smcDraws(a, inputs)).toThrow(/10 draws on 5 chains, 2 stages/);
    expect(() => malaDraws(a, { ...inputs, burnIn: 1 })).toThrow(RangeError);
  });
});

describe('systematic resampling', () => {
  test('copies every draw ⌊M w⌋ or ⌈M w⌉ times, without rounding', () => {
    const random = RandomStream.fromSeed(4);
    const [count, copies] = [50, 20];
    for (let repetition = 0; repetition < 10; repetition++) {
      const raw = Array.from({ length: count }, () => random.uniform() ** 8);
      const total = raw.reduce((sum, x) => sum + x, 0);
      const weight = float64Tensor(
        Float64Array.from(raw, (x) => x / total),
        [1, 1, count],
      );
      const number = float64Tensor(
        Float64Array.from({ length: count }, (_, i) => i + 1 / 3),
        [1, 1, count],
      );
      const found = resample(
        a,
        { y0: number, score: number, logDensity: number },
        weight,
        one(random.uniform()),
        copies,
      );
      expect(found.y0.data).toHaveLength(copies);
      expect(found.logDensity.data).toEqual(found.y0.data);
      weight.data.forEach((w, i) => {
        const times = found.y0.data.filter((value) => value === i + 1 / 3).length;
        expect(times).toBeGreaterThanOrEqual(Math.floor(copies * w - 1e-9));
        expect(times).toBeLessThanOrEqual(Math.ceil(copies * w + 1e-9));
      });
    }
  });
});

describe('compiled chains', () => {
  test.each(['mala', 'smc'] as const)(
    '%s: the graph gives the float64 estimate, finite from t = 0.01 to 0.99',
    async (sampler) => {
      const [batch, dim, draws, chains, stages] = [12, 3, 24, 6, 3];
      const moves = sampler === 'smc' ? stages * (draws - chains) : chains * 6;
      const random = RandomStream.fromSeed(7);
      const times = Array.from({ length: batch }, (_, i) => 0.01 + (0.98 * i) / (batch - 1));
      const size = (shape: number[]) => shape.reduce((product, n) => product * n, 1);
      const array = (shape: number[], fill: 'fillNormal' | 'fillUniform') => ({
        data: random[fill](new Float32Array(size(shape))),
        shape,
      });
      const inputs = {
        alpha: { data: Float32Array.from(times), shape: [batch, 1, 1] },
        beta: { data: Float32Array.from(times, (t) => 1 - t), shape: [batch, 1, 1] },
        yt: array([batch, dim, 1], 'fillNormal'),
        prior: array([batch, dim, draws], 'fillNormal'),
        resampling: array([batch, 1, sampler === 'smc' ? stages : 1], 'fillUniform'),
        normal: array([batch, dim, moves], 'fillNormal'),
        uniform: array([batch, 1, moves], 'fillUniform'),
      };
      const engine = createEngine({ backend: 'wasm' });
      const compiled = engine.compile('chains', (x: Record<keyof typeof inputs, tf.Tensor>) => {
        const target = {
          ...x,
          chains,
          noise: { normal: x.normal, uniform: x.uniform },
          logDensity: (y1: tf.Tensor) => ({
            logDensity: tf.mul(tf.sum(tf.mul(y1, y1), 1, true), -2),
            score: tf.mul(y1, -4),
          }),
        };
        const found =
          sampler === 'smc'
            ? smcDraws(tensorAlgebra, target)
            : malaDraws(tensorAlgebra, { ...target, burnIn: 2 });
        return {
          y0: controlledMean(tensorAlgebra, found.draws, parseEstimator('adaptive')).y0,
          acceptance: found.acceptance,
        };
      });
      const found = await compiled(inputs);
      const double = (x: { data: Float32Array; shape: number[] }) =>
        float64Tensor(Float64Array.from(x.data), x.shape as [number, number, number]);
      const target = {
        alpha: double(inputs.alpha),
        beta: double(inputs.beta),
        yt: double(inputs.yt),
        prior: double(inputs.prior),
        resampling: double(inputs.resampling),
        noise: { normal: double(inputs.normal), uniform: double(inputs.uniform) },
        chains,
        logDensity: (y1: Float64Tensor) => ({
          logDensity: a.mul(a.sum(a.mul(y1, y1), 1), -2),
          score: a.mul(y1, -4),
        }),
      };
      const wanted = sampler === 'smc' ? smcDraws(a, target) : malaDraws(a, { ...target, burnIn: 2 });
      const estimate = controlledMean(a, wanted.draws, parseEstimator('adaptive')).y0.data;
      expect([...found.y0.data, ...found.acceptance.data].every(Number.isFinite)).toBe(true);
      // A move whose acceptance hangs on the last bits of float32 sends a chain elsewhere: hardly ever.
      const apart = Array.from({ length: batch }, (_, i) =>
        Math.max(...[0, 1, 2].map((d) => Math.abs(found.y0.data[3 * i + d] - estimate[3 * i + d]))),
      );
      expect(apart.filter((x) => x < 1e-3).length).toBeGreaterThanOrEqual(batch - 1);
      await engine.dispose();
    },
  );
});
