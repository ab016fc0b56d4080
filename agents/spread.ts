/** How far a policy's samples lie apart: near zero, a policy has collapsed to a point. */
import * as tf from '@tensorflow/tfjs-core';

/** Mean over states and dimensions of the particles' standard deviation. @param particles [batch, m, act] */
export function policySpread(particles: tf.Tensor): tf.Tensor {
  const centred = tf.sub(particles, tf.mean(particles, 1, true));
  return tf.mean(tf.sqrt(tf.mean(tf.square(centred), 1)));
}

/** The same over a batch with one sample per state, so that the states' differences count too. @param action [batch, act] */
export function actionSpread(action: tf.Tensor): tf.Tensor {
  return policySpread(tf.expandDims(action, 0));
}
