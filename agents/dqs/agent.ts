/**
 * `dqs`: Diffusion Q-Sampling (Jain, Akhound-Sadegh, Ravanbakhsh 2024, arXiv 2410.01312): a variance-exploding
 * diffusion policy whose score is regressed on a Monte-Carlo score of the noised Boltzmann density.
 *
 *   h(t)     = σ_min² ((σ_max/σ_min)^2t - 1), t = 0 the data and t = 1 the noise; g² = h'
 *   y_t      = y + √h ε with y from the replay buffer, t uniform
 *   score  S = ∇_{y_t} log mean_k p̂(y_t + √h ε_k | s) = Σ_k w_k ∇ log p̂(y_t + √h ε_k), w = softmax(log p̂)
 *   actor    minimises (h + 10⁻³) ‖s_θ(s, y_t, t) - S‖², with the critics from before their step
 *   critics  minimise (Q(s,a) - r - γ m min Q̄(s',a'))², a' from the old actor
 *   a'       = tanh y_0, y_1 ~ N(0, h(1)), y ← y + g² s_θ/n + g √(1/n) z in n steps of Euler-Maruyama
 *
 * In the family of arXiv 2601.08136 this is the gradient expectation (η = 1). As in the program behind that paper,
 * y is the action itself and log p̂ = Q(s, y)/λ, at points outside the box too; only the sample is squashed. So the
 * policy is not the Boltzmann density of the actions in the box. In y = atanh(a), where it would be, less was learned
 * (docs/fairness.md, "Two forms that are gone"). Deviations from the program: none.
 */
import type { AgentFactory } from '../agent.ts';
import { timePolicyConstants } from '../constants.ts';
import { hostAgent } from '../host.ts';
import { dqsAlgorithm, weightFloor } from './algorithm.ts';
import { type DqsConfig, dqsConfig, dqsPresets } from './config.ts';

export const dqs: AgentFactory<DqsConfig> = {
  name: 'dqs',
  description: 'Diffusion Q-Sampling: a VE diffusion policy on the score of the noised Boltzmann density',
  reference: 'Jain et al. 2024, arXiv 2410.01312',
  config: dqsConfig,
  presets: dqsPresets,
  constants: { ...timePolicyConstants, weightFloor },
  create: (context) =>
    hostAgent(dqsAlgorithm(context.config, context.observation.size, context.action.size), context),
};
