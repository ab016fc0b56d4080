/**
 * Draws of y1 beside those that the prior implies, from a mixture of Gaussian kernels in the latent: around the
 * current policy's samples, or around actions of the replay buffer. The mixture's density is known exactly, so
 * multiple importance sampling (Veach, Guibas 1995) stays consistent whatever the kernels are: they decide the
 * variance and never the target.
 */
import * as tf from '@tensorflow/tfjs-core';
import { log, pow } from '../../math/elementary.ts';
import type { ProposalRequest } from '../posterior/proposals.ts';
import type { RfmConfig } from './config.ts';

/** The rule's smallest bandwidth: a policy that has collapsed to a point still proposes its surroundings. */
export const narrowest = 0.05;
/** Keeps the square root's slope finite. */
const tiny = 1e-12;

/**
 * The draws that the config asks for beside the prior's; none with `prior`.
 * @param noise standard normals, [batch, proposalDraws, D]
 * @param around latents for the kernels: policy samples [batch, M, D], and the batch's own actions [batch, D]
 */
export function proposalDraws(
  config: Pick<RfmConfig, 'proposal' | 'proposalBandwidth'>,
  noise: tf.Tensor | undefined,
  around: { readonly policy: tf.Tensor | undefined; readonly buffer: tf.Tensor },
): ProposalRequest<tf.Tensor> | undefined {
  if (noise === undefined || config.proposal === 'prior') return undefined;
  if (config.proposal === 'laplace') return { kind: 'laplace', noise };
  const draws = noise.shape[1] as number;
  const buffer = () => neighbourLatents(around.buffer, draws);
  const centres = config.proposal === 'policy' && around.policy ? around.policy : buffer();
  const kernels = Math.min(draws, centres.shape[1] as number);
  return kernelMixture(tf.slice(centres, [0, 0, 0], [-1, kernels, -1]), noise, config.proposalBandwidth);
}

/**
 * One draw around each kernel in turn, so that kernel k gives n_k = ⌈M/K⌉ or ⌊M/K⌋ of them and
 * q(y) = Σ_k (n_k/M) N(y; c_k, diag(h²)).
 * @param centres c, [batch, K, D] @param noise standard normals, [batch, M, D], M ≥ K
 * @param bandwidth h of every dimension; null for Silverman's rule, h_d = σ_d (4/((D + 2) K))^(1/(D + 4)) with σ_d
 *   the deviation of the state's K centres, and at least 0.05
 */
export function kernelMixture(
  centres: tf.Tensor,
  noise: tf.Tensor,
  bandwidth: number | null,
): ProposalRequest<tf.Tensor> {
  const [, kernels, size] = centres.shape;
  const draws = noise.shape[1] as number;
  const width = bandwidth === null ? silverman(centres) : tf.fill([1, 1, size], bandwidth);
  const copies = Math.ceil(draws / kernels);
  const repeated = copies === 1 ? centres : tf.tile(centres, [1, copies, 1]);
  const means = tf.slice(repeated, [0, 0, 0], [-1, draws, -1]);
  const shares = Array.from({ length: kernels }, (_, k) => Math.ceil((draws - k) / kernels) / draws);
  return {
    kind: 'policy',
    y1: tf.add(means, tf.mul(noise, width)),
    logDensity: mixtureLogDensity(centres, width, shares),
  };
}

/** @returns y [batch, K', D] → log q [batch, K'] */
function mixtureLogDensity(centres: tf.Tensor, width: tf.Tensor, shares: readonly number[]) {
  const size = centres.shape[2] as number;
  // Distances are expanded about the centres' mean, near which they matter: little cancellation there.
  const middle = tf.mean(centres, 1, true);
  const scaled = tf.div(tf.sub(centres, middle), width);
  const norms = tf.sum(tf.square(scaled), 2, true); // [batch, K, 1]
  const weights = tf.tensor(shares.map(log), [1, shares.length, 1]);
  const norm = tf.add(tf.sum(tf.log(width), 2), (size / 2) * log(2 * Math.PI)); // [batch or 1, 1]
  return (y: tf.Tensor): tf.Tensor => {
    const at = tf.div(tf.sub(y, middle), width);
    const own = tf.expandDims(tf.sum(tf.square(at), 2), 1); // [batch, 1, K']
    const products = tf.mul(tf.matMul(scaled, at, false, true), -2); // [batch, K, K']
    const distances = tf.maximum(tf.add(tf.add(products, norms), own), 0);
    const exponent = tf.add(tf.mul(distances, -0.5), weights);
    const top = tf.max(exponent, 1, true);
    const total = tf.log(tf.sum(tf.exp(tf.sub(exponent, top)), 1));
    return tf.sub(tf.add(tf.squeeze(top, [1]), total), norm);
  };
}

/** [batch, 1, D] */
function silverman(centres: tf.Tensor): tf.Tensor {
  const [, kernels, size] = centres.shape;
  const variance = tf.mean(tf.square(tf.sub(centres, tf.mean(centres, 1, true))), 1, true);
  const factor = pow(4 / ((size + 2) * kernels), 1 / (size + 4));
  return tf.maximum(tf.mul(tf.sqrt(tf.add(variance, tiny)), factor), narrowest);
}

/**
 * Kernel centres from a batch of latents: each row's own, and those of the `kernels - 1` rows after it. Rows of a
 * batch are drawn independently, so that these are a random subset of the others.
 * @param latent [batch, D] @returns [batch, kernels, D]
 */
export function neighbourLatents(latent: tf.Tensor, kernels: number): tf.Tensor {
  const [batch] = latent.shape;
  const wraps = Math.ceil((batch + kernels - 1) / batch);
  const ring = tf.concat(
    Array.from({ length: wraps }, () => latent),
    0,
  );
  const shifted = Array.from({ length: kernels }, (_, shift) => tf.slice(ring, [shift, 0], [batch, -1]));
  return tf.stack(shifted, 1);
}
