/** `rfm-flow`: Reverse Flow Matching with the linear path and a velocity network. */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { AgentFactory } from '../agent.ts';
import { hostAgent } from '../host.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { euler, heun } from '../samplers.ts';
import { rfmAlgorithm } from './algorithm.ts';
import { checkTogether, rfmPresets, rfmShape } from './config.ts';
import { rfmConstants } from './constants.ts';
import { type PolicyForm, predictData } from './prediction.ts';

const config = z
  .strictObject({
    ...rfmShape,
    /** Euler's steps along the velocity, or Heun's with two evaluations each. */
    solver: z.enum(['euler', 'heun']),
  })
  .superRefine(checkTogether);
type Config = z.infer<typeof config>;

export const rfmFlow: AgentFactory<Config> = {
  name: 'rfm-flow',
  description: 'Reverse Flow Matching with a flow policy (linear path, velocity network)',
  reference: 'Li, Tang, Azizan 2026, arXiv 2601.08136',
  config,
  presets: rfmPresets({ solver: 'euler' }),
  constants: rfmConstants,
  create(context) {
    const { config, observation, action } = context;
    return hostAgent(rfmAlgorithm(flowForm(config), config, observation.size, action.size), context);
  },
};

/** A velocity, or y1, along the linear path. */
export function flowForm(config: Pick<Config, 'solver' | 'prediction' | 'dataBound'>): PolicyForm {
  const secondOrder = config.solver === 'heun';
  const native: PolicyForm = {
    name: 'rfm-flow',
    schedule: createSchedule('linear'),
    samplerNoise: false,
    startScale: () => 1,
    target: (mean) => tf.sub(mean.y1, mean.y0), // α' = 1, β' = -1
    slope: (alpha) => tf.div(-1, alpha), // u = (y_t - y0)/t
    sample: secondOrder ? heun : euler,
    equation: {
      scale: () => 1,
      clock: (time) => time,
      change: (now, next) => ({ stretch: 0, exposure: tf.sub(next, now) }),
      slope: (velocity) => velocity,
      secondOrder,
      meanTrace: true,
    },
  };
  return config.prediction === 'data' ? predictData(native, config.dataBound, secondOrder) : native;
}
