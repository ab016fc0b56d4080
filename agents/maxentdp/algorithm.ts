/** Maximum-Entropy Diffusion Policy (Dong et al. 2025, arXiv 2502.11612), the algorithm box. See agent.ts. */
import * as tf from '@tensorflow/tfjs-core';
import { inBlocks } from '../../engine/blocks.ts';
import { type AdamState, descend } from '../../engine/optimiser.ts';
import { timePolicyParts } from '../actor-critic.ts';
import { criticMetrics } from '../critic.ts';
import { type Algorithm, type Draws, type Observe, stackMetrics, type UpdateInputs } from '../host.ts';
import { numberArithmetic } from '../posterior/arithmetic.ts';
import { tensorAlgebra } from '../posterior/tensors.ts';
import { denoise, type FieldAtTime, pick } from '../samplers.ts';
import { actionSpread } from '../spread.ts';
import type { MaxEntDpConfig } from './config.ts';
import { logSnr, offsetCosine, pathTimes } from './path.ts';
import { denoisingLogDensity, qneNoiseTarget } from './targets.ts';

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type SampleNoise = { start: tf.Tensor; path: tf.Tensor };
type Noise = SampleNoise & { time: tf.Tensor; bridge: tf.Tensor; prior: tf.Tensor; density: tf.Tensor };
type Policy = { actor: tf.Tensor; target: tf.Tensor };

const metricNames = [
  ...criticMetrics,
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
  const { tMin, tMax, integrationSteps, logDensitySteps, logDensityDraws } = config;
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam } = parts;
  const samplerTimes = pathTimes(integrationSteps, config);
  const densityTimes = pathTimes(logDensitySteps, config);

  function noisePrediction(
    actor: tf.Tensor,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    times: readonly number[],
    particles: number,
  ): FieldAtTime {
    const weights = network.layout.unflatten(actor);
    const clock = times.map((t) => logSnr(numberArithmetic, offsetCosine.at(t)));
    return network.particles(weights, observation, temperature, clock, particles);
  }

  /** m policy samples per state, [states, m, act] */
  function sample(actor: tf.Tensor, observation: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const [states, m] = noise.start.shape;
    const field = noisePrediction(actor, observation, temperature, samplerTimes, m);
    const start = tf.reshape(noise.start, [states * m, actionSize]);
    const options = { schedule: offsetCosine, dataBound, variance: 'forward' as const };
    const samples = denoise(field, start, samplerTimes, options, noise.path);
    return tf.reshape(tf.clipByValue(samples, -1, 1), [states, m, actionSize]);
  }

  /** log π of one action per state, [states]; some states at a time, for the processor's cache. */
  function sampleLogDensity(
    actor: tf.Tensor,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    action: tf.Tensor,
    noise: tf.Tensor,
  ): tf.Tensor {
    const inputs = [{ tensor: observation }, { tensor: action }, { tensor: noise, axis: 1 }];
    const stateBytes = 4 * logDensityDraws * config.actorWidth;
    const [logDensity] = inBlocks(inputs, stateBytes, (states, actions, draws) => {
      const field = noisePrediction(actor, states, temperature, densityTimes, logDensityDraws);
      return [denoisingLogDensity(actions, field, densityTimes, offsetCosine, draws)];
    });
    return logDensity;
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>, observe?: Observe) {
    const { params: actor } = state.actor;
    const nextAction = tf.squeeze(sample(actor, batch.nextObservation, temperature, noise), [1]);
    const logDensity = sampleLogDensity(actor, batch.nextObservation, temperature, nextAction, noise.density);
    observe?.('nextLogDensity', logDensity);
    const next = { action: nextAction, entropyCost: tf.mul(temperature, logDensity) };
    const criticStep = parts.learnCritics(state, batch, next, observe);

    const time = tf.add(tf.mul(noise.time, tMax - tMin), tMin);
    const point = offsetCosine.atTensor(time);
    const [alpha, beta] = [tf.expandDims(point.alpha, 1), tf.expandDims(point.beta, 1)];
    const noised = tf.add(tf.mul(alpha, batch.action), tf.mul(beta, noise.bridge));
    const targetWeights = critic.layout.unflatten(state.target);
    const value = (action: tf.Tensor) => critic.minimum(targetWeights, batch.observation, action);
    const { noise: regression, ess } = qneNoiseTarget(
      value,
      { noised, alpha, beta },
      noise.prior,
      temperature,
    );
    const clock = logSnr<tf.Tensor>(tensorAlgebra, point);
    observe?.('time', time);
    observe?.('logSnr', clock);
    observe?.('noised', noised);
    observe?.('regression', regression);
    observe?.('ess', ess);
    const actorStep = descend(network.layout, actorAdam, state.actor, (weights) => {
      const predicted = network.apply(weights, batch.observation, noised, clock, temperature);
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
    layouts: parts.layouts,
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
