/**
 * Every constant of Reverse Flow Matching, with the presets. Source: the program behind arXiv 2601.08136
 * (configs/default.yaml with configs/rfm.yaml).
 */
import { z } from 'zod';
import type { Preset } from '../agent.ts';
import { count, paperTimePolicy, positive, presetsOf, temperatureShape, timePolicyShape } from '../config.ts';
import { estimatorDefaults, isEstimator } from '../posterior/estimator.ts';
import { estimatorForms } from '../posterior/estimators.ts';

/**
 * The options beyond the program's form, each at the value that leaves that form alone; so do configs without them.
 * docs/rfm.md has their formulas.
 */
const options = {
  finalTMin: null,
  tMinSteps: 50_000,
  maxWeight: 1,
  temperatureFloor: 0,
  proposal: 'prior' as const,
  proposalBandwidth: null,
  prediction: 'native' as const,
  dataBound: 5,
  varianceFloor: 1,
  criticNoise: 0,
  softQ: 'none' as const,
};

/** Times lie in [tMin, 1 - tMin]. */
const smallestTime = z.number().positive().lt(0.5);

/** What flow and diffusion policies share. */
export const rfmShape = {
  ...timePolicyShape,
  ...temperatureShape,
  /** N: draws per posterior mean, the prior's and those of another proposal together. */
  priorDraws: count.min(2),
  /** M: particles of which behaviour and TD target draw one with probability softmax(Q/λ). */
  particles: count,
  /** Particles of which evaluation takes the best. */
  evaluationParticles: count,
  integrationSteps: count,
  tMin: smallestTime,
  /** t_min after `tMinSteps` updates of log-linear annealing, in training and in sampling; null: as tMin. */
  finalTMin: smallestTime.nullable().default(options.finalTMin),
  tMinSteps: count.default(options.tMinSteps),
  /** Posterior-mean estimator: noise, gradient, eta=x, optimal, ..., all of agents/posterior/estimators.ts. */
  estimator: z.string().refine(isEstimator, {
    error: () => `is not an estimator (${estimatorForms().join(', ')})`,
  }),
  /** κ: bound of the control variate's coefficient c = η (β/α)², for the diagonal and isotropic optima. */
  coefficientBound: positive.default(estimatorDefaults.clip),
  /** ρ: added to the second moment of the posterior score of y1 by the `optimal` estimators. */
  ridge: z.number().nonnegative().default(estimatorDefaults.ridge),
  /** Bound of a normalised importance weight (then normalised again); 1: none. */
  maxWeight: positive.max(1).default(options.maxWeight),
  /** Smallest λ of the posterior's density exp(Q/λ); behaviour and the network's input keep λ itself. */
  temperatureFloor: z.number().nonnegative().default(options.temperatureFloor),
  /**
   * Draws of y1 beside the prior's, weighed by the balance heuristic: from kernels around samples of the
   * current `policy`, or around actions of the `buffer`'s batch, or from a `laplace` fit to the prior's draws.
   */
  proposal: z.enum(['prior', 'policy', 'buffer', 'laplace']).default(options.proposal),
  /** How many of the N draws are the proposal's; not read with `prior`. Half of them with `laplace`. */
  proposalDraws: count,
  /** Standard deviation of the kernels in the latent; null: Silverman's rule. */
  proposalBandwidth: positive.nullable().default(options.proposalBandwidth),
  /** Whether the network predicts velocity or noise (`native`), or y1 through a bounded output. */
  prediction: z.enum(['native', 'data']).default(options.prediction),
  /** Bound on the predicted y1: beyond atanh(1 - 1e-4) = 4.95 no replay action lies. */
  dataBound: positive.default(options.dataBound),
  /**
   * Weight of the regression at time t: `uniform` (the program's), or `snr`, min(1, (α/β)²/snrFloor), or
   * `variance`, min(1, varianceFloor/v) with v the target's variance as its own draws show it. At small t the
   * prior draws imply a y1 of order 1/t and the velocity's target is noise of that size; it falls with the
   * signal-to-noise ratio (α/β)², as in Min-SNR weighting (Hang et al. 2023, arXiv 2303.09556).
   */
  lossWeight: z.enum(['uniform', 'snr', 'variance']),
  /** Ratio (α/β)² from which on the weight is 1; 0.05 is t = 0.18 on the linear path. */
  snrFloor: positive,
  /** Variance up to which the weight is 1, per dimension and in the units of the regression target. */
  varianceFloor: positive.default(options.varianceFloor),
  /**
   * Where y1 of the bridge comes from: fresh samples of the policy (the program's), the replay buffer's actions, or
   * per state one of the two by their Boltzmann weights (`adaptive`).
   */
  endpoints: z.enum(['policy', 'buffer', 'adaptive']),
  /** Deviation of a smooth random error in the posterior's critic, in units of the batch's deviation of Q. */
  criticNoise: z.number().nonnegative().default(options.criticNoise),
  /**
   * Entropy in the critic's target, r + γ m (min Q̄ - λ log π(a'|s')), with log π along the sampler's path: the
   * trace exactly, by a vector-Jacobian product per dimension, or Hutchinson's estimate by one.
   */
  softQ: z.enum(['none', 'exact', 'hutchinson']).default(options.softQ),
};
const rfmSchema = z.object(rfmShape);
export type RfmConfig = z.infer<typeof rfmSchema>;

/** Refuses settings that contradict each other, naming the key to change. */
export function checkTogether(config: RfmConfig, context: z.core.$RefinementCtx): void {
  const refuse = (key: keyof RfmConfig, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message, input: config[key] });
  const { proposal, priorDraws, proposalDraws } = config;
  if (proposal === 'laplace' && 2 * proposalDraws !== priorDraws) {
    refuse('proposalDraws', `must be half of priorDraws (${priorDraws}) with proposal laplace`);
  } else if (proposal !== 'prior' && proposalDraws >= priorDraws) {
    refuse('proposalDraws', `must be less than priorDraws (${priorDraws}), the number of all draws`);
  }
}

const constants = {
  /** The program clips the gradients of RFM alone. */
  maxGradNorm: 10,
  priorDraws: 100,
  proposalDraws: 50,
  particles: 32,
  evaluationParticles: 32,
  integrationSteps: 10,
  tMin: 0.01,
  estimator: 'optimal',
  coefficientBound: 2,
  ridge: 1e-4,
  lossWeight: 'uniform' as const,
  snrFloor: 0.05,
  endpoints: 'policy' as const,
  temperature: 0.02,
  finalTemperature: null,
  temperatureSteps: 250_000,
  ...options,
};

const shared = presetsOf<RfmConfig>(
  { ...paperTimePolicy, ...constants },
  {
    laptop: { priorDraws: 32, proposalDraws: 16, particles: 8 },
    smoke: { priorDraws: 16, proposalDraws: 8, particles: 4, evaluationParticles: 8 },
    tried: { maxGradNorm: null },
  },
);

/** The presets of a flow or a diffusion policy, which adds its own constants, the same in all of them. */
export function rfmPresets<Form extends object>(form: Form): Record<Preset, RfmConfig & Form> {
  const { paper, laptop, smoke } = shared;
  return { paper: { ...paper, ...form }, laptop: { ...laptop, ...form }, smoke: { ...smoke, ...form } };
}
