/** The networks of the agents: plain multilayer perceptrons with a time and temperature embedding. */
import * as tf from '@tensorflow/tfjs-core';
import { orthogonal, zeros } from '../engine/initialisers.ts';
import { ParameterLayout, type ParameterSpec } from '../engine/parameters.ts';

/** A time of the path that is the same for all rows: known when the graph is made, or a scalar input of it. */
export type Time = number | tf.Tensor;

/** Named weights of one network, as `ParameterLayout.unflatten` gives them. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/** Every layer starts orthogonal with this gain and zero bias, the output layer too (reference configuration). */
export const kernelGain = Math.SQRT2;
const kernel = orthogonal(kernelGain);

/** The slowest feature of an embedding is this many times slower than the fastest. */
export const embeddingSpan = 1000;

/**
 * Shapes of a stack of dense layers of the given sizes, for example [in, 256, 256, 1].
 * @param output initialises the last kernel; a deterministic policy starts with small outputs
 */
export function denseLayers(sizes: readonly number[], output = kernel): Record<string, ParameterSpec> {
  const specs: Record<string, ParameterSpec> = {};
  for (let i = 0; i + 1 < sizes.length; i++) {
    const initialise = i + 2 === sizes.length ? output : kernel;
    specs[`layer${i}/kernel`] = { shape: [sizes[i], sizes[i + 1]], initialise };
    specs[`layer${i}/bias`] = { shape: [sizes[i + 1]], initialise: zeros };
  }
  return specs;
}

/** x W + b of layer `index`. x [..., in], also for an ensemble: x [n, rows, in], W [n, in, out], b [n, out]. */
export function dense(weights: Weights, index: number, x: tf.Tensor): tf.Tensor {
  return addBias(tf.matMul(x, weights[`layer${index}/kernel`]), weights[`layer${index}/bias`]);
}

/**
 * One input for every member of an ensemble: x [rows, in], W [n, in, out] → [n, rows, out]. Written with its
 * gradient because TensorFlow.js's own product has none where it broadcasts.
 */
export const sharedProduct = tf.customGrad((input, weight, save) => {
  const [x, kernel] = [input as tf.Tensor, weight as tf.Tensor];
  (save as tf.GradSaveFunc)([x, kernel]);
  return {
    value: tf.matMul(tf.expandDims(x, 0), kernel),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
      tf.sum(tf.matMul(dy, saved[1], false, true), 0),
      tf.matMul(tf.expandDims(saved[0], 0), dy, true, false),
    ],
  };
}) as (x: tf.Tensor, kernel: tf.Tensor) => tf.Tensor;

/** Adds b [out] to [rows, out], or b [n, out] to [n, rows, out]. */
export function addBias(x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(x, bias.rank === 2 ? tf.expandDims(bias, 1) : bias);
}

/** Of the cubic term in GELU's tanh approximation. */
export const geluCoefficient = 0.044715;
const geluSlope = 2 * Math.sqrt(2 / Math.PI);
const geluCubic = geluSlope * geluCoefficient;

/** GELU with the tanh approximation (Hendrycks & Gimpel 2016), as x σ(x (c + d x²)). */
export const gelu = tf.customGrad((x, save) => {
  const input = x as tf.Tensor;
  const square = tf.square(input);
  const gate = tf.sigmoid(tf.mul(input, tf.add(tf.mul(square, geluCubic), geluSlope)));
  (save as tf.GradSaveFunc)([input, square, gate]);
  return {
    value: tf.mul(input, gate),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [v, v2, g] = saved;
      const inner = tf.mul(v, tf.add(tf.mul(v2, 3 * geluCubic), geluSlope));
      return tf.mul(dy, tf.mul(g, tf.add(tf.mul(inner, tf.sub(1, g)), 1)));
    },
  };
}) as (x: tf.Tensor) => tf.Tensor;

/**
 * Sinusoidal features of a scalar: sin and cos of x·scale·1000^(-i/(size/2 - 1)).
 * @param x [n] @returns [n, size]
 */
export function sinusoidalEmbedding(x: tf.Tensor, size: number, scale: number): tf.Tensor {
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, i) => scale * embeddingSpan ** (-i / (half - 1)));
  const phase = tf.mul(tf.expandDims(x, 1), tf.tensor(frequencies, [1, half]));
  return tf.concat([tf.sin(phase), tf.cos(phase)], 1);
}

/** h ← gelu(x W0 + b0), then `blocks` times h ← h + gelu(h W + b), then a linear layer. */
export function residualMlp(weights: Weights, x: tf.Tensor, blocks: number): tf.Tensor {
  return residualTail(weights, dense(weights, 0, x), blocks);
}

function residualTail(weights: Weights, input: tf.Tensor, blocks: number): tf.Tensor {
  let h = gelu(input);
  for (let block = 1; block <= blocks; block++) h = tf.add(h, gelu(dense(weights, block, h)));
  return dense(weights, blocks + 1, h);
}

/** Sizes of a residual MLP with these inputs and outputs. */
export function residualMlpLayers(
  inputs: number,
  width: number,
  blocks: number,
  outputs: number,
  output = kernel,
) {
  return denseLayers([inputs, ...Array<number>(blocks + 1).fill(width), outputs], output);
}

export interface TimeNetworkShape {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly width: number;
  readonly blocks: number;
  /** Size of each of the two embeddings; even, at least 4. */
  readonly embedding: number;
  /** Factor on time and temperature before their embedding. */
  readonly embeddingScale: number;
}

/**
 * The network of a flow or diffusion policy: (state, y_t, t, λ) → velocity or noise in the latent.
 * Its input is [state | y_t | embedding of t | embedding of λ].
 */
export class TimeNetwork {
  readonly layout: ParameterLayout;
  readonly #shape: TimeNetworkShape;

  constructor(shape: TimeNetworkShape) {
    this.#shape = shape;
    const inputs = shape.observationSize + shape.actionSize + 2 * shape.embedding;
    this.layout = ParameterLayout.of(residualMlpLayers(inputs, shape.width, shape.blocks, shape.actionSize));
  }

  /**
   * One latent per state, for training.
   * @param observation [batch, obs] @param latent [batch, act] @param time [batch] @param temperature []
   * @returns [batch, act]
   */
  apply(
    weights: Weights,
    observation: tf.Tensor,
    latent: tf.Tensor,
    time: tf.Tensor,
    temperature: tf.Tensor,
  ): tf.Tensor {
    const { embedding, embeddingScale, blocks } = this.#shape;
    const batch = observation.shape[0];
    const heat = sinusoidalEmbedding(tf.reshape(temperature, [1]), embedding, embeddingScale);
    const input = tf.concat(
      [observation, latent, sinusoidalEmbedding(time, embedding, embeddingScale), tf.tile(heat, [batch, 1])],
      1,
    );
    return residualMlp(weights, input, blocks);
  }

  /**
   * Many particles per state at fixed times, for sampling: the first layer is split, so that the state's,
   * the temperature's and the times' parts are computed once and not per particle. No gradient is meant.
   * @param observation [batch, obs] @param temperature [] @param times the times that will be asked for, numbers or scalars
   * @returns (latent [batch·particles, act], index of the time) → [batch·particles, act]
   */
  particles(
    weights: Weights,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    times: readonly Time[],
    particles: number,
  ): (latent: tf.Tensor, timeIndex: number) => tf.Tensor {
    const { observationSize: obs, actionSize: act, embedding, embeddingScale, blocks, width } = this.#shape;
    const batch = observation.shape[0];
    const first = weights['layer0/kernel'];
    const rows = (start: number, count: number) => tf.slice(first, [start, 0], [count, width]);
    const heat = sinusoidalEmbedding(tf.reshape(temperature, [1]), embedding, embeddingScale);
    const clock = sinusoidalEmbedding(timeVector(times), embedding, embeddingScale);
    const shared = tf.add(
      addBias(tf.matMul(observation, rows(0, obs)), weights['layer0/bias']),
      tf.matMul(heat, rows(obs + act + embedding, embedding)),
    );
    const timeParts = tf.matMul(clock, rows(obs + act, embedding));
    const latentKernel = rows(obs, act);
    return (latent, timeIndex) => {
      const perState = tf.add(shared, tf.slice(timeParts, [timeIndex, 0], [1, width]));
      const perParticle = tf.reshape(tf.matMul(latent, latentKernel), [batch, particles, width]);
      const input = tf.add(perParticle, tf.expandDims(perState, 1));
      return residualTail(weights, tf.reshape(input, [batch * particles, width]), blocks);
    };
  }
}

function timeVector(times: readonly Time[]): tf.Tensor {
  const known = times.filter((time) => typeof time === 'number');
  return known.length === times.length
    ? tf.tensor1d(known)
    : tf.stack(times as readonly tf.Tensor[] as tf.Tensor[]);
}
