/** How actions are drawn from a policy network: integration of the path, and the choice among particles. */
import * as tf from '@tensorflow/tfjs-core';
import type { Time } from './networks.ts';
import { type Arithmetic, numberArithmetic } from './posterior/arithmetic.ts';
import type { Coefficients, Path } from './posterior/schedules.ts';
import { tensorAlgebra } from './posterior/tensors.ts';

export type { Time };

/** The network at one of the fixed times: (y [rows, act], index of the time) → [rows, act]. */
export type FieldAtTime = (latent: tf.Tensor, timeIndex: number) => tf.Tensor;

/** `steps + 1` times from tMin to 1 - tMin, equally spaced; scalars if tMin is one. */
export function integrationTimes(steps: number, tMin: number): number[];
export function integrationTimes(steps: number, tMin: Time): Time[];
export function integrationTimes(steps: number, tMin: Time): Time[] {
  return Array.from({ length: steps + 1 }, (_, k) =>
    typeof tMin === 'number'
      ? tMin + ((1 - 2 * tMin) * k) / steps
      : tf.add(tMin, tf.mul(tf.sub(1, tf.mul(tMin, 2)), k / steps)),
  );
}

/** b - a. */
function difference(a: Time, b: Time): Time {
  return typeof a === 'number' && typeof b === 'number' ? b - a : tf.sub(b, a);
}

/** α and β, and β/α, as numbers at a known time. */
export function coefficientsAt(schedule: Path, time: Time): { alpha: Time; beta: Time; ratio: Time } {
  if (typeof time === 'number') {
    const { alpha, beta } = schedule.at(time);
    return { alpha, beta, ratio: beta / alpha };
  }
  const { alpha, beta } = schedule.atTensor(time);
  return { alpha, beta, ratio: tf.div(beta, alpha) };
}

/** Explicit Euler steps of dy/dt = velocity(y, t). @param latent [rows, act] at times[0] */
export function euler(velocity: FieldAtTime, latent: tf.Tensor, times: readonly Time[]): tf.Tensor {
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    y = tf.add(y, tf.mul(velocity(y, k), difference(times[k], times[k + 1])));
  }
  return y;
}

/** Heun's second-order steps: the mean of the velocities at both ends of a step. */
export function heun(velocity: FieldAtTime, latent: tf.Tensor, times: readonly Time[]): tf.Tensor {
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    const dt = difference(times[k], times[k + 1]);
    const start = velocity(y, k);
    const end = velocity(tf.add(y, tf.mul(start, dt)), k + 1);
    y = tf.add(y, tf.mul(tf.add(start, end), typeof dt === 'number' ? dt / 2 : tf.div(dt, 2)));
  }
  return y;
}

/**
 * Euler-Maruyama steps of the reverse of dy = g(t) dW: y' = y + v s(y) + √v z, v = g² dt of the step.
 * @param score the field is ∇_y log p_t(y) @param variances v of every step
 * @param noise standard normals [steps, rows, act]; 0 follows the drift alone
 */
export function eulerMaruyama(
  score: FieldAtTime,
  latent: tf.Tensor,
  variances: readonly number[],
  noise: tf.Tensor | 0,
): tf.Tensor {
  let y = latent;
  for (const [k, variance] of variances.entries()) {
    y = tf.add(y, tf.mul(score(y, k), variance));
    if (noise !== 0) y = tf.add(y, tf.mul(stepNoise(noise, k), Math.sqrt(variance)));
  }
  return y;
}

/** Row k of [steps, rows, act]. */
function stepNoise(noise: tf.Tensor, k: number): tf.Tensor {
  return tf.squeeze(tf.slice(noise, [k, 0, 0], [1, -1, -1]), [0]);
}

/**
 * Heun's steps for a field that predicts y1. With r = α/β the path's equation is d(y/β)/dr = ŷ1, whose right
 * side stays bounded up to the data, where the velocity (ŷ1 - y)/(1 - t) does not.
 */
export function heunFromData(
  data: FieldAtTime,
  latent: tf.Tensor,
  times: readonly Time[],
  schedule: Path,
): tf.Tensor {
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    const { kept, added } = dataStep(schedule, times[k], times[k + 1]);
    const base = tf.mul(y, kept);
    const start = data(y, k);
    const end = data(tf.add(base, tf.mul(start, added)), k + 1);
    y = tf.add(base, tf.mul(tf.mul(tf.add(start, end), 0.5), added));
  }
  return y;
}

/** y' = kept · y + added · ŷ1 with kept = β'/β, added = α' - α β'/β. */
function dataStep(schedule: Path, now: Time, next: Time): { kept: Time; added: Time } {
  const step = <V>(a: Arithmetic<V>, from: Coefficients<V>, to: Coefficients<V>) => {
    const kept = a.div(to.beta, from.beta);
    return { kept, added: a.sub(to.alpha, a.mul(from.alpha, kept)) };
  };
  return alongPath<{ kept: Time; added: Time }>(schedule, now, next, step);
}

/** Computes a step's coefficients as numbers where both times are numbers, else as scalars. */
function alongPath<R>(
  schedule: Path,
  now: Time,
  next: Time,
  compute: <V extends Time>(a: Arithmetic<V>, from: Coefficients<V>, to: Coefficients<V>) => R,
): R {
  if (typeof now === 'number' && typeof next === 'number') {
    return compute(numberArithmetic, schedule.at(now), schedule.at(next));
  }
  const scalar = (time: Time) => (typeof time === 'number' ? tf.scalar(time) : time);
  return compute<tf.Tensor>(tensorAlgebra, schedule.atTensor(scalar(now)), schedule.atTensor(scalar(next)));
}

export interface DiffusionSampling {
  readonly schedule: Path;
  /** What the field gives: the noise (default), or y1. */
  readonly predicts?: 'noise' | 'data';
  /**
   * Bound on each coordinate of the predicted y1; keeps small α from amplifying the network's error. None
   * if left out.
   */
  readonly dataBound?: number;
  /** Bound on each coordinate after every step; none if left out. */
  readonly stepBound?: number;
  /**
   * Variance of an ancestral step's fresh noise: that of the posterior of y' given y and ŷ1 (default), or
   * the larger one of the forward step, 1 - (α/α')², with no noise at the last step (both in Ho et al. 2020).
   */
  readonly variance?: 'posterior' | 'forward';
}

/**
 * Deterministic DDIM steps (Song et al. 2021): ŷ1 = (y - β ε̂)/α, or with a field that predicts ŷ1
 * ε̂ = (y - α ŷ1)/β, then y' = α' ŷ1 + β' ε̂.
 * With `noise` [steps, rows, act] the ancestral step instead, whose variance is the posterior's: σ² = β'²(1 - (α β'/(α' β))²), as far as it is positive. `noise` 0 leaves the fresh noise out, and so follows
 * the drift of the reverse SDE.
 */
export function denoise(
  field: FieldAtTime,
  latent: tf.Tensor,
  times: readonly Time[],
  { schedule, predicts = 'noise', dataBound, stepBound, variance = 'posterior' }: DiffusionSampling,
  noise?: tf.Tensor | 0,
): tf.Tensor {
  const bounded = (x: tf.Tensor, bound?: number) =>
    bound === undefined ? x : tf.clipByValue(x, -bound, bound);
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    const last = k + 2 === times.length;
    const step = denoisingStep(schedule, times[k], times[k + 1], variance, last);
    const { alpha, beta, nextAlpha, nextBeta, kept, fresh } = step;
    const predicted = field(y, k);
    const ofNoise = predicts === 'noise';
    const data = bounded(ofNoise ? tf.div(tf.sub(y, tf.mul(predicted, beta)), alpha) : predicted, dataBound);
    const unbounded = ofNoise && dataBound === undefined;
    const implied = unbounded ? predicted : tf.div(tf.sub(y, tf.mul(data, alpha)), beta);
    if (noise === undefined) {
      y = bounded(tf.add(tf.mul(data, nextAlpha), tf.mul(implied, nextBeta)), stepBound);
      continue;
    }
    const next = tf.add(tf.mul(data, nextAlpha), tf.mul(implied, kept));
    if (noise === 0 || fresh === 0) {
      y = bounded(next, stepBound);
    } else {
      y = bounded(tf.add(next, tf.mul(stepNoise(noise, k), fresh)), stepBound);
    }
  }
  return y;
}

/** The noise that a DDIM step with a bounded ŷ1 uses in place of the predicted one: (y - α ŷ1)/β. */
export function boundedNoise(
  schedule: Path,
  predicted: tf.Tensor,
  latent: tf.Tensor,
  time: Time,
  dataBound: number,
): tf.Tensor {
  const { alpha, beta } = coefficientsAt(schedule, time);
  const data = tf.clipByValue(tf.div(tf.sub(latent, tf.mul(predicted, beta)), alpha), -dataBound, dataBound);
  return tf.div(tf.sub(latent, tf.mul(data, alpha)), beta);
}

/** One step's coefficients: of the path at both ends, and of an ancestral step the noise kept and the fresh one. */
interface DenoisingStep {
  readonly alpha: Time;
  readonly beta: Time;
  readonly nextAlpha: Time;
  readonly nextBeta: Time;
  readonly kept: Time;
  readonly fresh: Time;
}

function denoisingStep(
  schedule: Path,
  now: Time,
  next: Time,
  variance: 'posterior' | 'forward',
  last: boolean,
): DenoisingStep {
  return alongPath<DenoisingStep>(schedule, now, next, (a, from, to) => {
    const root = (x: Parameters<typeof a.sqrt>[0]) => a.sqrt(a.maximum(x, 0));
    const shrink = a.div(a.mul(from.alpha, to.beta), a.mul(to.alpha, from.beta));
    const posterior = a.mul(to.beta, root(a.sub(1, a.mul(shrink, shrink))));
    const ratio = a.div(from.alpha, to.alpha);
    const forward = last ? 0 : root(a.sub(1, a.mul(ratio, ratio)));
    return {
      alpha: from.alpha,
      beta: from.beta,
      nextAlpha: to.alpha,
      nextBeta: to.beta,
      kept: root(a.sub(a.mul(to.beta, to.beta), a.mul(posterior, posterior))),
      fresh: variance === 'forward' ? forward : posterior,
    };
  });
}

/** Picks one particle per state. @param index [batch] int32 @param particles [batch, m, act] → [batch, act] */
export function pick(particles: tf.Tensor, index: tf.Tensor): tf.Tensor {
  if (particles.shape[1] === 1) return tf.squeeze(particles, [1]);
  const chosen = tf.oneHot(tf.cast(index, 'int32') as tf.Tensor1D, particles.shape[1] as number);
  return tf.sum(tf.mul(particles, tf.expandDims(tf.cast(chosen, 'float32'), 2)), 1);
}

/** The uniforms behind Gumbel noise are held within these: beyond them it is infinite in float32. */
export const gumbelUniforms = { least: 1e-20, largest: 1 - 2 ** -24 } as const;

/**
 * Index of one particle per state with probability softmax(Q/λ), by the Gumbel-max trick.
 * @param q [batch, m] @param uniform [batch, m] in [0, 1) @param temperature []
 */
export function boltzmannIndex(q: tf.Tensor, uniform: tf.Tensor, temperature: tf.Tensor): tf.Tensor {
  const { least, largest } = gumbelUniforms;
  const gumbel = tf.neg(tf.log(tf.neg(tf.log(tf.clipByValue(uniform, least, largest)))));
  return tf.argMax(tf.add(tf.div(q, temperature), gumbel), 1);
}
