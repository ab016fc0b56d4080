/** Every constant of Diffusion Q-Sampling, with the presets. Source: the program behind arXiv 2601.08136. */
import { z } from 'zod';
import {
  count,
  paperTimePolicy,
  positive,
  presetsOf,
  temperatureShape,
  timePolicyShape,
  withRetired,
} from '../config.ts';

const keys = z
  .strictObject({
    ...timePolicyShape,
    ...temperatureShape,
    /** K: draws per score. */
    scoreDraws: count.min(2),
    /** Steps of the reverse SDE. */
    integrationSteps: count,
    sigmaMin: positive,
    sigmaMax: positive,
  })
  .refine(({ sigmaMin, sigmaMax }) => sigmaMin < sigmaMax, 'sigmaMin must be smaller than sigmaMax');
/** `space` was another form once: docs/fairness.md, "Two forms that are gone". */
export const dqsConfig = withRetired(keys, { space: 'action' });
export type DqsConfig = z.infer<typeof dqsConfig>;

export const dqsPresets = presetsOf<DqsConfig>(
  {
    ...paperTimePolicy,
    temperature: 0.05,
    finalTemperature: null,
    temperatureSteps: 250_000,
    scoreDraws: 1000,
    integrationSteps: 20,
    sigmaMin: 1e-5,
    sigmaMax: 1,
  },
  { laptop: { scoreDraws: 100 }, smoke: { scoreDraws: 16 }, tried: { maxGradNorm: 10 } },
);
