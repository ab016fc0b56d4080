/**
 * The variance-exploding noise of Diffusion Q-Sampling, dy = g(t) dW on the method's clock: t = 0 is the data and
 * t = 1 the noise. The rest of this project counts the other way.
 */
import * as tf from '@tensorflow/tfjs-core';
import { exp, expm1, log } from '../../math/elementary.ts';

export interface ExplodingNoise {
  /** h(t) = σ_min² ((σ_max/σ_min)^2t - 1), the variance of y_t given the data: the integral of g². */
  variance(t: number): number;
  /** The same for times of any shape, in float32. */
  varianceTensor(t: tf.Tensor): tf.Tensor;
  /** g²(t) = h'(t). */
  rate(t: number): number;
}

export function explodingNoise({
  sigmaMin,
  sigmaMax,
}: {
  sigmaMin: number;
  sigmaMax: number;
}): ExplodingNoise {
  const growth = 2 * log(sigmaMax / sigmaMin);
  const least = sigmaMin * sigmaMin;
  return {
    variance: (t) => least * expm1(growth * t),
    varianceTensor: (t) => tf.mul(tf.sub(powerOf(growth, t), 1), least),
    rate: (t) => least * growth * exp(growth * t),
  };
}

/** The variance that each step of Euler-Maruyama adds. @param times from 1 to 0 */
export const stepVariances = (noise: ExplodingNoise, times: readonly number[]): number[] =>
  times.slice(0, -1).map((t, k) => noise.rate(t) * (t - times[k + 1]));

/**
 * exp(growth t), 0 ≤ t ≤ 1, to a float32's last bits: the product would lose as many as it has before its point. The
 * first twelve bits of both factors have an exact product; what is left is small.
 */
function powerOf(growth: number, t: tf.Tensor): tf.Tensor {
  const bits = 2 ** 12;
  let unit = 1 / bits;
  while (unit * bits < growth) unit *= 2;
  const head = Math.floor(growth / unit) * unit;
  const coarse = tf.div(tf.floor(tf.mul(t, bits)), bits);
  const rest = tf.add(tf.mul(tf.sub(t, coarse), head), tf.mul(t, growth - head));
  return tf.mul(tf.exp(tf.mul(coarse, head)), tf.exp(rest));
}
