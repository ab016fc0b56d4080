import { describe, expect, test } from 'vitest';
import { numberArithmetic } from '../../../agents/posterior/arithmetic.ts';
import { parseEstimator } from '../../../agents/posterior/estimator.ts';
import { float64Algebra, float64Tensor } from '../../../agents/posterior/float64.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { estimatePosteriorMean } from '../../../agents/posterior/posterior-mean.ts';
import { createSchedule, velocity } from '../../../agents/posterior/schedules.ts';
import { discrepancy, mixtures, pointColumns, scheduleName, variance } from './reference.ts';

describe('exact posteriors of Gaussian mixtures', () => {
  test.each(Object.keys(mixtures))(
    '%s: means, velocity, score, density on four schedules to 1e-9',
    (name) => {
      const mixture = new GaussianMixture(mixtures[name]);
      for (const row of mixtures[name].rows) {
        const point = createSchedule(scheduleName(row.schedule)).at(row.t);
        row.y_t.forEach((yt, i) => {
          const { y0, y1, logDensity } = mixture.posterior(point.alpha, point.beta, yt);
          const speed = y0.map((value, d) => velocity(numberArithmetic, point, value, y1[d]));
          const score = y0.map((value) => -value / point.beta);
          expect(discrepancy(y1, row.E_y1[i])).toBeLessThan(1e-9);
          expect(discrepancy(y0, row.E_y0[i])).toBeLessThan(1e-9);
          expect(discrepancy(speed, row.velocity[i])).toBeLessThan(1e-9);
          expect(discrepancy(score, row.score[i])).toBeLessThan(1e-9);
          expect(Math.abs(logDensity - row.log_p[i])).toBeLessThan(1e-9);
        });
      }
    },
  );

  test.each(Object.keys(variance))('%s: log density and score of the data end to 1e-10', (name) => {
    const mixture = new GaussianMixture(variance[name]);
    for (const { a, b, y_t, y0, log_p1, grad_log_p1 } of variance[name].exact_fixture_N10) {
      const y1 = y0.map((draw) => draw.map((value, d) => (y_t[d] - b * value) / a));
      const { logDensity, score } = mixture.evaluate(pointColumns(y1));
      expect(discrepancy(logDensity.data, log_p1)).toBeLessThan(1e-10);
      expect(mixture.logDensity(pointColumns(y1)).data).toEqual(logDensity.data);
      expect(discrepancy(score.data, pointColumns(grad_log_p1).data)).toBeLessThan(1e-10);
    }
  });
});

describe('descriptions of Gaussian mixtures', () => {
  const covariances = [
    [
      [1, 0.5],
      [0.5, 1],
    ],
  ];
  const one = { dim: 2, weights: [1], means: [[0, 0]], covariances };
  const withCorner = (value: number) => ({ ...one, covariances: [covariances[0].with(1, [value, 1])] });

  test('a covariance that is not symmetric is refused, one that lost its last digits is not', () => {
    expect(() => new GaussianMixture(withCorner(0.1))).toThrow(/covariances: every one must be symmetric/);
    expect(() => new GaussianMixture(withCorner(0.5 + 1e-12))).not.toThrow();
  });

  test('weights may be as large as numbers get', () => {
    const two = (weight: number) =>
      new GaussianMixture({
        dim: 1,
        weights: [weight, weight],
        means: [[-1], [2]],
        covariances: [[[1]], [[1]]],
      });
    const exact = two(1).posterior(0.5, 0.5, [0.3]);
    expect(two(1.7e308).posterior(0.5, 0.5, [0.3])).toEqual(exact);
    expect(exact.y1.every(Number.isFinite)).toBe(true);
  });
});

describe('the estimator family by quadrature', () => {
  // A grid over all of y1's mass, as draws of y0 weighted by the prior's density, integrates the posterior
  // to rounding, so that every member must give the exact mean: the Stein term integrates to zero whatever
  // its coefficient.
  const axis = Array.from({ length: 401 }, (_, i) => -10 + i * 0.05);
  const gridOf = (alpha: number, beta: number, yt: readonly number[]) => {
    const implied = (x: number, d: number) => (yt[d] - alpha * x) / beta;
    return pointColumns(axis.flatMap((x) => axis.map((y) => [implied(x, 0), implied(y, 1)])));
  };

  test.each(['linear', 'cosine', 'vp', 've'] as const)(
    '%s: noise and gradient expectations agree with the exact means',
    (name) => {
      const reference = mixtures.anisotropic2;
      const mixture = new GaussianMixture(reference);
      const rows = reference.rows.filter(
        (row) => scheduleName(row.schedule) === name && row.t >= 0.3 && row.t <= 0.7,
      );
      for (const row of rows) {
        const { alpha, beta } = createSchedule(name).at(row.t);
        const prior = gridOf(alpha, beta, row.y_t[0]);
        const priorLogDensity = float64Algebra.mul(
          float64Algebra.sum(float64Algebra.mul(prior, prior), 1),
          -0.5,
        );
        for (const estimator of ['noise', 'gradient', 'eta=0.37', 'optimal-diagonal']) {
          const result = estimatePosteriorMean(float64Algebra, {
            alpha: float64Tensor(Float64Array.of(alpha), [1, 1, 1]),
            beta: float64Tensor(Float64Array.of(beta), [1, 1, 1]),
            yt: pointColumns([row.y_t[0]]),
            prior,
            logDensity: (y1) => {
              const value = mixture.evaluate(y1);
              return { ...value, logDensity: float64Algebra.add(value.logDensity, priorLogDensity) };
            },
            estimator: parseEstimator(estimator),
          });
          expect(discrepancy(result.y0.data, row.E_y0[0]), `${estimator} t=${row.t}`).toBeLessThan(1e-9);
          expect(discrepancy(result.y1.data, row.E_y1[0]), `${estimator} t=${row.t}`).toBeLessThan(1e-9);
        }
      }
    },
  );
});
