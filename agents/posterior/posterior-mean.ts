/**
 * E[y0 | y_t] and E[y1 | y_t] under y_t = α y1 + β y0, y0 ~ N(0, I), y1 ~ p1 known up to a constant: the
 * regression targets of RFM (Li, Tang, Azizan, arXiv 2601.08136). Prior draws of y0 imply y1 = (y_t - β y0)/α
 * and are weighted by p1(y1); a Langevin-Stein control variate lowers the variance.
 */
import { expandDims, squeeze, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import type { Algebra } from './arithmetic.ts';
import { controlledMean, type Estimator } from './estimator.ts';
import { balance, laplaceProposal, type ProposalRequest, policyProposal } from './proposals.ts';
import { columns, type Schedule } from './schedules.ts';
import { stopGradient, tensorAlgebra } from './tensors.ts';
import { impliedData, type WeighedDraws, weighDraws } from './weighing.ts';

/** log p1 up to a constant and its gradient in y1. */
export interface DensityValue<A> {
  readonly logDensity: A;
  readonly score: A;
}

export interface PosteriorMeanInputs {
  readonly schedule: Schedule;
  /** [batch], in (0, 1) */
  readonly t: Tensor;
  /** [batch, D] */
  readonly yt: Tensor;
  /** Draws of N(0, I), [batch, N, D] */
  readonly prior: Tensor;
  /** y1 [batch, N, D] → logDensity [batch, N], score [batch, N, D] */
  readonly logDensity: (y1: Tensor) => DensityValue<Tensor>;
  readonly estimator: Estimator;
  /**
   * Draws beside the prior's: y1 [batch, M, D] of a policy with its log density ([batch, K, D] → [batch, K]),
   * or standard normals [batch, N, D] for draws around the modes that the prior's draws see (a second
   * evaluation of logDensity). None by default.
   */
  readonly proposal?: ProposalRequest<Tensor>;
}

export interface PosteriorMean {
  /** Estimate of E[y0 | y_t], [batch, D] */
  readonly y0: Tensor;
  /** Estimate of E[y1 | y_t] = (y_t - β E[y0 | y_t])/α, [batch, D] */
  readonly y1: Tensor;
  /** Effective sample size in [1, N], [batch] */
  readonly ess: Tensor;
  /** The control variate's coefficient, mean of its diagonal: 0 noise end, 1 gradient end, [batch] */
  readonly cvWeight: Tensor;
}

/** The compiled form. No gradient passes through any output. */
export function posteriorMean(inputs: PosteriorMeanInputs): PosteriorMean {
  return tidy(() => {
    const { alpha, beta } = columns(inputs.schedule.atTensor(inputs.t), 3);
    const result = estimatePosteriorMean(tensorAlgebra, {
      alpha,
      beta,
      yt: expandDims(inputs.yt, 2),
      prior: transpose(inputs.prior, [0, 2, 1]),
      logDensity: (y1) => {
        const { logDensity, score } = inputs.logDensity(transpose(y1, [0, 2, 1]));
        return { logDensity: expandDims(logDensity, 1), score: transpose(score, [0, 2, 1]) };
      },
      estimator: inputs.estimator,
      proposal: inputs.proposal && drawsLast(inputs.proposal),
    });
    return {
      y0: stopGradient(squeeze(result.y0, [2])),
      y1: stopGradient(squeeze(result.y1, [2])),
      ess: stopGradient(squeeze(result.ess, [1, 2])),
      cvWeight: stopGradient(squeeze(result.cvWeight, [1, 2])),
    };
  });
}

/** The same request with draws along the last axis. */
function drawsLast(proposal: ProposalRequest<Tensor>): ProposalRequest<Tensor> {
  const flip = (x: Tensor) => transpose(x, [0, 2, 1]);
  if (proposal.kind === 'laplace') return { kind: 'laplace', noise: flip(proposal.noise) };
  const { logDensity } = proposal;
  return { kind: 'policy', y1: flip(proposal.y1), logDensity: (y1) => expandDims(logDensity(flip(y1)), 1) };
}

/** Arrays of [batch, rows, columns]: α, β [batch, 1, 1], y_t [batch, D, 1], draws [batch, D, N]. */
export interface EstimationInputs<A> {
  readonly alpha: A;
  readonly beta: A;
  readonly yt: A;
  readonly prior: A;
  /** y1 [batch, D, N] → logDensity [batch, 1, N], score [batch, D, N] */
  readonly logDensity: (y1: A) => DensityValue<A>;
  readonly estimator: Estimator;
  /** Draws beside the prior's; none by default. */
  readonly proposal?: ProposalRequest<A>;
}

/** The same in any arithmetic; y0, y1 [batch, D, 1], ess, cvWeight [batch, 1, 1]. */
export function estimatePosteriorMean<A>(a: Algebra<A>, inputs: EstimationInputs<A>) {
  const { alpha, beta, yt, prior, estimator } = inputs;
  const ratio = a.div(beta, alpha);
  const target = inputs.logDensity(impliedData(a, alpha, beta, yt, prior));
  const draws = drawPosterior(a, inputs, target);
  const { y0, cvWeight } = controlledMean(a, draws, estimator);
  return { y0, y1: a.sub(a.div(yt, alpha), a.mul(ratio, y0)), ess: draws.ess, cvWeight };
}

/**
 * Weighed draws of the posterior of y0: the prior's, and the second proposal's if there is one.
 * @param target log p1 and score at the y1 that the prior draws imply
 */
export function drawPosterior<A>(
  a: Algebra<A>,
  inputs: EstimationInputs<A>,
  target: DensityValue<A>,
): WeighedDraws<A> {
  const { alpha, beta, yt, prior, estimator, proposal } = inputs;
  const ratio = a.div(beta, alpha);
  const own = { ratio, y0: prior, score: target.score, logWeight: target.logDensity };
  if (proposal === undefined) return weighDraws(a, own, estimator.maxWeight);
  const second =
    proposal.kind === 'policy'
      ? policyProposal(a, { alpha, beta, yt }, proposal.y1, proposal.logDensity)
      : laplaceProposal(a, weighDraws(a, own), proposal.noise);
  const value = inputs.logDensity(impliedData(a, alpha, beta, yt, second.draws));
  const y0 = a.concat(prior, second.draws, 2);
  const ratios = second.logRatio(y0, impliedData(a, alpha, beta, yt, y0));
  const share = a.shape(second.draws)[2] / a.shape(y0)[2];
  const logDensity = a.concat(target.logDensity, value.logDensity, 2);
  return weighDraws(
    a,
    {
      ratio,
      y0,
      score: a.concat(target.score, value.score, 2),
      logWeight: a.sub(logDensity, balance(a, ratios, share)),
    },
    estimator.maxWeight,
  );
}
