/** How actions are drawn from a policy network: integration of the path, and the choice among particles. */
import * as tf from '@tensorflow/tfjs-core';
import type { Schedule } from './posterior/schedules.ts';

/** The network at one of the fixed times: (y [rows, act], index of the time) → [rows, act]. */
export type FieldAtTime = (latent: tf.Tensor, timeIndex: number) => tf.Tensor;

/** `steps + 1` times from tMin to 1 - tMin, equally spaced. */
export function integrationTimes(steps: number, tMin: number): number[] {
  return Array.from({ length: steps + 1 }, (_, k) => tMin + ((1 - 2 * tMin) * k) / steps);
}

/** Explicit Euler steps of dy/dt = velocity(y, t). @param latent [rows, act] at times[0] */
export function euler(velocity: FieldAtTime, latent: tf.Tensor, times: readonly number[]): tf.Tensor {
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    y = tf.add(y, tf.mul(velocity(y, k), times[k + 1] - times[k]));
  }
  return y;
}

/** Heun's second-order steps: the mean of the velocities at both ends of a step. */
export function heun(velocity: FieldAtTime, latent: tf.Tensor, times: readonly number[]): tf.Tensor {
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    const dt = times[k + 1] - times[k];
    const start = velocity(y, k);
    const end = velocity(tf.add(y, tf.mul(start, dt)), k + 1);
    y = tf.add(y, tf.mul(tf.add(start, end), dt / 2));
  }
  return y;
}

export interface DiffusionSampling {
  readonly schedule: Schedule;
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
 * Deterministic DDIM steps (Song et al. 2021): ŷ1 = (y - β ε̂)/α, then y' = α' ŷ1 + β' ε̂.
 * With `noise` [steps, rows, act] the ancestral step instead, whose variance is the posterior's:
 * σ² = β'²(1 - (α β'/(α' β))²), as far as it is positive. `noise` 0 leaves the fresh noise out, and so follows
 * the drift of the reverse SDE.
 */
export function denoise(
  noisePrediction: FieldAtTime,
  latent: tf.Tensor,
  times: readonly number[],
  { schedule, dataBound, stepBound, variance = 'posterior' }: DiffusionSampling,
  noise?: tf.Tensor | 0,
): tf.Tensor {
  const bounded = (x: tf.Tensor, bound?: number) =>
    bound === undefined ? x : tf.clipByValue(x, -bound, bound);
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    const [alpha, beta] = [schedule.alpha(times[k]), schedule.beta(times[k])];
    const [nextAlpha, nextBeta] = [schedule.alpha(times[k + 1]), schedule.beta(times[k + 1])];
    const predicted = noisePrediction(y, k);
    const data = bounded(tf.div(tf.sub(y, tf.mul(predicted, beta)), alpha), dataBound);
    const implied = dataBound === undefined ? predicted : tf.div(tf.sub(y, tf.mul(data, alpha)), beta);
    if (noise === undefined) {
      y = bounded(tf.add(tf.mul(data, nextAlpha), tf.mul(implied, nextBeta)), stepBound);
      continue;
    }
    const shrink = (alpha * nextBeta) / (nextAlpha * beta);
    const posterior = nextBeta * Math.sqrt(Math.max(0, 1 - shrink * shrink));
    const kept = Math.sqrt(Math.max(0, nextBeta * nextBeta - posterior * posterior));
    const next = tf.add(tf.mul(data, nextAlpha), tf.mul(implied, kept));
    const last = k + 2 === times.length;
    const forward = last ? 0 : Math.sqrt(Math.max(0, 1 - (alpha / nextAlpha) ** 2));
    const fresh = variance === 'forward' ? forward : posterior;
    if (noise === 0 || fresh === 0) {
      y = bounded(next, stepBound);
    } else {
      const z = tf.squeeze(tf.slice(noise, [k, 0, 0], [1, -1, -1]), [0]);
      y = bounded(tf.add(next, tf.mul(z, fresh)), stepBound);
    }
  }
  return y;
}

/** Picks one particle per state. @param index [batch] int32 @param particles [batch, m, act] → [batch, act] */
export function pick(particles: tf.Tensor, index: tf.Tensor): tf.Tensor {
  if (particles.shape[1] === 1) return tf.squeeze(particles, [1]);
  const chosen = tf.oneHot(tf.cast(index, 'int32') as tf.Tensor1D, particles.shape[1] as number);
  return tf.sum(tf.mul(particles, tf.expandDims(tf.cast(chosen, 'float32'), 2)), 1);
}

/**
 * Index of one particle per state with probability softmax(Q/λ), by the Gumbel-max trick.
 * @param q [batch, m] @param uniform [batch, m] in [0, 1) @param temperature []
 */
export function boltzmannIndex(q: tf.Tensor, uniform: tf.Tensor, temperature: tf.Tensor): tf.Tensor {
  const gumbel = tf.neg(tf.log(tf.neg(tf.log(tf.clipByValue(uniform, 1e-20, 1 - 2 ** -24)))));
  return tf.argMax(tf.add(tf.div(q, temperature), gumbel), 1);
}
