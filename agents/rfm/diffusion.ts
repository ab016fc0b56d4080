/** `rfm-diffusion`: Reverse Flow Matching with a variance-preserving or -exploding path and a noise network. */
import { z } from 'zod';
import type { AgentFactory } from '../agent.ts';
import { positive } from '../config.ts';
import { hostAgent } from '../host.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { denoise } from '../samplers.ts';
import { type PolicyForm, rfmAlgorithm } from './algorithm.ts';
import { rfmLaptop, rfmPaper, rfmShape, rfmSmoke } from './config.ts';

const config = z.strictObject({
  ...rfmShape,
  schedule: z.enum(['vp', 'cosine', 've']),
  /** Deterministic DDIM steps, or ancestral ones with fresh noise. */
  sampler: z.enum(['ddim', 'ancestral']),
  /** Bound on the predicted y1: beyond atanh(1 - 1e-4) = 4.95 no replay action lies. */
  dataBound: positive,
});
const constants = {
  schedule: 'cosine' as const,
  sampler: 'ddim' as const,
  dataBound: 5,
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
    const form: PolicyForm = {
      name: 'rfm-diffusion',
      schedule,
      samplerNoise: config.sampler === 'ancestral',
      startScale: schedule.beta(config.tMin),
      target: (mean) => mean.y0, // ε = E[y0 | y_t]
      sample: (field, latent, times, noise) =>
        denoise(field, latent, times, { schedule, dataBound: config.dataBound }, noise),
    };
    return hostAgent(rfmAlgorithm(form, config, observation.size, action.size), context);
  },
};
