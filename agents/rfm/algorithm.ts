/**
 * Reverse Flow Matching (Li, Tang, Azizan, arXiv 2601.08136), the algorithm box: the policy regresses the
 * posterior mean of the path's end points under the Boltzmann density exp(Q(s, tanh y)/λ), estimated by
 * self-normalised importance sampling with a Langevin-Stein control variate. Flow and diffusion policies
 * differ in their schedule, their regression target and their sampler, and in nothing else.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type AdamState, adam, descend, polyak } from '../../engine/optimiser.ts';
import { TwinCritic, tdLoss, tdTarget } from '../critic.ts';
import { TimeNetwork, type Weights } from '../networks.ts';
import { parseEstimator } from '../posterior/estimator.ts';
import { boltzmannLatentDensity } from '../posterior/latent.ts';
import { posteriorMean } from '../posterior/posterior-mean.ts';
import type { Schedule } from '../posterior/schedules.ts';
import { boltzmannIndex, type FieldAtTime, integrationTimes, pick } from '../samplers.ts';
import type { rfmPaper } from './config.ts';

/** The constants that the algorithm reads; see config.ts. */
export type RfmConfig = Omit<typeof rfmPaper, 'endpoints'> & { readonly endpoints: 'buffer' | 'policy' };

/** What makes a policy a flow or a diffusion. */
export interface PolicyForm {
  /** The agent's name, for its graphs. */
  readonly name: string;
  readonly schedule: Schedule;
  /** Noise tensors [steps, rows, act] the sampler consumes beside the start; 0 for a deterministic one. */
  readonly samplerNoise: boolean;
  /** Standard deviation of the latent at the first time. */
  readonly startScale: number;
  /** The network's regression target [batch, act] from the posterior means and the time [batch]. */
  target(mean: { y0: tf.Tensor; y1: tf.Tensor }, time: tf.Tensor): tf.Tensor;
  /** From latents at times[0] to latents at the last time, [rows, act]. */
  sample(field: FieldAtTime, latent: tf.Tensor, times: readonly number[], noise?: tf.Tensor): tf.Tensor;
}

export type RfmState = { actor: AdamState; critic: AdamState; target: tf.Tensor };

/** Fresh noise of one policy sample: latents at the start, the choice among particles, steps of the path. */
export type SampleNoise = { start: tf.Tensor; choice: tf.Tensor; path?: tf.Tensor };

export type RfmInputs = {
  batch: {
    observation: tf.Tensor;
    action: tf.Tensor;
    reward: tf.Tensor;
    mask: tf.Tensor;
    nextObservation: tf.Tensor;
  };
  noise: { next: SampleNoise; endpoint?: SampleNoise; time: tf.Tensor; bridge: tf.Tensor; prior: tf.Tensor };
  temperature: tf.Tensor;
};

/** Names of the entries of `outputs.metrics`, in order. */
export const rfmMetrics = [
  'critic_loss',
  'critic_grad_norm',
  'actor_loss',
  'actor_grad_norm',
  'ess',
  'cv_weight',
  'q_mean',
  'q_max_abs',
  'policy_spread',
] as const;

/** Replay actions are pulled this far from the box's edge before atanh (method.md section 2). */
const edge = 1e-4;

export function rfmAlgorithm(
  form: PolicyForm,
  config: RfmConfig,
  observationSize: number,
  actionSize: number,
) {
  const network = new TimeNetwork({
    observationSize,
    actionSize,
    width: config.actorWidth,
    blocks: config.actorBlocks,
    embedding: config.embedding,
    embeddingScale: config.embeddingScale,
  });
  const critic = new TwinCritic({
    observationSize,
    actionSize,
    width: config.criticWidth,
    layers: config.criticLayers,
  });
  const actorAdam = adam({ learningRate: config.actorLearningRate, maxGradNorm: config.maxGradNorm });
  const criticAdam = adam({ learningRate: config.criticLearningRate, maxGradNorm: config.maxGradNorm });
  const estimator = parseEstimator(config.estimator);
  const times = integrationTimes(config.integrationSteps, config.tMin);

  /** M policy samples per state in the latent, [batch, m, act]. */
  function particles(actor: tf.Tensor, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const [batch, m] = noise.choice.shape;
    const weights = network.layout.unflatten(actor);
    const field = network.particles(weights, observation, temperature, times, m);
    const start = tf.mul(tf.reshape(noise.start, [batch * m, actionSize]), form.startScale);
    return tf.reshape(form.sample(field, start, times, noise.path), [batch, m, actionSize]);
  }

  /** The behaviour policy: one of M particles with probability softmax(Q/λ). */
  function behave(
    actor: tf.Tensor,
    criticParams: tf.Tensor,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    noise: SampleNoise,
  ) {
    const latent = particles(actor, observation, temperature, noise);
    const action = tf.tanh(latent);
    const q = critic.minimum(critic.layout.unflatten(criticParams), observation, action);
    const index = boltzmannIndex(q, noise.choice, temperature);
    return { latent: pick(latent, index), action: pick(action, index), particles: action };
  }

  function update(state: RfmState, { batch, noise, temperature }: RfmInputs) {
    // Critic: one TD step on the minimum of the target twins.
    const next = behave(
      state.actor.params,
      state.critic.params,
      batch.nextObservation,
      temperature,
      noise.next,
    );
    const targetWeights = critic.layout.unflatten(state.target);
    const nextValue = tf.min(critic.values(targetWeights, batch.nextObservation, next.action), 0);
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticLoss = (weights: Weights) => {
      const values = critic.values(weights, batch.observation, batch.action);
      return { loss: tdLoss(values, target), aux: { values } };
    };
    const criticStep = descend(critic.layout, criticAdam, state.critic, criticLoss);

    // Bridge: y_t between noise and an end point; the proposal weights y_t, never the target.
    const y1 =
      noise.endpoint === undefined
        ? tf.atanh(tf.clipByValue(batch.action, -1 + edge, 1 - edge))
        : behave(state.actor.params, state.critic.params, batch.observation, temperature, noise.endpoint)
            .latent;
    const alpha = tf.expandDims(form.schedule.alphaTensor(noise.time), 1);
    const beta = tf.expandDims(form.schedule.betaTensor(noise.time), 1);
    const yt = tf.add(tf.mul(alpha, y1), tf.mul(beta, noise.bridge));

    // Actor: regress the posterior mean under the updated critics.
    const weights = critic.layout.unflatten(criticStep.state.params);
    const density = boltzmannLatentDensity(temperature, (action) =>
      critic.minimumWithGradient(weights, batch.observation, action),
    );
    const mean = posteriorMean({
      schedule: form.schedule,
      t: noise.time,
      yt,
      prior: noise.prior,
      logDensity: density,
      estimator,
    });
    const regression = form.target(mean, noise.time);
    const actorLoss = (actor: Weights) => {
      const predicted = network.apply(actor, batch.observation, yt, noise.time, temperature);
      const perSample = tf.mean(tf.squaredDifference(predicted, regression), 1);
      return { loss: tf.mean(perSample), aux: { perSample } };
    };
    const actorStep = descend(network.layout, actorAdam, state.actor, actorLoss);

    const { values } = criticStep.aux;
    const metrics = tf.stack([
      tf.mean(criticStep.loss),
      tf.mean(criticStep.gradNorm),
      tf.mean(actorStep.loss),
      tf.mean(actorStep.gradNorm),
      tf.mean(mean.ess),
      tf.mean(mean.cvWeight),
      tf.mean(values),
      tf.max(tf.abs(values)),
      spread(next.particles),
    ]);
    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        target: polyak(state.target, criticStep.state.params, config.tau),
      },
      outputs: { metrics, byTime: tf.stack([actorStep.aux.perSample, mean.ess]) },
    };
  }

  /** Acting: the behaviour policy, or the best particle for evaluation. */
  function act(inputs: {
    actor: tf.Tensor;
    critic: tf.Tensor;
    observation: tf.Tensor;
    temperature: tf.Tensor;
    noise: SampleNoise;
  }) {
    const { actor, critic: params, observation, temperature, noise } = inputs;
    return { action: behave(actor, params, observation, temperature, noise).action };
  }

  function actBest(inputs: {
    actor: tf.Tensor;
    critic: tf.Tensor;
    observation: tf.Tensor;
    temperature: tf.Tensor;
    noise: SampleNoise;
  }) {
    const { actor, critic: params, observation, temperature, noise } = inputs;
    const action = tf.tanh(particles(actor, observation, temperature, noise));
    const q = critic.minimum(critic.layout.unflatten(params), observation, action);
    return { action: pick(action, tf.argMax(q, 1)) };
  }

  return { network, critic, actorAdam, criticAdam, update, act, actBest };
}

/** Mean over states and dimensions of the particles' standard deviation. @param particles [batch, m, act] */
function spread(particles: tf.Tensor): tf.Tensor {
  const centred = tf.sub(particles, tf.mean(particles, 1, true));
  return tf.mean(tf.sqrt(tf.mean(tf.square(centred), 1)));
}
