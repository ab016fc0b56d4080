import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dqs, dqsScore } from '../../agents/dqs.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { boltzmannQuantiles, drawActions, trainOnBandit, twoHumps, wasserstein } from './bandit.ts';
import { mixtures } from './posterior/reference.ts';
import { summary } from './summary.ts';

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
    const [repeats, draws] = [40, 2000];
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

describe('dqs on a bandit', () => {
  const engine = createEngine();
  afterAll(() => engine.dispose());

  it('comes close to the Boltzmann policy of two humps', async () => {
    const temperature = 0.1;
    const { agent } = await trainOnBandit(dqs, {
      engine,
      reward: twoHumps,
      updates: 1200,
      config: {
        temperature,
        finalTemperature: temperature,
        actorLearningRate: 1e-3,
        batchSize: 256, // the target's variance, not the network, sets the distance
        integrationSteps: 10,
        sigmaMin: 0.01,
        embedding: 16,
        maxGradNorm: 10,
      },
    });
    const found = await drawActions(agent, 'explore', 1000);
    const exact = boltzmannQuantiles(twoHumps, temperature, 1000);
    // The humps are 1 apart: 0.12 is an eighth of the mass at the wrong one, of which 0.05 come from starting
    // at N(0, σ_max² = 1) in place of the noised density. Uniform actions are 0.31 away.
    expect(wasserstein(found, exact)).toBeLessThan(0.12);
    await agent.dispose();
  }, 300_000);
});

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
