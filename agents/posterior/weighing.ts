/** Self-normalised importance sampling of the posterior of y0 given y_t (RFM, the reverse view). */
import type { Algebra } from './arithmetic.ts';

/** Draws of y0 with their weights and what the control variates need. N lies along axis 2. */
export interface WeighedDraws<A> {
  /** β/α, [batch, 1, 1] */
  readonly ratio: A;
  /** The draws y0, [batch, D, N] */
  readonly prior: A;
  /** The Stein term u = y0 + (β/α) ∇log p1(y1), whose posterior expectation is zero, [batch, D, N] */
  readonly stein: A;
  /** log of the unnormalised weights with their maximum taken out, [batch, 1, N] */
  readonly logWeight: A;
  /** Normalised weights w, [batch, 1, N] */
  readonly weight: A;
  /** Effective sample size 1/Σw², [batch, 1, 1] */
  readonly ess: A;
  /** Σ w y0, [batch, D, 1] */
  readonly meanPrior: A;
  /** Σ w u, [batch, D, 1] */
  readonly meanStein: A;
  /** Draws of Markov chains: draw n is a state of chain n mod `chains`. Independent draws if it is not there. */
  readonly chains?: number;
}

/** An estimate from weighed draws. */
export interface ControlledMean<A> {
  /** ȳ0 - E ū, [batch, D, 1] */
  readonly y0: A;
  /** Mean of E's diagonal, [batch, 1, 1]: 0 is the noise end, 1 the gradient end. */
  readonly cvWeight: A;
}

/** The y1 that each y0 implies, (y_t - β y0)/α. @param yt [batch, D, 1] @param y0 [batch, D, N] */
export function impliedData<A>(a: Algebra<A>, alpha: A, beta: A, yt: A, y0: A): A {
  return a.sub(a.div(yt, alpha), a.mul(a.div(beta, alpha), y0));
}

/**
 * @param draws y0 and score [batch, D, N], logWeight unnormalised [batch, 1, N], ratio β/α [batch, 1, 1]
 * @param maxWeight bound of a normalised weight (then normalised again); 1 for none
 */
export function weighDraws<A>(
  a: Algebra<A>,
  draws: { ratio: A; y0: A; score: A; logWeight: A },
  maxWeight = 1,
): WeighedDraws<A> {
  const { ratio, y0 } = draws;
  const logWeight = a.sub(draws.logWeight, a.max(draws.logWeight, 2));
  const weight = normalisedWeights(a, logWeight, maxWeight);
  const stein = a.add(y0, a.mul(ratio, draws.score));
  return {
    ratio,
    prior: y0,
    stein,
    logWeight,
    weight,
    ess: a.div(1, a.sum(a.mul(weight, weight), 2)),
    meanPrior: a.sum(a.mul(weight, y0), 2),
    meanStein: a.sum(a.mul(weight, stein), 2),
  };
}

/** Softmax along the draws. @param logWeight with maximum 0 */
function normalisedWeights<A>(a: Algebra<A>, logWeight: A, maxWeight: number): A {
  const raw = a.exp(logWeight);
  const weight = a.div(raw, a.sum(raw, 2));
  if (maxWeight === 1) return weight;
  const bounded = a.minimum(weight, maxWeight);
  return a.div(bounded, a.sum(bounded, 2));
}
