/** Densities known up to a constant: what the samplers of this folder learn to draw from. */
import * as tf from '@tensorflow/tfjs-core';
import { cholesky, logDeterminant, solveLower } from '../posterior/linear-algebra.ts';
import { type MixtureDescription, mixtureSchema } from '../posterior/mixture.ts';
import type { DensityValue } from '../posterior/posterior-mean.ts';

export interface DensityTarget {
  readonly dimension: number;
  /** y [batch, N, D] → log p [batch, N] and its gradient [batch, N, D] */
  logDensity(y: tf.Tensor): DensityValue<tf.Tensor>;
}

/**
 * A Gaussian mixture as whole-array operations: every component whitens every point, z_k = L_k⁻¹ (y - m_k) with
 * L_k the Cholesky factor of its covariance.
 * @throws z.ZodError, NotPositiveDefiniteError
 */
export function mixtureDensity(description: MixtureDescription): DensityTarget {
  const { dim, weights, means, covariances } = mixtureSchema.parse(description);
  const components = weights.length;
  const logConstant = new Float32Array(components);
  /** L_k⁻¹ by its output coordinate: rows[i][j, k] = (L_k⁻¹)_ij. */
  const rows = Array.from({ length: dim }, () => new Float32Array(dim * components));
  const offsets = Array.from({ length: dim }, () => new Float32Array(components));
  covariances.forEach((covariance, k) => {
    const lower = cholesky(covariance);
    logConstant[k] = Math.log(weights[k]) - 0.5 * logDeterminant(lower);
    for (let j = 0; j < dim; j++) {
      const column = solveLower(
        lower,
        Array.from({ length: dim }, (_, i) => (i === j ? 1 : 0)),
      );
      column.forEach((value, i) => {
        rows[i][j * components + k] = value;
        offsets[i][k] += value * means[k][j];
      });
    }
  });

  return {
    dimension: dim,
    logDensity(y) {
      const [batch, count] = y.shape;
      const points = tf.reshape(y, [batch * count, dim]);
      const kernels = rows.map((row) => tf.tensor(row, [dim, components]));
      const whitened = kernels.map((kernel, i) =>
        tf.sub(tf.matMul(points, kernel), tf.tensor(offsets[i], [1, components])),
      );
      const squares = whitened.map((z) => tf.square(z)).reduce((sum, z) => tf.add(sum, z));
      const logTerms = tf.add(tf.mul(squares, -0.5), tf.tensor(logConstant, [1, components]));
      const top = tf.max(logTerms, 1, true);
      const terms = tf.exp(tf.sub(logTerms, top));
      const total = tf.sum(terms, 1, true);
      const share = tf.div(terms, total);
      const score = kernels
        .map((kernel, i) => tf.matMul(tf.mul(share, whitened[i]), kernel, false, true))
        .reduce((sum, part) => tf.add(sum, part));
      return {
        logDensity: tf.reshape(tf.add(top, tf.log(total)), [batch, count]),
        score: tf.reshape(tf.neg(score), [batch, count, dim]),
      };
    },
  };
}
