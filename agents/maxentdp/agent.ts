/**
 * `maxentdp`: Maximum-Entropy Diffusion Policy with Q-weighted Noise Estimation (Dong, Ren, et al. 2025, arXiv
 * 2502.11612), as the program behind arXiv 2601.08136 computes it.
 *
 *   a_t      = α a + β ε, a from the replay buffer, log-SNR = log(α²/β²) in place of the time
 *   target   ε̄ = -Σ_i w_i n_i, n_i ~ N(0, I) cut off so that a_t/α + (β/α) n_i stays in the box,
 *            w = softmax(min Q̄(s, a_t/α + (β/α) n_i)/λ)                   Q-weighted noise estimation
 *   actor    minimises ‖ε_θ(s, a_t, log-SNR) - ε̄‖²
 *   log π    from the old policy's own denoising errors on several noise levels
 *   critics  minimise (Q(s,a) - r - γ m (min Q̄(s',a') - λ log π(a'|s')))²
 *
 * In the family of arXiv 2601.08136 this is the noise expectation (η = 0), in the box instead of a latent.
 *
 * Deviations from the program: the path's coefficients in forms that float32 does not cancel (path.ts; the program
 * loses up to 1e-3 of log-SNR at the times nearest to the data); truncated normals whose far-tail fall-back is the
 * interval's nearer end (theirs the farther one: for noise beyond 5 deviations). From the paper, with the program:
 * networks, optimiser constants and critics as all agents here (the paper: Mish, learnt Fourier features,
 * cosine-decayed learning rate).
 */
import type { AgentFactory } from '../agent.ts';
import { timePolicyConstants } from '../constants.ts';
import { hostAgent } from '../host.ts';
import { dataBound, maxEntDpAlgorithm } from './algorithm.ts';
import { type MaxEntDpConfig, maxEntDpConfig, maxEntDpPresets } from './config.ts';
import { alphaBarEdge, pathOffset } from './path.ts';

export const maxentdp: AgentFactory<MaxEntDpConfig> = {
  name: 'maxentdp',
  description: 'Maximum-entropy diffusion policy by Q-weighted noise estimation (QNE)',
  reference: 'Dong et al. 2025, arXiv 2502.11612',
  config: maxEntDpConfig,
  presets: maxEntDpPresets,
  constants: { ...timePolicyConstants, dataBound, pathOffset, alphaBarEdge },
  create: (context) =>
    hostAgent(maxEntDpAlgorithm(context.config, context.observation.size, context.action.size), context),
};
