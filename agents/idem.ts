/**
 * `idem`: Iterated Denoising Energy Matching (Akhound-Sadegh et al. 2024, arXiv 2402.06121), a sampler of a density
 * known up to a constant. It is no agent: it has no states and learns from no rewards, and stands beside them for
 * the toy targets alone.
 *
 *   repeat   draw points from the sampler into a buffer                                        outer loop
 *     repeat x_t = x + β_t ε with x from the buffer
 *            S = ∇_{x_t} log Σ_k p̂(x_t + β_t ε_k)
 *            descend (β_t² + 10⁻³) ‖s_θ(x_t, t) - S‖²                                          inner loop
 *
 * The score is Diffusion Q-Sampling's, which took it from here (`dqsScore`), and so are the deviations: β is
 * geometric from σ_max to σ_min, the network's output is the score times sqrt(β² + 10⁻³), the reverse SDE is taken
 * in ancestral steps. The score is clipped to a norm, as in the paper's mixture experiment; no exploration noise is
 * added to the buffer.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type AdamState, adam, descend } from '../engine/optimiser.ts';
import type { RandomStream } from '../engine/random.ts';
import type { Arrays, Engine, NdArray } from '../engine/types.ts';
import { count, positive, smokeTimeNetwork, timeNetworkShape } from './config.ts';
import { dqsScore } from './dqs.ts';
import { TimeNetwork } from './networks.ts';
import type { DensityValue } from './posterior/posterior-mean.ts';
import { createSchedule } from './posterior/schedules.ts';
import { denoise, integrationTimes } from './samplers.ts';

export const idemConfig = z.strictObject({
  ...timeNetworkShape,
  /** Points per update. */
  batchSize: count,
  /** Updates between two generations of points. */
  innerUpdates: count,
  /** Points that a generation adds. */
  generated: count,
  bufferCapacity: count,
  /** K: draws per score. */
  scoreDraws: count.min(2),
  /** Largest norm of a score target. */
  maxScoreNorm: positive,
  integrationSteps: count,
  sigmaMin: positive,
  sigmaMax: positive,
  maxGradNorm: positive,
});
export type IdemConfig = z.infer<typeof idemConfig>;

export const idemDefaults: IdemConfig = {
  ...smokeTimeNetwork,
  actorWidth: 128,
  actorLearningRate: 1e-3,
  batchSize: 256,
  innerUpdates: 100,
  generated: 512,
  bufferCapacity: 10_000,
  scoreDraws: 100,
  maxScoreNorm: 70,
  integrationSteps: 100,
  // For densities scaled to order one, as the paper scales its own: with σ_max many times a mode's width, K draws
  // seldom meet the mode, and the score's estimate is worth nothing.
  sigmaMin: 1e-3,
  sigmaMax: 1,
  maxGradNorm: 10,
};

/** A density known up to a constant. */
export interface DensityTarget {
  readonly dimension: number;
  /** y [batch, N, D] → log p [batch, N] and its gradient [batch, N, D] */
  logDensity(y: tf.Tensor): DensityValue<tf.Tensor>;
}

/** Added to the loss's weight β². */
const weightFloor = 1e-3;

type State = { network: AdamState };
type Inputs = { points: tf.Tensor; time: tf.Tensor; bridge: tf.Tensor; score: tf.Tensor };
type SampleInputs = { params: tf.Tensor; start: tf.Tensor; path: tf.Tensor };

/** The algorithm: pure functions of state, points and noise. */
export function idemAlgorithm(config: IdemConfig, target: DensityTarget) {
  const { sigmaMin, sigmaMax, maxGradNorm, maxScoreNorm } = config;
  // One constant takes the place of the state that the policies' network expects.
  const network = new TimeNetwork({
    observationSize: 1,
    actionSize: target.dimension,
    width: config.actorWidth,
    blocks: config.actorBlocks,
    embedding: config.embedding,
    embeddingScale: config.embeddingScale,
  });
  const optimiser = adam({ learningRate: config.actorLearningRate, maxGradNorm });
  const schedule = createSchedule({ kind: 've', sigmaMin, sigmaMax });
  const times = integrationTimes(config.integrationSteps, 0);
  const temperature = tf.scalar(1);

  function update(state: State, { points, time, bridge, score: draws }: Inputs) {
    const beta = tf.expandDims(schedule.betaTensor(time), 1);
    const noised = tf.add(points, tf.mul(beta, bridge));
    const { score, ess } = dqsScore((y) => target.logDensity(y), noised, beta, draws);
    const norm = tf.sqrt(tf.sum(tf.square(score), 1, true));
    const clipped = tf.mul(score, tf.div(maxScoreNorm, tf.maximum(norm, maxScoreNorm)));
    const regression = tf.mul(clipped, tf.sqrt(tf.add(tf.square(beta), weightFloor)));
    const step = descend(network.layout, optimiser, state.network, (weights) => {
      const nothing = tf.zeros([points.shape[0], 1]);
      const predicted = network.apply(weights, nothing, noised, time, temperature);
      return { loss: tf.mean(tf.squaredDifference(predicted, regression)), aux: {} };
    });
    return { state: { network: step.state }, outputs: { metrics: tf.stack([step.loss, tf.mean(ess)]) } };
  }

  /** Points [count, D] from noise start [count, D] and path [steps, count, D]. */
  function sample({ params, start, path }: SampleInputs) {
    const rows = start.shape[0];
    const output = network.particles(
      network.layout.unflatten(params),
      tf.zeros([rows, 1]),
      temperature,
      times,
      1,
    );
    const noisePrediction = (y: tf.Tensor, k: number) => {
      const beta = schedule.beta(times[k]);
      return tf.mul(output(y, k), -beta / Math.sqrt(beta ** 2 + weightFloor));
    };
    return { points: denoise(noisePrediction, tf.mul(start, sigmaMax), times, { schedule }, path) };
  }

  return { network, optimiser, update, sample };
}

/** A sampler in training. */
export class Idem {
  readonly #config: IdemConfig;
  readonly #dimension: number;
  readonly #random: RandomStream;
  readonly #update;
  readonly #sample;
  readonly #buffer: Float32Array;
  #added = 0;
  #state: Arrays<State>;

  constructor(config: IdemConfig, target: DensityTarget, engine: Engine, random: RandomStream) {
    const { network, optimiser, update, sample } = idemAlgorithm(config, target);
    this.#config = config;
    this.#dimension = target.dimension;
    this.#random = random.split('noise');
    this.#update = engine.compileStep('idem/update', update);
    this.#sample = engine.compile('idem/sample', sample);
    this.#buffer = new Float32Array(config.bufferCapacity * target.dimension);
    this.#state = {
      network: optimiser.init(network.layout, network.layout.initialise(random.split('network'))),
    };
  }

  /** One round of the outer loop: fresh points, then the inner updates. @returns the last update's numbers */
  async iterate(): Promise<{ loss: number; ess: number }> {
    const { batchSize, innerUpdates, generated, scoreDraws } = this.#config;
    this.#remember(await this.sample(generated));
    let metrics: ArrayLike<number> = [0, 0];
    for (let i = 0; i < innerUpdates; i++) {
      const inputs = {
        points: this.#recall(batchSize),
        time: this.#uniforms([batchSize]),
        bridge: this.#normals([batchSize, this.#dimension]),
        score: this.#normals([batchSize, scoreDraws, this.#dimension]),
      };
      const result = await this.#update(this.#state, inputs);
      this.#state = result.state;
      metrics = result.outputs.metrics.data;
    }
    return { loss: metrics[0], ess: metrics[1] };
  }

  /** @returns [count, D] */
  async sample(count: number): Promise<Float32Array> {
    const { points } = await this.#sample({
      params: this.#state.network.params,
      start: this.#normals([count, this.#dimension]),
      path: this.#normals([this.#config.integrationSteps, count, this.#dimension]),
    });
    return points.data.slice() as Float32Array;
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#update.dispose(), this.#sample.dispose()]);
  }

  #remember(points: Float32Array): void {
    const d = this.#dimension;
    for (let at = 0; at < points.length; at += d) {
      const slot = this.#added++ % this.#config.bufferCapacity;
      this.#buffer.set(points.subarray(at, at + d), slot * d);
    }
  }

  #recall(rows: number): NdArray {
    const d = this.#dimension;
    const held = Math.min(this.#added, this.#config.bufferCapacity);
    const data = new Float32Array(rows * d);
    for (let row = 0; row < rows; row++) {
      const at = this.#random.integer(held) * d;
      data.set(this.#buffer.subarray(at, at + d), row * d);
    }
    return { data, shape: [rows, d] };
  }

  #normals(shape: number[]): NdArray {
    return { data: this.#random.fillNormal(new Float32Array(length(shape))), shape };
  }

  #uniforms(shape: number[]): NdArray {
    return { data: this.#random.fillUniform(new Float32Array(length(shape))), shape };
  }
}

function length(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
