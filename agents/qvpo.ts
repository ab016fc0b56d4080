/**
 * `qvpo`: Q-weighted Variational Policy Optimization (Ding, Hu, et al. 2024, arXiv 2405.16173): a diffusion
 * policy that imitates its own better samples, each by its advantage.
 *
 *   a₁ ... a_N ~ π(·|s),  V = mean Q(s, a_i),  a* = argmax Q(s, a_i),  ω = max(Q(s, a*) - V, 0)
 *   actor    minimises ω ‖ε_θ(s, α_k a* + β_k ε, k) - ε‖², and the same for uniform actions with weight
 *            ω_ent ω, which keeps entropy
 *   a'       the best of some samples of the target policy under the target critics
 *   critics  minimise (Q(s,a) - r - γ m min Q̄(s',a'))²
 *   acting   the best of a few samples; of more in evaluation
 *
 * Deviations from the paper: networks, learning rates and critics as all agents here (the paper: Mish, an
 * embedding of its own, critics with Mish). From the paper and the reference code of arXiv 2601.08136: the cosine
 * path without the offset of 0.008, cut at tMin at its noise end where they bound the last rate by 0.999; one
 * sample per state is kept, as both do by default, and the self-generated actions are always those that are
 * imitated (that code can also follow the critic's gradient from replay actions instead). The presets laptop
 * and smoke draw fewer samples, as RFM's do.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type AdamState, descend, polyak } from '../engine/optimiser.ts';
import { timePolicyParts } from './actor-critic.ts';
import type { AgentFactory } from './agent.ts';
import {
  count,
  criticShape,
  paperCritic,
  paperTimeNetwork,
  paperTraining,
  presetsOf,
  timeNetworkShape,
  trainingShape,
} from './config.ts';
import { timePolicyConstants } from './constants.ts';
import { tdStep, tdTarget } from './critic.ts';
import { type Algorithm, type Draws, hostAgent, stackMetrics, type UpdateInputs } from './host.ts';
import { createSchedule } from './posterior/schedules.ts';
import { denoise, pick } from './samplers.ts';
import { policySpread } from './spread.ts';
import { diffusionSteps, stepTime } from './steps.ts';

const config = z.strictObject({
  ...trainingShape,
  ...criticShape,
  ...timeNetworkShape,
  /** K. */
  diffusionSteps: count,
  /** The noisiest step is at this time. */
  tMin: z.number().positive().lt(0.5),
  /** N: policy samples per state of which the best is imitated. */
  trainingParticles: count.min(2),
  /** Samples of which behaviour, TD target and evaluation take the best. */
  behaviourParticles: count,
  targetParticles: count,
  evaluationParticles: count,
  /** Uniform actions per state in the entropy term, and their weight ω_ent. */
  entropyDraws: count,
  entropyWeight: z.number().nonnegative(),
});
export type QvpoConfig = z.infer<typeof config>;

const constants = {
  diffusionSteps: 20,
  tMin: 2e-3,
  trainingParticles: 64,
  behaviourParticles: 4,
  targetParticles: 4,
  evaluationParticles: 32,
  entropyDraws: 10,
  entropyWeight: 0.02,
};

/** Bound on each coordinate of the action that the sampler predicts: the box. */
const dataBound = 1;

export const qvpo: AgentFactory<QvpoConfig> = {
  name: 'qvpo',
  description: 'Q-weighted variational policy optimisation: imitates its own best samples by advantage',
  reference: 'Ding et al. 2024, arXiv 2405.16173',
  config,
  presets: presetsOf(
    { ...paperTraining, ...paperCritic, ...paperTimeNetwork, ...constants },
    { trainingParticles: 16 },
    { trainingParticles: 8, evaluationParticles: 8 },
  ),
  constants: { ...timePolicyConstants, dataBound },
  create: (context) =>
    hostAgent(qvpoAlgorithm(context.config, context.observation.size, context.action.size), context),
};

/**
 * The sample that is imitated and its weight max(Q - V, 0).
 * @param particles [batch, N, act] @param q [batch, N] @returns action [batch, act], weight [batch]
 */
export function qvpoChoice(particles: tf.Tensor, q: tf.Tensor): { action: tf.Tensor; weight: tf.Tensor } {
  const action = pick(particles, tf.argMax(q, 1));
  return { action, weight: tf.maximum(tf.sub(tf.max(q, 1), tf.mean(q, 1)), 0) };
}

type State = { actor: AdamState; critic: AdamState; targetActor: tf.Tensor; targetCritic: tf.Tensor };
type SampleNoise = { start: tf.Tensor; path: tf.Tensor };
type Noise = {
  nextStart: tf.Tensor;
  nextPath: tf.Tensor;
  start: tf.Tensor;
  path: tf.Tensor;
  /** Step and bridge of the imitated actions, then of the uniform ones. */
  step: tf.Tensor;
  bridge: tf.Tensor;
  uniform: tf.Tensor;
};
type Policy = { actor: tf.Tensor; critic: tf.Tensor };

const metricNames = [
  'critic_loss',
  'critic_grad_norm',
  'q_mean',
  'q_max_abs',
  'actor_loss',
  'actor_grad_norm',
  'advantage_weight',
  'policy_spread',
] as const;

export function qvpoAlgorithm(
  config: QvpoConfig,
  observationSize: number,
  actionSize: number,
): Algorithm<State, Noise, Policy, SampleNoise, SampleNoise> {
  const { tMin, entropyDraws, entropyWeight, trainingParticles, tau } = config;
  const { network, critic, actorAdam, criticAdam } = timePolicyParts(config, observationSize, actionSize);
  const schedule = createSchedule('cosine');
  const { times, steps } = diffusionSteps(config.diffusionSteps, tMin);

  /** m samples of the policy per state and their Q: [states, m, act] and [states, m] */
  function sample(policy: Policy, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const [states, m] = noise.start.shape;
    const weights = network.layout.unflatten(policy.actor);
    const field = network.particles(weights, observation, temperature, steps, m);
    const start = tf.reshape(noise.start, [states * m, actionSize]);
    const samples = denoise(field, start, times, { schedule, dataBound }, noise.path);
    const particles = tf.reshape(tf.clipByValue(samples, -1, 1), [states, m, actionSize]);
    return { particles, q: critic.minimum(critic.layout.unflatten(policy.critic), observation, particles) };
  }

  function best(policy: Policy, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const { particles, q } = sample(policy, observation, temperature, noise);
    return pick(particles, tf.argMax(q, 1));
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>) {
    const targets = { actor: state.targetActor, critic: state.targetCritic };
    const nextNoise = { start: noise.nextStart, path: noise.nextPath };
    const nextAction = best(targets, batch.nextObservation, temperature, nextNoise);
    const targetWeights = critic.layout.unflatten(state.targetCritic);
    const nextValue = tf.min(critic.values(targetWeights, batch.nextObservation, nextAction), 0);
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticStep = tdStep(critic, criticAdam, state.critic, batch, target);

    const policy = { actor: state.actor.params, critic: criticStep.state.params };
    const { particles, q } = sample(policy, batch.observation, temperature, noise);
    const { action, weight } = qvpoChoice(particles, q);
    // Rows: one imitated action per state, then the states over again with one uniform action each.
    const observation = tf.tile(batch.observation, [1 + entropyDraws, 1]);
    const actions = tf.concat([action, tf.sub(tf.mul(noise.uniform, 2), 1)], 0);
    const weights = tf.concat([weight, tf.tile(tf.mul(weight, entropyWeight), [entropyDraws])], 0);
    const { step, time } = stepTime(noise.step, config.diffusionSteps, tMin);
    const alpha = tf.expandDims(schedule.alphaTensor(time), 1);
    const beta = tf.expandDims(schedule.betaTensor(time), 1);
    const noised = tf.add(tf.mul(alpha, actions), tf.mul(beta, noise.bridge));
    const actorStep = descend(network.layout, actorAdam, state.actor, (actor) => {
      const predicted = network.apply(actor, observation, noised, step, temperature);
      const error = tf.mean(tf.squaredDifference(predicted, noise.bridge), 1);
      return { loss: tf.mean(tf.mul(weights, error)), aux: {} };
    });

    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        targetActor: polyak(state.targetActor, actorStep.state.params, tau),
        targetCritic: polyak(state.targetCritic, criticStep.state.params, tau),
      },
      outputs: {
        metrics: stackMetrics(metricNames, {
          ...criticStep.metrics,
          actor_loss: actorStep.loss,
          actor_grad_norm: actorStep.gradNorm,
          advantage_weight: tf.mean(weight),
          policy_spread: policySpread(particles),
        }),
      },
    };
  }

  const sampleDraws = (states: number, m: number): Draws<SampleNoise> => ({
    start: { law: 'normal', shape: [states, m, actionSize] },
    path: { law: 'normal', shape: [config.diffusionSteps, states * m, actionSize] },
  });
  const acting = (particles: number) => ({
    draws: (states: number) => sampleDraws(states, particles),
    act: (inputs: {
      policy: Policy;
      observation: tf.Tensor;
      noise: SampleNoise;
      temperature: tf.Tensor;
    }) => ({
      action: best(inputs.policy, inputs.observation, inputs.temperature, inputs.noise),
    }),
  });

  return {
    name: 'qvpo',
    initialise(random) {
      const actor = network.layout.initialise(random.split('actor'));
      const criticParams = critic.layout.initialise(random.split('critic'));
      return {
        actor: actorAdam.init(network.layout, actor),
        critic: criticAdam.init(critic.layout, criticParams),
        targetActor: { data: actor.slice(), shape: network.layout.shape },
        targetCritic: { data: criticParams.slice(), shape: critic.layout.shape },
      };
    },
    draws(batch) {
      const next = sampleDraws(batch, config.targetParticles);
      const rows = batch * (1 + entropyDraws);
      return {
        nextStart: next.start,
        nextPath: next.path,
        ...sampleDraws(batch, trainingParticles),
        step: { law: 'uniform', shape: [rows] },
        bridge: { law: 'normal', shape: [rows, actionSize] },
        uniform: { law: 'uniform', shape: [batch * entropyDraws, actionSize] },
      };
    },
    updates: [{ metrics: metricNames, step: update }],
    policy: (state) => ({ actor: state.actor.params, critic: state.critic.params }),
    explore: acting(config.behaviourParticles),
    exploit: acting(config.evaluationParticles),
  };
}
