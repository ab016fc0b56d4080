/**
 * `sac`: Soft Actor-Critic (Haarnoja et al. 2018, arXiv 1812.05905).
 *
 *   critics  minimise (Q(s,a) - r - γ m (min Q̄(s',a') - α log π(a'|s')))²
 *   actor    minimises α log π(a|s) - min Q(s,a) over reparameterised a ~ π(·|s)
 *   α        minimises -α (log π(a|s) + H̄) with target entropy H̄ = -D
 *
 * As the program behind arXiv 2601.08136 computes it: residual GELU actor, critic learning rate 1e-3, log-std clipped
 * to [-20, 2], 1e-6 in the Jacobian of tanh, evaluation by the mean action. Both losses read α from before the update,
 * and α's loss the log-density of the actor's loss. Deviations: none.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { constant } from '../engine/initialisers.ts';
import { type AdamState, adam, descend } from '../engine/optimiser.ts';
import { ParameterLayout } from '../engine/parameters.ts';
import type { RandomStream } from '../engine/random.ts';
import type { Arrays } from '../engine/types.ts';
import { log } from '../math/elementary.ts';
import { criticParts } from './actor-critic.ts';
import type { AgentFactory } from './agent.ts';
import { actorCriticShape, paperActorCritic, positive, presetsOf } from './config.ts';
import { learnerConstants } from './constants.ts';
import { criticMetrics } from './critic.ts';
import {
  type ActInputs,
  type Algorithm,
  hostAgent,
  type Observe,
  stackMetrics,
  type UpdateInputs,
} from './host.ts';
import { residualMlp, residualMlpLayers, type Weights } from './networks.ts';

const config = z.strictObject({
  ...actorCriticShape,
  /** Learning rate of log α. */
  temperatureLearningRate: positive,
  initialTemperature: positive,
  /** Target entropy H̄ = -targetEntropyScale · D. */
  targetEntropyScale: z.number(),
});
export type SacConfig = z.infer<typeof config>;

const constants = { temperatureLearningRate: 3e-4, initialTemperature: 1, targetEntropyScale: 1 };

/** Bounds of the log standard deviation. */
const [logStdMin, logStdMax] = [-20, 2];

/** Added to 1 - a² under the logarithm of the Jacobian: finite where float32 rounds a to 1. */
const jacobianFloor = 1e-6;

export const sac: AgentFactory<SacConfig> = {
  name: 'sac',
  description: 'Soft Actor-Critic with a tanh-Gaussian policy and a learned temperature',
  reference: 'Haarnoja et al. 2018, arXiv 1812.05905',
  config,
  presets: presetsOf({ ...paperActorCritic, ...constants }),
  constants: { ...learnerConstants, logStdMin, logStdMax, jacobianFloor },
  create: (context) =>
    hostAgent(sacAlgorithm(context.config, context.observation.size, context.action.size), context),
};

type State = { actor: AdamState; critic: AdamState; temperature: AdamState; target: tf.Tensor };
type Noise = { next: tf.Tensor; actor: tf.Tensor };
type Policy = { actor: tf.Tensor };

const metricNames = [...criticMetrics, 'actor_loss', 'actor_grad_norm', 'temperature', 'entropy'] as const;

export function sacAlgorithm(config: SacConfig, observationSize: number, actionSize: number) {
  const actorLayout = ParameterLayout.of(
    residualMlpLayers(observationSize, config.actorWidth, config.actorBlocks, 2 * actionSize),
  );
  const { critic, criticAdam, learnCritics } = criticParts(config, observationSize, actionSize);
  const temperatureLayout = ParameterLayout.of({
    logAlpha: { shape: [], initialise: constant(log(config.initialTemperature)) },
  });
  const { maxGradNorm } = config;
  const actorAdam = adam({ learningRate: config.actorLearningRate, maxGradNorm });
  const temperatureAdam = adam({ learningRate: config.temperatureLearningRate });
  const targetEntropy = -config.targetEntropyScale * actionSize;

  /** @returns mean and log standard deviation of the latent Gaussian, each [batch, act] */
  function gaussian(weights: Weights, observation: tf.Tensor) {
    const [mean, logStd] = tf.split(residualMlp(weights, observation, config.actorBlocks), 2, 1);
    return { mean, logStd: tf.clipByValue(logStd, logStdMin, logStdMax) };
  }

  /** a = tanh(μ + σ ε), and log π(a|s) = Σ log N(μ + σ ε) - Σ log(1 - a² + 1e-6), [batch]. */
  function sample(weights: Weights, observation: tf.Tensor, noise: tf.Tensor) {
    const { mean, logStd } = gaussian(weights, observation);
    const latent = tf.add(mean, tf.mul(noise, tf.exp(logStd)));
    const gaussianLog = tf.sub(tf.mul(tf.square(noise), -0.5), tf.add(logStd, 0.5 * log(2 * Math.PI)));
    const action = tf.tanh(latent);
    const squash = tf.log(tf.add(tf.sub(1, tf.square(action)), jacobianFloor));
    return { action, logProb: tf.sum(tf.sub(gaussianLog, squash), 1) };
  }

  function update(state: State, { batch, noise }: UpdateInputs<Noise>, observe?: Observe) {
    const alpha = tf.exp(tf.reshape(state.temperature.params, []));

    const next = sample(actorLayout.unflatten(state.actor.params), batch.nextObservation, noise.next);
    observe?.('nextLogDensity', next.logProb);
    const entropyCost = tf.mul(alpha, next.logProb);
    const criticStep = learnCritics(state, batch, { action: next.action, entropyCost }, observe);

    const criticWeights = critic.layout.unflatten(criticStep.state.params);
    const actorLoss = (weights: Weights) => {
      const { action, logProb } = sample(weights, batch.observation, noise.actor);
      const q = tf.min(critic.values(criticWeights, batch.observation, action), 0);
      return { loss: tf.mean(tf.sub(tf.mul(alpha, logProb), q)), aux: { logProb } };
    };
    const actorStep = descend(actorLayout, actorAdam, state.actor, actorLoss);
    observe?.('logDensity', actorStep.aux.logProb);

    const meanLogProb = tf.mean(actorStep.aux.logProb);
    const surplus = tf.neg(tf.add(meanLogProb, targetEntropy));
    const temperatureLoss = ({ logAlpha }: Weights) => ({ loss: tf.mul(tf.exp(logAlpha), surplus), aux: {} });
    const temperatureStep = descend(temperatureLayout, temperatureAdam, state.temperature, temperatureLoss);
    observe?.('temperatureLoss', temperatureStep.loss);

    const metrics = stackMetrics(metricNames, {
      ...criticStep.metrics,
      actor_loss: actorStep.loss,
      actor_grad_norm: actorStep.gradNorm,
      temperature: alpha,
      entropy: tf.neg(meanLogProb),
    });
    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        temperature: temperatureStep.state,
        target: criticStep.target,
      },
      outputs: { metrics },
    };
  }

  function explore({ policy, observation, noise }: ActInputs<Policy, { action: tf.Tensor }>) {
    return { action: sample(actorLayout.unflatten(policy.actor), observation, noise.action).action };
  }

  function exploit({ policy, observation }: ActInputs<Policy, Record<never, tf.Tensor>>) {
    return { action: tf.tanh(gaussian(actorLayout.unflatten(policy.actor), observation).mean) };
  }

  return {
    name: 'sac',
    initialise(random: RandomStream): Arrays<State> {
      const criticParams = critic.layout.initialise(random.split('critic'));
      return {
        actor: actorAdam.init(actorLayout, actorLayout.initialise(random.split('actor'))),
        critic: criticAdam.init(critic.layout, criticParams),
        temperature: temperatureAdam.init(
          temperatureLayout,
          temperatureLayout.initialise(random.split('temperature')),
        ),
        target: { data: criticParams.slice(), shape: critic.layout.shape },
      };
    },
    layouts: {
      actor: actorLayout,
      critic: critic.layout,
      temperature: temperatureLayout,
      target: critic.layout,
    },
    draws: (batch) => ({
      next: { law: 'normal', shape: [batch, actionSize] },
      actor: { law: 'normal', shape: [batch, actionSize] },
    }),
    updates: [{ metrics: metricNames, step: update }],
    policy: (state) => ({ actor: state.actor.params }),
    explore: {
      draws: (states) => ({ action: { law: 'normal', shape: [states, actionSize] } }),
      act: explore,
    },
    exploit: { draws: () => ({}), act: exploit },
  } satisfies Algorithm<State, Noise, Policy, { action: tf.Tensor }, Record<never, tf.Tensor>>;
}
