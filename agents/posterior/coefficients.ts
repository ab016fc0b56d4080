/**
 * The coefficient E of the control variate in ȳ0 - E ū, from the draws themselves. All rules read the
 * w²-weighted, centred second moments that the delta method gives for the variance of a self-normalised
 * mean: Σ w² ‖(y0 - ȳ0) - E (u - ū)‖² (RFM, minimum-variance control variate).
 *
 * In terms of the posterior score of y1, g1 = (α/β) u, the reference writes c = E (β/α)² and adds its ridge
 * to Σ w² (g1 - ḡ1)²; here that is E's denominator with ridge (β/α)². Everything stays finite at β = 0.
 */
import type { Algebra } from './arithmetic.ts';
import { identityRows, solveSymmetric } from './solve.ts';
import type { ControlledMean, WeighedDraws } from './weighing.ts';

/** Keeps 0/0 (all weight on one draw) at 0; far below every moment that matters in float32 and float64. */
const tiny = 1e-30;

export interface CoefficientOptions {
  /** The coefficient where it is a number that the caller gives. */
  readonly eta: number;
  /** Added to the second moment of the posterior score of y1. */
  readonly ridge: number;
  /** Bound of |c| = |η| (β/α)². */
  readonly clip: number;
}

/** The estimate that a rule for the coefficient makes of the draws. */
export type CoefficientRule = <A>(
  a: Algebra<A>,
  draws: WeighedDraws<A>,
  options: CoefficientOptions,
) => ControlledMean<A>;

/** E = 0. */
export const noise: CoefficientRule = (a, draws) => ({ y0: draws.meanPrior, cvWeight: a.mul(draws.ess, 0) });

/** E = I: y0 cancels; the plain form is exact where ȳ0 - ū would round. */
export const gradient: CoefficientRule = (a, draws) => ({
  y0: a.sub(draws.meanPrior, draws.meanStein),
  cvWeight: a.add(a.mul(draws.ess, 0), 1),
});

/** E = η I. */
export const fixed: CoefficientRule = (a, draws, { eta }) => ({
  y0: a.sub(draws.meanPrior, a.mul(draws.meanStein, eta)),
  cvWeight: a.add(a.mul(draws.ess, 0), eta),
});

/** One number for all dimensions. */
export const optimalIsotropic: CoefficientRule = (a, draws, options) =>
  elementwise(a, draws, optimal(a, draws, options, true));

/** One number for each dimension. */
export const optimalDiagonal: CoefficientRule = (a, draws, options) =>
  elementwise(a, draws, optimal(a, draws, options, false));

/** @param eta [batch, 1 or D, 1] */
function elementwise<A>(a: Algebra<A>, draws: WeighedDraws<A>, eta: A): ControlledMean<A> {
  const size = a.shape(eta)[1];
  return {
    y0: a.sub(draws.meanPrior, a.mul(eta, draws.meanStein)),
    cvWeight: size === 1 ? eta : a.div(a.sum(eta, 1), size),
  };
}

/** w (y0 - ȳ0) and w (u - ū), [batch, D, N]. */
function deviations<A>(a: Algebra<A>, draws: WeighedDraws<A>): { prior: A; stein: A } {
  return {
    prior: a.mul(draws.weight, a.sub(draws.prior, draws.meanPrior)),
    stein: a.mul(draws.weight, a.sub(draws.stein, draws.meanStein)),
  };
}

/** Σ w² δ_x δ_y per dimension [batch, D, 1], or summed over dimensions [batch, 1, 1]. */
function moment<A>(a: Algebra<A>, x: A, y: A, pooled: boolean): A {
  const perDimension = a.sum(a.mul(x, y), 2);
  return pooled ? a.sum(perDimension, 1) : perDimension;
}

/** The plug-in optimum, one number or one per dimension, with the estimator's ridge and clip. */
function optimal<A>(
  a: Algebra<A>,
  draws: WeighedDraws<A>,
  { ridge, clip }: CoefficientOptions,
  pooled: boolean,
): A {
  const { prior, stein } = deviations(a, draws);
  const cross = moment(a, prior, stein, pooled);
  const square = moment(a, stein, stein, pooled);
  const ratioSquared = a.mul(draws.ratio, draws.ratio);
  const eta = a.div(cross, a.add(square, a.add(a.mul(ratioSquared, ridge), tiny)));
  const bound = a.div(clip, a.add(ratioSquared, tiny));
  return a.maximum(a.minimum(eta, bound), a.mul(bound, -1));
}

/** E = A (B + ridge I)⁻¹ with A = Σ w² δ_y0 δ_uᵀ, B = Σ w² δ_u δ_uᵀ; not clipped, as in the reference. */
export const optimalMatrix: CoefficientRule = (a, draws, options) => {
  const size = a.shape(draws.meanPrior)[1];
  const identity = a.constant(identityRows(size));
  const { prior, stein } = deviations(a, draws);
  const cross = a.outerProduct(stein, prior); // Aᵀ
  const square = a.outerProduct(stein, stein);
  const ridge = a.add(a.mul(a.mul(draws.ratio, draws.ratio), options.ridge), tiny);
  const solution = solveSymmetric(a, a.add(square, a.mul(identity, ridge)), cross); // Eᵀ
  return {
    y0: a.sub(draws.meanPrior, a.transposedProduct(solution, draws.meanStein)),
    cvWeight: a.div(a.sum(a.sum(a.mul(solution, identity), 1), 2), size),
  };
};
