/**
 * Metropolis-adjusted Langevin moves (Roberts, Tweedie 1996) on the tempered posterior of y0 given y_t,
 * π_τ(y0) ∝ N(y0; 0, I) p1((y_t - β y0)/α)^τ: τ = 0 is the prior, τ = 1 the posterior. Noise comes in as an
 * input, and a move is a fixed number of whole-array operations with one evaluation of the target per walker.
 */
import type { Algebra } from './arithmetic.ts';
import type { DensityValue } from './posterior-mean.ts';
import { inner, temperedWeights } from './regression.ts';
import { impliedData } from './weighing.ts';

/** The point y_t that is conditioned on, and the target. */
export interface PosteriorTarget<A> {
  /** α, β [batch, 1, 1] */
  readonly alpha: A;
  readonly beta: A;
  /** [batch, D, 1] */
  readonly yt: A;
  /** y1 [batch, D, K] → logDensity [batch, 1, K], score [batch, D, K] */
  readonly logDensity: (y1: A) => DensityValue<A>;
}

/** Points y0 with the target at the y1 that they imply; walkers lie along the last axis. */
export interface Walkers<A> extends DensityValue<A> {
  /** [batch, D, M] */
  readonly y0: A;
}

/** What the moves are made with. */
export interface StepSize<A> {
  /** The proposal's variance in units of `variance`, [batch, 1, 1] */
  readonly step: A;
  /** A variance per dimension, [batch, D, 1] */
  readonly variance: A;
}

/** Randomness of moves, M walkers after M walkers along the last axis. */
export interface MoveNoise<A> {
  /** Standard normals, [batch, D, moves · M] */
  readonly normal: A;
  /** Uniforms in [0, 1), [batch, 1, moves · M] */
  readonly uniform: A;
}

/** Share of accepted moves at which Langevin moves are the most efficient (Roberts, Rosenthal 1998). */
const bestAcceptance = 0.574;
/** How fast the logarithm of the step follows the acceptance. */
const adaptationRate = 1.5;
/** The variance of a Langevin proposal in D dimensions for a standard normal, before it is adapted, is this / D^(1/3). */
const firstStep = 1.5;
/** The drift is held to this many of the noise's standard deviations (in D dimensions: times √D). */
const longestDrift = 2;
const smallestVariance = 1e-10;
/** Keeps 0/0 at 0. */
const tiny = 1e-30;

/** 1 where x > 0, else 0, without a comparison. */
export const positive = <A>(a: Algebra<A>, x: A): A => a.minimum(a.maximum(a.mul(x, 1e30), 0), 1);

/** The target at y0. @param y0 [batch, D, M] */
export function walkersAt<A>(a: Algebra<A>, target: PosteriorTarget<A>, y0: A): Walkers<A> {
  return { y0, ...target.logDensity(impliedData(a, target.alpha, target.beta, target.yt, y0)) };
}

/** One move of every walker. @param temperature τ, [batch, 1, 1] @returns acceptance in [0, 1], [batch, 1, 1] */
export function langevinMove<A>(
  a: Algebra<A>,
  target: PosteriorTarget<A>,
  walkers: Walkers<A>,
  temperature: A,
  size: StepSize<A>,
  noise: MoveNoise<A>,
): { walkers: Walkers<A>; acceptance: A } {
  const spread = a.sqrt(a.mul(size.step, size.variance));
  const drift = driftOf(a, target, walkers, temperature, spread);
  const jump = a.add(drift, noise.normal);
  const proposed = walkersAt(a, target, a.add(walkers.y0, a.mul(spread, jump)));
  // In units of the spread, the way back needs the noise -(jump + the drift over there).
  const back = a.add(jump, driftOf(a, target, proposed, temperature, spread));
  const noises = a.mul(a.sub(inner(a, noise.normal, noise.normal), inner(a, back, back)), 0.5);
  const gain = a.sub(logTempered(a, proposed, temperature), logTempered(a, walkers, temperature));
  const logRatio = a.add(gain, noises);
  const accept = positive(a, a.sub(logRatio, a.log(a.maximum(noise.uniform, tiny))));
  const chosen = (from: A, to: A) => a.add(a.mul(accept, to), a.mul(a.sub(1, accept), from));
  const probability = a.exp(a.minimum(logRatio, 0));
  return {
    walkers: {
      y0: chosen(walkers.y0, proposed.y0),
      logDensity: chosen(walkers.logDensity, proposed.logDensity),
      score: chosen(walkers.score, proposed.score),
    },
    acceptance: a.div(a.sum(probability, 2), a.shape(probability)[2]),
  };
}

/** log π_τ up to a constant, [batch, 1, M]. */
function logTempered<A>(a: Algebra<A>, { y0, logDensity }: Walkers<A>, temperature: A): A {
  return a.sub(a.mul(temperature, logDensity), a.mul(inner(a, y0, y0), 0.5));
}

/** Half the gradient of log π_τ in units of the spread, bounded: far out the gradient says nothing of the distance. */
function driftOf<A>(
  a: Algebra<A>,
  { alpha, beta }: PosteriorTarget<A>,
  walkers: Walkers<A>,
  temperature: A,
  spread: A,
): A {
  const pull = a.add(walkers.y0, a.mul(a.mul(temperature, a.div(beta, alpha)), walkers.score));
  const drift = a.mul(a.mul(pull, spread), -0.5);
  const bound = longestDrift * Math.sqrt(a.shape(drift)[1]);
  const length = a.sqrt(inner(a, drift, drift));
  return a.mul(drift, a.div(bound, a.maximum(length, bound)));
}

/**
 * A first step for walkers of which some weights are known: the variance of each dimension given the others,
 * from the regression of y0 on the tempered Stein term under tempered weights (see regression.ts).
 * @param logWeight of the walkers under π_τ, with maximum 0, [batch, 1, M]
 */
export function firstStepSize<A>(
  a: Algebra<A>,
  { alpha, beta }: PosteriorTarget<A>,
  walkers: Walkers<A>,
  logWeight: A,
  temperature: A,
): StepSize<A> {
  const dim = a.shape(walkers.y0)[1];
  const weight = temperedWeights(a, logWeight, dim);
  const slope = a.add(walkers.y0, a.mul(a.mul(temperature, a.div(beta, alpha)), walkers.score));
  const centred = (x: A) => a.sub(x, a.sum(a.mul(weight, x), 2));
  const [y0, stein] = [centred(walkers.y0), centred(slope)];
  const moment = (x: A, y: A) => a.sum(a.mul(weight, a.mul(x, y)), 2);
  const fitted = a.div(moment(y0, stein), a.add(moment(stein, stein), tiny));
  const variance = a.minimum(a.maximum(fitted, smallestVariance), 1);
  return { step: a.add(a.mul(temperature, 0), firstStep / Math.cbrt(dim)), variance };
}

/** The step after a move with this acceptance. */
export function adaptStep<A>(a: Algebra<A>, size: StepSize<A>, acceptance: A): StepSize<A> {
  const factor = a.exp(a.mul(a.sub(acceptance, bestAcceptance), adaptationRate));
  return { ...size, step: a.mul(size.step, factor) };
}

/** The part of the noise that move number `move` of `count` walkers takes. */
export function noiseOfMove<A>(
  a: Algebra<A>,
  noise: MoveNoise<A>,
  move: number,
  count: number,
): MoveNoise<A> {
  return {
    normal: a.slice(noise.normal, 2, move * count, count),
    uniform: a.slice(noise.uniform, 2, move * count, count),
  };
}

/** Walkers beside walkers, along the last axis. */
export function joinWalkers<A>(a: Algebra<A>, x: Walkers<A>, y: Walkers<A>): Walkers<A> {
  return {
    y0: a.concat(x.y0, y.y0, 2),
    logDensity: a.concat(x.logDensity, y.logDensity, 2),
    score: a.concat(x.score, y.score, 2),
  };
}
