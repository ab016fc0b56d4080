/** Every constant of Diffusion Q-Sampling, with the presets. Source: the program behind arXiv 2601.08136. */
import { z } from 'zod';
import { count, paperTimePolicy, positive, presetsOf, temperatureShape, timePolicyShape } from '../config.ts';

export const dqsConfig = z
  .strictObject({
    ...timePolicyShape,
    ...temperatureShape,
    /** Where the diffusion lives: in the actions themselves, or in their latents y = atanh(a). */
    space: z.enum(['action', 'latent']),
    /** K: draws per score. */
    scoreDraws: count.min(2),
    /** Steps of the reverse SDE. */
    integrationSteps: count,
    sigmaMin: positive,
    sigmaMax: positive,
  })
  .refine(({ sigmaMin, sigmaMax }) => sigmaMin < sigmaMax, 'sigmaMin must be smaller than sigmaMax');
export type DqsConfig = z.infer<typeof dqsConfig>;

export const dqsPresets = presetsOf<DqsConfig>(
  {
    ...paperTimePolicy,
    temperature: 0.05,
    finalTemperature: 0.05,
    temperatureSteps: 250_000,
    space: 'action',
    scoreDraws: 1000,
    integrationSteps: 20,
    sigmaMin: 1e-5,
    sigmaMax: 1,
  },
  { laptop: { scoreDraws: 100 }, smoke: { scoreDraws: 16 }, tried: { maxGradNorm: 10 } },
);
