/**
 * The `adaptive` coefficient: regression of y0 on the Stein term u under tempered weights, trusted as far as
 * leave-one-out predictions bear it out. docs/estimators.md has the derivation and the tables.
 *
 * For a target that is Gaussian where the draws fall, y0 - E u is constant for one matrix E, under any
 * weighting of the draws. So E need not be fitted with the weights w² of the delta method, which live on one
 * or two draws exactly when t is small: weights w^τ with τ small enough for a fit find the same E, and away
 * from the Gaussian case a smooth version of it. What the fit is worth is then asked of draws that it has
 * not seen. Three nested candidates, 0 (the noise expectation), η I and a full matrix, are combined by two
 * coefficients in [0, 1], each lowered by its own standard errors. Where the draws do not suffice for a matrix, one
 * coefficient per dimension is judged against the end point, noise or gradient, that varies less over the draws.
 */
import type { Algebra } from './arithmetic.ts';
import { chainSums, predictAcrossChains } from './chains.ts';
import { fitDiagonal, fitIsotropic, fitMatrix, inner, temperedWeights } from './regression.ts';
import { identityRows } from './solve.ts';
import type { ControlledMean, WeighedDraws } from './weighing.ts';

/** Standard errors by which each coefficient is lowered; in one dimension no axes share the evidence. */
export const caution = { oneDimension: 3, more: 2 } as const;
const cautionIn = (dimensions: number): number => (dimensions === 1 ? caution.oneDimension : caution.more);
/** The matrix is fitted only where there are two draws per column and this many more. */
export const spareDraws = 4;
/** Bound of the end points' ratio of variances; its square still fits float32. */
export const largestRatio = 1e9;
/** A mean of y0 farther out than √D and this is not believed. */
export const farthestBeyond = 1.5;
/** Keeps 0/0 at 0. */
const tiny = 1e-30;

/** Draws of Markov chains (`draws.chains`) are judged by the chains of the other half, see chains.ts. */
export function adaptive<A>(a: Algebra<A>, draws: WeighedDraws<A>): ControlledMean<A> {
  const [, size, count] = a.shape(draws.prior);
  const weight = temperedWeights(a, draws.logWeight, size);
  const centred = {
    prior: a.sub(draws.prior, a.sum(a.mul(weight, draws.prior), 2)),
    stein: a.sub(draws.stein, a.sum(a.mul(weight, draws.stein), 2)),
  };
  // Across chains a fit is made of half of the draws.
  const fitted = draws.chains === undefined ? count : count / 2;
  const few = size === 1 || fitted < 2 * size + spareDraws;
  const mean = few ? fromStart(a, draws, weight, centred) : fromNoise(a, draws, weight, centred);
  return plausible(a, draws, mean);
}

/**
 * A mean that lies farther out than y0 does, back towards the noise expectation. Averaged over y_t, y0 given y_t is
 * N(0, I) again, so that a mean beyond √D + 1.5 is one in a hundred; where every draw sees the same slope of the density,
 * or the same far mode of it, their fits agree on such a mean and nothing else in them tells that it is wrong. That is so
 * where tanh is flat, for the latent density of bounded actions at small t.
 */
function plausible<A>(a: Algebra<A>, draws: WeighedDraws<A>, { y0, cvWeight }: ControlledMean<A>) {
  const farthest = Math.sqrt(a.shape(y0)[1]) + farthestBeyond;
  const excess = a.minimum(a.div(farthest * farthest, a.add(inner(a, y0, y0), tiny)), 1);
  const squared = a.mul(excess, excess);
  const kept = a.mul(squared, squared);
  const change = a.mul(kept, a.sub(y0, draws.meanPrior));
  return { y0: a.add(draws.meanPrior, change), cvWeight: a.mul(kept, cvWeight) };
}

/** y0 and u less their means under the tempered weights, [batch, D, N]. */
interface Centred<A> {
  readonly prior: A;
  readonly stein: A;
}

/** One coefficient per dimension, and as far as it is not trusted the better end point. */
function fromStart<A>(
  a: Algebra<A>,
  draws: WeighedDraws<A>,
  weight: A,
  { prior, stein }: Centred<A>,
): ControlledMean<A> {
  const { chains } = draws;
  const { eta, prediction } = fitDiagonal(a, weight, prior, stein);
  const predicted =
    chains === undefined
      ? prediction
      : predictAcrossChains(a, chains, weight, (own) => a.mul(fitDiagonal(a, own, prior, stein).eta, stein));
  const start = endPoint(a, [weight, draws.weight], prior, stein);
  const startPrediction = a.mul(start, stein);
  const difference = a.sub(predicted, startPrediction);
  const trust = trustIn(a, draws.weight, difference, a.sub(prior, startPrediction), chains);
  const used = a.add(start, a.mul(trust, a.sub(eta, start)));
  return {
    y0: a.sub(draws.meanPrior, a.mul(used, draws.meanStein)),
    cvWeight: a.div(a.sum(used, 1), a.shape(used)[1]),
  };
}

/** A matrix beside one coefficient, and as far as neither is trusted the noise expectation. */
function fromNoise<A>(
  a: Algebra<A>,
  draws: WeighedDraws<A>,
  weight: A,
  { prior, stein }: Centred<A>,
): ControlledMean<A> {
  const size = a.shape(prior)[1];
  const { chains } = draws;
  const isotropicOf = (own: A) => fitIsotropic(a, own, prior, stein);
  const matrixOf = (own: A, eta: A) => fitMatrix(a, own, prior, stein, eta);
  const isotropic = isotropicOf(weight);
  const matrix = matrixOf(weight, isotropic.eta);
  if (chains !== undefined) {
    isotropic.prediction = predictAcrossChains(a, chains, weight, (own) =>
      a.mul(isotropicOf(own).eta, stein),
    );
    matrix.prediction = predictAcrossChains(a, chains, weight, (own) =>
      a.transposedProduct(matrixOf(own, isotropicOf(own).eta).transposed, stein),
    );
  }
  const difference = a.sub(matrix.prediction, isotropic.prediction);
  const share = trustIn(a, weight, difference, a.sub(prior, isotropic.prediction), chains);
  const prediction = a.add(isotropic.prediction, a.mul(share, difference));
  const trust = trustIn(a, draws.weight, prediction, prior, chains);

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

/**
 * The coefficient that is used as far as no fit is trusted, [batch, 1, 1]: 1/(1 + r²), where r is the variance of the
 * draws of the gradient end, y0 - u, in units of that of the noise end, y0. So it lies close to an end wherever one is
 * clearly better. The gradient end has to hold under every weighting, for in any one of them a few draws of a narrow
 * mode may be missing or stand alone.
 * @param weights normalised, each [batch, 1, N]
 */
function endPoint<A>(a: Algebra<A>, weights: readonly A[], prior: A, stein: A): A {
  const ratios = weights.map((weight) => {
    const variance = (x: A) => {
      const centred = a.sub(x, a.sum(a.mul(weight, x), 2));
      return a.sum(a.mul(weight, inner(a, centred, centred)), 2);
    };
    return a.div(variance(a.sub(prior, stein)), a.add(variance(prior), tiny));
  });
  const worst = ratios.reduce((x, y) => a.maximum(x, y));
  const bounded = a.minimum(worst, largestRatio);
  return a.div(1, a.add(a.mul(bounded, bounded), 1));
}

/**
 * How much of a prediction to use: the least-squares multiplier of `prediction` for `outcome`, less
 * the standard errors of `cautionIn`, within [0, 1]. The standard error is taken at the multiplier 1, so that one
 * dominating draw, whose outcome is a small multiple of a wild prediction, does not count as a perfect fit.
 */
function trustIn<A>(a: Algebra<A>, weight: A, prediction: A, outcome: A, chains?: number): A {
  const explained = a.mul(weight, inner(a, prediction, outcome));
  const square = a.mul(weight, inner(a, prediction, prediction));
  const gaps = a.sub(explained, square);
  const gap = chains === undefined ? gaps : chainSums(a, gaps, chains);
  const standardError = a.sqrt(a.sum(a.mul(gap, gap), 2));
  const lowered = a.sub(a.sum(explained, 2), a.mul(standardError, cautionIn(a.shape(prediction)[1])));
  return a.minimum(a.maximum(a.div(lowered, a.add(a.sum(square, 2), tiny)), 0), 1);
}
