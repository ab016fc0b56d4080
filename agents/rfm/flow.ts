/** `rfm-flow`: Reverse Flow Matching with the linear path and a velocity network. */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { AgentFactory } from '../agent.ts';
import { hostAgent } from '../host.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { euler, heun } from '../samplers.ts';
import { rfmAlgorithm } from './algorithm.ts';
import { rfmLaptop, rfmPaper, rfmShape, rfmSmoke } from './config.ts';

const config = z.strictObject({ ...rfmShape, sampler: z.enum(['euler', 'heun']) });
const sampler = 'euler' as const;

export const rfmFlow: AgentFactory<z.infer<typeof config>> = {
  name: 'rfm-flow',
  description: 'Reverse Flow Matching with a flow policy (linear path, velocity network)',
  reference: 'Li, Tang, Azizan 2026, arXiv 2601.08136',
  config,
  presets: {
    paper: { ...rfmPaper, sampler },
    laptop: { ...rfmLaptop, sampler },
    smoke: { ...rfmSmoke, sampler },
  },
  create(context) {
    const form = {
      name: 'rfm-flow',
      schedule: createSchedule('linear'),
      samplerNoise: false,
      startScale: 1,
      target: (mean: { y0: tf.Tensor; y1: tf.Tensor }) => tf.sub(mean.y1, mean.y0), // α' = 1, β' = -1
      sample: context.config.sampler === 'euler' ? euler : heun,
    };
    const { config, observation, action } = context;
    return hostAgent(rfmAlgorithm(form, config, observation.size, action.size), context);
  },
};
