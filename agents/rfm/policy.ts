/** The policy of RFM: samples of the path that its network describes, and the choice among them. */
import * as tf from '@tensorflow/tfjs-core';
import { inBlocks, type RowTensor } from '../../engine/blocks.ts';
import type { TwinCritic } from '../critic.ts';
import type { Draws, Scheduled } from '../host.ts';
import type { PolicyNetwork, Weights } from '../networks.ts';
import { boltzmannIndex, type FieldAtTime, integrationTimes, pick, type Time } from '../samplers.ts';
import type { RfmConfig } from './config.ts';
import type { PolicyForm } from './prediction.ts';
import { actionLogDensity, latentLogDensity, signProbes, unitProbes } from './soft-value.ts';

/** Flat parameters of the networks that act. */
export type PolicyParameters = { actor: tf.Tensor; critic: tf.Tensor };

/** Noise of one policy sample: latents at the start, the choice among particles, steps of the path. */
export type SampleNoise = { start: tf.Tensor; choice: tf.Tensor; path?: tf.Tensor };

/** One of M particles per state, and all of them. */
export interface PolicySample {
  /** [batch, M, act] */
  readonly latents: tf.Tensor;
  /** tanh of `latents` */
  readonly particles: tf.Tensor;
  /** Of the chosen particle, [batch] int32 */
  readonly index: tf.Tensor;
  /** [batch, act] */
  readonly latent: tf.Tensor;
  /** [batch, act] */
  readonly action: tf.Tensor;
}

export class RfmPolicy {
  readonly #form: PolicyForm;
  readonly #config: RfmConfig;
  readonly #network: PolicyNetwork;
  readonly #critic: TwinCritic;
  readonly #actionSize: number;

  constructor(
    form: PolicyForm,
    config: RfmConfig,
    networks: { readonly network: PolicyNetwork; readonly critic: TwinCritic },
    actionSize: number,
  ) {
    this.#form = form;
    this.#config = config;
    this.#network = networks.network;
    this.#critic = networks.critic;
    this.#actionSize = actionSize;
  }

  /** t_min at this update; the first time of the sampler's and the bridge's paths. */
  firstTime({ annealed }: Scheduled): Time {
    return annealed?.t_min ?? this.#config.tMin;
  }

  /** The noise of m samples at that many states. */
  draws(states: number, m: number): Draws<Required<SampleNoise>> {
    const size = this.#actionSize;
    const path = { law: 'normal', shape: [this.#config.integrationSteps, states * m, size] } as const;
    return {
      start: { law: 'normal', shape: [states, m, size] },
      choice: { law: 'uniform', shape: [states, m] },
      ...((this.#form.samplerNoise ? { path } : {}) as { path: typeof path }),
    };
  }

  /** The network's prediction for one latent per state, [batch, act]. */
  predict(
    weights: Weights,
    observation: tf.Tensor,
    latent: tf.Tensor,
    time: tf.Tensor,
    scheduled: Scheduled,
  ) {
    return this.#output(this.#network.apply(weights, observation, latent, time, scheduled.temperature));
  }

  /** M policy samples per state in the latent, [batch, m, act]. */
  sample(actor: tf.Tensor, observation: tf.Tensor, scheduled: Scheduled, noise: SampleNoise): tf.Tensor {
    const [, m] = noise.choice.shape as [number, number];
    const times = integrationTimes(this.#config.integrationSteps, this.firstTime(scheduled));
    const weights = this.#network.layout.unflatten(actor);
    const inputs: RowTensor[] = [{ tensor: observation }, { tensor: noise.start }];
    if (noise.path !== undefined) inputs.push({ tensor: noise.path, axis: 1 });
    // Some states at a time through all steps, so that the hidden layers stay in the processor's cache.
    const [latent] = inBlocks(inputs, 4 * m * this.#config.actorWidth, (states, start, path) => {
      const field = this.#field(weights, states, scheduled, times, m);
      const first = tf.mul(tf.reshape(start, [-1, this.#actionSize]), this.#form.startScale(times[0]));
      return [tf.reshape(this.#form.sample(field, first, times, path), start.shape)];
    });
    return latent;
  }

  /** The behaviour policy: one of M particles with probability softmax(Q/λ). */
  behave(
    policy: PolicyParameters,
    observation: tf.Tensor,
    scheduled: Scheduled,
    noise: SampleNoise,
  ): PolicySample {
    const latents = this.sample(policy.actor, observation, scheduled, noise);
    const particles = tf.tanh(latents);
    const index = boltzmannIndex(
      this.#values(policy, observation, particles),
      noise.choice,
      scheduled.temperature,
    );
    return { latents, particles, index, latent: pick(latents, index), action: pick(particles, index) };
  }

  /** Evaluation: the particle of the largest Q, [batch, act]. */
  best(
    policy: PolicyParameters,
    observation: tf.Tensor,
    scheduled: Scheduled,
    noise: SampleNoise,
  ): tf.Tensor {
    const particles = tf.tanh(this.sample(policy.actor, observation, scheduled, noise));
    return pick(particles, tf.argMax(this.#values(policy, observation, particles), 1));
  }

  /**
   * log π(a|s) of the sample that began at `start`, its path followed once more, [batch].
   * @param start standard normals, [batch, act]
   * @param signs uniforms [batch, act] for Hutchinson's estimate of the trace; the exact trace without
   */
  logDensity(
    actor: tf.Tensor,
    observation: tf.Tensor,
    scheduled: Scheduled,
    start: tf.Tensor,
    signs?: tf.Tensor,
  ): tf.Tensor {
    const times = integrationTimes(this.#config.integrationSteps, this.firstTime(scheduled));
    const weights = this.#network.layout.unflatten(actor);
    const probes = signs ? signProbes(signs) : unitProbes(start.shape[0] as number, this.#actionSize);
    const copies = probes.shape[1] as number;
    const inputs = [observation, start, probes].map((tensor) => ({ tensor }));
    const rowBytes = 4 * copies * this.#config.actorWidth;
    const [latent, density] = inBlocks(inputs, rowBytes, (states, noise, directions) => {
      const field = this.#field(weights, states, scheduled, times, copies);
      const end = latentLogDensity(this.#form, field, noise, times, directions);
      return [end.latent, end.logDensity];
    });
    return actionLogDensity(latent, density);
  }

  /** The smaller critic at particles, [batch, m]. */
  #values(policy: PolicyParameters, observation: tf.Tensor, particles: tf.Tensor): tf.Tensor {
    return this.#critic.minimum(this.#critic.layout.unflatten(policy.critic), observation, particles);
  }

  /** The network's prediction at the sampler's times, for m latents per state. */
  #field(
    weights: Weights,
    states: tf.Tensor,
    scheduled: Scheduled,
    times: readonly Time[],
    m: number,
  ): FieldAtTime {
    const raw = this.#network.particles(weights, states, scheduled.temperature, times, m);
    return (latent, k) => this.#output(raw(latent, k));
  }

  #output(raw: tf.Tensor): tf.Tensor {
    return this.#form.output?.(raw) ?? raw;
  }
}
