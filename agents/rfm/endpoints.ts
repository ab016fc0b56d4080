/** Which y1 the bridge starts from where `endpoints` is `adaptive`. It weighs the y_t, and never moves the target. */
import * as tf from '@tensorflow/tfjs-core';

/** Neither source of end points falls below this share in any state. */
export const leastShare = 0.1;

/**
 * Per state the policy's sample with its Boltzmann weight against the replay action,
 * P = e^{Q(s, a_π)/λ} / (e^{Q(s, a_π)/λ} + e^{Q(s, a_B)/λ}) within [0.1, 0.9], else the replay action: noise is
 * added to points where the target has mass, by a policy that has found it or by a buffer that has it still.
 * @param q of the policy's and the replay action, [batch, 2] @param temperature []
 * @param uniform [batch] in [0, 1)
 * @returns 1 for the policy's, 0 for the replay action, [batch, 1]
 */
export function choosePolicy(q: tf.Tensor, temperature: tf.Tensor, uniform: tf.Tensor): tf.Tensor {
  const [own, replayed] = tf.split(q, 2, 1);
  const weight = tf.sigmoid(tf.div(tf.sub(own, replayed), temperature));
  const probability = tf.clipByValue(weight, leastShare, 1 - leastShare);
  return tf.cast(tf.less(tf.expandDims(uniform, 1), probability), 'float32');
}
