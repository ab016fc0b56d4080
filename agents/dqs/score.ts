/** The score that Diffusion Q-Sampling regresses, and the density that it is of. */
import * as tf from '@tensorflow/tfjs-core';
import type { DensityValue } from '../posterior/posterior-mean.ts';

/** Actions [batch, K, act] → Q [batch, K] and ∇_a Q [batch, K, act]. */
type CriticAtActions = (action: tf.Tensor) => { value: tf.Tensor; gradient: tf.Tensor };

/**
 * The program's: p̂ = exp(Q(s, y)/λ) at any y, also outside the box.
 * @param temperature λ [] @returns y [batch, K, act] → log p̂ [batch, K] up to a constant, and its gradient [batch, K, act]
 */
export function boltzmannDensity(
  temperature: tf.Tensor,
  critic: CriticAtActions,
): (y: tf.Tensor) => DensityValue<tf.Tensor> {
  return (y) => {
    const { value, gradient } = critic(y);
    return { logDensity: tf.div(value, temperature), score: tf.div(gradient, temperature) };
  };
}

/**
 * The score's estimate: the gradient in y_t of log mean_k p̂(y_t + σ ε_k).
 * @param logDensity y [batch, K, act] → log p̂ [batch, K] and its gradient [batch, K, act]
 * @param yt [batch, act] @param sigma [batch, 1] @param draws [batch, K, act]
 * @returns score [batch, act], ess [batch]
 */
export function dqsScore(
  logDensity: (y: tf.Tensor) => DensityValue<tf.Tensor>,
  yt: tf.Tensor,
  sigma: tf.Tensor,
  draws: tf.Tensor,
): { score: tf.Tensor; ess: tf.Tensor } {
  const y1 = tf.add(tf.expandDims(yt, 1), tf.mul(tf.expandDims(sigma, 2), draws));
  const { logDensity: logWeight, score } = logDensity(y1);
  const weight = tf.softmax(logWeight);
  return {
    score: tf.sum(tf.mul(tf.expandDims(weight, 2), score), 1),
    ess: tf.div(1, tf.sum(tf.square(weight), 1)),
  };
}
