/** What the policy's network regresses: posterior means under exp(Q/λ), with their weights in the loss. */
import * as tf from '@tensorflow/tfjs-core';
import { parseEstimator } from '../posterior/estimator.ts';
import { boltzmannLatentDensity } from '../posterior/latent.ts';
import { type PosteriorMeanInputs, posteriorMean } from '../posterior/posterior-mean.ts';
import type { RfmConfig } from './config.ts';
import { batchDeviation, type Critic, type CriticNoise, perturbed } from './critic-noise.ts';
import type { PolicyForm } from './prediction.ts';
import { proposalDraws } from './proposal.ts';
import { uncertainPosteriorMean } from './variance.ts';

export type TargetNoise = {
  /** y0 of the prior draws, [batch, N less the proposal's, act] */
  prior: tf.Tensor;
  /** Of the proposal's draws, [batch, proposalDraws, act] */
  proposal?: tf.Tensor;
} & Partial<CriticNoise>;

export interface TargetInputs {
  readonly noise: TargetNoise;
  /** λ [] */
  readonly temperature: tf.Tensor;
  readonly critic: Critic;
  /** Q of both critics at the batch's actions, [2, batch] */
  readonly values: tf.Tensor;
  /** The bridge's times [batch] and points [batch, act] */
  readonly t: tf.Tensor;
  readonly yt: tf.Tensor;
  /** The path's coefficients at t, [batch, 1] */
  readonly alpha: tf.Tensor;
  readonly beta: tf.Tensor;
  /** Latents of policy samples [batch, M, act], where there are any, and of the batch's actions [batch, act] */
  readonly around: { readonly policy: tf.Tensor | undefined; readonly buffer: tf.Tensor };
}

/** @returns value [batch, act]; weight [batch], undefined if uniform; mean, the posterior mean behind the value */
export function regressionTarget(form: PolicyForm, config: RfmConfig, inputs: TargetInputs) {
  const { noise, temperature, t, yt, around } = inputs;
  const { schedule } = form;
  const { maxWeight, temperatureFloor, criticNoise } = config;
  const floored = temperatureFloor > 0 ? tf.maximum(temperature, temperatureFloor) : temperature;
  const { frequency, phase } = noise;
  const read =
    frequency === undefined || phase === undefined
      ? inputs.critic
      : perturbed(inputs.critic, { frequency, phase }, tf.mul(batchDeviation(inputs.values), criticNoise));
  const posterior: PosteriorMeanInputs = {
    schedule,
    t,
    yt,
    prior: noise.prior,
    logDensity: boltzmannLatentDensity(floored, read),
    estimator: parseEstimator(config.estimator, {
      maxWeight,
      ridge: config.ridge,
      clip: config.coefficientBound,
    }),
    proposal: proposalDraws(config, noise.proposal, around),
  };
  const { mean, weight } = weighedMean(form, config, posterior, inputs);
  return { value: form.target(mean), weight, mean };
}

/** The posterior mean, and the weight of its regression; none if uniform. */
function weighedMean(
  form: PolicyForm,
  config: RfmConfig,
  posterior: PosteriorMeanInputs,
  { alpha, beta }: TargetInputs,
) {
  switch (config.lossWeight) {
    case 'uniform':
      return { mean: posteriorMean(posterior), weight: undefined };
    case 'snr':
      return { mean: posteriorMean(posterior), weight: snrWeight(alpha, beta, config.snrFloor) };
    case 'variance': {
      const mean = uncertainPosteriorMean(posterior);
      const variance = tf.mul(mean.variance, tf.squeeze(tf.square(form.slope(alpha, beta)), [1]));
      const { varianceFloor } = config;
      // min(1, floor/variance), and no division by zero.
      return { mean, weight: tf.div(varianceFloor, tf.maximum(variance, varianceFloor)) };
    }
  }
}

/** min(1, (α/β)²/floor), [batch]. @param alpha [batch, 1] @param beta [batch, 1] */
function snrWeight(alpha: tf.Tensor, beta: tf.Tensor, floor: number): tf.Tensor {
  return tf.squeeze(tf.minimum(tf.div(tf.square(tf.div(alpha, beta)), floor), 1), [1]);
}
