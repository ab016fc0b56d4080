/**
 * Gaussian mixtures as targets: log density and score in float64, and the exact posterior means under
 * y_t = α y1 + β y0, which every estimator is checked against.
 */
import { z } from 'zod';
import { type Float64Tensor, float64Tensor } from './float64.ts';
import { cholesky, logDeterminant, type Matrix, solveCholesky, solveLower } from './linear-algebra.ts';
import type { DensityValue } from './posterior-mean.ts';

/** The layout of problem files: dim D, K weights (normalised on use), K means [D], K covariances [D][D]. */
export const mixtureSchema = z
  .object({
    dim: z.number().int().positive(),
    weights: z.array(z.number().positive('every weight must be above 0')).min(1),
    means: z.array(z.array(z.number())),
    covariances: z.array(z.array(z.array(z.number()))),
  })
  .superRefine(({ dim, weights, means, covariances }, context) => {
    const expect = (holds: boolean, message: string) => {
      if (!holds) context.addIssue({ code: 'custom', message });
    };
    expect(means.length === weights.length, `means: ${weights.length} expected, one per weight`);
    expect(covariances.length === weights.length, `covariances: ${weights.length} expected, one per weight`);
    expect(
      means.every((mean) => mean.length === dim),
      `means: every one must have ${dim} numbers`,
    );
    const square = covariances.every(
      (rows) => rows.length === dim && rows.every((row) => row.length === dim),
    );
    expect(square, `covariances: every one must be ${dim} × ${dim}`);
    expect(!square || covariances.every(isSymmetric), 'covariances: every one must be symmetric');
  });
export type MixtureDescription = z.infer<typeof mixtureSchema>;

/** Up to what printing and reading numbers may lose. */
const isSymmetric = (rows: Matrix) =>
  rows.every((row, i) =>
    row.every((value, j) => Math.abs(value - rows[j][i]) <= 1e-9 * (Math.abs(value) + Math.abs(rows[j][i]))),
  );

interface Component {
  readonly logWeight: number;
  readonly mean: readonly number[];
  readonly covariance: Matrix;
  /** Lower triangular, its product with its transpose is the covariance. */
  readonly lower: Matrix;
  /** Inverse of the covariance's Cholesky factor, row-major [D, D], lower triangular. */
  readonly whitening: Float64Array;
  readonly logNorm: number;
}

/** Exact quantities of y_t. */
export interface ExactPosterior {
  readonly y0: number[];
  readonly y1: number[];
  readonly logDensity: number;
}

export class GaussianMixture {
  readonly dim: number;
  readonly #components: readonly Component[];

  /** @throws z.ZodError, NotPositiveDefiniteError */
  constructor(description: MixtureDescription) {
    const { dim, weights, means, covariances } = mixtureSchema.parse(description);
    this.dim = dim;
    const largest = Math.max(...weights); // weights as large as numbers get have no finite sum
    const total = weights.reduce((sum, weight) => sum + weight / largest, 0);
    this.#components = weights.map((weight, k) => {
      const lower = cholesky(covariances[k]);
      const whitening = new Float64Array(dim * dim);
      for (let column = 0; column < dim; column++) {
        const unit = Array.from({ length: dim }, (_, i) => (i === column ? 1 : 0));
        solveLower(lower, unit).forEach((value, row) => {
          whitening[row * dim + column] = value;
        });
      }
      return {
        logWeight: Math.log(weight / largest) - Math.log(total),
        mean: means[k],
        covariance: covariances[k],
        lower,
        whitening,
        logNorm: -0.5 * (dim * Math.log(2 * Math.PI) + logDeterminant(lower)),
      };
    });
  }

  /** log p(y) and ∇ log p(y) of points [batch, D, N]; the density comes as [batch, 1, N]. */
  evaluate(y: Float64Tensor): DensityValue<Float64Tensor> {
    const [batch, dim, count] = y.shape;
    const logDensity = new Float64Array(batch * count);
    const score = new Float64Array(y.data.length);
    const point = new Float64Array(dim);
    const slope = new Float64Array(dim);
    const logTerms = new Float64Array(this.#components.length);
    const whitened = new Float64Array(this.#components.length * dim);
    for (let i = 0; i < batch; i++)
      for (let n = 0; n < count; n++) {
        const start = i * dim * count + n;
        for (let d = 0; d < dim; d++) point[d] = y.data[start + d * count];
        logDensity[i * count + n] = this.#evaluatePoint(point, slope, logTerms, whitened);
        for (let d = 0; d < dim; d++) score[start + d * count] = slope[d];
      }
    return {
      logDensity: float64Tensor(logDensity, [batch, 1, count]),
      score: float64Tensor(score, y.shape),
    };
  }

  /** log p(y) alone, of points [batch, D, N] → [batch, 1, N]; without the score it takes a part of the time. */
  logDensity(y: Float64Tensor): Float64Tensor {
    const [batch, dim, count] = y.shape;
    const logDensity = new Float64Array(batch * count);
    const point = new Float64Array(dim);
    const logTerms = new Float64Array(this.#components.length);
    const whitened = new Float64Array(this.#components.length * dim);
    for (let i = 0; i < batch; i++)
      for (let n = 0; n < count; n++) {
        for (let d = 0; d < dim; d++) point[d] = y.data[(i * dim + d) * count + n];
        logDensity[i * count + n] = this.#evaluatePoint(point, undefined, logTerms, whitened);
      }
    return float64Tensor(logDensity, [batch, 1, count]);
  }

  /** @param score written, if there */
  #evaluatePoint(
    y: Float64Array,
    score: Float64Array | undefined,
    logTerms: Float64Array,
    whitened: Float64Array,
  ): number {
    const { dim } = this;
    const components = this.#components;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < components.length; k++) {
      const { whitening, mean, logWeight, logNorm } = components[k];
      let square = 0;
      for (let i = 0; i < dim; i++) {
        let z = 0;
        for (let j = 0; j <= i; j++) z += whitening[i * dim + j] * (y[j] - mean[j]);
        whitened[k * dim + i] = z;
        square += z * z;
      }
      logTerms[k] = logWeight + logNorm - 0.5 * square;
      if (logTerms[k] > largest) largest = logTerms[k];
    }
    let total = 0;
    score?.fill(0);
    for (let k = 0; k < components.length; k++) {
      if (logTerms[k] - largest < -745) continue; // exp underflows to 0
      const term = Math.exp(logTerms[k] - largest);
      total += term;
      if (score === undefined) continue;
      const { whitening } = components[k];
      for (let j = 0; j < dim; j++) {
        let pull = 0;
        for (let i = j; i < dim; i++) pull += whitening[i * dim + j] * whitened[k * dim + i];
        score[j] -= term * pull;
      }
    }
    if (score !== undefined) for (let j = 0; j < dim; j++) score[j] /= total;
    return largest + Math.log(total);
  }

  /** E[y0 | y_t], E[y1 | y_t] and log p_t(y_t) in closed form. @param yt [D] */
  posterior(alpha: number, beta: number, yt: readonly number[]): ExactPosterior {
    const { dim } = this;
    const terms = this.#components.map(({ logWeight, mean, covariance }) => {
      const marginal = covariance.map((row, i) =>
        row.map((value, j) => alpha * alpha * value + (i === j ? beta * beta : 0)),
      );
      const lower = cholesky(marginal);
      const residual = yt.map((value, i) => value - alpha * mean[i]);
      const precise = solveCholesky(lower, residual);
      const quadratic = residual.reduce((sum, value, i) => sum + value * precise[i], 0);
      return {
        log: logWeight - 0.5 * (dim * Math.log(2 * Math.PI) + logDeterminant(lower) + quadratic),
        y0: precise.map((value) => beta * value),
        y1: mean.map(
          (value, i) => value + alpha * covariance[i].reduce((sum, c, j) => sum + c * precise[j], 0),
        ),
      };
    });
    const largest = Math.max(...terms.map(({ log }) => log));
    const weights = terms.map(({ log }) => Math.exp(log - largest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = (vectors: readonly number[][]) =>
      Array.from({ length: dim }, (_, i) =>
        vectors.reduce((sum, vector, k) => sum + (weights[k] / total) * vector[i], 0),
      );
    return {
      y0: mean(terms.map(({ y0 }) => y0)),
      y1: mean(terms.map(({ y1 }) => y1)),
      logDensity: largest + Math.log(total),
    };
  }

  /**
   * One draw. @param uniform in [0, 1) @param normal D standard normals
   */
  sample(uniform: number, normal: ArrayLike<number>): number[] {
    let rest = uniform;
    let chosen = this.#components[this.#components.length - 1];
    for (const component of this.#components) {
      rest -= Math.exp(component.logWeight);
      if (rest < 0) {
        chosen = component;
        break;
      }
    }
    return chosen.mean.map((value, i) =>
      chosen.lower[i].reduce((sum, l, j) => (j <= i ? sum + l * normal[j] : sum), value),
    );
  }

  /** A stand-in for a policy that has learned the target roughly: covariances doubled, first weight halved. */
  rough(): GaussianMixture {
    return new GaussianMixture({
      dim: this.dim,
      weights: this.#components.map(({ logWeight }, k) => Math.exp(logWeight) * (k === 0 ? 0.5 : 1)),
      means: this.#components.map(({ mean }) => [...mean]),
      covariances: this.#components.map(({ covariance }) => covariance.map((row) => row.map((c) => 2 * c))),
    });
  }
}
