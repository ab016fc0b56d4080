/**
 * log π(a|s) of a policy sample, by the instantaneous change of variables (Chen et al. 2018, arXiv 1806.07366) along
 * the sampler's own steps: what the soft critic r + γ m (min Q̄ - λ log π) needs.
 *
 * Every deterministic sampler here solves dx/ds = g(y, t) for x = y/c(t) in a time s(t) of its own: the velocity for
 * the flow, the noise for DDIM, y1 for data predictions. Along it d log p_y = -D d log c - tr(∂g/∂y) c ds, with
 * the trace held over a step. With few steps the sum is not the integral, nor is it the log-determinant of the
 * discrete steps, which has poles where a step folds; docs/rfm.md has numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { valueAndGradient } from '../../engine/optimiser.ts';
import { log } from '../../math/elementary.ts';
import { logTanhJacobian } from '../posterior/latent.ts';
import type { FieldAtTime, Time } from '../samplers.ts';

/** dx/ds = slope(y, t) of x = y/scale(t), s = clock(t). */
export interface PathEquation {
  /** c */
  scale(time: Time): Time;
  /** s */
  clock(time: Time): Time;
  /** Over a step: the change of log c, and ∫ c ds. */
  change(now: Time, next: Time): { readonly stretch: Time; readonly exposure: Time };
  /** g from the network's prediction at y [rows, act]. */
  slope(prediction: tf.Tensor, latent: tf.Tensor, time: Time): tf.Tensor;
  /** Heun's steps instead of Euler's. */
  readonly secondOrder: boolean;
  /** Whether the trace is then the mean of both ends' too; not where `change` holds for the step's start alone. */
  readonly meanTrace: boolean;
}

/** What of a policy's form the log-density needs. */
interface Path {
  readonly equation: PathEquation;
  startScale(firstTime: Time): Time;
}

/**
 * From a standard normal start to the latent at the last time and its log-density.
 * @param field prediction for P copies of every state, rows state by state
 * @param noise the start in units of its scale, [batch, act]
 * @param probes [batch, P, act]: the unit vectors (P = act) for the exact trace, or one vector of signs
 *   (P = 1, Hutchinson's estimate)
 * @returns latent [batch, act], logDensity of the latent [batch]
 */
export function latentLogDensity(
  { equation, startScale }: Path,
  field: FieldAtTime,
  noise: tf.Tensor,
  times: readonly Time[],
  probes: tf.Tensor,
): { latent: tf.Tensor; logDensity: tf.Tensor } {
  const [batch, copies, size] = probes.shape as [number, number, number];
  const pattern = tf.reshape(probes, [batch * copies, size]);
  const { scale, clock, change, secondOrder, meanTrace } = equation;

  /** g at y, and tr ∂g/∂y. */
  function evaluate(y: tf.Tensor, k: number) {
    const repeated = tf.reshape(tf.tile(tf.expandDims(y, 1), [1, copies, 1]), [batch * copies, size]);
    const { aux, gradient } = valueAndGradient(repeated, (at) => {
      const slope = equation.slope(field(at, k), at, times[k]);
      return { loss: tf.sum(tf.mul(slope, pattern)), aux: { slope } };
    });
    const first = tf.slice(tf.reshape(aux.slope, [batch, copies, size]), [0, 0, 0], [-1, 1, -1]);
    const trace = tf.sum(tf.reshape(tf.mul(gradient, pattern), [batch, copies * size]), 1);
    return { slope: tf.squeeze(first, [1]), trace };
  }

  const first = startScale(times[0]);
  let x = tf.mul(noise, tf.div(first, scale(times[0])));
  let logDensity = tf.sub(logNormal(noise), tf.mul(tf.log(first), size));
  for (let k = 0; k + 1 < times.length; k++) {
    const step = tf.sub(clock(times[k + 1]), clock(times[k]));
    let { slope, trace } = evaluate(tf.mul(x, scale(times[k])), k);
    if (secondOrder) {
      const ahead = tf.mul(tf.add(x, tf.mul(slope, step)), scale(times[k + 1]));
      const end = evaluate(ahead, k + 1);
      slope = tf.mul(tf.add(slope, end.slope), 0.5);
      if (meanTrace) trace = tf.mul(tf.add(trace, end.trace), 0.5);
    }
    x = tf.add(x, tf.mul(slope, step));
    const { stretch, exposure } = change(times[k], times[k + 1]);
    logDensity = tf.sub(logDensity, tf.add(tf.mul(trace, exposure), tf.mul(stretch, size)));
  }
  return { latent: tf.mul(x, scale(times[times.length - 1])), logDensity };
}

/** Standard normal, [batch, act] → [batch]. */
function logNormal(noise: tf.Tensor): tf.Tensor {
  const norm = ((noise.shape[1] as number) / 2) * log(2 * Math.PI);
  return tf.sub(tf.mul(tf.sum(tf.square(noise), 1), -0.5), norm);
}

/** log π of a = tanh(y) from log p(y): the box's density. @param latent [batch, act] @returns [batch] */
export function actionLogDensity(latent: tf.Tensor, logDensity: tf.Tensor): tf.Tensor {
  return tf.sub(logDensity, logTanhJacobian(latent));
}

/** The unit vectors for every row, [batch, act, act]. */
export function unitProbes(batch: number, size: number): tf.Tensor {
  return tf.tile(tf.expandDims(tf.eye(size), 0), [batch, 1, 1]);
}

/** One vector of signs per row from uniforms [batch, act] in [0, 1), [batch, 1, act]. */
export function signProbes(uniform: tf.Tensor): tf.Tensor {
  const positive = tf.cast(tf.greaterEqual(uniform, 0.5), 'float32');
  return tf.expandDims(tf.sub(tf.mul(positive, 2), 1), 1);
}
