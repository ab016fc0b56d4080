/** What MaxEntDP's networks regress: the Q-weighted noise and the policy's own log-density. */
import * as tf from '@tensorflow/tfjs-core';
import { log } from '../../math/elementary.ts';
import type { Path } from '../posterior/schedules.ts';
import type { FieldAtTime } from '../samplers.ts';
import { truncatedNormal } from '../truncated-normal.ts';
import { alphaBarEdge } from './path.ts';

/**
 * Q-weighted noise estimation: E[ε | a_t] under the density exp(Q/λ) in the box, as -Σ w_i n_i with
 * actions a_t/α + (β/α) n_i.
 * @param value actions [batch, N, act] → Q [batch, N]
 * @param noised a_t [batch, act] @param alpha [batch, 1] @param beta [batch, 1]
 * @param uniform [batch, N, act] in [0, 1) @param temperature λ []
 * @returns noise [batch, act], ess [batch]
 */
export function qneNoiseTarget(
  value: (action: tf.Tensor) => tf.Tensor,
  path: { noised: tf.Tensor; alpha: tf.Tensor; beta: tf.Tensor },
  uniform: tf.Tensor,
  temperature: tf.Tensor,
): { noise: tf.Tensor; ess: tf.Tensor } {
  const centre = tf.expandDims(tf.div(path.noised, path.alpha), 1);
  const spread = tf.expandDims(tf.div(path.beta, path.alpha), 1);
  const draws = truncatedNormal(
    uniform,
    tf.div(tf.sub(-1, centre), spread),
    tf.div(tf.sub(1, centre), spread),
  );
  const action = tf.add(centre, tf.mul(spread, draws));
  const weight = tf.softmax(tf.div(value(action), temperature));
  return {
    noise: tf.neg(tf.sum(tf.mul(tf.expandDims(weight, 2), draws), 1)),
    ess: tf.div(1, tf.sum(tf.square(weight), 1)),
  };
}

const square = (x: number): number => x * x;

/**
 * log π(a) of a diffusion by its denoising errors (Kong, Brekelmans, Ver Steeg 2023, arXiv 2302.03792):
 * -D/2 log 2πe + ½ ∫ (D α² - E‖ε̂ - ε‖²) d log-SNR, a sum over the noise levels with the step of the
 * log-SNR as (α'² - α²)/(α² β²), α' that of the next cleaner level. A level's own α² is held off 0 and 1. The
 * prediction is used as the sampler uses it, with the action â that it implies in the box, so that
 * ε̂ - ε = (a - â) α/β.
 * @param action [batch, act]
 * @param noisePrediction (noised actions [batch·draws, act], index of the level in `times`) → ε̂
 * @param times on the path's clock, from noise to data; all but the last are levels
 * @param noise [levels, batch·draws, act]
 */
export function denoisingLogDensity(
  action: tf.Tensor,
  noisePrediction: FieldAtTime,
  times: readonly number[],
  path: Path,
  noise: tf.Tensor,
): tf.Tensor {
  const [batch, dimension] = action.shape;
  const rows = noise.shape[1] as number;
  const draws = rows / batch;
  const repeated = tf.reshape(tf.tile(tf.expandDims(action, 1), [1, draws, 1]), [rows, dimension]);
  let surplus: tf.Tensor = tf.zeros([batch]);
  for (let level = 0; level + 1 < times.length; level++) {
    const signal = Math.min(Math.max(square(path.at(times[level]).alpha), alphaBarEdge), 1 - alphaBarEdge);
    const cleaner = square(path.at(times[level + 1]).alpha);
    const step = (cleaner - signal) / (2 * signal * (1 - signal));
    const [alpha, beta] = [Math.sqrt(signal), Math.sqrt(1 - signal)];
    const epsilon = tf.squeeze(tf.slice(noise, [level, 0, 0], [1, -1, -1]), [0]);
    const noised = tf.add(tf.mul(repeated, alpha), tf.mul(epsilon, beta));
    const implied = tf.div(tf.sub(noised, tf.mul(noisePrediction(noised, level), beta)), alpha);
    const error = tf.sum(tf.squaredDifference(repeated, tf.clipByValue(implied, -1, 1)), 1);
    const mean = tf.mul(tf.mean(tf.reshape(error, [batch, draws]), 1), signal / (1 - signal));
    surplus = tf.add(surplus, tf.mul(tf.sub(dimension * signal, mean), step));
  }
  return tf.sub(surplus, 0.5 * dimension * log(2 * Math.PI * Math.E));
}
