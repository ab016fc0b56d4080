/** `rfm-diffusion`: Reverse Flow Matching with a variance-preserving or -exploding path and a noise network. */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { AgentFactory } from '../agent.ts';
import { hostAgent } from '../host.ts';
import { createSchedule, scheduleDefaults } from '../posterior/schedules.ts';
import { boundedNoise, coefficientsAt, denoise } from '../samplers.ts';
import { rfmAlgorithm } from './algorithm.ts';
import { checkTogether, rfmPresets, rfmShape } from './config.ts';
import { rfmConstants } from './constants.ts';
import { noiseChange, type PolicyForm, predictData } from './prediction.ts';

const config = z
  .strictObject({
    ...rfmShape,
    schedule: z.enum(['vp', 'cosine', 've']),
    /** Deterministic DDIM steps, or ancestral ones with fresh noise. */
    sampler: z.enum(['ddim', 'ancestral']),
  })
  .superRefine((config, context) => {
    checkTogether(config, context);
    if (config.softQ === 'none' || config.sampler === 'ddim') return;
    const message = "must be 'ddim' with softQ: the log-density follows a deterministic path";
    context.addIssue({ code: 'custom', path: ['sampler'], message, input: config.sampler });
  });
type Config = z.infer<typeof config>;

export const rfmDiffusion: AgentFactory<Config> = {
  name: 'rfm-diffusion',
  description: 'Reverse Flow Matching with a diffusion policy (VP, cosine or VE path, noise network)',
  reference: 'Li, Tang, Azizan 2026, arXiv 2601.08136',
  config,
  presets: rfmPresets({ schedule: 'cosine', sampler: 'ddim' }),
  constants: { ...rfmConstants, ...scheduleDefaults },
  create(context) {
    const { config, observation, action } = context;
    return hostAgent(rfmAlgorithm(diffusionForm(config), config, observation.size, action.size), context);
  },
};

/** The noise, or y1, along the path that the config names. */
export function diffusionForm(
  config: Pick<Config, 'schedule' | 'sampler' | 'prediction' | 'dataBound'>,
): PolicyForm {
  const { dataBound } = config;
  const schedule = createSchedule(config.schedule);
  const native: PolicyForm = {
    name: 'rfm-diffusion',
    schedule,
    samplerNoise: config.sampler === 'ancestral',
    startScale: (time) => coefficientsAt(schedule, time).beta,
    target: (mean) => mean.y0, // ε = E[y0 | y_t]
    slope: (alpha) => tf.onesLike(alpha),
    sample: (field, latent, times, noise) => denoise(field, latent, times, { schedule, dataBound }, noise),
    equation: {
      scale: (time) => coefficientsAt(schedule, time).alpha,
      clock: (time) => coefficientsAt(schedule, time).ratio,
      change: (now, next) => noiseChange(schedule, now, next),
      slope: (predicted, latent, time) => boundedNoise(schedule, predicted, latent, time, dataBound),
      secondOrder: false,
      meanTrace: false,
    },
  };
  return config.prediction === 'data' ? predictData(native, dataBound, false) : native;
}
