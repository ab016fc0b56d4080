/** Where the diffusion of `dqs` lives, and what follows from that: its density, its network's output, its sampler. */
import * as tf from '@tensorflow/tfjs-core';
import { boltzmannLatentDensity, preTanhAction } from '../posterior/latent.ts';
import type { DensityValue } from '../posterior/posterior-mean.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { denoise, eulerMaruyama, type FieldAtTime } from '../samplers.ts';
import type { ExplodingNoise } from './noise.ts';

/** Actions [batch, K, act] → Q [batch, K] and ∇_a Q [batch, K, act]. */
export type CriticAtActions = (action: tf.Tensor) => { value: tf.Tensor; gradient: tf.Tensor };

export interface DqsSpace {
  /** The point y of a replay action, [batch, act] → [batch, act]. */
  point(action: tf.Tensor): tf.Tensor;
  /** y [batch, K, act] → log p̂(y|s) up to a constant, and its gradient. @param temperature λ [] */
  density(temperature: tf.Tensor, critic: CriticAtActions): (y: tf.Tensor) => DensityValue<tf.Tensor>;
  /** The score that the network's output [rows, act] stands for. @param variance h, [rows, 1] or a number */
  score(output: tf.Tensor, variance: tf.Tensor | number): tf.Tensor;
  /**
   * The reverse SDE, or its drift alone where `path` is 0. The action is tanh of the result.
   * @param score at `times` [rows, act] @param start at times[0], [rows, act] @param times from 1 to 0
   * @param path standard normals [steps, rows, act]
   */
  sample(score: FieldAtTime, start: tf.Tensor, times: readonly number[], path: tf.Tensor | 0): tf.Tensor;
}

/** Added to the loss's weight h. */
export const weightFloor = 1e-3;

/** The program's: p̂ = exp(Q(s, y)/λ) at any y, also outside the box; Euler-Maruyama. */
export function actionSpace(noise: ExplodingNoise): DqsSpace {
  return {
    point: (action) => action,
    density: (temperature, critic) => (y) => {
      const { value, gradient } = critic(y);
      return { logDensity: tf.div(value, temperature), score: tf.div(gradient, temperature) };
    },
    score: (output) => output,
    sample(score, start, times, path) {
      const variances = times.slice(0, -1).map((t, k) => noise.rate(t) * (t - times[k + 1]));
      return eulerMaruyama(score, start, variances, path);
    },
  };
}

/** Beyond atanh(1 - 1e-4) = 4.95 no replay action lies; bound on the sampler's predicted end point. */
export const latentBound = 5;

/**
 * y = atanh(a) with log p̂(y) = Q(s, tanh y)/λ + log |da/dy|, so that the policy is the Boltzmann density in the box.
 * The network's output is the score times sqrt(h + 10⁻³), of order one at every noise level. Ancestral steps follow
 * the reverse SDE exactly where the score's ŷ1 is constant.
 */
export function latentSpace(range: { sigmaMin: number; sigmaMax: number }): DqsSpace {
  // Its β² is h + σ_min², on the project's clock.
  const schedule = createSchedule({ kind: 've', sigmaMin: range.sigmaMin, sigmaMax: range.sigmaMax });
  return {
    point: (action) => preTanhAction(action),
    density: boltzmannLatentDensity,
    score: (output, variance) =>
      typeof variance === 'number'
        ? tf.div(output, Math.sqrt(variance + weightFloor))
        : tf.div(output, tf.sqrt(tf.add(variance, weightFloor))),
    sample(score, start, times, path) {
      const clock = times.map((t) => 1 - t);
      const noisePrediction = (y: tf.Tensor, k: number) => tf.mul(score(y, k), -schedule.beta(clock[k])); // ε = -β score
      return denoise(noisePrediction, start, clock, { schedule, dataBound: latentBound }, path);
    },
  };
}
