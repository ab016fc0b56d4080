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
  /** Bound on each coordinate of the predicted y1; keeps small α from amplifying the network's error. */
  readonly dataBound: number;
}

/**
 * Deterministic DDIM steps (Song et al. 2021): ŷ1 = (y - β ε̂)/α, then y' = α' ŷ1 + β' ε̂.
 * With `noise` [steps, rows, act] the ancestral step instead, whose variance is the posterior's:
 * σ² = β'²(1 - (α β'/(α' β))²), as far as it is positive.
 */
export function denoise(
  noisePrediction: FieldAtTime,
  latent: tf.Tensor,
  times: readonly number[],
  { schedule, dataBound }: DiffusionSampling,
  noise?: tf.Tensor,
): tf.Tensor {
  let y = latent;
  for (let k = 0; k + 1 < times.length; k++) {
    const [alpha, beta] = [schedule.alpha(times[k]), schedule.beta(times[k])];
    const [nextAlpha, nextBeta] = [schedule.alpha(times[k + 1]), schedule.beta(times[k + 1])];
    const predicted = noisePrediction(y, k);
    const data = tf.clipByValue(tf.div(tf.sub(y, tf.mul(predicted, beta)), alpha), -dataBound, dataBound);
    const implied = tf.div(tf.sub(y, tf.mul(data, alpha)), beta);
    if (noise === undefined) {
      y = tf.add(tf.mul(data, nextAlpha), tf.mul(implied, nextBeta));
      continue;
    }
    const shrink = (alpha * nextBeta) / (nextAlpha * beta);
    const fresh = nextBeta * Math.sqrt(Math.max(0, 1 - shrink * shrink));
    const kept = Math.sqrt(Math.max(0, nextBeta * nextBeta - fresh * fresh));
    const z = tf.squeeze(tf.slice(noise, [k, 0, 0], [1, -1, -1]), [0]);
    y = tf.addN([tf.mul(data, nextAlpha), tf.mul(implied, kept), tf.mul(z, fresh)]);
  }
  return y;
}

/** Picks one particle per state. @param index [batch] int32 @param particles [batch, m, act] → [batch, act] */
export function pick(particles: tf.Tensor, index: tf.Tensor): tf.Tensor {
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
