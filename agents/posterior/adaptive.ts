/**
 * The `adaptive` coefficient: regression of y0 on the Stein term u under tempered weights, trusted as far as
 * leave-one-out predictions bear it out. docs/estimators.md has the derivation and the tables.
 *
 * For a target that is Gaussian where the draws fall, y0 - E u is constant for one matrix E, under any
 * weighting of the draws. So E need not be fitted with the weights w² of the delta method, which live on one
 * or two draws exactly when t is small: weights w^τ with τ small enough for a fit find the same E, and away
 * from the Gaussian case a smooth version of it. What the fit is worth is then asked of draws that it has
 * not seen. Three nested candidates, 0 (the noise expectation), η I and a full matrix, are combined by two
 * coefficients in [0, 1], each lowered by its own standard error.
 */
import type { Algebra } from './arithmetic.ts';
import type { ControlledMean } from './coefficients.ts';
import { identityRows, solveSymmetric } from './solve.ts';
import type { WeighedDraws } from './weighing.ts';

/** Effective draws that the regression asks for: this many, and one more per dimension. */
const regressionDraws = 8;
/** ... but never more than this share of the draws. */
const regressionShare = 0.7;
/** Exponents τ that are tried, largest first; 0 (all draws alike) if none leaves draws enough. */
const exponents = Array.from({ length: 10 }, (_, j) => 1.5 * 2 ** -j);
/** Standard errors by which each coefficient is lowered. */
const caution = 2;
/** The matrix is fitted only to this many draws more than it has columns. */
const spareDraws = 4;
/** Keeps 0/0 at 0. */
const tiny = 1e-30;

export function adaptive<A>(a: Algebra<A>, draws: WeighedDraws<A>): ControlledMean<A> {
  const [, size, count] = a.shape(draws.prior);
  const weight = temperedWeights(
    a,
    draws.logWeight,
    Math.min(regressionDraws + size, regressionShare * count),
  );
  const prior = a.sub(draws.prior, a.sum(a.mul(weight, draws.prior), 2));
  const stein = a.sub(draws.stein, a.sum(a.mul(weight, draws.stein), 2));

  const isotropic = fitIsotropic(a, weight, prior, stein);
  if (size === 1 || count < size + spareDraws) {
    const trust = trustIn(a, draws.weight, isotropic.prediction, prior);
    const eta = a.mul(trust, isotropic.eta);
    return { y0: a.sub(draws.meanPrior, a.mul(eta, draws.meanStein)), cvWeight: eta };
  }

  const matrix = fitMatrix(a, weight, prior, stein);
  const difference = a.sub(matrix.prediction, isotropic.prediction);
  const share = trustIn(a, weight, difference, a.sub(prior, isotropic.prediction));
  const prediction = a.add(isotropic.prediction, a.mul(share, difference));
  const trust = trustIn(a, draws.weight, prediction, prior);

  const matrixPart = a.mul(trust, share);
  const isotropicPart = a.mul(a.sub(trust, matrixPart), isotropic.eta);
  const correction = a.add(
    a.mul(isotropicPart, draws.meanStein),
    a.mul(matrixPart, a.transposedProduct(matrix.transposed, draws.meanStein)),
  );
  const trace = a.sum(a.sum(a.mul(matrix.transposed, a.constant(identityRows(size))), 1), 2);
  return {
    y0: a.sub(draws.meanPrior, correction),
    cvWeight: a.add(isotropicPart, a.mul(matrixPart, a.div(trace, size))),
  };
}

/** Normalised w^τ, [batch, 1, N], with the largest τ that leaves `needed` effective draws. */
function temperedWeights<A>(a: Algebra<A>, logWeight: A, needed: number): A {
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
const inner = <A>(a: Algebra<A>, x: A, y: A): A => a.sum(a.mul(x, y), 1);

/** One η for all dimensions, and for every draw what the other draws' η predicts of it. */
function fitIsotropic<A>(a: Algebra<A>, weight: A, prior: A, stein: A): { eta: A; prediction: A } {
  const cross = a.mul(weight, inner(a, prior, stein));
  const square = a.mul(weight, inner(a, stein, stein));
  const [allCross, allSquare] = [a.sum(cross, 2), a.sum(square, 2)];
  const others = a.div(a.sub(allCross, cross), a.add(a.sub(allSquare, square), tiny));
  return { eta: a.div(allCross, a.add(allSquare, tiny)), prediction: a.mul(others, stein) };
}

/**
 * The matrix E of the least-squares fit y0 ≈ E u, and what it predicts of every draw when that draw is left
 * out: with the leverage h and the residual e, the prediction moves by -e h/(1 - h).
 */
function fitMatrix<A>(a: Algebra<A>, weight: A, prior: A, stein: A): { transposed: A; prediction: A } {
  const size = a.shape(stein)[1];
  const identity = a.constant(identityRows(size));
  const weighed = a.mul(weight, stein);
  const square = a.add(a.outerProduct(weighed, stein), a.mul(identity, tiny));
  const cross = a.outerProduct(weighed, prior);
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

/**
 * How much of a prediction to use: the least-squares multiplier of `prediction` for `outcome`, less
 * `caution` standard errors, within [0, 1]. The standard error is taken at the multiplier 1, so that one
 * dominating draw, whose outcome is a small multiple of a wild prediction, does not count as a perfect fit.
 */
function trustIn<A>(a: Algebra<A>, weight: A, prediction: A, outcome: A): A {
  const explained = a.mul(weight, inner(a, prediction, outcome));
  const square = a.mul(weight, inner(a, prediction, prediction));
  const gap = a.sub(explained, square);
  const standardError = a.sqrt(a.sum(a.mul(gap, gap), 2));
  const lowered = a.sub(a.sum(explained, 2), a.mul(standardError, caution));
  return a.minimum(a.maximum(a.div(lowered, a.add(a.sum(square, 2), tiny)), 0), 1);
}
