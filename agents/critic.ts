/** The twin critics that every agent shares, and their temporal-difference update. */
import * as tf from '@tensorflow/tfjs-core';
import { inBlocks } from '../engine/blocks.ts';
import { type Adam, type AdamState, descend } from '../engine/optimiser.ts';
import { ParameterLayout } from '../engine/parameters.ts';
import { onChosenMember } from '../engine/routing.ts';
import { addBias, dense, denseLayers, mish, sharedProduct, type Weights } from './networks.ts';

export interface CriticShape {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly width: number;
  readonly layers: number;
}

const activations = { relu: tf.relu<tf.Tensor>, mish };
export type CriticActivation = keyof typeof activations;

/** Number of critics; targets use their minimum (Fujimoto et al. 2018). */
export const twins = 2;

/** Two multilayer perceptrons (ReLU by default), held as one ensemble: every weight has a leading axis of 2. */
export class TwinCritic<Activation extends CriticActivation = 'relu'> {
  readonly layout: ParameterLayout;
  readonly activation: Activation;
  readonly #shape: CriticShape;

  constructor(shape: CriticShape, activation: Activation = 'relu' as Activation) {
    this.#shape = shape;
    this.activation = activation;
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
    return this.#tail(weights, this.#firstLayer(weights, observation, action));
  }

  /**
   * The minimum of the critics and its gradient with respect to the action, from one forward pass of both and a
   * backward pass of the smaller one alone. Of ReLU critics only, whose slope the layers' outputs tell.
   * @param action [batch, particles, act]
   * @returns value [batch, particles], gradient [batch, particles, act]
   */
  minimumWithGradient(this: TwinCritic<'relu'>, weights: Weights, observation: tf.Tensor, action: tf.Tensor) {
    const [value, gradient] = this.#inBlocks(observation, action, (states, actions) => {
      const hidden = this.#hidden(weights, this.#firstLayer(weights, states, actions));
      const [q0, q1] = tf.unstack(this.#head(weights, hidden));
      const flat = onChosenMember(tf.lessEqual(q0, q1), hidden, (rows, member) =>
        this.#actionGradient(weights, rows, member),
      );
      return [tf.reshape(tf.minimum(q0, q1), actions.shape.slice(0, 2)), tf.reshape(flat, actions.shape)];
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

  /** Before the first activation, [2, batch·particles, width]. */
  #firstLayer(weights: Weights, observation: tf.Tensor, action: tf.Tensor): tf.Tensor {
    const { observationSize: obs, actionSize: act, width } = this.#shape;
    const [batch, particles] = action.shape;
    const first = weights['layer0/kernel'];
    const stateKernel = tf.slice(first, [0, 0, 0], [twins, obs, width]);
    const actionKernel = tf.slice(first, [0, obs, 0], [twins, act, width]);
    const perState = addBias(sharedProduct(observation, stateKernel), weights['layer0/bias']);
    const flat = tf.reshape(action, [batch * particles, act]);
    const perParticle = tf.reshape(sharedProduct(flat, actionKernel), [twins, batch, particles, width]);
    const input = tf.add(perParticle, tf.expandDims(perState, 2));
    return tf.reshape(input, [twins, batch * particles, width]);
  }

  #tail(weights: Weights, input: tf.Tensor): tf.Tensor {
    return this.#head(weights, this.#hidden(weights, input));
  }

  #head(weights: Weights, hidden: tf.Tensor[]): tf.Tensor {
    return tf.squeeze(dense(weights, this.#shape.layers, hidden[hidden.length - 1]), [2]);
  }

  /** After each activation, [2, rows, width]. */
  #hidden(weights: Weights, input: tf.Tensor): tf.Tensor[] {
    const activate = activations[this.activation];
    const hidden = [activate(input)];
    for (let layer = 1; layer < this.#shape.layers; layer++)
      hidden.push(activate(dense(weights, layer, hidden[layer - 1])));
    return hidden;
  }

  /**
   * dQ/da of one critic by the chain rule.
   * @param hidden after each rectifier, [rows, width] @returns [rows, act]
   */
  #actionGradient(weights: Weights, hidden: readonly tf.Tensor[], member: number): tf.Tensor {
    const { observationSize: obs, actionSize: act, width, layers } = this.#shape;
    const kernel = (layer: number) => tf.unstack(weights[`layer${layer}/kernel`])[member];
    const active = (layer: number) => tf.step(hidden[layer]);
    let gradient = tf.mul(active(layers - 1), tf.reshape(kernel(layers), [1, width]));
    for (let layer = layers - 1; layer >= 1; layer--) {
      gradient = tf.mul(tf.matMul(gradient, kernel(layer), false, true), active(layer - 1));
    }
    return tf.matMul(gradient, tf.slice(kernel(0), [obs, 0], [act, width]), false, true);
  }
}

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

/** The metrics of `tdStep`, which every agent reports first. */
export const criticMetrics = ['critic_loss', 'critic_grad_norm', 'q_mean', 'q_max_abs'] as const;

/**
 * One Adam step of both critics on the TD error at the batch's actions.
 * @param target [batch]
 */
export function tdStep(
  critic: TwinCritic<CriticActivation>,
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
    /** Q at the batch's actions before the step, [2, batch] */
    values: step.aux.values,
    metrics: {
      critic_loss: tf.mean(step.loss),
      critic_grad_norm: tf.mean(step.gradNorm),
      q_mean: tf.mean(step.aux.values),
      q_max_abs: tf.max(tf.abs(step.aux.values)),
    },
  };
}
