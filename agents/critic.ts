/** The twin critics that every agent shares, and their temporal-difference update. */
import * as tf from '@tensorflow/tfjs-core';
import { inBlocks } from '../engine/blocks.ts';
import { type Adam, type AdamState, descend } from '../engine/optimiser.ts';
import { ParameterLayout } from '../engine/parameters.ts';
import { addBias, dense, denseLayers, sharedProduct, type Weights } from './networks.ts';

export interface CriticShape {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly width: number;
  readonly layers: number;
}

/** Number of critics; targets use their minimum (Fujimoto et al. 2018). */
const twins = 2;

/** Two multilayer perceptrons with ReLU, held as one ensemble: every weight has a leading axis of 2. */
export class TwinCritic {
  readonly layout: ParameterLayout;
  readonly #shape: CriticShape;

  constructor(shape: CriticShape) {
    this.#shape = shape;
    const sizes = [
      shape.observationSize + shape.actionSize,
      ...Array<number>(shape.layers).fill(shape.width),
      1,
    ];
    this.layout = ParameterLayout.of(denseLayers(sizes), { ensemble: twins });
  }

  /**
   * Both critics at one action per state.
   * @param observation [batch, obs] @param action [batch, act] @returns [2, batch]
   */
  values(weights: Weights, observation: tf.Tensor, action: tf.Tensor): tf.Tensor {
    const input = tf.concat([observation, action], 1);
    return this.#tail(
      weights,
      addBias(sharedProduct(input, weights['layer0/kernel']), weights['layer0/bias']),
    );
  }

  /**
   * Both critics at many actions per state; the state's part of the first layer is computed once.
   * @param observation [batch, obs] @param action [batch, particles, act] @returns [2, batch·particles]
   */
  particleValues(weights: Weights, observation: tf.Tensor, action: tf.Tensor): tf.Tensor {
    const { observationSize: obs, actionSize: act, width } = this.#shape;
    const [batch, particles] = action.shape;
    const first = weights['layer0/kernel'];
    const stateKernel = tf.slice(first, [0, 0, 0], [twins, obs, width]);
    const actionKernel = tf.slice(first, [0, obs, 0], [twins, act, width]);
    const perState = addBias(sharedProduct(observation, stateKernel), weights['layer0/bias']);
    const flat = tf.reshape(action, [batch * particles, act]);
    const perParticle = tf.reshape(sharedProduct(flat, actionKernel), [twins, batch, particles, width]);
    const input = tf.add(perParticle, tf.expandDims(perState, 2));
    return this.#tail(weights, tf.reshape(input, [twins, batch * particles, width]));
  }

  /**
   * The minimum of the critics and its gradient with respect to the action, from one forward and one
   * backward pass: per row only the smaller critic passes a gradient.
   * @param action [batch, particles, act]
   * @returns value [batch, particles], gradient [batch, particles, act]
   */
  minimumWithGradient(weights: Weights, observation: tf.Tensor, action: tf.Tensor) {
    const [value, gradient] = this.#inBlocks(observation, action, (states, actions) => {
      const total = tf.valueAndGrad((a: tf.Tensor) => twinMinimum(this.particleValues(weights, states, a)));
      const { value, grad } = total(actions);
      return [tf.reshape(value, actions.shape.slice(0, 2)), grad];
    });
    return { value, gradient };
  }

  /** The minimum of the critics at particles, without a gradient. @returns [batch, particles] */
  minimum(weights: Weights, observation: tf.Tensor, action: tf.Tensor): tf.Tensor {
    const [value] = this.#inBlocks(observation, action, (states, actions) => {
      const values = this.particleValues(weights, states, actions);
      return [tf.reshape(tf.min(values, 0), actions.shape.slice(0, 2))];
    });
    return value;
  }

  /** Some states and their particles at a time, so that the hidden layers stay in the processor's cache. */
  #inBlocks(
    observation: tf.Tensor,
    action: tf.Tensor,
    fn: (observation: tf.Tensor, action: tf.Tensor) => readonly tf.Tensor[],
  ): tf.Tensor[] {
    const [, particles] = action.shape;
    const bytes = 4 * twins * particles * this.#shape.width;
    return inBlocks([{ tensor: observation }, { tensor: action }], bytes, fn);
  }

  #tail(weights: Weights, input: tf.Tensor): tf.Tensor {
    let h = tf.relu(input);
    for (let layer = 1; layer < this.#shape.layers; layer++) h = tf.relu(dense(weights, layer, h));
    return tf.squeeze(dense(weights, this.#shape.layers, h), [2]);
  }
}

/**
 * The smaller of the twins, [2, rows] → [rows]; only the smaller one passes a gradient. (TensorFlow.js has
 * no gradient for `min`.)
 */
export const twinMinimum = tf.customGrad((input, save) => {
  const values = input as tf.Tensor;
  const minimum = tf.min(values, 0);
  (save as tf.GradSaveFunc)([values, minimum]);
  return {
    value: minimum,
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
      tf.mul(tf.cast(tf.lessEqual(saved[0], saved[1]), 'float32'), dy),
  };
}) as (values: tf.Tensor) => tf.Tensor;

/** r + γ · mask · V(s'), all [batch]. */
export function tdTarget(
  reward: tf.Tensor,
  mask: tf.Tensor,
  nextValue: tf.Tensor,
  discount: number,
): tf.Tensor {
  return tf.add(reward, tf.mul(tf.mul(mask, nextValue), discount));
}

/** Mean squared TD error of each critic: values [2, batch], target [batch] → [2]. */
export function tdLoss(values: tf.Tensor, target: tf.Tensor): tf.Tensor {
  return tf.mean(tf.squaredDifference(values, tf.expandDims(target, 0)), 1);
}

/**
 * One Adam step of both critics on the TD error at the batch's actions.
 * @param target [batch]
 */
export function tdStep(
  critic: TwinCritic,
  optimiser: Adam,
  state: AdamState,
  batch: { readonly observation: tf.Tensor; readonly action: tf.Tensor },
  target: tf.Tensor,
) {
  const step = descend(critic.layout, optimiser, state, (weights) => {
    const values = critic.values(weights, batch.observation, batch.action);
    return { loss: tdLoss(values, target), aux: { values } };
  });
  return {
    state: step.state,
    metrics: {
      critic_loss: tf.mean(step.loss),
      critic_grad_norm: tf.mean(step.gradNorm),
      q_mean: tf.mean(step.aux.values),
      q_max_abs: tf.max(tf.abs(step.aux.values)),
    },
  };
}
