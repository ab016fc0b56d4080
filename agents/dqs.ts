/**
 * `dqs`: Diffusion Q-Sampling (Jain, Akhound-Sadegh, Ravanbakhsh 2024, arXiv 2410.01312): a variance-exploding
 * diffusion policy whose score is regressed on a Monte-Carlo score of the noised Boltzmann density.
 *
 *   y_t    = y_1 + β_t ε with y_1 from the replay buffer
 *   score  S = ∇_{y_t} log Σ_k p̂(y_t + β_t ε_k | s) = Σ_k w_k ∇ log p̂(y_t + β_t ε_k), w = softmax(log p̂)
 *   actor    minimises (β_t² + 10⁻³) ‖s_θ(s, y_t, t) - S‖²
 *   critics  minimise (Q(s,a) - r - γ m min Q̄(s',a'))², a' from the reverse SDE
 *
 * In the family of arXiv 2601.08136 this is the gradient expectation (η = 1).
 *
 * Deviations. From the paper and from the reference code of arXiv 2601.08136: the diffusion lives in the latent
 * y = atanh(a) with log p̂(y) = Q(s, tanh y)/λ + log |da/dy|, so that the policy is the Boltzmann density in the
 * box; that code evaluates Q at unbounded points of the noised action and squashes only the sample, which makes
 * another density. β is geometric from σ_max to σ_min, where the paper has sqrt(β² - σ_min²): equal to 10⁻¹⁰.
 * The reverse SDE is taken in ancestral steps, which follow it exactly where the score's ŷ1 is constant, so
 * that fewer steps suffice than with Euler-Maruyama. Critics first, then the actor with the updated ones, as
 * every agent here.
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
  positive,
  presetsOf,
  temperatureShape,
  timeNetworkShape,
  trainingShape,
} from './config.ts';
import { timePolicyConstants } from './constants.ts';
import { tdStep, tdTarget } from './critic.ts';
import { type Algorithm, type Draws, hostAgent, stackMetrics, type UpdateInputs } from './host.ts';
import { boltzmannLatentDensity } from './posterior/latent.ts';
import type { DensityValue } from './posterior/posterior-mean.ts';
import { createSchedule } from './posterior/schedules.ts';
import { denoise, integrationTimes } from './samplers.ts';
import { actionSpread } from './spread.ts';

const config = z.strictObject({
  ...trainingShape,
  ...criticShape,
  ...timeNetworkShape,
  ...temperatureShape,
  /** K: draws per score. */
  scoreDraws: count.min(2),
  /** Steps of the reverse SDE. */
  integrationSteps: count,
  sigmaMin: positive,
  sigmaMax: positive,
});
export type DqsConfig = z.infer<typeof config>;

const constants = {
  temperature: 0.05,
  finalTemperature: 0.05,
  temperatureSteps: 250_000,
  scoreDraws: 1000,
  integrationSteps: 20,
  sigmaMin: 1e-5,
  sigmaMax: 1,
};

/** Replay actions are pulled this far from the box's edge before atanh. */
const edge = 1e-4;
/** Beyond atanh(1 - 1e-4) = 4.95 no replay action lies; bound on the sampler's predicted end point. */
const dataBound = 5;
/** Added to the loss's weight β². */
const weightFloor = 1e-3;

export const dqs: AgentFactory<DqsConfig> = {
  name: 'dqs',
  description: 'Diffusion Q-Sampling: a VE diffusion policy on the score of the noised Boltzmann density',
  reference: 'Jain et al. 2024, arXiv 2410.01312',
  config,
  presets: presetsOf(
    { ...paperTraining, ...paperCritic, ...paperTimeNetwork, ...constants },
    { scoreDraws: 100 },
    { scoreDraws: 16 },
  ),
  constants: { ...timePolicyConstants, actionEdge: edge, dataBound, weightFloor },
  create: (context) =>
    hostAgent(dqsAlgorithm(context.config, context.observation.size, context.action.size), context),
};

/**
 * The score's estimate: the gradient in y_t of log mean_k p̂(y_t + β ε_k).
 * @param logDensity y [batch, K, act] → log p̂ [batch, K] and its gradient [batch, K, act]
 * @param yt [batch, act] @param beta [batch, 1] @param draws [batch, K, act]
 * @returns score [batch, act], ess [batch]
 */
export function dqsScore(
  logDensity: (y: tf.Tensor) => DensityValue<tf.Tensor>,
  yt: tf.Tensor,
  beta: tf.Tensor,
  draws: tf.Tensor,
): { score: tf.Tensor; ess: tf.Tensor } {
  const y1 = tf.add(tf.expandDims(yt, 1), tf.mul(tf.expandDims(beta, 2), draws));
  const { logDensity: logWeight, score } = logDensity(y1);
  const weight = tf.softmax(logWeight);
  return {
    score: tf.sum(tf.mul(tf.expandDims(weight, 2), score), 1),
    ess: tf.div(1, tf.sum(tf.square(weight), 1)),
  };
}

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type SampleNoise = { start: tf.Tensor; path: tf.Tensor };
type Noise = SampleNoise & { time: tf.Tensor; bridge: tf.Tensor; score: tf.Tensor };
type Policy = { actor: tf.Tensor };

const metricNames = [
  'critic_loss',
  'critic_grad_norm',
  'q_mean',
  'q_max_abs',
  'actor_loss',
  'actor_grad_norm',
  'ess',
  'action_spread',
] as const;

export function dqsAlgorithm(
  config: DqsConfig,
  observationSize: number,
  actionSize: number,
): Algorithm<State, Noise, Policy, SampleNoise, { start: tf.Tensor }> {
  const { sigmaMin, sigmaMax, integrationSteps } = config;
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam, criticAdam } = parts;
  const schedule = createSchedule({ kind: 've', sigmaMin, sigmaMax });
  const times = integrationTimes(integrationSteps, 0);

  /** The network's output is the score over this, so that it is of order one at every noise level. */
  const outputScale = (beta: tf.Tensor) => tf.sqrt(tf.add(tf.square(beta), weightFloor));

  /** The reverse SDE, or its drift alone (noise.path 0), from N(0, σ_max²); actions [states, act]. */
  function sample(
    actor: tf.Tensor,
    observation: tf.Tensor,
    temperature: tf.Tensor,
    noise: { start: tf.Tensor; path: tf.Tensor | 0 },
  ): tf.Tensor {
    const output = network.particles(network.layout.unflatten(actor), observation, temperature, times, 1);
    const noisePrediction = (y: tf.Tensor, k: number) => {
      const beta = schedule.beta(times[k]);
      return tf.mul(output(y, k), -beta / Math.sqrt(beta ** 2 + weightFloor)); // ε = -β score
    };
    const start = tf.mul(noise.start, sigmaMax);
    return tf.tanh(denoise(noisePrediction, start, times, { schedule, dataBound }, noise.path));
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>) {
    const nextAction = sample(state.actor.params, batch.nextObservation, temperature, noise);
    const targetWeights = critic.layout.unflatten(state.target);
    const nextValue = tf.min(critic.values(targetWeights, batch.nextObservation, nextAction), 0);
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticStep = tdStep(critic, criticAdam, state.critic, batch, target);

    const beta = tf.expandDims(schedule.betaTensor(noise.time), 1);
    const y1 = tf.atanh(tf.clipByValue(batch.action, -1 + edge, 1 - edge));
    const yt = tf.add(y1, tf.mul(beta, noise.bridge));
    const weights = critic.layout.unflatten(criticStep.state.params);
    const density = boltzmannLatentDensity(temperature, (action) =>
      critic.minimumWithGradient(weights, batch.observation, action),
    );
    const { score, ess } = dqsScore(density, yt, beta, noise.score);
    const regression = tf.mul(score, outputScale(beta));
    const actorStep = descend(network.layout, actorAdam, state.actor, (actor) => {
      const predicted = network.apply(actor, batch.observation, yt, noise.time, temperature);
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
    // The drift without fresh noise runs to a mode, as the reference evaluates.
    exploit: {
      draws: (states) => ({ start: { law: 'normal', shape: [states, actionSize] } }),
      act: ({ policy, observation, noise, temperature }) => ({
        action: sample(policy.actor, observation, temperature, { start: noise.start, path: 0 }),
      }),
    },
  };
}
