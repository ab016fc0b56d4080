/**
 * Reverse Flow Matching (Li, Tang, Azizan, arXiv 2601.08136), the algorithm box: the policy regresses the
 * posterior mean of the path's end points under the Boltzmann density exp(Q(s, tanh y)/λ), estimated by
 * self-normalised importance sampling with a Langevin-Stein control variate. Flow and diffusion policies
 * differ in their schedule, their regression target and their sampler, and in nothing else.
 */
import * as tf from '@tensorflow/tfjs-core';
import { inBlocks, type RowTensor } from '../../engine/blocks.ts';
import { type AdamState, descend, polyak } from '../../engine/optimiser.ts';
import { timePolicyParts } from '../actor-critic.ts';
import { tdStep, tdTarget } from '../critic.ts';
import { type ActInputs, type Algorithm, type Draws, stackMetrics, type UpdateInputs } from '../host.ts';
import type { Weights } from '../networks.ts';
import { parseEstimator } from '../posterior/estimator.ts';
import { boltzmannLatentDensity } from '../posterior/latent.ts';
import { posteriorMean } from '../posterior/posterior-mean.ts';
import type { Schedule } from '../posterior/schedules.ts';
import { boltzmannIndex, type FieldAtTime, integrationTimes, pick } from '../samplers.ts';
import { reportByTime } from './by-time.ts';
import type { RfmConfig } from './config.ts';

/** What makes a policy a flow or a diffusion. */
export interface PolicyForm {
  /** The agent's name. */
  readonly name: string;
  readonly schedule: Schedule;
  /** Whether the sampler consumes fresh noise [steps, rows, act] beside the start. */
  readonly samplerNoise: boolean;
  /** Standard deviation of the latent at the first time. */
  readonly startScale: number;
  /** The network's regression target [batch, act] from the posterior means. */
  target(mean: { y0: tf.Tensor; y1: tf.Tensor }): tf.Tensor;
  /** From latents at times[0] to latents at the last time, [rows, act]. */
  sample(field: FieldAtTime, latent: tf.Tensor, times: readonly number[], noise?: tf.Tensor): tf.Tensor;
}

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type Policy = { actor: tf.Tensor; critic: tf.Tensor };

/** Noise of one policy sample: latents at the start, the choice among particles, steps of the path. */
type SampleNoise = { start: tf.Tensor; choice: tf.Tensor; path?: tf.Tensor };

type UpdateNoise = {
  nextStart: tf.Tensor;
  nextChoice: tf.Tensor;
  nextPath?: tf.Tensor;
  endpointStart?: tf.Tensor;
  endpointChoice?: tf.Tensor;
  endpointPath?: tf.Tensor;
  /** [batch], uniform in [0, 1) */
  time: tf.Tensor;
  /** y0 of the bridge, [batch, act] */
  bridge: tf.Tensor;
  /** y0 of the prior draws, [batch, N, act] */
  prior: tf.Tensor;
};

const metricNames = [
  'critic_loss',
  'critic_grad_norm',
  'q_mean',
  'q_max_abs',
  'actor_loss',
  'actor_grad_norm',
  'ess',
  'cv_weight',
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
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam, criticAdam } = parts;
  const estimator = parseEstimator(config.estimator);
  const times = integrationTimes(config.integrationSteps, config.tMin);

  /** M policy samples per state in the latent, [batch, m, act]. */
  function sample(actor: tf.Tensor, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const [, m] = noise.choice.shape;
    const weights = network.layout.unflatten(actor);
    const inputs: RowTensor[] = [{ tensor: observation }, { tensor: noise.start }];
    if (noise.path !== undefined) inputs.push({ tensor: noise.path, axis: 1 });
    // Some states at a time through all steps, so that the hidden layers stay in the processor's cache.
    const [latent] = inBlocks(inputs, 4 * m * config.actorWidth, (states, start, path) => {
      const field = network.particles(weights, states, temperature, times, m);
      const first = tf.mul(tf.reshape(start, [-1, actionSize]), form.startScale);
      return [tf.reshape(form.sample(field, first, times, path), start.shape)];
    });
    return latent;
  }

  /** The behaviour policy: one of M particles with probability softmax(Q/λ). */
  function behave(policy: Policy, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const latent = sample(policy.actor, observation, temperature, noise);
    const particles = tf.tanh(latent);
    const q = critic.minimum(critic.layout.unflatten(policy.critic), observation, particles);
    const index = boltzmannIndex(q, noise.choice, temperature);
    return { latent: pick(latent, index), action: pick(particles, index), particles };
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<UpdateNoise>) {
    const policy = { actor: state.actor.params, critic: state.critic.params };

    // Critic: one TD step on the minimum of the target twins.
    const nextNoise = { start: noise.nextStart, choice: noise.nextChoice, path: noise.nextPath };
    const next = behave(policy, batch.nextObservation, temperature, nextNoise);
    const targetWeights = critic.layout.unflatten(state.target);
    const nextValue = tf.min(critic.values(targetWeights, batch.nextObservation, next.action), 0);
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticStep = tdStep(critic, criticAdam, state.critic, batch, target);

    // Bridge: y_t between noise and an end point; this proposal weighs the y_t and never moves the target.
    const t = tf.add(tf.mul(noise.time, 1 - 2 * config.tMin), config.tMin);
    const y1 = noise.endpointStart ? onPolicy(noise).latent : latentOf(batch.action);
    const alpha = tf.expandDims(form.schedule.alphaTensor(t), 1);
    const beta = tf.expandDims(form.schedule.betaTensor(t), 1);
    const yt = tf.add(tf.mul(alpha, y1), tf.mul(beta, noise.bridge));

    // Actor: regress the posterior mean under the updated critics.
    const criticWeights = critic.layout.unflatten(criticStep.state.params);
    const logDensity = boltzmannLatentDensity(temperature, (action) =>
      critic.minimumWithGradient(criticWeights, batch.observation, action),
    );
    const mean = posteriorMean({
      schedule: form.schedule,
      t,
      yt,
      prior: noise.prior,
      logDensity,
      estimator,
    });
    const regression = form.target(mean);
    const weight = config.lossWeight === 'snr' ? snrWeight(alpha, beta, config.snrFloor) : undefined;
    const actorLoss = (weights: Weights) => {
      const predicted = network.apply(weights, batch.observation, yt, t, temperature);
      const perSample = tf.mean(tf.squaredDifference(predicted, regression), 1);
      return {
        loss: tf.mean(weight === undefined ? perSample : tf.mul(perSample, weight)),
        aux: { perSample },
      };
    };
    const actorStep = descend(network.layout, actorAdam, state.actor, actorLoss);

    const metrics = stackMetrics(metricNames, {
      ...criticStep.metrics,
      actor_loss: actorStep.loss,
      actor_grad_norm: actorStep.gradNorm,
      ess: tf.mean(mean.ess),
      cv_weight: tf.mean(mean.cvWeight),
      policy_spread: spread(next.particles),
    });
    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        target: polyak(state.target, criticStep.state.params, config.tau),
      },
      outputs: { metrics, byTime: tf.stack([t, actorStep.aux.perSample, mean.ess]) },
    };

    function onPolicy({ endpointStart, endpointChoice, endpointPath }: UpdateNoise) {
      const fresh = { start: endpointStart, choice: endpointChoice, path: endpointPath } as SampleNoise;
      return behave(policy, batch.observation, temperature, fresh);
    }
  }

  /** y1 = atanh(a) of a replay action. */
  function latentOf(action: tf.Tensor): tf.Tensor {
    return tf.atanh(tf.clipByValue(action, -1 + edge, 1 - edge));
  }

  function explore({ policy, observation, temperature, noise }: ActInputs<Policy, SampleNoise>) {
    return { action: behave(policy, observation, temperature, noise).action };
  }

  /** Evaluation: the particle of the largest Q. */
  function exploit({ policy, observation, temperature, noise }: ActInputs<Policy, SampleNoise>) {
    const particles = tf.tanh(sample(policy.actor, observation, temperature, noise));
    const q = critic.minimum(critic.layout.unflatten(policy.critic), observation, particles);
    return { action: pick(particles, tf.argMax(q, 1)) };
  }

  function sampleDraws(states: number, m: number): Draws<Required<SampleNoise>> {
    const path = { law: 'normal', shape: [config.integrationSteps, states * m, actionSize] } as const;
    return {
      start: { law: 'normal', shape: [states, m, actionSize] },
      choice: { law: 'uniform', shape: [states, m] },
      ...((form.samplerNoise ? { path } : {}) as { path: typeof path }),
    };
  }

  function draws(batch: number): Draws<UpdateNoise> {
    const { start, choice, path } = sampleDraws(batch, config.particles);
    const stepNoise = form.samplerNoise;
    return {
      nextStart: start,
      nextChoice: choice,
      ...(stepNoise ? { nextPath: path } : {}),
      ...(config.endpoints === 'policy' ? { endpointStart: start, endpointChoice: choice } : {}),
      ...(config.endpoints === 'policy' && stepNoise ? { endpointPath: path } : {}),
      time: { law: 'uniform', shape: [batch] },
      bridge: { law: 'normal', shape: [batch, actionSize] },
      prior: { law: 'normal', shape: [batch, config.priorDraws, actionSize] },
    };
  }

  return {
    name: form.name,
    initialise: parts.initialise,
    draws,
    updates: [{ metrics: metricNames, step: update, report: (_, { byTime }) => reportByTime(byTime) }],
    policy: (state) => ({ actor: state.actor.params, critic: state.critic.params }),
    explore: { draws: (states) => sampleDraws(states, config.particles), act: explore },
    exploit: { draws: (states) => sampleDraws(states, config.evaluationParticles), act: exploit },
    temperature: config,
  } satisfies Algorithm<State, UpdateNoise, Policy, SampleNoise, SampleNoise>;
}

/** min(1, (α/β)²/floor), [batch]. @param alpha [batch, 1] @param beta [batch, 1] */
function snrWeight(alpha: tf.Tensor, beta: tf.Tensor, floor: number): tf.Tensor {
  return tf.squeeze(tf.minimum(tf.div(tf.square(tf.div(alpha, beta)), floor), 1), [1]);
}

/** Mean over states and dimensions of the particles' standard deviation. @param particles [batch, m, act] */
function spread(particles: tf.Tensor): tf.Tensor {
  const centred = tf.sub(particles, tf.mean(particles, 1, true));
  return tf.mean(tf.sqrt(tf.mean(tf.square(centred), 1)));
}
