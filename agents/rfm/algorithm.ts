/**
 * Reverse Flow Matching (Li, Tang, Azizan, arXiv 2601.08136), the algorithm box: the policy regresses the
 * posterior mean of the path's end points under the Boltzmann density exp(Q(s, tanh y)/λ), estimated by
 * self-normalised importance sampling with a Langevin-Stein control variate. Flow and diffusion policies
 * differ in their schedule, their regression target and their sampler, and in nothing else.
 */
import * as tf from '@tensorflow/tfjs-core';
import { inBlocks, type RowTensor } from '../../engine/blocks.ts';
import { type AdamState, descend, polyak } from '../../engine/optimiser.ts';
import { timePolicyParts } from '../actor-critic.ts';
import { tdStep, tdTarget } from '../critic.ts';
import {
  type ActInputs,
  type Algorithm,
  type BatchTensors,
  type Clocked,
  type Draws,
  stackMetrics,
  type UpdateInputs,
} from '../host.ts';
import type { Weights } from '../networks.ts';
import { parseEstimator } from '../posterior/estimator.ts';
import { boltzmannLatentDensity } from '../posterior/latent.ts';
import { type PosteriorMeanInputs, posteriorMean } from '../posterior/posterior-mean.ts';
import { boltzmannIndex, type FieldAtTime, integrationTimes, pick, type Time } from '../samplers.ts';
import { policySpread } from '../spread.ts';
import { reportByTime } from './by-time.ts';
import type { RfmConfig } from './config.ts';
import {
  batchDeviation,
  type Critic,
  type CriticNoise,
  criticNoiseDraws,
  perturbed,
} from './critic-noise.ts';
import { choosePolicy } from './endpoints.ts';
import type { PolicyForm } from './prediction.ts';
import { proposalDraws } from './proposal.ts';
import { actionLogDensity, latentLogDensity, signProbes, unitProbes } from './soft-value.ts';
import { uncertainPosteriorMean } from './variance.ts';

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type Policy = { actor: tf.Tensor; critic: tf.Tensor };

/** Noise of one policy sample: latents at the start, the choice among particles, steps of the path. */
type SampleNoise = { start: tf.Tensor; choice: tf.Tensor; path?: tf.Tensor };

type UpdateNoise = {
  nextStart: tf.Tensor;
  nextChoice: tf.Tensor;
  nextPath?: tf.Tensor;
  /** Of policy samples at the batch's states. */
  endpointStart?: tf.Tensor;
  endpointChoice?: tf.Tensor;
  endpointPath?: tf.Tensor;
  /** [batch], uniform in [0, 1) */
  time: tf.Tensor;
  /** y0 of the bridge, [batch, act] */
  bridge: tf.Tensor;
  /** y0 of the prior draws, [batch, N less the proposal's, act] */
  prior: tf.Tensor;
  /** Of the proposal's draws, [batch, draws, act] */
  proposal?: tf.Tensor;
  /** Signs of Hutchinson's probe at the next action, [batch, act], uniform */
  nextProbe?: tf.Tensor;
  /** Chooses among end points, [batch], uniform */
  endpoint?: tf.Tensor;
} & Partial<CriticNoise>;

const metricNames = [
  'critic_loss',
  'critic_grad_norm',
  'q_mean',
  'q_max_abs',
  'actor_loss',
  'actor_grad_norm',
  'ess',
  'cv_weight',
  'policy_spread',
] as const;

/** Replay actions are pulled this far from the box's edge before atanh (method.md section 2). */
const edge = 1e-4;

export function rfmAlgorithm(
  form: PolicyForm,
  config: RfmConfig,
  observationSize: number,
  actionSize: number,
) {
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam, criticAdam } = parts;
  const { maxWeight, temperatureFloor, tMin, finalTMin } = config;
  const estimator = parseEstimator(config.estimator, { maxWeight });
  const anneals = finalTMin !== null && finalTMin !== tMin;
  const samplesPolicy = config.endpoints !== 'buffer' || config.proposal === 'policy';
  const adaptive = config.endpoints === 'adaptive';
  const names: readonly string[] = [
    ...metricNames,
    ...(adaptive ? ['policy_endpoints'] : []),
    ...(config.softQ !== 'none' ? ['entropy'] : []),
  ];

  const firstTime = ({ annealed }: Clocked): Time => annealed?.t_min ?? tMin;

  /** M policy samples per state in the latent, [batch, m, act]. */
  function sample(actor: tf.Tensor, observation: tf.Tensor, clock: Clocked, noise: SampleNoise) {
    const [, m] = noise.choice.shape;
    const times = integrationTimes(config.integrationSteps, firstTime(clock));
    const weights = network.layout.unflatten(actor);
    const inputs: RowTensor[] = [{ tensor: observation }, { tensor: noise.start }];
    if (noise.path !== undefined) inputs.push({ tensor: noise.path, axis: 1 });
    // Some states at a time through all steps, so that the hidden layers stay in the processor's cache.
    const [latent] = inBlocks(inputs, 4 * m * config.actorWidth, (states, start, path) => {
      const field = fieldOf(weights, states, clock, times, m);
      const first = tf.mul(tf.reshape(start, [-1, actionSize]), form.startScale(times[0]));
      return [tf.reshape(form.sample(field, first, times, path), start.shape)];
    });
    return latent;
  }

  /** The network's prediction at the sampler's times, for m latents per state. */
  function fieldOf(
    weights: Weights,
    states: tf.Tensor,
    clock: Clocked,
    times: readonly Time[],
    m: number,
  ): FieldAtTime {
    const raw = network.particles(weights, states, clock.temperature, times, m);
    return (latent, k) => output(raw(latent, k));
  }

  /** log π of the sample that begins at `start` [batch, act], its path followed once more, [batch]. */
  function logDensity(
    actor: tf.Tensor,
    observation: tf.Tensor,
    clock: Clocked,
    start: tf.Tensor,
    signs?: tf.Tensor,
  ): tf.Tensor {
    const times = integrationTimes(config.integrationSteps, firstTime(clock));
    const weights = network.layout.unflatten(actor);
    const probes = signs ? signProbes(signs) : unitProbes(start.shape[0] as number, actionSize);
    const copies = probes.shape[1] as number;
    const inputs = [observation, start, probes].map((tensor) => ({ tensor }));
    const [latent, density] = inBlocks(
      inputs,
      4 * copies * config.actorWidth,
      (states, noise, directions) => {
        const field = fieldOf(weights, states, clock, times, copies);
        const end = latentLogDensity(form, field, noise, times, directions);
        return [end.latent, end.logDensity];
      },
    );
    return actionLogDensity(latent, density);
  }

  /** The behaviour policy: one of M particles with probability softmax(Q/λ). */
  function behave(policy: Policy, observation: tf.Tensor, clock: Clocked, noise: SampleNoise) {
    const latents = sample(policy.actor, observation, clock, noise);
    const particles = tf.tanh(latents);
    const q = critic.minimum(critic.layout.unflatten(policy.critic), observation, particles);
    const index = boltzmannIndex(q, noise.choice, clock.temperature);
    return { latents, latent: pick(latents, index), action: pick(particles, index), particles, index };
  }

  function update(state: State, { batch, noise, ...clock }: UpdateInputs<UpdateNoise>) {
    const { temperature } = clock;
    const policy = { actor: state.actor.params, critic: state.critic.params };

    // Critic: one TD step on the minimum of the target twins.
    const nextNoise = { start: noise.nextStart, choice: noise.nextChoice, path: noise.nextPath };
    const next = behave(policy, batch.nextObservation, clock, nextNoise);
    const targetWeights = critic.layout.unflatten(state.target);
    const nextQ = tf.min(critic.values(targetWeights, batch.nextObservation, next.action), 0);
    const soft = softened(policy.actor, batch.nextObservation, clock, noise, next.index);
    const nextValue = soft ? tf.sub(nextQ, tf.mul(temperature, soft.logDensity)) : nextQ;
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticStep = tdStep(critic, criticAdam, state.critic, batch, target);

    // Bridge: y_t between noise and an end point; this proposal weighs the y_t and never moves the target.
    const t = timesWithin(firstTime(clock), noise.time);
    const fresh = samplesPolicy ? behave(policy, batch.observation, clock, endpointNoise(noise)) : undefined;
    const replayed = latentOf(batch.action);
    const { y1, policyShare } = endpoints(policy, batch, temperature, noise, replayed, fresh);
    const alpha = tf.expandDims(form.schedule.alphaTensor(t), 1);
    const beta = tf.expandDims(form.schedule.betaTensor(t), 1);
    const yt = tf.add(tf.mul(alpha, y1), tf.mul(beta, noise.bridge));

    // Actor: regress the posterior mean under the updated critics.
    const criticWeights = critic.layout.unflatten(criticStep.state.params);
    const floored = temperatureFloor > 0 ? tf.maximum(temperature, temperatureFloor) : temperature;
    const believed = (action: tf.Tensor) =>
      critic.minimumWithGradient(criticWeights, batch.observation, action);
    const read = withNoise(believed, noise, criticStep.values);
    const boltzmann = boltzmannLatentDensity(floored, read);
    const proposal = proposalDraws(config, noise.proposal, { policy: fresh?.latents, buffer: replayed });
    const { schedule } = form;
    const posterior = { schedule, t, yt, prior: noise.prior, logDensity: boltzmann, estimator, proposal };
    const { mean, weight } = weighedMean(posterior, alpha, beta);
    const regression = form.target(mean);
    const actorLoss = (weights: Weights) => {
      const predicted = output(network.apply(weights, batch.observation, yt, t, temperature));
      const perSample = tf.mean(tf.squaredDifference(predicted, regression), 1);
      return {
        loss: tf.mean(weight === undefined ? perSample : tf.mul(perSample, weight)),
        aux: { perSample },
      };
    };
    const actorStep = descend(network.layout, actorAdam, state.actor, actorLoss);

    const metrics = stackMetrics(names, {
      ...criticStep.metrics,
      actor_loss: actorStep.loss,
      actor_grad_norm: actorStep.gradNorm,
      ess: tf.mean(mean.ess),
      cv_weight: tf.mean(mean.cvWeight),
      policy_spread: policySpread(next.particles),
      ...policyShare,
      ...soft?.metrics,
    });
    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        target: polyak(state.target, criticStep.state.params, config.tau),
      },
      outputs: { metrics, byTime: tf.stack([t, actorStep.aux.perSample, mean.ess]) },
    };
  }

  /** log π of the next actions where the critic is soft. */
  function softened(
    actor: tf.Tensor,
    observation: tf.Tensor,
    clock: Clocked,
    noise: UpdateNoise,
    index: tf.Tensor,
  ) {
    if (config.softQ === 'none') return undefined;
    const density = logDensity(actor, observation, clock, pick(noise.nextStart, index), noise.nextProbe);
    return { logDensity: density, metrics: { entropy: tf.neg(tf.mean(density)) } };
  }

  /** y1 of the bridge, [batch, act], and as a metric how many of them are the policy's. */
  function endpoints(
    policy: Policy,
    batch: BatchTensors,
    temperature: tf.Tensor,
    noise: UpdateNoise,
    replayed: tf.Tensor,
    fresh?: { latent: tf.Tensor; action: tf.Tensor },
  ): { y1: tf.Tensor; policyShare?: Record<string, tf.Tensor> } {
    if (config.endpoints === 'buffer' || fresh === undefined) return { y1: replayed };
    if (noise.endpoint === undefined) return { y1: fresh.latent };
    const both = tf.stack([fresh.action, batch.action], 1);
    const q = critic.minimum(critic.layout.unflatten(policy.critic), batch.observation, both);
    const chosen = choosePolicy(q, temperature, noise.endpoint);
    const y1 = tf.add(tf.mul(fresh.latent, chosen), tf.mul(replayed, tf.sub(1, chosen)));
    return { y1, policyShare: { policy_endpoints: tf.mean(chosen) } };
  }

  /** The critic that the posterior reads: with an error of the size that the config asks for. */
  function withNoise(believed: Critic, { frequency, phase }: UpdateNoise, values: tf.Tensor): Critic {
    if (frequency === undefined || phase === undefined) return believed;
    return perturbed(believed, { frequency, phase }, tf.mul(batchDeviation(values), config.criticNoise));
  }

  /** The posterior mean, and the weight of its regression; none if uniform. */
  function weighedMean(posterior: PosteriorMeanInputs, alpha: tf.Tensor, beta: tf.Tensor) {
    if (config.lossWeight === 'variance') {
      const mean = uncertainPosteriorMean(posterior);
      const variance = tf.mul(mean.variance, tf.squeeze(tf.square(form.slope(alpha, beta)), [1]));
      // Written so that no variance, however small or large, divides by zero.
      const { varianceFloor } = config;
      return { mean, weight: tf.div(varianceFloor, tf.maximum(variance, varianceFloor)) };
    }
    const weight = config.lossWeight === 'snr' ? snrWeight(alpha, beta, config.snrFloor) : undefined;
    return { mean: posteriorMean(posterior), weight };
  }

  const output = (raw: tf.Tensor) => form.output?.(raw) ?? raw;

  /** y1 = atanh(a) of a replay action. */
  function latentOf(action: tf.Tensor): tf.Tensor {
    return tf.atanh(tf.clipByValue(action, -1 + edge, 1 - edge));
  }

  function explore({ policy, observation, noise, ...clock }: ActInputs<Policy, SampleNoise>) {
    return { action: behave(policy, observation, clock, noise).action };
  }

  /** Evaluation: the particle of the largest Q. */
  function exploit({ policy, observation, noise, ...clock }: ActInputs<Policy, SampleNoise>) {
    const particles = tf.tanh(sample(policy.actor, observation, clock, noise));
    const q = critic.minimum(critic.layout.unflatten(policy.critic), observation, particles);
    return { action: pick(particles, tf.argMax(q, 1)) };
  }

  function sampleDraws(states: number, m: number): Draws<Required<SampleNoise>> {
    const path = { law: 'normal', shape: [config.integrationSteps, states * m, actionSize] } as const;
    return {
      start: { law: 'normal', shape: [states, m, actionSize] },
      choice: { law: 'uniform', shape: [states, m] },
      ...((form.samplerNoise ? { path } : {}) as { path: typeof path }),
    };
  }

  function draws(batch: number): Draws<UpdateNoise> {
    const { start, choice, path } = sampleDraws(batch, config.particles);
    const stepNoise = form.samplerNoise;
    const others = config.proposal === 'prior' ? 0 : config.proposalDraws;
    return {
      nextStart: start,
      nextChoice: choice,
      ...(stepNoise ? { nextPath: path } : {}),
      ...(samplesPolicy ? { endpointStart: start, endpointChoice: choice } : {}),
      ...(samplesPolicy && stepNoise ? { endpointPath: path } : {}),
      time: { law: 'uniform', shape: [batch] },
      bridge: { law: 'normal', shape: [batch, actionSize] },
      prior: { law: 'normal', shape: [batch, config.priorDraws - others, actionSize] },
      ...(config.softQ === 'hutchinson'
        ? { nextProbe: { law: 'uniform', shape: [batch, actionSize] } as const }
        : {}),
      ...(adaptive ? { endpoint: { law: 'uniform', shape: [batch] } as const } : {}),
      ...(config.criticNoise > 0 ? criticNoiseDraws(batch, actionSize) : {}),
      ...(others > 0 ? { proposal: { law: 'normal', shape: [batch, others, actionSize] } as const } : {}),
    };
  }

  return {
    name: form.name,
    initialise: parts.initialise,
    draws,
    updates: [{ metrics: names, step: update, report: (_, { byTime }) => reportByTime(byTime) }],
    policy: (state) => ({ actor: state.actor.params, critic: state.critic.params }),
    explore: { draws: (states) => sampleDraws(states, config.particles), act: explore },
    exploit: { draws: (states) => sampleDraws(states, config.evaluationParticles), act: exploit },
    temperature: config,
    annealed: anneals ? { t_min: { from: tMin, to: finalTMin, updates: config.tMinSteps } } : undefined,
  } satisfies Algorithm<State, UpdateNoise, Policy, SampleNoise, SampleNoise>;
}

/** min(1, (α/β)²/floor), [batch]. @param alpha [batch, 1] @param beta [batch, 1] */
function snrWeight(alpha: tf.Tensor, beta: tf.Tensor, floor: number): tf.Tensor {
  return tf.squeeze(tf.minimum(tf.div(tf.square(tf.div(alpha, beta)), floor), 1), [1]);
}

/** t in [first, 1 - first] from uniforms in [0, 1). */
function timesWithin(first: Time, uniform: tf.Tensor): tf.Tensor {
  const span = typeof first === 'number' ? 1 - 2 * first : tf.sub(1, tf.mul(first, 2));
  return tf.add(tf.mul(uniform, span), first);
}

/** The noise of policy samples at the batch's states; present where `draws` asked for it. */
function endpointNoise({ endpointStart, endpointChoice, endpointPath }: UpdateNoise): SampleNoise {
  return { start: endpointStart, choice: endpointChoice, path: endpointPath } as SampleNoise;
}
