/** Maximum-Entropy Diffusion Policy (Dong et al. 2025, arXiv 2502.11612), the algorithm box. See agent.ts. */
import * as tf from '@tensorflow/tfjs-core';
import { type AdamState, descend, polyak } from '../../engine/optimiser.ts';
import { timePolicyParts } from '../actor-critic.ts';
import { tdStep, tdTarget } from '../critic.ts';
import { type Algorithm, type Draws, stackMetrics, type UpdateInputs } from '../host.ts';
import { createSchedule } from '../posterior/schedules.ts';
import { denoise, type FieldAtTime, integrationTimes, pick } from '../samplers.ts';
import { actionSpread } from '../spread.ts';
import type { MaxEntDpConfig } from './agent.ts';
import { denoisingLogDensity, qneNoiseTarget } from './targets.ts';

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type SampleNoise = { start: tf.Tensor; path: tf.Tensor };
type Noise = SampleNoise & { time: tf.Tensor; bridge: tf.Tensor; prior: tf.Tensor; density: tf.Tensor };
type Policy = { actor: tf.Tensor; target: tf.Tensor };

const metricNames = [
  'critic_loss',
  'critic_grad_norm',
  'q_mean',
  'q_max_abs',
  'actor_loss',
  'actor_grad_norm',
  'ess',
  'entropy',
  'action_spread',
] as const;

/** Bound on each coordinate of the action that the sampler predicts: the box. */
export const dataBound = 1;

export function maxEntDpAlgorithm(
  config: MaxEntDpConfig,
  observationSize: number,
  actionSize: number,
): Algorithm<State, Noise, Policy, SampleNoise, SampleNoise> {
  const { tMin, integrationSteps, logDensitySteps, logDensityDraws } = config;
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam, criticAdam } = parts;
  const schedule = createSchedule('cosine');
  const samplerTimes = integrationTimes(integrationSteps, tMin);
  const densityTimes = integrationTimes(logDensitySteps, tMin);
  const logSnr = (t: number) => 2 * Math.log(schedule.alpha(t) / schedule.beta(t));

  function noisePrediction(
    actor: tf.Tensor,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    times: readonly number[],
    particles: number,
  ): FieldAtTime {
    const weights = network.layout.unflatten(actor);
    return network.particles(weights, observation, temperature, times.map(logSnr), particles);
  }

  /** m policy samples per state, [states, m, act] */
  function sample(actor: tf.Tensor, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const [states, m] = noise.start.shape;
    const field = noisePrediction(actor, observation, temperature, samplerTimes, m);
    const start = tf.reshape(noise.start, [states * m, actionSize]);
    const options = { schedule, dataBound, variance: 'forward' as const };
    const samples = denoise(field, start, samplerTimes, options, noise.path);
    return tf.reshape(tf.clipByValue(samples, -1, 1), [states, m, actionSize]);
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>) {
    const { params: actor } = state.actor;
    const nextAction = tf.squeeze(sample(actor, batch.nextObservation, temperature, noise), [1]);
    const field = noisePrediction(actor, batch.nextObservation, temperature, densityTimes, logDensityDraws);
    const logDensity = denoisingLogDensity(nextAction, field, densityTimes, schedule, noise.density);
    const targetWeights = critic.layout.unflatten(state.target);
    const nextQ = tf.min(critic.values(targetWeights, batch.nextObservation, nextAction), 0);
    const nextValue = tf.sub(nextQ, tf.mul(temperature, logDensity));
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticStep = tdStep(critic, criticAdam, state.critic, batch, target);

    const time = tf.add(tf.mul(noise.time, 1 - 2 * tMin), tMin);
    const alpha = tf.expandDims(schedule.alphaTensor(time), 1);
    const beta = tf.expandDims(schedule.betaTensor(time), 1);
    const noised = tf.add(tf.mul(alpha, batch.action), tf.mul(beta, noise.bridge));
    const value = (action: tf.Tensor) => critic.minimum(targetWeights, batch.observation, action);
    const { noise: regression, ess } = qneNoiseTarget(
      value,
      { noised, alpha, beta },
      noise.prior,
      temperature,
    );
    const clock = tf.mul(tf.squeeze(tf.log(tf.div(alpha, beta)), [1]), 2);
    const actorStep = descend(network.layout, actorAdam, state.actor, (weights) => {
      const predicted = network.apply(weights, batch.observation, noised, clock, temperature);
      return { loss: tf.mean(tf.squaredDifference(predicted, regression)), aux: {} };
    });

    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        target: polyak(state.target, criticStep.state.params, config.tau),
      },
      outputs: {
        metrics: stackMetrics(metricNames, {
          ...criticStep.metrics,
          actor_loss: actorStep.loss,
          actor_grad_norm: actorStep.gradNorm,
          ess: tf.mean(ess),
          entropy: tf.neg(tf.mean(logDensity)),
          action_spread: actionSpread(nextAction),
        }),
      },
    };
  }

  const sampleDraws = (states: number, m: number): Draws<SampleNoise> => ({
    start: { law: 'normal', shape: [states, m, actionSize] },
    path: { law: 'normal', shape: [integrationSteps, states * m, actionSize] },
  });

  return {
    name: 'maxentdp',
    initialise: parts.initialise,
    draws: (batch) => ({
      ...sampleDraws(batch, 1),
      time: { law: 'uniform', shape: [batch] },
      bridge: { law: 'normal', shape: [batch, actionSize] },
      prior: { law: 'uniform', shape: [batch, config.noiseDraws, actionSize] },
      density: { law: 'normal', shape: [logDensitySteps, batch * logDensityDraws, actionSize] },
    }),
    updates: [{ metrics: metricNames, step: update }],
    temperature: config,
    policy: (state) => ({ actor: state.actor.params, target: state.target }),
    explore: {
      draws: (states) => sampleDraws(states, 1),
      act: ({ policy, observation, noise, temperature }) => ({
        action: tf.squeeze(sample(policy.actor, observation, temperature, noise), [1]),
      }),
    },
    exploit: {
      draws: (states) => sampleDraws(states, config.evaluationParticles),
      act({ policy, observation, noise, temperature }) {
        const candidates = sample(policy.actor, observation, temperature, noise);
        const q = critic.minimum(critic.layout.unflatten(policy.target), observation, candidates);
        return { action: pick(candidates, tf.argMax(q, 1)) };
      },
    },
  };
}
