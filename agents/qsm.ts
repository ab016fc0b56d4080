/**
 * `qsm`: Q-Score Matching (Psenka, Escontrela, Abbeel, Ma 2023, arXiv 2312.11752): the score of a diffusion
 * policy is aligned with the critic's action gradient, without any weighing of samples.
 *
 *   a_k      = α_k a + β_k ε at a random step k, a from the replay buffer
 *   actor    minimises ‖ε_θ(s, a_k, k) + κ ∇_a mean Q(s, a_k)‖²
 *   critics  minimise (Q(s,a) - r - γ m min Q̄(s',a'))², a' a policy sample with noise
 *
 * As the program behind arXiv 2601.08136 computes it (github.com/azizanlab/ReverseFlowMatching at 7e6410a), with
 * no deviation; test/agents/reference-program/qsm.test.ts compares the numbers. Beyond the paper that program adds
 * noise to explored and to target actions, clips the action to the box after every step of the sampler, and takes
 * the actor's target from the updated critics, since the bare method explores too little on control tasks. The
 * method has no temperature: κ plays that part, and as no noise level enters the target, the policy is sharper
 * than the Boltzmann density.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type AdamState, descend } from '../engine/optimiser.ts';
import { timePolicyParts } from './actor-critic.ts';
import type { AgentFactory } from './agent.ts';
import { count, paperTimePolicy, positive, presetsOf, timePolicyShape } from './config.ts';
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
import { scheduleDefaults } from './posterior/schedules.ts';
import { denoise } from './samplers.ts';
import { actionSpread } from './spread.ts';
import { discretePath, noiseActions, vpRates } from './steps.ts';

const deviation = z.number().nonnegative();
const config = z.strictObject({
  ...timePolicyShape,
  /** K. */
  diffusionSteps: count,
  /** Largest rate of the VP schedule. */
  betaMax: positive,
  /** κ: scale of the critic's gradient in the noise target. */
  gradientScale: positive,
  /** Scale of the sampler's fresh noise. */
  samplerNoise: deviation,
  explorationNoise: deviation,
  targetNoise: deviation,
});
export type QsmConfig = z.infer<typeof config>;

const constants = {
  diffusionSteps: 20,
  betaMax: 10,
  gradientScale: 50,
  samplerNoise: 1,
  explorationNoise: 0.1,
  targetNoise: 0.1,
};

/** Bound on each coordinate of an action after every step of the sampler: the box. */
const stepBound = 1;

export const qsm: AgentFactory<QsmConfig> = {
  name: 'qsm',
  description: 'Q-Score Matching: a diffusion policy whose score is the critic’s action gradient',
  reference: 'Psenka et al. 2023, arXiv 2312.11752',
  config,
  presets: presetsOf({ ...paperTimePolicy, ...constants }),
  constants: { ...timePolicyConstants, betaMin: scheduleDefaults.betaMin, stepBound },
  create: (context) =>
    hostAgent(qsmAlgorithm(context.config, context.observation.size, context.action.size), context),
};

/** The regression target -κ ∇_a mean Q. @param values actions [batch, act] → Q of every critic [n, batch] */
export function qsmNoiseTarget(
  values: (action: tf.Tensor) => tf.Tensor,
  action: tf.Tensor,
  gradientScale: number,
): tf.Tensor {
  const gradient = tf.grad((a: tf.Tensor) => tf.mean(values(a), 0))(action);
  return tf.mul(gradient, -gradientScale);
}

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type SampleNoise = { start: tf.Tensor; path: tf.Tensor };
type Noise = SampleNoise & { smoothing: tf.Tensor; step: tf.Tensor; bridge: tf.Tensor };
type Policy = { actor: tf.Tensor };

const metricNames = [
  ...criticMetrics,
  'actor_loss',
  'actor_grad_norm',
  'q_gradient_norm',
  'action_spread',
] as const;

export function qsmAlgorithm(
  config: QsmConfig,
  observationSize: number,
  actionSize: number,
): Algorithm<State, Noise, Policy, SampleNoise & { exploration: tf.Tensor }, SampleNoise> {
  const { gradientScale, samplerNoise } = config;
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam } = parts;
  const path = discretePath(vpRates(config.diffusionSteps, scheduleDefaults.betaMin, config.betaMax));

  /** Policy samples, [states, act] */
  function sample(actor: tf.Tensor, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const weights = network.layout.unflatten(actor);
    const field = network.particles(weights, observation, temperature, path.inputs, 1);
    const options = { schedule: path, stepBound, variance: 'forward' as const };
    return denoise(field, noise.start, path.steps, options, tf.mul(noise.path, samplerNoise));
  }

  /** a + σ ε in the box. */
  function perturb(action: tf.Tensor, noise: tf.Tensor, sigma: number): tf.Tensor {
    return tf.clipByValue(tf.add(action, tf.mul(noise, sigma)), -1, 1);
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>, observe?: Observe) {
    const sampled = sample(state.actor.params, batch.nextObservation, temperature, noise);
    const nextAction = perturb(sampled, noise.smoothing, config.targetNoise);
    const criticStep = parts.learnCritics(state, batch, { action: nextAction }, observe);

    const { input, noised } = noiseActions(path, noise.step, batch.action, noise.bridge);
    const weights = critic.layout.unflatten(criticStep.state.params);
    const values = (action: tf.Tensor) => critic.values(weights, batch.observation, action);
    const regression = qsmNoiseTarget(values, noised, gradientScale);
    observe?.('noised', noised);
    observe?.('regression', regression);
    const actorStep = descend(network.layout, actorAdam, state.actor, (actor) => {
      const predicted = network.apply(actor, batch.observation, noised, input, temperature);
      return { loss: tf.mean(tf.squaredDifference(predicted, regression)), aux: {} };
    });

    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        target: criticStep.target,
      },
      outputs: {
        metrics: stackMetrics(metricNames, {
          ...criticStep.metrics,
          actor_loss: actorStep.loss,
          actor_grad_norm: actorStep.gradNorm,
          q_gradient_norm: tf.div(tf.mean(tf.sqrt(tf.sum(tf.square(regression), 1))), gradientScale),
          action_spread: actionSpread(sampled),
        }),
      },
    };
  }

  const sampleDraws = (states: number): Draws<SampleNoise> => ({
    start: { law: 'normal', shape: [states, actionSize] },
    path: { law: 'normal', shape: [config.diffusionSteps, states, actionSize] },
  });

  return {
    name: 'qsm',
    initialise: parts.initialise,
    layouts: parts.layouts,
    draws: (batch) => ({
      ...sampleDraws(batch),
      smoothing: { law: 'normal', shape: [batch, actionSize] },
      step: { law: 'uniform', shape: [batch] },
      bridge: { law: 'normal', shape: [batch, actionSize] },
    }),
    updates: [{ metrics: metricNames, step: update }],
    policy: (state) => ({ actor: state.actor.params }),
    explore: {
      draws: (states) => ({
        ...sampleDraws(states),
        exploration: { law: 'normal', shape: [states, actionSize] },
      }),
      act({ policy, observation, noise, temperature }) {
        const action = sample(policy.actor, observation, temperature, noise);
        return { action: perturb(action, noise.exploration, config.explorationNoise) };
      },
    },
    exploit: {
      draws: sampleDraws,
      act: ({ policy, observation, noise, temperature }) => ({
        action: sample(policy.actor, observation, temperature, noise),
      }),
    },
  };
}
