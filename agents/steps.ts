/** The numbered steps of a discrete diffusion (Ho et al. 2020) on this project's time axis. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * Step k of K noising steps is at t = 1 - (1 - tMin) k/K: k = 0 is the data, k = K the noise at tMin. Sampling
 * visits k = K, ..., 0.
 * @returns the K + 1 times in the order of sampling, and their step numbers
 */
export function diffusionSteps(count: number, tMin: number): { times: number[]; steps: number[] } {
  const steps = Array.from({ length: count + 1 }, (_, i) => count - i);
  return { times: steps.map((k) => 1 - ((1 - tMin) * k) / count), steps };
}

/**
 * A step from 1 to K, all equally likely, and its time.
 * @param uniform [batch] in [0, 1) @returns step [batch] float32, time [batch]
 */
export function stepTime(uniform: tf.Tensor, count: number, tMin: number) {
  const step = tf.add(tf.floor(tf.mul(uniform, count)), 1);
  return { step, time: tf.sub(1, tf.mul(step, (1 - tMin) / count)) };
}
