/** The networks of the agents: multilayer perceptrons, those of flows and diffusions with an embedding of time. */
import * as tf from '@tensorflow/tfjs-core';
import { orthogonal, zeros } from '../engine/initialisers.ts';
import { ParameterLayout, type ParameterSpec } from '../engine/parameters.ts';
import { pow } from '../math/elementary.ts';

/** A time of the path that is the same for all rows: known when the graph is made, or a scalar input of it. */
export type Time = number | tf.Tensor;

/** Named weights of one network, as `ParameterLayout.unflatten` gives them. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/** Every layer starts orthogonal with this gain and zero bias, the output layer too (reference configuration). */
export const kernelGain = Math.SQRT2;
const kernel = orthogonal(kernelGain);

/** The slowest feature of an embedding is this many times slower than the fastest. */
export const embeddingSpan = 1000;
/** The same of `MishTimeNetwork`. */
export const mishEmbeddingSpan = 10_000;

/**
 * Shapes of a stack of dense layers of the given sizes, for example [in, 256, 256, 1].
 * @param output initialises the last kernel; a deterministic policy starts with small outputs
 * @param stack the layers' name before their number
 */
export function denseLayers(
  sizes: readonly number[],
  output = kernel,
  stack = 'layer',
): Record<string, ParameterSpec> {
  const specs: Record<string, ParameterSpec> = {};
  for (let i = 0; i + 1 < sizes.length; i++) {
    const initialise = i + 2 === sizes.length ? output : kernel;
    specs[`${stack}${i}/kernel`] = { shape: [sizes[i], sizes[i + 1]], initialise };
    specs[`${stack}${i}/bias`] = { shape: [sizes[i + 1]], initialise: zeros };
  }
  return specs;
}

/** x W + b of layer `index`. x [..., in], also for an ensemble: x [n, rows, in], W [n, in, out], b [n, out]. */
export function dense(weights: Weights, index: number, x: tf.Tensor, stack = 'layer'): tf.Tensor {
  return addBias(tf.matMul(x, weights[`${stack}${index}/kernel`]), weights[`${stack}${index}/bias`]);
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

/** Beyond it tanh(softplus(x)) is 1 in float32, and the fourth power of e^x stays finite. */
const mishSaturation = 20;

/**
 * Mish (Misra 2019, arXiv 1908.08681): x tanh(softplus(x)). With u = e^x the tangent is w/(w + 2),
 * w = u (u + 2), whose slope is 4 u (u + 1)/(w + 2)².
 */
export const mish = tf.customGrad((x, save) => {
  const input = x as tf.Tensor;
  const power = tf.exp(tf.minimum(input, mishSaturation));
  const grown = tf.mul(power, tf.add(power, 2));
  const gate = tf.div(grown, tf.add(grown, 2));
  (save as tf.GradSaveFunc)([input, power, gate]);
  return {
    value: tf.mul(input, gate),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [v, u, g] = saved;
      const root = tf.add(tf.mul(u, tf.add(u, 2)), 2);
      const slope = tf.div(tf.mul(tf.mul(u, tf.add(u, 1)), 4), tf.square(root));
      return tf.mul(dy, tf.add(g, tf.mul(v, slope)));
    },
  };
}) as (x: tf.Tensor) => tf.Tensor;

/**
 * Sinusoidal features of a scalar: sin and cos of x·scale·span^(-i/(size/2 - 1)).
 * @param x [n] @returns [n, size]
 */
export function sinusoidalEmbedding(
  x: tf.Tensor,
  size: number,
  scale: number,
  span = embeddingSpan,
): tf.Tensor {
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, i) => scale * pow(span, -i / (half - 1)));
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

/** Sizes of the network of a flow or diffusion policy. */
export interface TimeNetworkShape {
  readonly observationSize: number;
  readonly actionSize: number;
  readonly width: number;
  /** Residual blocks after the input layer; of `MishTimeNetwork` the hidden layers. */
  readonly blocks: number;
  /** Size of each of the two embeddings; even, at least 4. */
  readonly embedding: number;
  /** Factor on time and temperature before their embedding. */
  readonly embeddingScale: number;
}

/** The network of a flow or diffusion policy: (state, y_t, t, λ) → velocity or noise. */
export interface PolicyNetwork {
  readonly layout: ParameterLayout;
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
  ): tf.Tensor;
  /**
   * Many particles per state at fixed times, for sampling: the first layer is split, so that the parts that
   * do not depend on the particle are computed once. No gradient is meant.
   * @param observation [batch, obs] @param temperature [] @param times the times that will be asked for, numbers or scalars
   * @returns (latent [batch·particles, act], index of the time) → [batch·particles, act]
   */
  particles(
    weights: Weights,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    times: readonly Time[],
    particles: number,
  ): (latent: tf.Tensor, timeIndex: number) => tf.Tensor;
}

/** A residual GELU network with the input [state | y_t | embedding of t | embedding of λ]. */
export class TimeNetwork implements PolicyNetwork {
  readonly layout: ParameterLayout;
  readonly #shape: TimeNetworkShape;

  constructor(shape: TimeNetworkShape) {
    this.#shape = shape;
    const inputs = shape.observationSize + shape.actionSize + 2 * shape.embedding;
    this.layout = ParameterLayout.of(residualMlpLayers(inputs, shape.width, shape.blocks, shape.actionSize));
  }

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

  particles(
    weights: Weights,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    times: readonly Time[],
    particles: number,
  ): (latent: tf.Tensor, timeIndex: number) => tf.Tensor {
    const { observationSize: obs, actionSize: act, embedding, embeddingScale, blocks, width } = this.#shape;
    const first = weights['layer0/kernel'];
    const rows = (start: number, count: number) => tf.slice(first, [start, 0], [count, width]);
    const heat = sinusoidalEmbedding(tf.reshape(temperature, [1]), embedding, embeddingScale);
    const clock = sinusoidalEmbedding(timeVector(times), embedding, embeddingScale);
    const shared = tf.add(
      addBias(tf.matMul(observation, rows(0, obs)), weights['layer0/bias']),
      tf.matMul(heat, rows(obs + act + embedding, embedding)),
    );
    const timeParts = tf.matMul(clock, rows(obs + act, embedding));
    const layer = splitLayer(shared, timeParts, rows(obs, act), particles);
    return (latent, timeIndex) => residualTail(weights, layer(latent, timeIndex), blocks);
  }
}

/**
 * QVPO's network of Mish layers in the reference program. The embedding of t goes through two layers of its own,
 * and [y_t | these | state] through `blocks` hidden layers without residuals. It has no temperature.
 */
export class MishTimeNetwork implements PolicyNetwork {
  readonly layout: ParameterLayout;
  readonly #shape: TimeNetworkShape;

  constructor(shape: TimeNetworkShape) {
    this.#shape = shape;
    const { observationSize: obs, actionSize: act, width, blocks, embedding } = shape;
    const hidden = Array<number>(blocks).fill(width);
    this.layout = ParameterLayout.of({
      ...denseLayers([embedding, width, embedding], kernel, 'time'),
      ...denseLayers([act + embedding + obs, ...hidden, act]),
    });
  }

  apply(weights: Weights, observation: tf.Tensor, latent: tf.Tensor, time: tf.Tensor): tf.Tensor {
    const input = tf.concat([latent, this.#clock(weights, time), observation], 1);
    return this.#tail(weights, dense(weights, 0, input));
  }

  particles(
    weights: Weights,
    observation: tf.Tensor,
    _temperature: tf.Tensor,
    times: readonly Time[],
    particles: number,
  ): (latent: tf.Tensor, timeIndex: number) => tf.Tensor {
    const { observationSize: obs, actionSize: act, embedding, width } = this.#shape;
    const first = weights['layer0/kernel'];
    const rows = (start: number, count: number) => tf.slice(first, [start, 0], [count, width]);
    const perState = addBias(tf.matMul(observation, rows(act + embedding, obs)), weights['layer0/bias']);
    const timeParts = tf.matMul(this.#clock(weights, timeVector(times)), rows(act, embedding));
    const layer = splitLayer(perState, timeParts, rows(0, act), particles);
    return (latent, timeIndex) => this.#tail(weights, layer(latent, timeIndex));
  }

  /** The features of the times, [n] → [n, embedding]. */
  #clock(weights: Weights, time: tf.Tensor): tf.Tensor {
    const { embedding, embeddingScale } = this.#shape;
    const features = sinusoidalEmbedding(time, embedding, embeddingScale, mishEmbeddingSpan);
    return dense(weights, 1, mish(dense(weights, 0, features, 'time')), 'time');
  }

  /** What follows the first layer's products. */
  #tail(weights: Weights, input: tf.Tensor): tf.Tensor {
    let h = mish(input);
    for (let layer = 1; layer < this.#shape.blocks; layer++) h = mish(dense(weights, layer, h));
    return dense(weights, this.#shape.blocks, h);
  }
}

/**
 * A first layer in parts: what a state and a time add is computed once for all particles.
 * @param perState [batch, width] @param perTime [times, width] @param latentKernel [act, width]
 * @returns (latent [batch·particles, act], index of the time) → [batch·particles, width]
 */
function splitLayer(perState: tf.Tensor, perTime: tf.Tensor, latentKernel: tf.Tensor, particles: number) {
  const [batch, width] = perState.shape;
  return (latent: tf.Tensor, timeIndex: number) => {
    const common = tf.add(perState, tf.slice(perTime, [timeIndex, 0], [1, width]));
    const perParticle = tf.reshape(tf.matMul(latent, latentKernel), [batch, particles, width]);
    return tf.reshape(tf.add(perParticle, tf.expandDims(common, 1)), [batch * particles, width]);
  };
}

function timeVector(times: readonly Time[]): tf.Tensor {
  const known = times.filter((time) => typeof time === 'number');
  return known.length === times.length
    ? tf.tensor1d(known)
    : tf.stack(times as readonly tf.Tensor[] as tf.Tensor[]);
}
