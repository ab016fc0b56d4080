/** `rfm-diffusion`: Reverse Flow Matching with a variance-preserving or -exploding path and a noise network. */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { AgentFactory } from '../agent.ts';
import { hostAgent } from '../host.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { denoise } from '../samplers.ts';
import { rfmAlgorithm } from './algorithm.ts';
import { checkTogether, rfmLaptop, rfmPaper, rfmShape, rfmSmoke } from './config.ts';
import { type PolicyForm, predictData } from './prediction.ts';

const config = z
  .strictObject({
    ...rfmShape,
    schedule: z.enum(['vp', 'cosine', 've']),
    /** Deterministic DDIM steps, or ancestral ones with fresh noise. */
    sampler: z.enum(['ddim', 'ancestral']),
  })
  .superRefine(checkTogether);
const constants = {
  schedule: 'cosine' as const,
  sampler: 'ddim' as const,
  lossWeight: 'uniform' as const, // the noise's posterior mean is bounded at every t
};

export const rfmDiffusion: AgentFactory<z.infer<typeof config>> = {
  name: 'rfm-diffusion',
  description: 'Reverse Flow Matching with a diffusion policy (VP, cosine or VE path, noise network)',
  reference: 'Li, Tang, Azizan 2026, arXiv 2601.08136',
  config,
  presets: {
    paper: { ...rfmPaper, ...constants },
    laptop: { ...rfmLaptop, ...constants },
    smoke: { ...rfmSmoke, ...constants },
  },
  create(context) {
    const { config, observation, action } = context;
    const schedule = createSchedule(config.schedule);
    const native: PolicyForm = {
      name: 'rfm-diffusion',
      schedule,
      samplerNoise: config.sampler === 'ancestral',
      startScale: (time) => (typeof time === 'number' ? schedule.beta(time) : schedule.betaTensor(time)),
      target: (mean) => mean.y0, // ε = E[y0 | y_t]
      slope: (alpha) => tf.onesLike(alpha),
      sample: (field, latent, times, noise) =>
        denoise(field, latent, times, { schedule, dataBound: config.dataBound }, noise),
    };
    const form = config.prediction === 'data' ? predictData(native, config.dataBound, false) : native;
    return hostAgent(rfmAlgorithm(form, config, observation.size, action.size), context);
  },
};
