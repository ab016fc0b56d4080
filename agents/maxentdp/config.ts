/** Every constant of MaxEntDP, with the presets. Source: the program behind arXiv 2601.08136. */
import { z } from 'zod';
import { count, paperTimePolicy, presetsOf, temperatureShape, timePolicyShape } from '../config.ts';
import { timeOfRate } from './path.ts';

export const maxEntDpConfig = z.strictObject({
  ...timePolicyShape,
  ...temperatureShape,
  /** N: noise draws per target. */
  noiseDraws: count.min(2),
  integrationSteps: count,
  /** Noise levels, and noise draws per level, of the log-density. */
  logDensitySteps: count,
  logDensityDraws: count,
  /** Candidates of which evaluation takes the best. */
  evaluationParticles: count,
  /** Times on the method's clock, 0 the data and 1 the noise, lie in [tMin, tMax]. */
  tMin: z.number().positive().lt(0.5),
  tMax: z.number().min(0.5).lt(1),
});
export type MaxEntDpConfig = z.infer<typeof maxEntDpConfig>;

export const maxEntDpPresets = presetsOf<MaxEntDpConfig>(
  {
    ...paperTimePolicy,
    temperature: 0.02,
    finalTemperature: null,
    temperatureSteps: 250_000,
    noiseDraws: 500,
    integrationSteps: 20,
    logDensitySteps: 20,
    logDensityDraws: 50,
    evaluationParticles: 32,
    tMin: 1e-3,
    tMax: timeOfRate(999),
  },
  {
    laptop: { noiseDraws: 64, logDensityDraws: 8 },
    smoke: { noiseDraws: 32, logDensityDraws: 2, evaluationParticles: 8 },
    tried: { maxGradNorm: 10 },
  },
);
