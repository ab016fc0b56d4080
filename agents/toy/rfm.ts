/**
 * Reverse Flow Matching as a sampler of a density (Li, Tang, Azizan, arXiv 2601.08136): the regression target is a
 * posterior mean of the path's end points, estimated by self-normalised importance sampling with a Langevin-Stein
 * control variate. No critic: the density is given.
 *
 * A density that lies in a box has its posterior mean of y1 there too. Estimates are cut off to the box, since at
 * small t the draws imply a y1 of order 1/t; so are the end points that the sampler's steps predict.
 */
import * as tf from '@tensorflow/tfjs-core';
import { parseEstimator } from '../posterior/estimator.ts';
import { posteriorMean } from '../posterior/posterior-mean.ts';
import { createSchedule, type Schedule } from '../posterior/schedules.ts';
import { denoise, euler, type FieldAtTime } from '../samplers.ts';
import { truncatedNormal } from '../truncated-normal.ts';
import type { RegressionInputs, SamplerForm } from './form.ts';

export interface RfmOptions {
  /** As the command line writes it; `adaptive` by default. */
  readonly estimator?: string;
  /** Half the width of the box that holds the density. */
  readonly bound: number;
  /**
   * The posterior's draws: of the prior N(0, I) as in the paper, or of the prior cut off to where y1 lies in the box
   * as in QNE (default), which leaves the posterior as it is and wastes no draws at small t.
   */
  readonly draws?: 'prior' | 'box';
}

export interface RfmDiffusionOptions extends RfmOptions {
  /** Deterministic DDIM steps, or ancestral ones with fresh noise (default). */
  readonly sampler?: 'ddim' | 'ancestral';
}

const tMin = 1e-3;

/** Linear path, velocity network, Euler steps. */
export function rfmFlow({ estimator = 'adaptive', bound, draws = 'box' }: RfmOptions): SamplerForm {
  const schedule = createSchedule('linear');
  const mean = boundedMean(schedule, estimator, bound, draws);
  return {
    name: 'rfm-flow',
    schedule,
    tMin,
    startDeviation: () => 1,
    bound,
    law: draws === 'box' ? 'uniform' : 'normal',
    samplerNoise: false,
    regress(inputs) {
      const { y0, y1, ess } = mean(inputs);
      return { value: tf.sub(y1, y0), ess };
    },
    sample(output, start, times) {
      // On the linear path the predicted end point is y + (1 - t) v.
      const velocity: FieldAtTime = (y, k) => {
        const left = 1 - times[k];
        const end = tf.clipByValue(tf.add(y, tf.mul(output(y, k), left)), -bound, bound);
        return tf.div(tf.sub(end, y), left);
      };
      return euler(velocity, start, times);
    },
  };
}

/** Cosine path, noise network. */
export function rfmDiffusion({
  estimator = 'adaptive',
  bound,
  draws = 'box',
  sampler = 'ancestral',
}: RfmDiffusionOptions): SamplerForm {
  const schedule = createSchedule('cosine');
  const mean = boundedMean(schedule, estimator, bound, draws);
  return {
    name: 'rfm-diffusion',
    schedule,
    tMin,
    startDeviation: () => 1,
    bound,
    law: draws === 'box' ? 'uniform' : 'normal',
    samplerNoise: sampler === 'ancestral',
    regress(inputs) {
      const { y0, ess } = mean(inputs);
      return { value: y0, ess };
    },
    sample: (output, start, times, path) =>
      denoise(output, start, times, { schedule, dataBound: bound }, path),
  };
}

/** The posterior means of both ends, with that of y1 in the box and y_t = α y1 + β y0 kept. */
function boundedMean(schedule: Schedule, estimator: string, bound: number, law: 'prior' | 'box') {
  const parsed = parseEstimator(estimator);
  return ({ target, t, yt, alpha, beta, draws }: RegressionInputs) => {
    const logDensity = (y1: tf.Tensor) => target.logDensity(y1);
    const edge = (side: number) => tf.expandDims(tf.div(tf.sub(yt, tf.mul(alpha, side * bound)), beta), 1);
    const prior = law === 'prior' ? draws : truncatedNormal(draws, edge(1), edge(-1));
    const found = posteriorMean({ schedule, t, yt, prior, logDensity, estimator: parsed });
    const y1 = tf.clipByValue(found.y1, -bound, bound);
    return { y0: tf.div(tf.sub(yt, tf.mul(alpha, y1)), beta), y1, ess: found.ess };
  };
}
