/**
 * Q-weighted noise estimation (MaxEntDP, Dong et al. 2025, arXiv 2502.11612) with log p in the place of Q/λ: the
 * noise's posterior mean on the cosine path from draws that are cut off to the box in which the density lies, and
 * ancestral steps. `qneNoiseTarget` is the agent's; the box [-1, 1] of actions is [-bound, bound] here.
 */
import * as tf from '@tensorflow/tfjs-core';
import { qneNoiseTarget } from '../maxentdp/targets.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { denoise } from '../samplers.ts';
import type { SamplerForm } from './form.ts';

export interface QneOptions {
  /** Half the width of the box that holds the density. */
  readonly bound: number;
}

export function qne({ bound }: QneOptions): SamplerForm {
  const schedule = createSchedule('cosine');
  return {
    name: 'qne',
    schedule,
    tMin: 1e-3,
    startDeviation: () => 1,
    bound,
    law: 'uniform',
    samplerNoise: true,
    regress({ target, yt, alpha, beta, draws }) {
      const value = (action: tf.Tensor) => target.logDensity(tf.mul(action, bound)).logDensity;
      const path = { noised: yt, alpha: tf.mul(alpha, bound), beta };
      const { noise, ess } = qneNoiseTarget(value, path, draws, tf.scalar(1));
      return { value: noise, ess };
    },
    sample: (output, start, times, path) =>
      denoise(output, start, times, { schedule, dataBound: bound, variance: 'forward' }, path),
  };
}
