/** How sure a posterior mean is, from its own draws: what the loss weight `variance` reads. */
import * as tf from '@tensorflow/tfjs-core';
import { controlledMean } from '../posterior/estimator.ts';
import { drawPosterior, type PosteriorMean, type PosteriorMeanInputs } from '../posterior/posterior-mean.ts';
import type { ProposalRequest } from '../posterior/proposals.ts';
import { columns } from '../posterior/schedules.ts';
import { stopGradient, tensorAlgebra } from '../posterior/tensors.ts';
import { impliedData, type WeighedDraws } from '../posterior/weighing.ts';

/** Takes a draw out of a softmax. */
const excluded = 1e30;

export interface UncertainMean extends PosteriorMean {
  /** Estimated variance of `y0`, mean over its dimensions, [batch] */
  readonly variance: tf.Tensor;
}

/** `posteriorMean` with its variance. */
export function uncertainPosteriorMean(inputs: PosteriorMeanInputs): UncertainMean {
  return tf.tidy(() => {
    const { alpha, beta } = columns(inputs.schedule.atTensor(inputs.t), 3);
    const [yt, prior] = [tf.expandDims(inputs.yt, 2), flip(inputs.prior)];
    const logDensity = (y1: tf.Tensor) => {
      const value = inputs.logDensity(flip(y1));
      return { logDensity: tf.expandDims(value.logDensity, 1), score: flip(value.score) };
    };
    const proposal = inputs.proposal && drawsLast(inputs.proposal);
    const target = logDensity(impliedData(tensorAlgebra, alpha, beta, yt, prior));
    const estimation = { alpha, beta, yt, prior, logDensity, estimator: inputs.estimator, proposal };
    const draws = drawPosterior(tensorAlgebra, estimation, target);
    const { y0, cvWeight } = controlledMean(tensorAlgebra, draws, inputs.estimator);
    const y1 = tf.sub(tf.div(yt, alpha), tf.mul(tf.div(beta, alpha), y0));
    return {
      y0: stopGradient(tf.squeeze(y0, [2])),
      y1: stopGradient(tf.squeeze(y1, [2])),
      ess: stopGradient(tf.squeeze(draws.ess, [1, 2])),
      cvWeight: stopGradient(tf.squeeze(cvWeight, [1, 2])),
      variance: stopGradient(tf.squeeze(jackknifeVariance(draws, cvWeight), [1, 2])),
    };
  });
}

/**
 * The leave-one-out form of the delta method, mean over dimensions: Σ_i ‖r̄ - r̄₍₋ᵢ₎‖²/D for r = y0 - η u, where
 * r̄ - r̄₍₋ᵢ₎ = w_i (r_i - r̄)/(1 - w_i). The delta method itself, Σ w²‖r - r̄‖², goes to zero as one draw takes all
 * the weight, just where the estimate is worst; leaving that draw out shows what the next best would have said.
 * @param eta mean of the control variate's diagonal, held fixed, [batch, 1, 1]
 * @returns [batch, 1, 1]
 */
export function jackknifeVariance(draws: WeighedDraws<tf.Tensor>, eta: tf.Tensor): tf.Tensor {
  const residual = tf.sub(draws.prior, tf.mul(eta, draws.stein)); // [batch, D, N]
  const size = residual.shape[1] as number;
  const mean = tf.sum(tf.mul(draws.weight, residual), 2, true);
  // The largest weight may round to 1: what remains without it is a softmax of its own.
  const largest = tf.argMax(tf.squeeze(draws.logWeight, [1]), 1) as tf.Tensor1D;
  const first = tf.cast(tf.expandDims(tf.oneHot(largest, draws.logWeight.shape[2] as number), 1), 'float32');
  const rest = tf.softmax(tf.sub(draws.logWeight, tf.mul(first, excluded)));
  const without = tf.sum(tf.mul(rest, residual), 2, true);
  const others = tf.mul(draws.weight, tf.sub(1, first));
  const moves = tf.mul(tf.div(others, tf.sub(1, others)), tf.sub(residual, mean));
  const total = tf.add(
    tf.sum(tf.square(tf.sub(mean, without)), 1, true),
    tf.sum(tf.sum(tf.square(moves), 2, true), 1, true),
  );
  return tf.div(total, size);
}

const flip = (x: tf.Tensor) => tf.transpose(x, [0, 2, 1]);

/** The same request with draws along the last axis. */
function drawsLast(proposal: ProposalRequest<tf.Tensor>): ProposalRequest<tf.Tensor> {
  if (proposal.kind === 'laplace') return { kind: 'laplace', noise: flip(proposal.noise) };
  const { logDensity } = proposal;
  return {
    kind: 'policy',
    y1: flip(proposal.y1),
    logDensity: (y1) => tf.expandDims(logDensity(flip(y1)), 1),
  };
}
