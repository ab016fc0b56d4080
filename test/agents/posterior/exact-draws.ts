/** Draws of the exact posterior of y1 given y_t = α y1 + β y0 for a Gaussian mixture, by conditioning each component. */
import {
  cholesky,
  logDeterminant,
  solveCholesky,
  solveLower,
} from '../../../agents/posterior/linear-algebra.ts';
import { GaussianMixture, type MixtureDescription } from '../../../agents/posterior/mixture.ts';
import type { RandomStream } from '../../../engine/random.ts';

/** The posterior of y1 itself, which is a mixture again. */
export function posteriorMixture(
  mixture: MixtureDescription,
  alpha: number,
  beta: number,
  yt: readonly number[],
): GaussianMixture {
  const { dim, weights, means, covariances } = mixture;
  const terms = covariances.map((covariance, k) => {
    // y_t | component ~ N(α m, S) with S = α² C + β² I; gain = α C S⁻¹.
    const lower = cholesky(
      covariance.map((row, i) => row.map((c, j) => alpha * alpha * c + (i === j ? beta * beta : 0))),
    );
    const residual = yt.map((value, i) => value - alpha * means[k][i]);
    const shift = solveCholesky(lower, residual);
    const square = solveLower(lower, residual).reduce((sum, z) => sum + z * z, 0);
    const gains = covariance.map((row) =>
      solveCholesky(
        lower,
        row.map((c) => alpha * c),
      ),
    );
    return {
      log: Math.log(weights[k]) - 0.5 * (logDeterminant(lower) + square),
      mean: means[k].map((m, i) => m + alpha * covariance[i].reduce((sum, c, j) => sum + c * shift[j], 0)),
      covariance: covariance.map((row, i) =>
        row.map((c, j) => {
          const explained = (p: number, q: number) =>
            gains[p].reduce((sum, g, l) => sum + g * alpha * covariance[l][q], 0);
          return c - (explained(i, j) + explained(j, i)) / 2;
        }),
      ),
    };
  });
  const largest = Math.max(...terms.map(({ log }) => log));
  const kept = terms.filter(({ log }) => log > largest - 700);
  return new GaussianMixture({
    dim,
    weights: kept.map(({ log }) => Math.exp(log - largest)),
    means: kept.map(({ mean }) => mean),
    covariances: kept.map(({ covariance }) => covariance),
  });
}

/** `count` draws. */
export function samples(mixture: GaussianMixture, count: number, random: RandomStream): number[][] {
  const normal = new Float32Array(mixture.dim);
  return Array.from({ length: count }, () => mixture.sample(random.uniform(), random.fillNormal(normal)));
}
