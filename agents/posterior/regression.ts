/**
 * Regression of y0 on the Stein term u under tempered weights: the curvature of the posterior as the draws
 * show it. Where the target is Gaussian, y0 - E u is the posterior's mean for every draw and E its covariance.
 */
import type { Algebra } from './arithmetic.ts';
import { identityRows, solveSymmetric } from './solve.ts';

/** Effective draws that the regression asks for: this many, and one more per dimension. */
export const regressionDraws = 8;
/** ... but never more than this share of the draws. */
export const regressionShare = 0.5;
/** Exponents τ that are tried, largest first; 0 (all draws alike) if none leaves draws enough. */
export const exponents = Array.from({ length: 10 }, (_, j) => 1.5 / (1 << j));
/** The matrix's penalty: keeps the system's condition below its inverse. */
export const penaltyShare = 1e-3;
/** Keeps 0/0 at 0. */
const tiny = 1e-30;

/**
 * Normalised w^τ, [batch, 1, N], with the largest τ that leaves effective draws enough for a regression.
 * @param logWeight with maximum 0, [batch, 1, N]
 * @param size dimensions of y
 */
export function temperedWeights<A>(a: Algebra<A>, logWeight: A, size: number): A {
  const needed = Math.min(regressionDraws + size, regressionShare * a.shape(logWeight)[2]);
  const column = a.constant(exponents.map((exponent) => [exponent]));
  const raw = a.exp(a.mul(logWeight, column)); // [batch, exponents, N]
  const total = a.sum(raw, 2);
  const ess = a.div(a.mul(total, total), a.sum(a.mul(raw, raw), 2));
  // 1 where ESS ≥ needed, 0 elsewhere, without a comparison; ESS falls as τ rises.
  const enough = a.minimum(a.maximum(a.mul(a.sub(ess, needed), 1e6), 0), 1);
  const tempered = a.exp(a.mul(logWeight, a.max(a.mul(enough, column), 1)));
  return a.div(tempered, a.sum(tempered, 2));
}

/** ⟨x, y⟩ over the dimensions, [batch, 1, N]. */
export const inner = <A>(a: Algebra<A>, x: A, y: A): A => a.sum(a.mul(x, y), 1);

/**
 * One η for all dimensions [batch, 1, 1], and for every draw what the other draws' η predicts of it.
 * @param prior y0 less its weighted mean, [batch, D, N]
 * @param stein u less its weighted mean, [batch, D, N]
 */
export function fitIsotropic<A>(a: Algebra<A>, weight: A, prior: A, stein: A): { eta: A; prediction: A } {
  const [cross, square] = [inner(a, prior, stein), inner(a, stein, stein)];
  return fitByDivision(a, stein, a.mul(weight, cross), a.mul(weight, square));
}

/** One η per dimension, [batch, D, 1]; the rest is as for fitIsotropic. */
export function fitDiagonal<A>(a: Algebra<A>, weight: A, prior: A, stein: A): { eta: A; prediction: A } {
  const [cross, square] = [a.mul(prior, stein), a.mul(stein, stein)];
  return fitByDivision(a, stein, a.mul(weight, cross), a.mul(weight, square));
}

/** @param cross what each draw adds to numerators, and `square` to denominators, [batch, D or 1, N] */
function fitByDivision<A>(a: Algebra<A>, stein: A, cross: A, square: A): { eta: A; prediction: A } {
  const [allCross, allSquare] = [a.sum(cross, 2), a.sum(square, 2)];
  const others = a.div(a.sub(allCross, cross), a.add(a.sub(allSquare, square), tiny));
  return { eta: a.div(allCross, a.add(allSquare, tiny)), prediction: a.mul(others, stein) };
}

/**
 * The matrix E of the least-squares fit y0 ≈ E u, held to η I by a small penalty in units of the u's own
 * variances, and what it predicts of every draw when that draw is left out: with the leverage h and the
 * residual e, the prediction moves by -e h/(1 - h).
 * @param eta the isotropic fit's coefficient, [batch, 1, 1]
 */
export function fitMatrix<A>(
  a: Algebra<A>,
  weight: A,
  prior: A,
  stein: A,
  eta: A,
): { transposed: A; prediction: A } {
  const size = a.shape(stein)[1];
  const identity = a.constant(identityRows(size));
  const weighed = a.mul(weight, stein);
  const moments = a.outerProduct(weighed, stein);
  const penalty = a.mul(a.mul(moments, penaltyShare), identity);
  const square = a.add(a.add(moments, penalty), a.mul(identity, tiny));
  const cross = a.add(a.outerProduct(weighed, prior), a.mul(penalty, eta));
  const wanted = a.concat(cross, a.add(a.mul(square, 0), identity), 2);
  const solution = solveSymmetric(a, square, wanted); // [E', square⁻¹], each [batch, D, D]
  const both = a.transposedProduct(solution, stein); // [E u, square⁻¹ u], [batch, 2D, N]
  const fitted = a.slice(both, 1, 0, size);
  const leverage = a.mul(weight, inner(a, a.slice(both, 1, size, size), stein));
  const rest = a.maximum(a.sub(1, leverage), Math.sqrt(a.epsilon));
  return {
    transposed: a.slice(solution, 2, 0, size),
    prediction: a.sub(fitted, a.mul(a.sub(prior, fitted), a.div(leverage, rest))),
  };
}
