/** Diffusion Q-Sampling, the algorithm box. See agent.ts. */
import * as tf from '@tensorflow/tfjs-core';
import { type AdamState, descend } from '../../engine/optimiser.ts';
import { timePolicyParts } from '../actor-critic.ts';
import { criticMetrics } from '../critic.ts';
import { type Algorithm, type Draws, type Observe, stackMetrics, type UpdateInputs } from '../host.ts';
import { eulerMaruyama } from '../samplers.ts';
import { actionSpread } from '../spread.ts';
import type { DqsConfig } from './config.ts';
import { explodingNoise, stepVariances } from './noise.ts';
import { boltzmannDensity, dqsScore } from './score.ts';

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type SampleNoise = { start: tf.Tensor; path: tf.Tensor };
type Noise = SampleNoise & { time: tf.Tensor; bridge: tf.Tensor; score: tf.Tensor };
type Policy = { actor: tf.Tensor };

/** Added to the loss's weight h. */
export const weightFloor = 1e-3;

const metricNames = [...criticMetrics, 'actor_loss', 'actor_grad_norm', 'ess', 'action_spread'] as const;

export function dqsAlgorithm(
  config: DqsConfig,
  observationSize: number,
  actionSize: number,
): Algorithm<State, Noise, Policy, SampleNoise, { start: tf.Tensor }> {
  const { integrationSteps } = config;
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam } = parts;
  const diffusion = explodingNoise(config);
  /** From the noise to the data. */
  const times = Array.from({ length: integrationSteps + 1 }, (_, k) => 1 - k / integrationSteps);
  const variances = stepVariances(diffusion, times);
  const startScale = Math.sqrt(diffusion.variance(1));

  /** The reverse SDE, or its drift alone (noise.path 0); actions [states, act]. */
  function sample(
    actor: tf.Tensor,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    noise: { start: tf.Tensor; path: tf.Tensor | 0 },
  ): tf.Tensor {
    const score = network.particles(network.layout.unflatten(actor), observation, temperature, times, 1);
    return tf.tanh(eulerMaruyama(score, tf.mul(noise.start, startScale), variances, noise.path));
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>, observe?: Observe) {
    const nextAction = sample(state.actor.params, batch.nextObservation, temperature, noise);

    const variance = tf.expandDims(diffusion.varianceTensor(noise.time), 1);
    const sigma = tf.sqrt(variance);
    const yt = tf.add(batch.action, tf.mul(sigma, noise.bridge));
    const weights = critic.layout.unflatten(state.critic.params);
    const density = boltzmannDensity(temperature, (action) =>
      critic.minimumWithGradient(weights, batch.observation, action),
    );
    const { score, ess } = dqsScore(density, yt, sigma, noise.score);
    const lossWeight = tf.add(variance, weightFloor);
    observe?.('noised', yt);
    observe?.('regression', score);
    observe?.('weight', tf.squeeze(lossWeight, [1]));
    const actorStep = descend(network.layout, actorAdam, state.actor, (actor) => {
      const predicted = network.apply(actor, batch.observation, yt, noise.time, temperature);
      const error = tf.squaredDifference(predicted, score);
      return { loss: tf.mean(tf.mul(lossWeight, error)), aux: {} };
    });

    const criticStep = parts.learnCritics(state, batch, { action: nextAction }, observe);

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
          ess: tf.mean(ess),
          action_spread: actionSpread(nextAction),
        }),
      },
    };
  }

  const sampleDraws = (states: number): Draws<SampleNoise> => ({
    start: { law: 'normal', shape: [states, actionSize] },
    path: { law: 'normal', shape: [integrationSteps, states, actionSize] },
  });

  return {
    name: 'dqs',
    initialise: parts.initialise,
    layouts: parts.layouts,
    draws: (batch) => ({
      ...sampleDraws(batch),
      time: { law: 'uniform', shape: [batch] },
      bridge: { law: 'normal', shape: [batch, actionSize] },
      score: { law: 'normal', shape: [batch, config.scoreDraws, actionSize] },
    }),
    updates: [{ metrics: metricNames, step: update }],
    temperature: config,
    policy: (state) => ({ actor: state.actor.params }),
    explore: {
      draws: sampleDraws,
      act: ({ policy, observation, noise, temperature }) => ({
        action: sample(policy.actor, observation, temperature, noise),
      }),
    },
    // The drift without fresh noise.
    exploit: {
      draws: (states) => ({ start: { law: 'normal', shape: [states, actionSize] } }),
      act: ({ policy, observation, noise, temperature }) => ({
        action: sample(policy.actor, observation, temperature, { start: noise.start, path: 0 }),
      }),
    },
  };
}
