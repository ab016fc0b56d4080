/**
 * A sampler of a density known up to a constant, in training. No agent: it has no states and learns from no rewards.
 * All methods share the loop of iDEM: own samples go into a buffer, and between two generations of them the network
 * is fitted at points of the path that end in the buffer or, for a share of the batch, in the source.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type AdamState, adam, descend, polyak } from '../../engine/optimiser.ts';
import type { RandomStream } from '../../engine/random.ts';
import type { Arrays, CompiledFunction, Engine, NdArray } from '../../engine/types.ts';
import { TimeNetwork } from '../networks.ts';
import { integrationTimes } from '../samplers.ts';
import type { SamplerConfig } from './config.ts';
import type { DensityTarget } from './density.ts';
import type { SamplerForm } from './form.ts';

type State = { network: AdamState; average: tf.Tensor };
type Inputs = { points: tf.Tensor; time: tf.Tensor; bridge: tf.Tensor; draws: tf.Tensor };
type SampleInputs = { params: tf.Tensor; start: tf.Tensor; path?: tf.Tensor };

/** The algorithm: pure functions of state, points and noise. */
export function samplerAlgorithm(form: SamplerForm, config: SamplerConfig, target: DensityTarget) {
  const { schedule, tMin } = form;
  // One constant takes the place of the state that the policies' network expects.
  const network = new TimeNetwork({
    observationSize: 1,
    actionSize: target.dimension,
    width: config.actorWidth,
    blocks: config.actorBlocks,
    embedding: config.embedding,
    embeddingScale: config.embeddingScale,
  });
  const optimiser = adam({ learningRate: config.actorLearningRate, maxGradNorm: config.maxGradNorm });
  const temperature = tf.scalar(1);

  function update(state: State, { points, time, bridge, draws }: Inputs) {
    const t = tf.add(tf.mul(time, 1 - 2 * tMin), tMin);
    const alpha = tf.expandDims(schedule.alphaTensor(t), 1);
    const beta = tf.expandDims(schedule.betaTensor(t), 1);
    const yt = tf.add(tf.mul(alpha, points), tf.mul(beta, bridge));
    const { value, ess } = form.regress({ target, t, yt, alpha, beta, draws });
    const step = descend(network.layout, optimiser, state.network, (weights) => {
      const nothing = tf.zeros([points.shape[0], 1]);
      const predicted = network.apply(weights, nothing, yt, t, temperature);
      return { loss: tf.mean(tf.squaredDifference(predicted, value)), aux: {} };
    });
    return {
      state: { network: step.state, average: polyak(state.average, step.state.params, config.averaging) },
      outputs: { metrics: tf.stack([step.loss, tf.mean(ess)]) },
    };
  }

  /** Points [count, D] by `steps` steps from points start [count, D] with noise path [steps, count, D]. */
  const sample =
    (steps: number) =>
    ({ params, start, path }: SampleInputs) => {
      const times = integrationTimes(steps, tMin);
      const output = fieldOf(params, start.shape[0], times);
      return { points: form.sample(output, start, times, path) };
    };

  /** As `sample`, with every point on the way, [steps + 1, count, D]. */
  const follow =
    (steps: number) =>
    ({ params, start, path }: SampleInputs) => {
      const times = integrationTimes(steps, tMin);
      const output = fieldOf(params, start.shape[0], times);
      const points = [start];
      for (let k = 0; k < steps; k++) {
        const noise = path && tf.slice(path, [k, 0, 0], [1, -1, -1]);
        points.push(form.sample((y) => output(y, k), points[k], [times[k], times[k + 1]], noise));
      }
      return { points: tf.stack(points) };
    };

  /** The network's output at points start [count, D] at each of the times of `steps` steps, [steps + 1, count, D]. */
  const field =
    (steps: number) =>
    ({ params, start }: SampleInputs) => {
      const times = integrationTimes(steps, tMin);
      const output = fieldOf(params, start.shape[0], times);
      return { points: tf.stack(times.map((_, k) => output(start, k))) };
    };

  function fieldOf(params: tf.Tensor, count: number, times: readonly number[]) {
    const weights = network.layout.unflatten(params);
    return network.particles(weights, tf.zeros([count, 1]), temperature, times, 1);
  }

  return { network, optimiser, update, sample, follow, field };
}

/** The compiled functions of one method on one density; seeds share them. */
export class CompiledSampler {
  readonly form: SamplerForm;
  readonly config: SamplerConfig;
  readonly dimension: number;
  readonly algorithm;
  readonly update;
  readonly #engine: Engine;
  readonly #samplers = new Map<string, CompiledFunction<SampleInputs, { points: tf.Tensor }>>();

  constructor(form: SamplerForm, config: SamplerConfig, target: DensityTarget, engine: Engine) {
    this.form = form;
    this.config = config;
    this.dimension = target.dimension;
    this.#engine = engine;
    this.algorithm = samplerAlgorithm(form, config, target);
    this.update = engine.compileStep(`${form.name}/update`, this.algorithm.update);
  }

  by(
    what: 'sample' | 'follow' | 'field',
    steps: number,
  ): CompiledFunction<SampleInputs, { points: tf.Tensor }> {
    const name = `${what}-${steps}`;
    const known = this.#samplers.get(name);
    if (known !== undefined) return known;
    const made = this.#engine.compile(`${this.form.name}/${name}`, this.algorithm[what](steps));
    this.#samplers.set(name, made);
    return made;
  }

  async dispose(): Promise<void> {
    await Promise.all([this.update.dispose(), ...[...this.#samplers.values()].map((each) => each.dispose())]);
  }
}

/** One sampler in training. Two of the same compiled functions must not be trained in turns: steps donate state. */
export class DensitySampler {
  readonly #compiled: CompiledSampler;
  readonly #random: RandomStream;
  readonly #buffer: Float32Array;
  #added = 0;
  #updates = 0;
  #state: Arrays<State>;

  constructor(compiled: CompiledSampler, random: RandomStream) {
    const { network, optimiser } = compiled.algorithm;
    const params = network.layout.initialise(random.split('network'));
    this.#compiled = compiled;
    this.#random = random.split('noise');
    this.#buffer = new Float32Array(compiled.config.bufferCapacity * compiled.dimension);
    this.#state = {
      network: optimiser.init(network.layout, params),
      average: { data: params.slice(), shape: network.layout.shape },
    };
  }

  /** Goes on for `updates` updates, with a generation of points before every `innerUpdates` of them. */
  async train(updates: number): Promise<{ loss: number; ess: number }> {
    const { dimension, config, form, update } = this.#compiled;
    const { batchSize, draws, innerUpdates, generated, generationSteps } = config;
    let metrics: ArrayLike<number> = [Number.NaN, Number.NaN];
    for (let i = 0; i < updates; i++) {
      if (this.#updates++ % innerUpdates === 0) {
        this.#remember(await this.sample(generated, generationSteps, this.#random));
      }
      const inputs = {
        points: this.#endPoints(batchSize),
        time: this.#uniforms([batchSize]),
        bridge: normals(this.#random, [batchSize, dimension]),
        draws:
          form.law === 'normal'
            ? normals(this.#random, [batchSize, draws, dimension])
            : this.#uniforms([batchSize, draws, dimension]),
      };
      const result = await update(this.#state, inputs);
      this.#state = result.state;
      metrics = result.outputs.metrics.data;
    }
    return { loss: metrics[0], ess: metrics[1] };
  }

  /** @returns [count, D], by the averaged weights */
  sample(count: number, steps: number, random: RandomStream): Promise<Float32Array> {
    return this.#integrate('sample', count, steps, random);
  }

  /** @returns the points on their way from noise to samples, [steps + 1, count, D] */
  follow(count: number, steps: number, random: RandomStream): Promise<Float32Array> {
    return this.#integrate('follow', count, steps, random);
  }

  async #integrate(
    what: 'sample' | 'follow',
    count: number,
    steps: number,
    random: RandomStream,
  ): Promise<Float32Array> {
    const { dimension, form } = this.#compiled;
    const start = this.#startPoints(count, random);
    const path = form.samplerNoise ? { path: normals(random, [steps, count, dimension]) } : {};
    const inputs = { params: this.#state.average, start, ...path };
    const { points } = await this.#compiled.by(what, steps)(inputs);
    return points.data.slice() as Float32Array;
  }

  /** What the network has learned. @param at points [count, D] @returns its output at each of the times, [steps + 1, count, D] */
  async field(at: Float32Array, steps: number): Promise<Float32Array> {
    const { dimension } = this.#compiled;
    const start = { data: at, shape: [at.length / dimension, dimension] };
    const inputs = { params: this.#state.average, start };
    const { points } = await this.#compiled.by('field', steps)(inputs);
    return points.data.slice() as Float32Array;
  }

  #startPoints(count: number, random: RandomStream): NdArray {
    const { dimension: d, form } = this.#compiled;
    const start = normals(random, [count, d]);
    const deviations = meanSquares(this.#held(), d).map((square) => form.startDeviation(square));
    return { ...start, data: start.data.map((value, i) => value * deviations[i % d]) };
  }

  /** The buffer's points, [held, D]. */
  #held(): Float32Array {
    const { dimension, config } = this.#compiled;
    return this.#buffer.subarray(0, Math.min(this.#added, config.bufferCapacity) * dimension);
  }

  #remember(points: Float32Array): void {
    const { dimension: d, config, form } = this.#compiled;
    cutOff(points, form.bound);
    for (let at = 0; at < points.length; at += d) {
      const slot = this.#added++ % config.bufferCapacity;
      this.#buffer.set(points.subarray(at, at + d), slot * d);
    }
  }

  /** Ends of the path, in the box: the first rows from the source, the others from the buffer. */
  #endPoints(rows: number): NdArray {
    const { dimension: d, config, form } = this.#compiled;
    const held = this.#held();
    const data = new Float32Array(rows * d);
    const fromSource = Math.round(rows * config.sourceShare);
    cutOff(this.#random.fillNormal(data.subarray(0, fromSource * d)), form.bound);
    for (let row = fromSource; row < rows; row++) {
      const at = this.#random.integer(held.length / d) * d;
      data.set(held.subarray(at, at + d), row * d);
    }
    return { data, shape: [rows, d] };
  }

  #uniforms(shape: number[]): NdArray {
    return { data: this.#random.fillUniform(new Float32Array(length(shape))), shape };
  }
}

/** Mean square of points [count, D] on each axis; 0 without points. */
function meanSquares(points: Float32Array, dimension: number): number[] {
  const sums = Array.from({ length: dimension }, () => 0);
  for (let i = 0; i < points.length; i++) sums[i % dimension] += points[i] ** 2;
  return sums.map((sum) => (points.length === 0 ? 0 : (sum * dimension) / points.length));
}

/** Beyond the box that holds the density, targets close to the data end are of any size and teach nothing. */
function cutOff(points: Float32Array, bound: number): void {
  for (let i = 0; i < points.length; i++) points[i] = Math.max(-bound, Math.min(bound, points[i]));
}

function normals(random: RandomStream, shape: number[]): NdArray {
  return { data: random.fillNormal(new Float32Array(length(shape))), shape };
}

function length(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
