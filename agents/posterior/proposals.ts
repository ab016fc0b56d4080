/**
 * Draws beside those of the prior. Prior draws of y0 imply y1 = (y_t - β y0)/α, of order 1/α away from the
 * data when t is small, so that hardly any has weight. A second proposal for y0 with density q is mixed with
 * the prior's draws by multiple importance sampling with the balance heuristic (Veach, Guibas 1995): all
 * draws are weighed as if from the mixture (n p0 + m q)/(n + m), which bounds every weight's p0/q.
 */

import { log } from '../../math/elementary.ts';
import type { Algebra } from './arithmetic.ts';
import { fitIsotropic, temperedWeights } from './regression.ts';
import type { WeighedDraws } from './weighing.ts';

/** A proposal for y0 other than the prior. */
export interface Proposal<A> {
  /** Draws of y0, [batch, D, M] */
  readonly draws: A;
  /** log q(y0) - log p0(y0) of y0 [batch, D, K], with the y1 [batch, D, K] it implies → [batch, 1, K] */
  readonly logRatio: (y0: A, y1: A) => A;
}

/** log p0 of the standard normal: y0 [batch, D, K] → [batch, 1, K]. */
export function logStandardNormal<A>(a: Algebra<A>, y0: A): A {
  const norm = (a.shape(y0)[1] / 2) * log(2 * Math.PI);
  return a.sub(a.mul(a.sum(a.mul(y0, y0), 1), -0.5), norm);
}

/**
 * What to take from log p1(y1) for the balance heuristic, log((n + m q/p0)/(n + m)), [batch, 1, K].
 * @param logRatio log q - log p0, [batch, 1, K]
 * @param share m/(n + m)
 */
export function balance<A>(a: Algebra<A>, logRatio: A, share: number): A {
  const top = a.maximum(logRatio, 0);
  const mixed = a.add(a.mul(a.exp(a.mul(top, -1)), 1 - share), a.mul(a.exp(a.sub(logRatio, top)), share));
  return a.add(top, a.log(mixed));
}

/**
 * Draws of y1 from a policy with known density.
 * @param y1 draws, [batch, D, M]
 * @param logDensity of the policy at any y1 [batch, D, K] → [batch, 1, K]
 */
export function policyProposal<A>(
  a: Algebra<A>,
  path: { alpha: A; beta: A; yt: A },
  y1: A,
  logDensity: (y1: A) => A,
): Proposal<A> {
  const { alpha, beta, yt } = path;
  const size = a.shape(y1)[1];
  return {
    draws: a.div(a.sub(yt, a.mul(alpha, y1)), beta),
    logRatio: (y0, at) =>
      a.sub(a.add(logDensity(at), a.mul(a.log(a.div(beta, alpha)), size)), logStandardNormal(a, y0)),
  };
}

/** The Laplace proposal's variance in units of the fitted posterior's. */
export const inflation = 2;
/** Its smallest standard deviation in units of the prior's. */
export const narrowest = 1e-4;

/**
 * A proposal around the modes that pilot draws from the prior see: every pilot takes the Newton step
 * y0 - η u with the curvature η of a tempered regression, which from anywhere in a Gaussian mode's reach
 * leads near its centre, and is spread with the mode's own width. Its density is the equal mixture over all
 * pilots, so that several modes are covered.
 * @param pilot weighed draws of the prior
 * @param noise standard normals, [batch, D, M] with as many draws as the pilot's
 */
export function laplaceProposal<A>(a: Algebra<A>, pilot: WeighedDraws<A>, noise: A): Proposal<A> {
  const [, size, count] = a.shape(pilot.prior);
  const weight = temperedWeights(a, pilot.logWeight, size);
  const { eta } = fitIsotropic(
    a,
    weight,
    a.sub(pilot.prior, a.sum(a.mul(weight, pilot.prior), 2)),
    a.sub(pilot.stein, a.sum(a.mul(weight, pilot.stein), 2)),
  );
  const curvature = a.minimum(a.maximum(eta, 0), 1);
  const centres = a.sub(pilot.prior, a.mul(curvature, pilot.stein));
  const variance = a.maximum(a.mul(curvature, inflation), narrowest * narrowest);
  // Distances are expanded about the fitted mode, near which both sides are small: no cancellation.
  const middle = a.sum(a.mul(weight, centres), 2);
  const around = a.sub(centres, middle);
  const norms = a.transpose(a.sum(a.mul(around, around), 1)); // [batch, M, 1]
  return {
    draws: a.add(centres, a.mul(a.sqrt(variance), noise)),
    logRatio: (y0) => {
      const at = a.sub(y0, middle);
      const products = a.mul(a.transposedProduct(around, at), -2); // [batch, M, K]
      const distances = a.add(a.add(products, norms), a.sum(a.mul(at, at), 1));
      const exponent = a.div(a.mul(a.maximum(distances, 0), -0.5), variance);
      const top = a.max(exponent, 1);
      const mixture = a.add(top, a.log(a.div(a.sum(a.exp(a.sub(exponent, top)), 1), count)));
      const norm = a.mul(a.add(a.log(variance), log(2 * Math.PI)), size / 2);
      return a.sub(a.sub(mixture, norm), logStandardNormal(a, y0));
    },
  };
}

/** How a second proposal is asked for. */
export type ProposalRequest<A> =
  | { readonly kind: 'policy'; readonly y1: A; readonly logDensity: (y1: A) => A }
  | { readonly kind: 'laplace'; readonly noise: A };
