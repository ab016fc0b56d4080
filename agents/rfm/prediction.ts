/**
 * What the policy's network predicts. Natively a velocity (flow) or the noise (diffusion); with `data` the end
 * point y1, through an output that is bounded, and from which both follow.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Schedule } from '../posterior/schedules.ts';
import { coefficientsAt, denoise, type FieldAtTime, heunFromData, type Time } from '../samplers.ts';
import type { PathEquation } from './soft-value.ts';

/** What makes a policy a flow or a diffusion. */
export interface PolicyForm {
  /** The agent's name. */
  readonly name: string;
  readonly schedule: Schedule;
  /** Whether the sampler consumes fresh noise [steps, rows, act] beside the start. */
  readonly samplerNoise: boolean;
  /** Standard deviation of the latent at the first time. */
  startScale(firstTime: Time): Time;
  /** The network's regression target [batch, act] from the posterior means. */
  target(mean: { y0: tf.Tensor; y1: tf.Tensor }): tf.Tensor;
  /** How much the target moves with E[y0 | y_t], y_t held: [batch, 1], for α and β [batch, 1]. */
  slope(alpha: tf.Tensor, beta: tf.Tensor): tf.Tensor;
  /** From the network's raw output to its prediction; the same if left out. */
  output?(raw: tf.Tensor): tf.Tensor;
  /** From latents at times[0] to latents at the last time, [rows, act]. */
  sample(field: FieldAtTime, latent: tf.Tensor, times: readonly Time[], noise?: tf.Tensor): tf.Tensor;
  /** What `sample` solves where it takes no noise. */
  readonly equation: PathEquation;
}

/**
 * The same policy with a network that predicts y1: ŷ1 = B tanh(out/B), regressed on μ1 within [-B, B]. Where hardly
 * any draw has weight (small t) μ1 is of order 1/t and says nothing; its bound keeps the loss below (2B)².
 * @param secondOrder Heun's steps instead of first-order ones
 */
export function predictData(form: PolicyForm, bound: number, secondOrder: boolean): PolicyForm {
  const { schedule } = form;
  return {
    ...form,
    target: ({ y1 }) => tf.clipByValue(y1, -bound, bound),
    slope: (alpha, beta) => tf.neg(tf.div(beta, alpha)), // y1 = (y_t - β y0)/α
    output: (raw) => tf.mul(tf.tanh(tf.div(raw, bound)), bound),
    sample: (field, latent, times, noise) =>
      secondOrder
        ? heunFromData(field, latent, times, schedule)
        : denoise(field, latent, times, { schedule, predicts: 'data' }, noise),
    equation: {
      scale: (time) => coefficientsAt(schedule, time).beta,
      clock: (time) => tf.div(1, coefficientsAt(schedule, time).ratio),
      change: (now, next) => dataChange(schedule, now, next),
      slope: (data) => data,
      secondOrder,
      meanTrace: false,
    },
  };
}

/**
 * For data predictions c = β and c ds = β d(α/β): the rates at the step's start times its length, that is the
 * divergence of the velocity there. In exact integrals both grow without bound towards the data, where the trace
 * changes too fast to be held.
 */
function dataChange(schedule: Schedule, now: Time, next: Time): { stretch: tf.Tensor; exposure: tf.Tensor } {
  const { alpha, beta, alphaDot, betaDot } =
    typeof now === 'number' ? schedule.at(now) : schedule.atTensor(now);
  const step = tf.sub(next, now);
  const shrink = tf.div(betaDot, beta);
  return {
    stretch: tf.mul(shrink, step),
    exposure: tf.mul(tf.sub(alphaDot, tf.mul(alpha, shrink)), step),
  };
}

/**
 * For noise predictions c = α and c ds = α d(β/α), integrated exactly: at the noise both run to infinity, and the
 * trace tends to what makes them cancel.
 */
export function noiseChange(
  schedule: Schedule,
  now: Time,
  next: Time,
): { stretch: tf.Tensor; exposure: tf.Tensor } {
  const [from, to] = [coefficientsAt(schedule, now), coefficientsAt(schedule, next)];
  const exposed = ({ alpha, beta }: { alpha: Time; beta: Time }): tf.Tensor => {
    switch (schedule.config.kind) {
      case 'linear':
        return tf.neg(tf.log(alpha));
      case 've':
        return tf.mul(beta, 1);
      case 'cosine':
      case 'vp': // ∫ dβ/(1 - β²) = artanh β
        return tf.log(tf.div(tf.add(beta, 1), alpha));
    }
  };
  return { stretch: tf.log(tf.div(to.alpha, from.alpha)), exposure: tf.sub(exposed(to), exposed(from)) };
}
