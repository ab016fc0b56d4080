/** What MaxEntDP's networks regress: the Q-weighted noise and the policy's own log-density. */
import * as tf from '@tensorflow/tfjs-core';
import type { Schedule } from '../posterior/schedules.ts';
import type { FieldAtTime } from '../samplers.ts';
import { truncatedNormal } from '../truncated-normal.ts';

/**
 * Q-weighted noise estimation: E[ε | a_t] under the density exp(Q/λ) in the box.
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
  const [noised, alpha, beta] = [path.noised, path.alpha, path.beta].map((x) => tf.expandDims(x, 1));
  const low = tf.div(tf.sub(noised, alpha), beta);
  const high = tf.div(tf.add(noised, alpha), beta);
  const draws = truncatedNormal(uniform, low, high);
  const action = tf.clipByValue(tf.div(tf.sub(noised, tf.mul(beta, draws)), alpha), -1, 1);
  const weight = tf.softmax(tf.div(value(action), temperature));
  return {
    noise: tf.sum(tf.mul(tf.expandDims(weight, 2), draws), 1),
    ess: tf.div(1, tf.sum(tf.square(weight), 1)),
  };
}

/**
 * log π(a) of a diffusion by its denoising errors (Kong, Brekelmans, Ver Steeg 2023, arXiv 2302.03792):
 * -D/2 log 2πe + ½ ∫ (D α² - E‖ε̂ - ε‖²) d log-SNR, a sum over the noise levels with the step of the
 * log-SNR as (α'² - α²)/(α² β²), α' that of the next cleaner level.
 * @param action [batch, act]
 * @param noisePrediction (noised actions [batch·draws, act], index of the level in `times`) → ε̂
 * @param times from noise to data; all but the last are levels
 * @param noise [levels, batch·draws, act]
 */
export function denoisingLogDensity(
  action: tf.Tensor,
  noisePrediction: FieldAtTime,
  times: readonly number[],
  schedule: Schedule,
  noise: tf.Tensor,
): tf.Tensor {
  const [batch, dimension] = action.shape;
  const rows = noise.shape[1] as number;
  const draws = rows / batch;
  const repeated = tf.reshape(tf.tile(tf.expandDims(action, 1), [1, draws, 1]), [rows, dimension]);
  let surplus: tf.Tensor = tf.zeros([batch]);
  for (let level = 0; level + 1 < times.length; level++) {
    const [alpha, beta] = [schedule.alpha(times[level]), schedule.beta(times[level])];
    const cleaner = schedule.alpha(times[level + 1]);
    const step = (cleaner ** 2 - alpha ** 2) / (2 * alpha ** 2 * beta ** 2);
    const epsilon = tf.squeeze(tf.slice(noise, [level, 0, 0], [1, -1, -1]), [0]);
    const noised = tf.add(tf.mul(repeated, alpha), tf.mul(epsilon, beta));
    // The prediction as the sampler uses it: the action that it implies is bounded by the box.
    const predicted = tf.div(tf.sub(noised, tf.mul(noisePrediction(noised, level), beta)), alpha);
    const bounded = tf.div(tf.sub(noised, tf.mul(tf.clipByValue(predicted, -1, 1), alpha)), beta);
    const error = tf.sum(tf.squaredDifference(bounded, epsilon), 1);
    const mean = tf.mean(tf.reshape(error, [batch, draws]), 1);
    surplus = tf.add(surplus, tf.mul(tf.sub(dimension * alpha ** 2, mean), step));
  }
  return tf.sub(surplus, 0.5 * dimension * Math.log(2 * Math.PI * Math.E));
}
