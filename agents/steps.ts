/** Discrete diffusions (Ho et al. 2020): numbered steps from the data, 0, to the noise, K. */
import * as tf from '@tensorflow/tfjs-core';
import { cos, expm1 } from '../math/elementary.ts';
import type { Path } from './posterior/schedules.ts';

/** Square roots of ᾱ_k and 1 - ᾱ_k as α and β of the path; its times are the steps' numbers, 0 to K. */
export interface DiscretePath extends Path {
  /** K, ..., 0: the steps in the order of sampling. */
  readonly steps: readonly number[];
  /** The network's input at these, but for the last: K - 1, ..., 0, counted as the reference program does. */
  readonly inputs: readonly number[];
}

/**
 * Rounds to float32. The reference program makes its tables in that precision, in which 1 - ratio of two ᾱ is off by
 * up to 5e-6 of itself; so do these, step for step.
 */
const single = Math.fround;

/** @param rates β_1 ... β_K: ᾱ_k = Π (1 - β_i) over i to k */
export function discretePath(rates: readonly number[]): DiscretePath {
  const signal = [1]; // ᾱ
  for (const rate of rates) signal.push(single(signal[signal.length - 1] * single(1 - single(rate))));
  const alphas = signal.map(Math.sqrt);
  const betas = signal.map((kept) => Math.sqrt(1 - kept));
  const steps = signal.map((_, i) => rates.length - i);
  return {
    steps,
    inputs: steps.slice(1),
    at: (step) => ({ alpha: alphas[step], beta: betas[step] }),
    atTensor(step) {
      const index = tf.cast(step, 'int32');
      return { alpha: tf.gather(tf.tensor1d(alphas), index), beta: tf.gather(tf.tensor1d(betas), index) };
    },
  };
}

/** Rates of the variance preserving process: ᾱ_k = exp(-betaMin k/K - (betaMax - betaMin)/2 (k/K)²). */
export function vpRates(count: number, betaMin: number, betaMax: number): number[] {
  const logSignal = (k: number) =>
    -betaMin * (k / count) - ((betaMax - betaMin) / 2) * (k / count) * (k / count);
  return Array.from({ length: count }, (_, i) => -expm1(logSignal(i + 1) - logSignal(i)));
}

/**
 * Rates of the cosine path (Nichol and Dhariwal 2021, arXiv 2102.09672): cos² of (k/K + offset)/(1 + offset) · π/2
 * relative to its value at k = 0, no rate above `largest`.
 */
export function cosineRates(count: number, offset: number, largest: number): number[] {
  const wave = (k: number) => {
    const part = single(single(single(k / count) + single(offset)) / single(1 + offset));
    const height = single(cos(single(single(part * single(Math.PI)) / 2)));
    return single(height * height);
  };
  const signals = Array.from({ length: count + 1 }, (_, k) => single(wave(k) / wave(0)));
  return signals.slice(1).map((next, i) => Math.min(largest, 1 - single(next / signals[i])));
}

/**
 * Actions after a random number of steps, all from 1 to K equally likely.
 * @param uniform [batch] in [0, 1) @param action [batch, act] @param noise [batch, act], standard normal
 * @returns noised [batch, act], and the network's input: 0 to K - 1, [batch] float32
 */
export function noiseActions(path: DiscretePath, uniform: tf.Tensor, action: tf.Tensor, noise: tf.Tensor) {
  const input = tf.floor(tf.mul(uniform, path.inputs.length));
  const { alpha, beta } = path.atTensor(tf.add(input, 1));
  const kept = tf.mul(tf.expandDims(alpha, 1), action);
  return { input, noised: tf.add(kept, tf.mul(tf.expandDims(beta, 1), noise)) };
}
