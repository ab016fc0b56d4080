/**
 * `maxentdp`: Maximum-Entropy Diffusion Policy with Q-weighted Noise Estimation (Dong, Ren, et al. 2025, arXiv
 * 2502.11612).
 *
 *   a_t      = α a + β ε, a from the replay buffer, log-SNR = log(α²/β²) in place of the time
 *   target   ε̄ = Σ_i w_i ε_i, ε_i ~ N(0, I) cut off so that (a_t - β ε_i)/α stays in the box,
 *            w = softmax(min Q̄(s, (a_t - β ε_i)/α)/λ)                     Q-weighted noise estimation
 *   actor    minimises ‖ε_θ(s, a_t, log-SNR) - ε̄‖²
 *   log π    from the policy's own denoising errors on several noise levels
 *   critics  minimise (Q(s,a) - r - γ m (min Q̄(s',a') - λ log π(a'|s')))²
 *
 * In the family of arXiv 2601.08136 this is the noise expectation (η = 0), in the box instead of a latent.
 *
 * Deviations. From the paper: networks, optimiser constants and critics as all agents here (the paper: Mish,
 * learnt Fourier features, cosine-decayed learning rate). From the paper and from the reference code of arXiv
 * 2601.08136: the cosine path without the offset of 0.008, cut at tMin = 0.005 at either end, which spans the
 * same log-SNR of ±9.7; truncated normals by a float32 inversion, whose far-tail fall-back is the interval's
 * nearer end (theirs: a clipped normal, for the same reason). The presets laptop and smoke use fewer noise
 * draws and fewer denoising errors, as RFM's use fewer draws.
 */
import { z } from 'zod';
import type { AgentFactory } from '../agent.ts';
import {
  count,
  criticShape,
  paperCritic,
  paperTimeNetwork,
  paperTraining,
  presetsOf,
  temperatureShape,
  timeNetworkShape,
  trainingShape,
} from '../config.ts';
import { timePolicyConstants } from '../constants.ts';
import { hostAgent } from '../host.ts';
import { dataBound, maxEntDpAlgorithm } from './algorithm.ts';

const config = z.strictObject({
  ...trainingShape,
  ...criticShape,
  ...timeNetworkShape,
  ...temperatureShape,
  /** N: noise draws per target. */
  noiseDraws: count.min(2),
  integrationSteps: count,
  /** Noise levels, and noise draws per level, of the log-density. */
  logDensitySteps: count,
  logDensityDraws: count,
  /** Candidates of which evaluation takes the best. */
  evaluationParticles: count,
  /** Times lie in [tMin, 1 - tMin]. */
  tMin: z.number().positive().lt(0.5),
});
export type MaxEntDpConfig = z.infer<typeof config>;

const constants = {
  temperature: 0.02,
  finalTemperature: 0.02,
  temperatureSteps: 250_000,
  noiseDraws: 500,
  integrationSteps: 20,
  logDensitySteps: 20,
  logDensityDraws: 50,
  evaluationParticles: 32,
  tMin: 0.005,
};

export const maxentdp: AgentFactory<MaxEntDpConfig> = {
  name: 'maxentdp',
  description: 'Maximum-entropy diffusion policy by Q-weighted noise estimation (QNE)',
  reference: 'Dong et al. 2025, arXiv 2502.11612',
  config,
  presets: presetsOf(
    { ...paperTraining, ...paperCritic, ...paperTimeNetwork, ...constants },
    { noiseDraws: 64, logDensityDraws: 8 },
    { noiseDraws: 32, logDensityDraws: 2, evaluationParticles: 8 },
  ),
  constants: { ...timePolicyConstants, dataBound },
  create: (context) =>
    hostAgent(maxEntDpAlgorithm(context.config, context.observation.size, context.action.size), context),
};
