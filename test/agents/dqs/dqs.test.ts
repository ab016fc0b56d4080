import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dqs } from '../../../agents/dqs/agent.ts';
import { explodingNoise, stepVariances } from '../../../agents/dqs/noise.ts';
import { boltzmannDensity, dqsScore } from '../../../agents/dqs/score.ts';
import { eulerMaruyama } from '../../../agents/samplers.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { drawActions, oneHump, trainOnBandit, wasserstein, withConfig } from '../bandit.ts';
import { mixtures } from '../posterior/reference.ts';
import { summary } from '../summary.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the score target', () => {
  // Exact scores of noised 2-D mixtures, computed elsewhere in float64; VE path, α = 1.
  const cases = Object.entries(mixtures).flatMap(([name, mixture]) =>
    mixture.rows
      .filter((row) => row.schedule === 've' && row.b < 1.5 && row.b > 0.02)
      .map((row) => ({ name, mixture, row, b: row.b })),
  );

  it.each(cases)('is the score of the noised mixture $name at β = $b', ({ mixture, row }) => {
    const logDensity = (y: tf.Tensor) => {
      const [batch, n] = y.shape;
      const points = y.arraySync() as number[][][];
      const values = points.flat().map((point) => mixtureValue(mixture, point));
      return {
        logDensity: tf.tensor(
          values.map((value) => value.log),
          [batch, n],
        ),
        score: tf.tensor(
          values.flatMap((value) => value.score),
          [batch, n, 2],
        ),
      };
    };
    const [repeats, draws] = [20, 2000];
    const random = RandomStream.fromSeed(6);
    for (const [point, exact] of row.score.slice(0, 2).entries()) {
      const { score, ess } = dqsScore(
        logDensity,
        tf.tile(tf.tensor([row.y_t[point]]), [repeats, 1]),
        tf.fill([repeats, 1], row.b),
        tf.tensor(random.fillNormal(new Float32Array(repeats * draws * 2)), [repeats, draws, 2]),
      );
      // Importance sampling with fewer effective draws than that says nothing about its mean.
      if (summary(ess.dataSync()).mean < 30) continue;
      const found = score.dataSync();
      for (const dimension of [0, 1]) {
        const values = Array.from({ length: repeats }, (_, i) => found[2 * i + dimension]);
        const { mean, error } = summary(values);
        expect(Math.abs(mean - exact[dimension])).toBeLessThan(5 * error + 1e-3 * Math.abs(exact[dimension]));
      }
    }
  });
});

describe('the noise', () => {
  // The program behind arXiv 2601.08136: S = 1e5, g = 1e-5 S^t sqrt(2 ln S), h = 1e-10 (S^2t - 1)
  const noise = explodingNoise({ sigmaMin: 1e-5, sigmaMax: 1 });
  const h = (t: number) => 1e-10 * ((1e5 ** t) ** 2 - 1);

  it('has the variance and the rate of the method', () => {
    for (const t of [0.05, 0.3, 0.75, 1]) {
      expect(noise.variance(t) / h(t)).toBeCloseTo(1, 12);
      expect(noise.rate(t) / (1e-5 * 1e5 ** t * Math.sqrt(2 * Math.log(1e5))) ** 2).toBeCloseTo(1, 12);
    }
    expect(noise.variance(0)).toBe(0);
  });

  it('has the same variance in float32, to its last bits', () => {
    const times = Float32Array.from({ length: 1000 }, (_, i) => 0.05 + (0.95 * i) / 1000);
    const found = noise.varianceTensor(tf.tensor1d(times)).dataSync();
    for (const [i, t] of times.entries()) expect(Math.abs(found[i] / h(t) - 1)).toBeLessThan(5e-7);
  });

  it('is read from a configuration of earlier results, in the form that is left', () => {
    const config = dqs.presets.smoke;
    expect(dqs.config.parse({ ...config, space: 'action' })).toEqual(config);
    expect(dqs.config.safeParse({ ...config, space: 'latent' }).success).toBe(false);
  });

  it('needs a range', () => {
    const config = { ...dqs.presets.smoke, sigmaMin: 1 };
    expect(dqs.config.safeParse(config).error?.issues.map(({ message }) => message)).toEqual([
      'sigmaMin must be smaller than sigmaMax',
    ]);
  });
});

it('the density is Q/λ, its gradient at any point too', () => {
  const y = tf.tensor([-3, 0.5, 2], [1, 3, 1]);
  const { logDensity, score } = boltzmannDensity(
    tf.scalar(0.05),
    (a) => ({ value: tf.squeeze(tf.square(a), [2]), gradient: tf.mul(a, 2) }), // Q = a²
  )(y);
  for (const [found, exact] of [
    [logDensity, [180, 5, 80]],
    [score, [-120, 20, 80]],
  ] as const) {
    for (const [i, value] of found.dataSync().entries()) expect(value / exact[i]).toBeCloseTo(1, 6);
  }
});

// For data N(m, s²) the noised density's score is known. The program's range of noise, finer steps.
it('the sampler takes the noised density to the data under its exact score', () => {
  const [m, s, rows, steps] = [0.6, 0.3, 4000, 400];
  const noise = explodingNoise({ sigmaMin: 1e-5, sigmaMax: 1 });
  const random = RandomStream.fromSeed(11);
  const times = Array.from({ length: steps + 1 }, (_, k) => 1 - k / steps);
  const start = tf.add(
    tf.mul(tf.tensor(random.fillNormal(new Float32Array(rows)), [rows, 1]), Math.sqrt(s * s + 1)),
    m,
  );
  const score = (y: tf.Tensor, k: number) => tf.div(tf.sub(m, y), s * s + noise.variance(times[k]));
  const path = tf.tensor(random.fillNormal(new Float32Array(steps * rows)), [steps, rows, 1]);
  const found = eulerMaruyama(score, start, stepVariances(noise, times), path);
  const { mean, error } = summary(found.dataSync());
  expect(Math.abs(mean - m)).toBeLessThan(5 * error);
  expect(Math.abs((error * Math.sqrt(rows)) / s - 1)).toBeLessThan(0.06); // five deviations of it, and the steps
});

const temperature = 0.1;
/** Settings under which the policy of dqs on a bandit is the Boltzmann density. */
const onBandit = {
  temperature,
  finalTemperature: temperature,
  actorLearningRate: 1e-3,
  batchSize: 256, // the target's variance, not the network, sets the distance
  sigmaMin: 0.01,
};

describe('dqs on a bandit', () => {
  const engine = createEngine({ backend: 'wasm' });
  afterAll(() => engine.dispose());
  it('is the tanh of the density exp(Q/λ) on the line', async () => {
    // With the preset's 16 draws the policy's mean wanders by ±0.13.
    const config = { ...onBandit, embedding: 16, scoreDraws: 64 };
    const trained = await trainOnBandit(dqs, {
      engine,
      reward: oneHump,
      updates: 600,
      config: { ...config, integrationSteps: 1 },
    });
    const agent = await withConfig(dqs, trained.agent, {
      engine,
      config: { ...config, integrationSteps: 20 },
    });
    const found = await drawActions(agent, 'explore', 1000);
    // exp((1 - 2 (y - 0.3)²)/λ) is N(0.3, λ/4)
    const exact = normalQuantiles(1000).map((z) => Math.tanh(0.3 + z * Math.sqrt(onBandit.temperature / 4)));
    // Seeds 1 to 5 are 0.015 to 0.05 away, uniform actions 0.44.
    expect(wasserstein(found, exact)).toBeLessThan(0.12);
    await agent.dispose();
  }, 300_000);
});

/** `count` quantiles of the standard normal, at the levels (i + 1/2)/count, by integration of its density. */
function normalQuantiles(count: number): number[] {
  const [cells, reach] = [200_000, 6];
  const quantiles: number[] = [];
  let below = 0;
  for (let i = 0; i < cells && quantiles.length < count; i++) {
    const z = -reach + (2 * reach * (i + 0.5)) / cells;
    below += (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * ((2 * reach) / cells);
    while (quantiles.length < count && below >= (quantiles.length + 0.5) / count) quantiles.push(z);
  }
  return quantiles;
}

/** log density up to a constant and score of a 2-D Gaussian mixture at a point. */
function mixtureValue(
  { weights, means, covariances }: { weights: number[]; means: number[][]; covariances: number[][][] },
  point: number[],
): { log: number; score: number[] } {
  const terms = weights.map((weight, k) => {
    const [[a, b], [, d]] = covariances[k];
    const determinant = a * d - b * b;
    const [x, y] = [point[0] - means[k][0], point[1] - means[k][1]];
    const pull = [(d * x - b * y) / determinant, (a * y - b * x) / determinant];
    const log = Math.log(weight) - 0.5 * Math.log(determinant) - 0.5 * (x * pull[0] + y * pull[1]);
    return { log, pull };
  });
  const top = Math.max(...terms.map(({ log }) => log));
  const total = terms.reduce((sum, { log }) => sum + Math.exp(log - top), 0);
  const score = [0, 1].map((i) =>
    terms.reduce((sum, { log, pull }) => sum - (Math.exp(log - top) / total) * pull[i], 0),
  );
  return { log: top + Math.log(total), score };
}
