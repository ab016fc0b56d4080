/**
 * `td3`: Twin Delayed Deep Deterministic Policy Gradient (Fujimoto, van Hoof, Meger 2018, arXiv 1802.09477).
 *
 *   a'       = clip(π̄(s') + clip(σ̃ ε, ±c), ±1)                         target policy smoothing
 *   critics  minimise (Q(s,a) - r - γ m min Q̄(s',a'))²                   clipped double Q-learning
 *   actor    at every second update maximises Q₁(s, π(s)); then both targets move    delayed updates
 *
 * Deviations from the paper: residual GELU actor of one width with the other agents, critic learning rate
 * 1e-3, and batches of the preset's size, so that every agent has the same networks and data (the paper: ReLU
 * 400-300, 1e-3, 100). The actor's last layer starts small, as the paper's does, or the tanh begins saturated.
 * The program behind arXiv 2601.08136 has no TD3; what all agents share follows it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { orthogonal } from '../engine/initialisers.ts';
import { type AdamState, adam, descend, polyak } from '../engine/optimiser.ts';
import { ParameterLayout } from '../engine/parameters.ts';
import { criticParts } from './actor-critic.ts';
import type { AgentFactory } from './agent.ts';
import { actorCriticShape, count, paperActorCritic, presetsOf } from './config.ts';
import { learnerConstants } from './constants.ts';
import { criticMetrics } from './critic.ts';
import { type Algorithm, hostAgent, stackMetrics, type UpdateInputs } from './host.ts';
import { residualMlp, residualMlpLayers, type Weights } from './networks.ts';

const deviation = z.number().nonnegative();
const config = z.strictObject({
  ...actorCriticShape,
  /** Standard deviation of the Gaussian noise on explored actions. */
  explorationNoise: deviation,
  /** σ̃ of the target policy smoothing, and its clip c. */
  targetNoise: deviation,
  targetNoiseClip: deviation,
  /** Critic updates per actor update. */
  policyDelay: count,
});
export type Td3Config = z.infer<typeof config>;

const constants = { explorationNoise: 0.1, targetNoise: 0.2, targetNoiseClip: 0.5, policyDelay: 2 };

/** Of the policy's last layer, so that it starts near the middle of the box. */
const outputGain = 0.01;

export const td3: AgentFactory<Td3Config> = {
  name: 'td3',
  description: 'Twin Delayed DDPG: a deterministic policy with Gaussian exploration',
  reference: 'Fujimoto et al. 2018, arXiv 1802.09477',
  config,
  presets: presetsOf({ ...paperActorCritic, ...constants }),
  constants: { ...learnerConstants, outputGain },
  create: (context) =>
    hostAgent(td3Algorithm(context.config, context.observation.size, context.action.size), context),
};

type State = { actor: AdamState; critic: AdamState; targetActor: tf.Tensor; targetCritic: tf.Tensor };
type Noise = { smoothing: tf.Tensor };
type Policy = { actor: tf.Tensor };

const allMetrics = [...criticMetrics, 'actor_loss', 'actor_grad_norm', 'action_mean_abs'] as const;

export function td3Algorithm(
  config: Td3Config,
  observationSize: number,
  actionSize: number,
): Algorithm<State, Noise, Policy, { exploration: tf.Tensor }, Record<never, tf.Tensor>> {
  const { maxGradNorm, policyDelay, tau } = config;
  const actorLayout = ParameterLayout.of(
    residualMlpLayers(
      observationSize,
      config.actorWidth,
      config.actorBlocks,
      actionSize,
      orthogonal(outputGain),
    ),
  );
  const { critic, criticAdam, learnCritics } = criticParts(config, observationSize, actionSize);
  const actorAdam = adam({ learningRate: config.actorLearningRate, maxGradNorm });

  /** π(s), [batch, act] in (-1, 1) */
  function deterministic(weights: Weights, observation: tf.Tensor): tf.Tensor {
    return tf.tanh(residualMlp(weights, observation, config.actorBlocks));
  }

  function updateCritic(state: State, { batch, noise }: UpdateInputs<Noise>) {
    const { targetNoise, targetNoiseClip } = config;
    const smoothing = tf.clipByValue(tf.mul(noise.smoothing, targetNoise), -targetNoiseClip, targetNoiseClip);
    const mean = deterministic(actorLayout.unflatten(state.targetActor), batch.nextObservation);
    const action = tf.clipByValue(tf.add(mean, smoothing), -1, 1);
    return learnCritics({ critic: state.critic, target: state.targetCritic }, batch, { action });
  }

  function criticOnly(state: State, inputs: UpdateInputs<Noise>) {
    const criticStep = updateCritic(state, inputs);
    return {
      state: { ...state, critic: criticStep.state },
      outputs: { metrics: stackMetrics(criticMetrics, criticStep.metrics) },
    };
  }

  function criticAndActor(state: State, inputs: UpdateInputs<Noise>) {
    const criticStep = updateCritic(state, inputs);
    const { observation } = inputs.batch;
    const criticWeights = critic.layout.unflatten(criticStep.state.params);
    const actorStep = descend(actorLayout, actorAdam, state.actor, (weights) => {
      const action = deterministic(weights, observation);
      const first = tf.slice(critic.values(criticWeights, observation, action), [0, 0], [1, -1]);
      return { loss: tf.neg(tf.mean(first)), aux: { size: tf.mean(tf.abs(action)) } };
    });
    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        targetActor: polyak(state.targetActor, actorStep.state.params, tau),
        targetCritic: criticStep.target,
      },
      outputs: {
        metrics: stackMetrics(allMetrics, {
          ...criticStep.metrics,
          actor_loss: actorStep.loss,
          actor_grad_norm: actorStep.gradNorm,
          action_mean_abs: actorStep.aux.size,
        }),
      },
    };
  }

  return {
    name: 'td3',
    initialise(random) {
      const actor = actorLayout.initialise(random.split('actor'));
      const criticParams = critic.layout.initialise(random.split('critic'));
      return {
        actor: actorAdam.init(actorLayout, actor),
        critic: criticAdam.init(critic.layout, criticParams),
        targetActor: { data: actor.slice(), shape: actorLayout.shape },
        targetCritic: { data: criticParams.slice(), shape: critic.layout.shape },
      };
    },
    layouts: {
      actor: actorLayout,
      critic: critic.layout,
      targetActor: actorLayout,
      targetCritic: critic.layout,
    },
    draws: (batch) => ({ smoothing: { law: 'normal', shape: [batch, actionSize] } }),
    updates: [
      ...Array.from({ length: policyDelay - 1 }, () => ({ metrics: criticMetrics, step: criticOnly })),
      { metrics: allMetrics, step: criticAndActor },
    ],
    policy: (state) => ({ actor: state.actor.params }),
    explore: {
      draws: (states) => ({ exploration: { law: 'normal', shape: [states, actionSize] } }),
      act({ policy, observation, noise }) {
        const mean = deterministic(actorLayout.unflatten(policy.actor), observation);
        const noisy = tf.add(mean, tf.mul(noise.exploration, config.explorationNoise));
        return { action: tf.clipByValue(noisy, -1, 1) };
      },
    },
    exploit: {
      draws: () => ({}),
      act: ({ policy, observation }) => ({
        action: deterministic(actorLayout.unflatten(policy.actor), observation),
      }),
    },
  };
}
