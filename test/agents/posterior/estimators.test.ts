import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { EstimatorError, isEstimator, parseEstimator } from '../../../agents/posterior/estimator.ts';
import { float64Algebra, float64Tensor } from '../../../agents/posterior/float64.ts';
import { estimatePosteriorMean, posteriorMean } from '../../../agents/posterior/posterior-mean.ts';
import { createSchedule, scheduleNames } from '../../../agents/posterior/schedules.ts';
import { RandomStream } from '../../../engine/random.ts';
import { discrepancy, estimatorNames, type Fixture, pointColumns, variance } from './reference.ts';

/** The estimator on the fixture's own draws, densities and scores. */
function estimate(fixture: Fixture, estimator: string) {
  const count = fixture.y0.length;
  return estimatePosteriorMean(float64Algebra, {
    alpha: float64Tensor(Float64Array.of(fixture.a), [1, 1, 1]),
    beta: float64Tensor(Float64Array.of(fixture.b), [1, 1, 1]),
    yt: pointColumns([fixture.y_t]),
    prior: pointColumns(fixture.y0),
    logDensity: () => ({
      logDensity: float64Tensor(Float64Array.from(fixture.log_p1), [1, 1, count]),
      score: pointColumns(fixture.grad_log_p1),
    }),
    estimator: parseEstimator(estimator),
  });
}

const fixtures = Object.entries(variance).flatMap(([name, { exact_fixture_N10 }]) =>
  exact_fixture_N10.map((fixture) => ({ name: `${name} t=${fixture.t}`, fixture })),
);

describe('the estimator family', () => {
  describe.each(fixtures)('$name: ten draws given', ({ fixture }) => {
    test.each(Object.entries(estimatorNames))('%s agrees with the reference to 1e-10', (reference, name) => {
      const result = estimate(fixture, name);
      expect(discrepancy(result.y1.data, fixture.estimates[reference])).toBeLessThan(1e-10);
      expect(result.ess.data[0]).toBeCloseTo(fixture.ess, 9);
    });

    test('eta=0 is the noise expectation and eta=1 the gradient expectation', () => {
      expect(discrepancy(estimate(fixture, 'eta=0').y0.data, estimate(fixture, 'noise').y0.data)).toBe(0);
      const score = [0, 1].map((d) =>
        fixture.weights.reduce((sum, weight, i) => sum + weight * fixture.grad_log_p1[i][d], 0),
      );
      const gradient = score.map((value) => (-fixture.b / fixture.a) * value);
      for (const name of ['eta=1', 'gradient']) {
        expect(discrepancy(estimate(fixture, name).y0.data, gradient)).toBeLessThan(1e-12);
      }
    });
  });
});

describe('the compiled form', () => {
  const [batch, count, dim] = [5, 12, 3];
  // A Gaussian target with a full precision matrix, written with tensor operations.
  const precision = [
    [2, 0.6, -0.3],
    [0.6, 1.5, 0.2],
    [-0.3, 0.2, 0.8],
  ];
  const normals = (n: number, seed: number) =>
    Float32Array.from(tf.randomNormal([n], 0, 1, 'float32', seed).dataSync());
  const prior = normals(batch * count * dim, 1);
  const yt = normals(batch * dim, 2);
  const times = Float32Array.of(0.02, 0.3, 0.5, 0.9, 0.999);
  const compiled = (schedule: (typeof scheduleNames)[number], estimator: string) =>
    posteriorMean({
      schedule: createSchedule(schedule),
      t: tf.tensor1d(times),
      yt: tf.tensor2d(yt, [batch, dim]),
      prior: tf.tensor3d(prior, [batch, count, dim]),
      logDensity: (y1) => {
        const flat = tf.reshape(y1, [-1, dim]);
        const score = tf.neg(tf.matMul(flat, tf.tensor2d(precision)));
        const logDensity = tf.mul(tf.sum(tf.mul(score, flat), 1), 0.5);
        return {
          logDensity: tf.reshape(logDensity, [batch, count]),
          score: tf.reshape(score, [batch, count, dim]),
        };
      },
      estimator: parseEstimator(estimator),
    });

  const cases = scheduleNames.flatMap((schedule) =>
    ['noise', 'gradient', 'eta=0.5', 'optimal', 'optimal-isotropic', 'optimal-matrix', 'adaptive'].map(
      (estimator) => ({ schedule, estimator }),
    ),
  );

  test.each(cases)('$schedule $estimator: float32 tensors agree with float64', ({ schedule, estimator }) => {
    const result = compiled(schedule, estimator);
    for (let i = 0; i < batch; i++) {
      const { alpha, beta } = createSchedule(schedule).at(times[i]);
      const exact = estimatePosteriorMean(float64Algebra, {
        alpha: float64Tensor(Float64Array.of(alpha), [1, 1, 1]),
        beta: float64Tensor(Float64Array.of(beta), [1, 1, 1]),
        yt: float64Tensor(Float64Array.from(yt.slice(i * dim, (i + 1) * dim)), [1, dim, 1]),
        prior: float64Algebra.transpose(
          float64Tensor(Float64Array.from(prior.slice(i * count * dim, (i + 1) * count * dim)), [
            1,
            count,
            dim,
          ]),
        ),
        logDensity: (y1) => {
          const symmetric = float64Algebra.constant(precision);
          const score = float64Algebra.mul(float64Algebra.transposedProduct(symmetric, y1), -1);
          const logDensity = float64Algebra.mul(float64Algebra.sum(float64Algebra.mul(score, y1), 1), 0.5);
          return { logDensity, score };
        },
        estimator: parseEstimator(estimator),
      });
      const row = (x: tf.Tensor, size: number) => x.dataSync().slice(i * size, (i + 1) * size);
      expect(discrepancy(row(result.y0, dim), exact.y0.data)).toBeLessThan(2e-4);
      expect(discrepancy(row(result.y1, dim), exact.y1.data)).toBeLessThan(2e-4);
      expect(discrepancy(row(result.ess, 1), exact.ess.data)).toBeLessThan(2e-4);
    }
  });

  test('no gradient passes through the target', () => {
    const gradient = tf.grad((scale: tf.Tensor) => {
      const mean = posteriorMean({
        schedule: createSchedule('linear'),
        t: tf.tensor1d([0.5]),
        yt: tf.mul(tf.ones([1, 2]), scale),
        prior: tf.tensor3d(prior.slice(0, 8), [1, 4, 2]),
        logDensity: (y1) => ({
          logDensity: tf.mul(tf.sum(tf.square(y1), 2), tf.mul(scale, -0.5)),
          score: tf.neg(y1),
        }),
        estimator: parseEstimator('optimal'),
      });
      return tf.sum(tf.square(tf.sub(tf.mul(scale, 3), mean.y0)));
    });
    const scale = tf.scalar(1.5);
    const mean = posteriorMean({
      schedule: createSchedule('linear'),
      t: tf.tensor1d([0.5]),
      yt: tf.mul(tf.ones([1, 2]), scale),
      prior: tf.tensor3d(prior.slice(0, 8), [1, 4, 2]),
      logDensity: (y1) => ({
        logDensity: tf.mul(tf.sum(tf.square(y1), 2), tf.mul(scale, -0.5)),
        score: tf.neg(y1),
      }),
      estimator: parseEstimator('optimal'),
    }).y0.dataSync();
    const wanted = 2 * 3 * (4.5 - mean[0]) + 2 * 3 * (4.5 - mean[1]);
    expect(gradient(scale).dataSync()[0]).toBeCloseTo(wanted, 3);
  });

  test('weights that collapse on one draw, and densities far below float32, stay finite', () => {
    for (const estimator of [
      'noise',
      'gradient',
      'optimal',
      'optimal-isotropic',
      'optimal-matrix',
      'adaptive',
    ]) {
      const result = posteriorMean({
        schedule: createSchedule('linear'),
        t: tf.tensor1d([1e-3, 0.999]),
        yt: tf.tensor2d([0.3, -0.2, 0.8, 0.1], [2, 2]),
        prior: tf.tensor3d(prior.slice(0, 2 * 4 * 2), [2, 4, 2]),
        logDensity: (y1) => ({ logDensity: tf.mul(tf.sum(tf.square(y1), 2), -1e6), score: tf.mul(y1, -2e6) }),
        estimator: parseEstimator(estimator),
      });
      for (const x of [result.y0, result.y1, result.ess, result.cvWeight]) {
        expect([...x.dataSync()].every(Number.isFinite), estimator).toBe(true);
      }
      expect(Math.min(...result.ess.dataSync())).toBeGreaterThanOrEqual(1 - 1e-6);
    }
  });
});

describe('names of estimators', () => {
  test('optimal is the diagonal with the reference ridge and clip', () => {
    expect(parseEstimator('optimal')).toEqual({
      kind: 'optimal-diagonal',
      eta: 0,
      ridge: 5e-4,
      clip: 3,
      maxWeight: 1,
    });
  });

  test('a fixed coefficient is read from eta=NUMBER', () => {
    expect(parseEstimator('eta=0.25').eta).toBe(0.25);
    expect(parseEstimator('eta=1e-3').eta).toBe(1e-3);
  });

  test.each(['eta', 'eta=', 'eta=x', 'optimum', '', 'eta=1=2'])(
    '"%s" is refused with the names that exist',
    (text) => {
      expect(isEstimator(text)).toBe(false);
      expect(() => parseEstimator(text)).toThrow(EstimatorError);
      expect(() => parseEstimator(text)).toThrow(/optimal-diagonal/);
    },
  );
});

/**
 * Uniform bounded actions in latent coordinates: y1 = atanh(a) has the density sech² in each dimension, and beyond a
 * few units a constant slope, which is all that the draws see of it at small t.
 */
describe('adaptive on the latent density of bounded actions, prior draws at small t', () => {
  const [points, count] = [400, 32];

  /** E[y0 | y_t] in one dimension by quadrature. */
  function exactMean(t: number, yt: number): number {
    let [mass, sum] = [0, 0];
    for (let i = -4000; i <= 4000; i++) {
      const y1 = i / 200;
      const y0 = (yt - t * y1) / (1 - t);
      const density = Math.exp(-0.5 * y0 * y0) / Math.cosh(y1) ** 2;
      mass += density;
      sum += density * y0;
    }
    return sum / mass;
  }

  test.each([
    { t: 0.01, size: 1 },
    { t: 0.03, size: 1 },
    { t: 0.1, size: 1 },
    { t: 0.01, size: 6 },
    { t: 0.03, size: 6 },
    { t: 0.1, size: 6 },
  ])('t = $t, $size dimensions: its error is at most 1.2 × the better end point’s', ({ t, size }) => {
    const random = RandomStream.fromSeed(11);
    const uniform = random.fillUniform(new Float32Array(points * size));
    const noise = random.fillNormal(new Float32Array(points * size));
    const yt = Float64Array.from(noise, (y0, i) => t * Math.atanh(2 * uniform[i] - 1) + (1 - t) * y0);
    const prior = Float64Array.from(random.fillNormal(new Float32Array(points * size * count)));
    const wanted = yt.map((value) => exactMean(t, value));
    const column = (value: number) => float64Tensor(new Float64Array(points).fill(value), [points, 1, 1]);
    const error = (estimator: string) => {
      const { y0 } = estimatePosteriorMean(float64Algebra, {
        alpha: column(t),
        beta: column(1 - t),
        yt: float64Tensor(yt, [points, size, 1]),
        prior: float64Tensor(prior, [points, size, count]),
        logDensity: (y1) => {
          const terms = y1.data.map((y) => -2 * (Math.abs(y) + Math.log1p(Math.exp(-2 * Math.abs(y)))));
          return {
            logDensity: float64Algebra.sum(float64Tensor(terms, y1.shape), 1),
            score: float64Tensor(
              y1.data.map((y) => -2 * Math.tanh(y)),
              y1.shape,
            ),
          };
        },
        estimator: parseEstimator(estimator),
      });
      return wanted.reduce((sum, value, i) => sum + (y0.data[i] - value) ** 2, 0) / points;
    };
    expect(error('adaptive')).toBeLessThan(1.2 * Math.min(error('noise'), error('gradient')));
  });
});
