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
 * As the program behind arXiv 2601.08136 computes it (github.com/azizanlab/ReverseFlowMatching at 7e6410a), with
 * no deviation; test/agents/reference-program/qvpo.test.ts compares the numbers. Its actor and critics are of Mish
 * layers, the actor's `actorBlocks` hidden ones without residuals, and its embedding of the step has layers of its
 * own. Not built: what that program's configuration leaves off (the critic's gradient from replay actions in place of
 * own samples, and random actions in between).
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type AdamState, descend, polyak } from '../engine/optimiser.ts';
import { timePolicyParts } from './actor-critic.ts';
import type { AgentFactory } from './agent.ts';
import { count, paperTimePolicy, presetsOf, timePolicyShape, withRetired } from './config.ts';
import { timePolicyConstants } from './constants.ts';
import { criticMetrics } from './critic.ts';
import {
  type Algorithm,
  type Draws,
  hostAgent,
  type Observe,
  stackMetrics,
  type UpdateInputs,
} from './host.ts';
import { mishEmbeddingSpan } from './networks.ts';
import { denoise, pick } from './samplers.ts';
import { policySpread } from './spread.ts';
import { cosineRates, discretePath, noiseActions } from './steps.ts';

const keys = z.strictObject({
  ...timePolicyShape,
  /** K. */
  diffusionSteps: count,
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
/** `networks` was another form once: docs/fairness.md, "Two forms that are gone". */
const config = withRetired(keys, { networks: 'reference' });
export type QvpoConfig = z.infer<typeof config>;

const constants = {
  diffusionSteps: 20,
  trainingParticles: 64,
  behaviourParticles: 4,
  targetParticles: 4,
  evaluationParticles: 32,
  entropyDraws: 10,
  entropyWeight: 0.02,
};

/** Bound on each coordinate of the action that the sampler predicts: the box. */
const dataBound = 1;
/** Of the cosine path. */
const cosineOffset = 0.008;
const largestRate = 0.999;

export const qvpo: AgentFactory<QvpoConfig> = {
  name: 'qvpo',
  description: 'Q-weighted variational policy optimisation: imitates its own best samples by advantage',
  reference: 'Ding et al. 2024, arXiv 2405.16173',
  config,
  presets: presetsOf<QvpoConfig>(
    { ...paperTimePolicy, ...constants },
    {
      laptop: { trainingParticles: 16 },
      smoke: { trainingParticles: 8, evaluationParticles: 8 },
      tried: { maxGradNorm: 10 },
    },
  ),
  constants: { ...timePolicyConstants, mishEmbeddingSpan, dataBound, cosineOffset, largestRate },
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

/** Every row `count` times in a row: [rows, n] → [rows·count, n]. */
function repeatRows(x: tf.Tensor, count: number): tf.Tensor {
  const [rows, size] = x.shape;
  return tf.reshape(tf.tile(tf.expandDims(x, 1), [1, count, 1]), [rows * count, size]);
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
  ...criticMetrics,
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
  const { entropyWeight, trainingParticles, tau } = config;
  // The program leaves the rows out of the mean where they weigh nothing.
  const entropyDraws = entropyWeight > 0 ? config.entropyDraws : 0;
  const parts = timePolicyParts(config, observationSize, actionSize, 'mish');
  const { network, critic, actorAdam } = parts;
  const path = discretePath(cosineRates(config.diffusionSteps, cosineOffset, largestRate));

  /** m samples of the policy per state and their Q: [states, m, act] and [states, m] */
  function sample(policy: Policy, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const [states, m] = noise.start.shape;
    const weights = network.layout.unflatten(policy.actor);
    const field = network.particles(weights, observation, temperature, path.inputs, m);
    const start = tf.reshape(noise.start, [states * m, actionSize]);
    const samples = denoise(field, start, path.steps, { schedule: path, dataBound }, noise.path);
    const particles = tf.reshape(tf.clipByValue(samples, -1, 1), [states, m, actionSize]);
    return { particles, q: critic.minimum(critic.layout.unflatten(policy.critic), observation, particles) };
  }

  function best(policy: Policy, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const { particles, q } = sample(policy, observation, temperature, noise);
    return pick(particles, tf.argMax(q, 1));
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>, observe?: Observe) {
    const targets = { actor: state.targetActor, critic: state.targetCritic };
    const nextNoise = { start: noise.nextStart, path: noise.nextPath };
    const nextAction = best(targets, batch.nextObservation, temperature, nextNoise);
    const critics = { critic: state.critic, target: state.targetCritic };
    const criticStep = parts.learnCritics(critics, batch, { action: nextAction }, observe);

    const policy = { actor: state.actor.params, critic: criticStep.state.params };
    const { particles, q } = sample(policy, batch.observation, temperature, noise);
    const { action, weight } = qvpoChoice(particles, q);
    observe?.('imitated', action);
    observe?.('advantage', weight);
    // Rows: one imitated action per state, then the uniform ones, those of a state together.
    const observation = tf.concat([batch.observation, repeatRows(batch.observation, entropyDraws)], 0);
    const actions = tf.concat([action, tf.sub(tf.mul(noise.uniform, 2), 1)], 0);
    const entropy = repeatRows(tf.expandDims(tf.mul(weight, entropyWeight), 1), entropyDraws);
    const weights = tf.concat([weight, tf.squeeze(entropy, [1])], 0);
    const { input, noised } = noiseActions(path, noise.step, actions, noise.bridge);
    const actorStep = descend(network.layout, actorAdam, state.actor, (actor) => {
      const predicted = network.apply(actor, observation, noised, input, temperature);
      const error = tf.mean(tf.squaredDifference(predicted, noise.bridge), 1);
      return { loss: tf.mean(tf.mul(weights, error)), aux: {} };
    });

    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        targetActor: polyak(state.targetActor, actorStep.state.params, tau),
        targetCritic: criticStep.target,
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
      const { actor, critic, target } = parts.initialise(random);
      const targetActor = { data: actor.params.data.slice(), shape: actor.params.shape };
      return { actor, critic, targetActor, targetCritic: target };
    },
    layouts: { ...parts.layouts, targetActor: network.layout, targetCritic: critic.layout },
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
