/** Every constant of Reverse Flow Matching, with the presets. Source: arXiv 2601.08136; method.md section 8. */
import { z } from 'zod';
import {
  count,
  criticShape,
  laptopCritic,
  laptopTimeNetwork,
  laptopTraining,
  paperCritic,
  paperTimeNetwork,
  paperTraining,
  positive,
  smokeCritic,
  smokeTimeNetwork,
  smokeTraining,
  temperatureShape,
  timeNetworkShape,
  trainingShape,
} from '../config.ts';
import { isEstimator } from '../posterior/estimator.ts';

/** What flow and diffusion policies share. */
export const rfmShape = {
  ...trainingShape,
  ...criticShape,
  ...timeNetworkShape,
  ...temperatureShape,
  /** N: prior draws per posterior mean. */
  priorDraws: count.min(2),
  /** M: particles of which behaviour and TD target draw one with probability softmax(Q/λ). */
  particles: count,
  /** Particles of which evaluation takes the best. */
  evaluationParticles: count,
  integrationSteps: count,
  /** Times lie in [tMin, 1 - tMin]. */
  tMin: z.number().positive().lt(0.5),
  /** Posterior-mean estimator: noise, gradient, eta=x, optimal, optimal-isotropic, ..., adaptive. */
  estimator: z.string().refine(isEstimator, 'is not an estimator (noise, gradient, eta=0.5, optimal, ...)'),
  /**
   * Weight of the regression at time t: `uniform` (the paper's), or `snr`, min(1, (α/β)²/snrFloor). At small t the
   * prior draws imply a y1 of order 1/t and the velocity's target is noise of that size; it falls with the
   * signal-to-noise ratio (α/β)², as in Min-SNR weighting (Hang et al. 2023, arXiv 2303.09556).
   */
  lossWeight: z.enum(['uniform', 'snr']),
  /** Ratio (α/β)² from which on the weight is 1; 0.05 is t = 0.18 on the linear path. */
  snrFloor: positive,
  /** Where y1 of the bridge comes from: the replay buffer's actions, or fresh samples of the policy. */
  endpoints: z.enum(['buffer', 'policy']),
};
const rfmSchema = z.object(rfmShape);
export type RfmConfig = z.infer<typeof rfmSchema>;

const constants = {
  tMin: 1e-3,
  estimator: 'optimal',
  temperature: 0.02,
  finalTemperature: 0.02,
  temperatureSteps: 1_000_000,
  lossWeight: 'uniform' as const,
  snrFloor: 0.05,
  endpoints: 'buffer' as const,
};

export const rfmPaper = {
  ...paperTraining,
  ...paperCritic,
  ...paperTimeNetwork,
  ...constants,
  priorDraws: 100,
  particles: 32,
  evaluationParticles: 32,
  integrationSteps: 10,
};

export const rfmLaptop = {
  ...laptopTraining,
  ...laptopCritic,
  ...laptopTimeNetwork,
  ...constants,
  lossWeight: 'snr' as const,
  priorDraws: 32,
  particles: 8,
  evaluationParticles: 8,
  integrationSteps: 10,
};

export const rfmSmoke = {
  ...smokeTraining,
  ...smokeCritic,
  ...smokeTimeNetwork,
  ...constants,
  lossWeight: 'snr' as const,
  priorDraws: 16,
  particles: 4,
  evaluationParticles: 4,
  integrationSteps: 5,
};
