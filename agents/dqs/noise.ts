/**
 * The variance-exploding noise of Diffusion Q-Sampling, dy = g(t) dW on the method's clock: t = 0 is the data and
 * t = 1 the noise. The rest of this project counts the other way.
 */
import * as tf from '@tensorflow/tfjs-core';

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
  const growth = 2 * Math.log(sigmaMax / sigmaMin);
  return {
    variance: (t) => sigmaMin ** 2 * Math.expm1(growth * t),
    varianceTensor: (t) => tf.mul(tf.sub(tf.exp(tf.mul(t, growth)), 1), sigmaMin ** 2),
    rate: (t) => sigmaMin ** 2 * growth * Math.exp(growth * t),
  };
}
