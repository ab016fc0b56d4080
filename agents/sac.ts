/**
 * `sac`: Soft Actor-Critic (Haarnoja et al. 2018, arXiv 1812.05905).
 *
 *   critics  minimise (Q(s,a) - r - γ m (min Q̄(s',a') - α log π(a'|s')))²
 *   actor    minimises α log π(a|s) - min Q(s,a) over reparameterised a ~ π(·|s)
 *   α        minimises -α (log π(a|s) + H̄) with target entropy H̄ = -D
 *
 * Deviations from the paper: residual GELU actor and critic learning rate 1e-3, as in the comparison of
 * arXiv 2601.08136, so that every agent has the same networks; log-std clipped to [-20, 2]; evaluation
 * takes the mean action.
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { constant } from '../engine/initialisers.ts';
import { type AdamState, adam, descend, polyak } from '../engine/optimiser.ts';
import { ParameterLayout } from '../engine/parameters.ts';
import type { RandomStreamState } from '../engine/random.ts';
import { RandomStream } from '../engine/random.ts';
import type { Arrays } from '../engine/types.ts';
import type { Agent, AgentContext, AgentFactory } from './agent.ts';
import {
  count,
  criticShape,
  laptopCritic,
  laptopTraining,
  paperCritic,
  paperTraining,
  positive,
  smokeCritic,
  smokeTraining,
  trainingShape,
} from './config.ts';
import { TwinCritic, tdLoss, tdTarget, twinMinimum } from './critic.ts';
import { residualMlp, residualMlpLayers, type Weights } from './networks.ts';
import { fromRecord, toRecord } from './snapshot.ts';

const config = z.strictObject({
  ...trainingShape,
  ...criticShape,
  actorWidth: count,
  actorBlocks: count,
  actorLearningRate: positive,
  /** Learning rate of log α. */
  temperatureLearningRate: positive,
  initialTemperature: positive,
  /** Target entropy H̄ = -targetEntropyScale · D. */
  targetEntropyScale: z.number(),
});
export type SacConfig = z.infer<typeof config>;

const constants = {
  actorBlocks: 2,
  actorLearningRate: 3e-4,
  temperatureLearningRate: 3e-4,
  initialTemperature: 1,
  targetEntropyScale: 1,
};

export const sac: AgentFactory<SacConfig> = {
  name: 'sac',
  description: 'Soft Actor-Critic with a tanh-Gaussian policy and a learned temperature',
  reference: 'Haarnoja et al. 2018, arXiv 1812.05905',
  config,
  presets: {
    paper: { ...paperTraining, ...paperCritic, ...constants, actorWidth: 256 },
    laptop: { ...laptopTraining, ...laptopCritic, ...constants, actorWidth: 128 },
    smoke: { ...smokeTraining, ...smokeCritic, ...constants, actorWidth: 64 },
  },
  create: createSac,
};

type State = {
  actor: AdamState;
  critic: AdamState;
  temperature: AdamState;
  target: tf.Tensor;
};
type Inputs = {
  batch: {
    observation: tf.Tensor;
    action: tf.Tensor;
    reward: tf.Tensor;
    mask: tf.Tensor;
    nextObservation: tf.Tensor;
  };
  noise: { next: tf.Tensor; actor: tf.Tensor };
};

const metricNames = [
  'critic_loss',
  'critic_grad_norm',
  'actor_loss',
  'actor_grad_norm',
  'temperature',
  'entropy',
  'q_mean',
  'q_max_abs',
] as const;

/** The algorithm: pure functions of state, batch and noise. */
export function sacAlgorithm(config: SacConfig, observationSize: number, actionSize: number) {
  const actorLayout = ParameterLayout.of(
    residualMlpLayers(observationSize, config.actorWidth, config.actorBlocks, 2 * actionSize),
  );
  const critic = new TwinCritic({
    observationSize,
    actionSize,
    width: config.criticWidth,
    layers: config.criticLayers,
  });
  const temperatureLayout = ParameterLayout.of({
    logAlpha: { shape: [], initialise: constant(Math.log(config.initialTemperature)) },
  });
  const { maxGradNorm } = config;
  const actorAdam = adam({ learningRate: config.actorLearningRate, maxGradNorm });
  const criticAdam = adam({ learningRate: config.criticLearningRate, maxGradNorm });
  const temperatureAdam = adam({ learningRate: config.temperatureLearningRate });
  const targetEntropy = -config.targetEntropyScale * actionSize;

  /** @returns mean and log standard deviation of the latent Gaussian, each [batch, act] */
  function gaussian(weights: Weights, observation: tf.Tensor) {
    const out = residualMlp(weights, observation, config.actorBlocks);
    const rows = observation.shape[0];
    const mean = tf.slice(out, [0, 0], [rows, actionSize]);
    const logStd = tf.clipByValue(tf.slice(out, [0, actionSize], [rows, actionSize]), -20, 2);
    return { mean, logStd };
  }

  /** a = tanh(μ + σ ε) and log π(a|s) [batch]. */
  function sample(weights: Weights, observation: tf.Tensor, noise: tf.Tensor) {
    const { mean, logStd } = gaussian(weights, observation);
    const latent = tf.add(mean, tf.mul(noise, tf.exp(logStd)));
    const gaussianLog = tf.add(tf.mul(tf.square(noise), -0.5), tf.sub(-0.5 * Math.log(2 * Math.PI), logStd));
    // log(1 - tanh²) = -2 (y + softplus(-2y) - log 2) never overflows
    const squash = tf.mul(tf.sub(tf.add(latent, tf.softplus(tf.mul(latent, -2))), Math.LN2), -2);
    return { action: tf.tanh(latent), logProb: tf.sum(tf.sub(gaussianLog, squash), 1) };
  }

  function update(state: State, { batch, noise }: Inputs) {
    const alpha = tf.exp(tf.reshape(state.temperature.params, []));

    const next = sample(actorLayout.unflatten(state.actor.params), batch.nextObservation, noise.next);
    const nextQ = tf.min(
      critic.values(critic.layout.unflatten(state.target), batch.nextObservation, next.action),
      0,
    );
    const nextValue = tf.sub(nextQ, tf.mul(alpha, next.logProb));
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticLoss = (weights: Weights) => {
      const values = critic.values(weights, batch.observation, batch.action);
      return { loss: tdLoss(values, target), aux: { values } };
    };
    const criticStep = descend(critic.layout, criticAdam, state.critic, criticLoss);

    const criticWeights = critic.layout.unflatten(criticStep.state.params);
    const actorLoss = (weights: Weights) => {
      const { action, logProb } = sample(weights, batch.observation, noise.actor);
      const q = twinMinimum(critic.values(criticWeights, batch.observation, action));
      return { loss: tf.mean(tf.sub(tf.mul(alpha, logProb), q)), aux: { logProb } };
    };
    const actorStep = descend(actorLayout, actorAdam, state.actor, actorLoss);

    const { logProb } = actorStep.aux;
    const surplus = tf.neg(tf.add(tf.mean(logProb), targetEntropy));
    const temperatureLoss = ({ logAlpha }: Weights) => ({ loss: tf.mul(tf.exp(logAlpha), surplus), aux: {} });
    const temperatureStep = descend(temperatureLayout, temperatureAdam, state.temperature, temperatureLoss);

    const { values } = criticStep.aux;
    const metrics = tf.stack([
      tf.mean(criticStep.loss),
      tf.mean(criticStep.gradNorm),
      tf.mean(actorStep.loss),
      tf.mean(actorStep.gradNorm),
      alpha,
      tf.neg(tf.mean(logProb)),
      tf.mean(values),
      tf.max(tf.abs(values)),
    ]);
    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        temperature: temperatureStep.state,
        target: polyak(state.target, criticStep.state.params, config.tau),
      },
      outputs: { metrics },
    };
  }

  function explore(inputs: { actor: tf.Tensor; observation: tf.Tensor; noise: tf.Tensor }) {
    return { action: sample(actorLayout.unflatten(inputs.actor), inputs.observation, inputs.noise).action };
  }

  function exploit(inputs: { actor: tf.Tensor; observation: tf.Tensor }) {
    return { action: tf.tanh(gaussian(actorLayout.unflatten(inputs.actor), inputs.observation).mean) };
  }

  const adams = { actor: actorAdam, critic: criticAdam, temperature: temperatureAdam };
  return { actorLayout, critic, temperatureLayout, adams, update, explore, exploit };
}

async function createSac(context: AgentContext<SacConfig>): Promise<Agent> {
  const { config, engine } = context;
  const [obs, act] = [context.observation.size, context.action.size];
  const algorithm = sacAlgorithm(config, obs, act);
  const { actorLayout, critic, temperatureLayout, adams } = algorithm;
  const update = engine.compileStep<State, Inputs, { metrics: tf.Tensor }>('sac/update', algorithm.update);
  const explore = engine.compile('sac/explore', algorithm.explore);
  const exploit = engine.compile('sac/exploit', algorithm.exploit);

  const criticParams = critic.layout.initialise(context.random.split('critic'));
  let state: Arrays<State> = {
    actor: adams.actor.init(actorLayout, actorLayout.initialise(context.random.split('actor'))),
    critic: adams.critic.init(critic.layout, criticParams),
    temperature: adams.temperature.init(
      temperatureLayout,
      temperatureLayout.initialise(context.random.split('temperature')),
    ),
    target: { data: criticParams.slice(), shape: critic.layout.shape },
  };
  const streams = { update: context.random.split('update'), explore: context.random.split('explore') };
  const next = new Float32Array(config.batchSize * act);
  const actor = new Float32Array(config.batchSize * act);
  let exploration = new Float32Array(act);

  return {
    async act(observations, count, mode) {
      const observation = { data: observations, shape: [count, obs] };
      const parameters = state.actor.params;
      if (mode === 'exploit')
        return (await exploit({ actor: parameters, observation })).action.data as Float32Array;
      if (exploration.length !== count * act) exploration = new Float32Array(count * act);
      const noise = { data: streams.explore.fillNormal(exploration), shape: [count, act] };
      return (await explore({ actor: parameters, observation, noise })).action.data as Float32Array;
    },

    async update(batch) {
      const { size } = batch;
      const result = await update(state, {
        batch: {
          observation: { data: batch.observation, shape: [size, obs] },
          action: { data: batch.action, shape: [size, act] },
          reward: { data: batch.reward, shape: [size] },
          mask: { data: batch.mask, shape: [size] },
          nextObservation: { data: batch.nextObservation, shape: [size, obs] },
        },
        noise: {
          next: { data: streams.update.fillNormal(next), shape: [size, act] },
          actor: { data: streams.update.fillNormal(actor), shape: [size, act] },
        },
      });
      state = result.state;
      return Object.fromEntries(metricNames.map((name, i) => [name, result.outputs.metrics.data[i]]));
    },

    async save() {
      const values = { update: streams.update.state(), explore: streams.explore.state() };
      return { arrays: toRecord(state), values };
    },

    async load({ arrays, values }) {
      state = fromRecord(arrays, state);
      streams.update = RandomStream.restore(values.update as RandomStreamState);
      streams.explore = RandomStream.restore(values.explore as RandomStreamState);
    },

    async dispose() {
      await Promise.all([update.dispose(), explore.dispose(), exploit.dispose()]);
    },
  };
}
