/** The reverse of broadcasting. */
import * as tf from '@tensorflow/tfjs-core';

/** Sums over the axes along which a tensor of `shape` was broadcast to x's. */
export function sumTo(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const extra = x.rank - shape.length;
  const axes = x.shape
    .map((_, i) => i)
    .filter((i) => i < extra || (shape[i - extra] === 1 && x.shape[i] !== 1));
  const sum = axes.length === 0 ? x : tf.sum(x, axes);
  return tf.reshape(sum, [...shape]);
}
