/**
 * Iterated Denoising Energy Matching (Akhound-Sadegh et al. 2024, arXiv 2402.06121):
 *
 *   repeat   draw points from the sampler into a buffer                                        outer loop
 *     repeat x_t = x + β_t ε with x from the buffer
 *            S = ∇_{x_t} log Σ_k p̂(x_t + β_t ε_k)
 *            descend (β_t² + 10⁻³) ‖s_θ(x_t, t) - S‖²                                          inner loop
 *
 * The score is Diffusion Q-Sampling's, which took it from here (`dqsScore`). Deviations: β is geometric from σ_max to
 * σ_min, the network's output is the score times sqrt(β² + 10⁻³), the reverse SDE is taken in ancestral steps. The
 * score is clipped to a norm, as in the paper's mixture experiment.
 *
 * The path ends in p ∗ N(0, σ_max²), which N(0, σ_max²) stands for only where σ_max is large beside the density. Here it
 * is not, so the sampler starts from a normal law with the path's second moment on each axis: σ_max² and the mean square
 * of the buffer's points. The paper starts from N(0, σ_max²).
 */
import * as tf from '@tensorflow/tfjs-core';
import { dqsScore } from '../dqs/score.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { denoise } from '../samplers.ts';
import type { SamplerForm } from './form.ts';

export interface IdemOptions {
  readonly sigmaMin?: number;
  /** For densities of order one: many times a mode's width, and the draws seldom meet the mode. */
  readonly sigmaMax?: number;
  /** Largest norm of a score target. */
  readonly maxScoreNorm?: number;
  /** Half the width of the box that holds the density: cuts off the end point that a step predicts. */
  readonly bound: number;
}

/** Added to the loss's weight β². */
const weightFloor = 1e-3;

export function idem({ sigmaMin = 0.01, sigmaMax = 1, maxScoreNorm = 70, bound }: IdemOptions): SamplerForm {
  const schedule = createSchedule({ kind: 've', sigmaMin, sigmaMax });
  return {
    name: 'idem',
    schedule,
    tMin: 0,
    startDeviation: (meanSquare) => Math.sqrt(sigmaMax ** 2 + meanSquare),
    bound,
    law: 'normal',
    samplerNoise: true,
    regress({ target, yt, beta, draws }) {
      const { score, ess } = dqsScore((y) => target.logDensity(y), yt, beta, draws);
      const norm = tf.sqrt(tf.sum(tf.square(score), 1, true));
      const clipped = tf.mul(score, tf.div(maxScoreNorm, tf.maximum(norm, maxScoreNorm)));
      return { value: tf.mul(clipped, tf.sqrt(tf.add(tf.square(beta), weightFloor))), ess };
    },
    sample(output, start, times, path) {
      const noisePrediction = (y: tf.Tensor, k: number) => {
        const beta = schedule.beta(times[k]);
        return tf.mul(output(y, k), -beta / Math.sqrt(beta ** 2 + weightFloor));
      };
      return denoise(noisePrediction, start, times, { schedule, dataBound: bound }, path);
    },
  };
}
