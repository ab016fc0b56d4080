/** A mixture's density as an estimator reads it: with its score, or its values alone, which take less time. */
import type { Estimator } from '../agents/posterior/estimator.ts';
import { readsScore } from '../agents/posterior/estimator.ts';
import { type Float64Tensor, float64Tensor } from '../agents/posterior/float64.ts';
import type { GaussianMixture } from '../agents/posterior/mixture.ts';
import type { DensityValue } from '../agents/posterior/posterior-mean.ts';

/** y1 [batch, D, N] → logDensity [batch, 1, N], score [batch, D, N] */
export type Density = (y1: Float64Tensor) => DensityValue<Float64Tensor>;

/** What estimators read. */
export const readings = ['score', 'values'] as const;
export type Reading = (typeof readings)[number];

export const readingOf = (estimator: Estimator): Reading => (readsScore(estimator) ? 'score' : 'values');

/** In the place of the score that nobody reads, `values` has zeros. */
export function densities(mixture: GaussianMixture): Readonly<Record<Reading, Density>> {
  return {
    score: (y1) => mixture.evaluate(y1),
    values: (y1) => ({
      logDensity: mixture.logDensity(y1),
      score: float64Tensor(new Float64Array(y1.data.length), y1.shape),
    }),
  };
}
