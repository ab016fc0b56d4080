/**
 * A perturbed critic for the noisy-Q ablation: Q̃(s, a) = Q(s, a) + σ_rel σ_Q ψ_s(a) with a smooth random function
 *
 *   ψ_s(a) = sqrt(2/F) Σ_f cos(ω_f · a/ℓ + φ_{s,f}),  ω_f ~ N(0, I),  φ_{s,f} ~ U(0, 2π),
 *
 * in effect a draw of a Gaussian process of unit variance and length scale ℓ (random Fourier features, Rahimi and
 * Recht 2007), anew at every update and with phases of its own at every state. Its value and its gradient belong
 * together, so that estimators that read values and estimators that read gradients meet the same wrong critic;
 * independent noise on each would favour one of them.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Draws } from '../host.ts';

/** F: features. */
export const features = 32;
/** ℓ in units of actions, whose box is 2 wide. */
export const lengthScale = 0.5;

export type CriticNoise = {
  /** ω, [F, act] normal */
  frequency: tf.Tensor;
  /** φ/2π, [batch, F] uniform */
  phase: tf.Tensor;
};

/** Actions [batch, N, D] → Q [batch, N] and ∇_a Q [batch, N, D]. */
export type Critic = (action: tf.Tensor) => { value: tf.Tensor; gradient: tf.Tensor };

export function criticNoiseDraws(batch: number, actionSize: number): Draws<CriticNoise> {
  return {
    frequency: { law: 'normal', shape: [features, actionSize] },
    phase: { law: 'uniform', shape: [batch, features] },
  };
}

/** @param deviation σ_rel σ_Q [] */
export function perturbed(critic: Critic, { frequency, phase }: CriticNoise, deviation: tf.Tensor): Critic {
  const slopes = tf.div(frequency, lengthScale);
  const shift = tf.expandDims(tf.mul(phase, 2 * Math.PI), 1); // [batch, 1, F]
  const amplitude = tf.mul(deviation, Math.sqrt(2 / features));
  return (action) => {
    const [batch, draws, size] = action.shape;
    const flat = tf.reshape(action, [batch * draws, size]);
    const products = tf.reshape(tf.matMul(flat, slopes, false, true), [batch, draws, features]);
    const angle = tf.add(products, shift);
    const { value, gradient } = critic(action);
    const sines = tf.reshape(tf.sin(angle), [batch * draws, features]);
    const pull = tf.reshape(tf.matMul(sines, slopes), action.shape);
    return {
      value: tf.add(value, tf.mul(tf.sum(tf.cos(angle), 2), amplitude)),
      gradient: tf.sub(gradient, tf.mul(pull, amplitude)),
    };
  };
}

/** Standard deviation over the batch of the smaller critic. @param values [2, batch] @returns [] */
export function batchDeviation(values: tf.Tensor): tf.Tensor {
  const smaller = tf.min(values, 0);
  return tf.sqrt(tf.mean(tf.squaredDifference(smaller, tf.mean(smaller))));
}
