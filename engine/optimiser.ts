/** Adam, clipping and averaging on flat parameter vectors, as pure functions of tensors. */
import * as tf from '@tensorflow/tfjs-core';
import './gradients/index.ts';
import type { ParameterLayout } from './parameters.ts';
import type { Arrays } from './types.ts';

/** Parameters and Adam's moments; each but `count` has the layout's flat shape. */
export type AdamState = {
  params: tf.Tensor;
  /** Moving average of the gradient. */
  m: tf.Tensor;
  /** Moving average of its square. */
  v: tf.Tensor;
  /** Steps taken, a float32 scalar (the bias corrections are 1 long before 2^24). */
  count: tf.Tensor;
};

/** Adam's constants where its options leave them out (Kingma and Ba 2015). */
export const adamDefaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export interface AdamOptions {
  /** A number, or a scalar tensor for a schedule. */
  readonly learningRate: number | tf.Tensor;
  /** Decay of the first moment. */
  readonly beta1?: number;
  /** Decay of the second moment. */
  readonly beta2?: number;
  /** Added to the root of the corrected second moment. */
  readonly epsilon?: number;
  /** The gradient's largest norm (of each ensemble row); null, the default: not clipped. */
  readonly maxGradNorm?: number | null;
}

/** Adam with its constants set. */
export interface Adam {
  /** The state before the first step, on the host; it takes over `params`. */
  init(layout: ParameterLayout<string>, params: Float32Array): Arrays<AdamState>;
  /**
   * One step. The gradient is first scaled by min(1, maxGradNorm / norm).
   * @param gradient of the shape of the parameters
   * @param norm of the gradient, as `gradientNorm` gives it
   */
  step(state: AdamState, gradient: tf.Tensor, norm: tf.Tensor): AdamState;
}

export interface Descent<Aux> {
  readonly state: AdamState;
  /** What `lossFn` returned as its loss. */
  readonly loss: tf.Tensor;
  /** The gradient's norm before clipping: a scalar, or [n] for an ensemble. */
  readonly gradNorm: tf.Tensor;
  readonly aux: Aux;
}

/**
 * One Adam step down the gradient of `lossFn`, which gets the named parameters and returns the loss: a scalar,
 * or one value per ensemble member (any shape: its sum is differentiated, so that rows stay independent), and
 * beside it tensors to report.
 */
export function descend<Name extends string, Aux extends Readonly<Record<string, tf.Tensor>>>(
  layout: ParameterLayout<Name>,
  optimiser: Adam,
  state: AdamState,
  lossFn: (params: Record<Name, tf.Tensor>) => { readonly loss: tf.Tensor; readonly aux: Aux },
): Descent<Aux> {
  const { loss, aux, gradient } = valueAndGradient(state.params, (flat) => lossFn(layout.unflatten(flat)));
  const norm = gradientNorm(gradient);
  return { state: optimiser.step(state, gradient, norm), loss, gradNorm: tf.squeeze(norm), aux };
}

/** The loss, what is reported beside it and the gradient of the loss's sum with respect to `x`. */
export function valueAndGradient<Aux extends Readonly<Record<string, tf.Tensor>>>(
  x: tf.Tensor,
  lossFn: (x: tf.Tensor) => { readonly loss: tf.Tensor; readonly aux: Aux },
): { loss: tf.Tensor; aux: Aux; gradient: tf.Tensor } {
  let result: { loss: tf.Tensor; aux: Aux } | undefined;
  const kept: tf.Tensor[] = [];
  const { grad: gradient } = tf.valueAndGrad((value: tf.Tensor) => {
    const { loss, aux } = lossFn(value);
    // TensorFlow.js frees what is made in here and not returned, unless it is kept.
    for (const tensor of [loss, ...Object.values(aux)]) if (!tensor.kept) kept.push(tf.keep(tensor));
    result = { loss, aux };
    return tf.sum(loss);
  })(x);
  if (result === undefined) throw new Error('the loss function was not called');
  for (const tensor of kept) release(tensor);
  return { ...(result as { loss: tf.Tensor; aux: Aux }), gradient };
}

/** Hands a kept tensor to the scope around, which frees it at its end. */
function release(tensor: tf.Tensor): void {
  tensor.kept = false;
  // Public in effect, private in the typings.
  (tf.engine() as unknown as { track(tensor: tf.Tensor): void }).track(tensor);
}

/** Euclidean norm of each row: a scalar for [P], [n, 1] for [n, P]. */
export function gradientNorm(gradient: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.sum(tf.square(gradient), -1, gradient.rank > 1));
}

/**
 * Adam (Kingma and Ba 2015) in optax's form: both moments bias-corrected, epsilon outside the root. The
 * corrections are folded into scalars, so that the large tensors are passed over as few times as possible.
 */
export function adam(options: AdamOptions): Adam {
  const { learningRate, maxGradNorm = null } = options;
  const { beta1 = adamDefaults.beta1, beta2 = adamDefaults.beta2, epsilon = adamDefaults.epsilon } = options;
  return {
    init(layout, params) {
      const shape = layout.shape;
      return {
        params: { data: params, shape },
        m: { data: new Float32Array(params.length), shape },
        v: { data: new Float32Array(params.length), shape },
        count: { data: new Float32Array(1), shape: [] },
      };
    },
    step(state, gradient, norm) {
      const count = tf.add(state.count, 1);
      const correction1 = tf.sub(1, tf.pow(beta1, count));
      const correction2 = tf.sub(1, tf.pow(beta2, count));
      // The clip's factor is joined with other scalars before it meets the large tensors, and the square is the
      // one that the norm was made of.
      const scale =
        maxGradNorm === null ? tf.onesLike(norm) : tf.div(maxGradNorm, tf.maximum(norm, maxGradNorm));
      const m = tf.add(tf.mul(state.m, beta1), tf.mul(gradient, tf.mul(scale, 1 - beta1)));
      const square = tf.mul(tf.square(gradient), tf.mul(tf.square(scale), 1 - beta2));
      const v = tf.add(tf.mul(state.v, beta2), square);
      const denominator = tf.add(tf.mul(tf.sqrt(v), tf.rsqrt(correction2)), epsilon);
      const step = tf.mul(tf.div(m, denominator), tf.div(learningRate, correction1));
      return { params: tf.sub(state.params, step), m, v, count };
    },
  };
}

/** Polyak averaging: (1 - τ) target + τ source. */
export function polyak(target: tf.Tensor, source: tf.Tensor, tau: number): tf.Tensor {
  return tf.add(tf.mul(target, 1 - tau), tf.mul(source, tau));
}
