/**
 * Reverse Flow Matching (Li, Tang, Azizan, arXiv 2601.08136), the algorithm box.
 *
 *   a = tanh y  of M samples y along the policy's path one with probability softmax(min Q(s, tanh y)/λ)
 *   critics     minimise (Q(s,a) - r - γ m min Q̄(s',a'))², a' by the networks from before this update
 *   y_t         = α y₁ + β ε at a uniform t, y₁ a sample at s by the same networks
 *   μ₀, μ₁      the means of y₀ and y₁ given y_t under p(y₁) ∝ exp(min Q(s, tanh y₁)/λ) |da/dy| with the updated
 *               critics, by self-normalised importance sampling with a Langevin-Stein control variate
 *   actor       minimises ‖v(s, y_t, t, λ) - (μ₁ - μ₀)‖² (flow) or ‖ε(s, y_t, t, λ) - μ₀‖² (diffusion)
 *
 * Flow and diffusion policies differ in their schedule, their regression target and their sampler, and in nothing else.
 * Deviations of `rfm-flow` from the program behind that paper: none with the options of its presets; the posterior
 * mean is written as one of y₀ (posterior/coefficients.ts), equal to the program's mean of y₁.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type AdamState, descend } from '../../engine/optimiser.ts';
import { timePolicyParts } from '../actor-critic.ts';
import { criticMetrics } from '../critic.ts';
import {
  type ActInputs,
  type Algorithm,
  type BatchTensors,
  type Draws,
  type Observe,
  stackMetrics,
  type UpdateInputs,
} from '../host.ts';
import type { Weights } from '../networks.ts';
import { preTanhAction } from '../posterior/latent.ts';
import { pick, type Time } from '../samplers.ts';
import { policySpread } from '../spread.ts';
import { reportByTime } from './by-time.ts';
import type { RfmConfig } from './config.ts';
import { criticNoiseDraws } from './critic-noise.ts';
import { choosePolicy } from './endpoints.ts';
import { type PolicyParameters, type PolicySample, RfmPolicy, type SampleNoise } from './policy.ts';
import type { PolicyForm } from './prediction.ts';
import { regressionTarget, type TargetNoise } from './target.ts';

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };

type UpdateNoise = {
  nextStart: tf.Tensor;
  nextChoice: tf.Tensor;
  nextPath?: tf.Tensor;
  /** Signs of Hutchinson's probe at the next action, [batch, act], uniform */
  nextProbe?: tf.Tensor;
  /** Of policy samples at the batch's states. */
  endpointStart?: tf.Tensor;
  endpointChoice?: tf.Tensor;
  endpointPath?: tf.Tensor;
  /** Chooses among end points, [batch], uniform */
  endpoint?: tf.Tensor;
  /** [batch], uniform in [0, 1) */
  time: tf.Tensor;
  /** y0 of the bridge, [batch, act] */
  bridge: tf.Tensor;
} & TargetNoise;

const metricNames = [
  ...criticMetrics,
  'actor_loss',
  'actor_grad_norm',
  'ess',
  'cv_weight',
  'policy_spread',
] as const;

export function rfmAlgorithm(
  form: PolicyForm,
  config: RfmConfig,
  observationSize: number,
  actionSize: number,
) {
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { network, critic, actorAdam } = parts;
  const policy = new RfmPolicy(form, config, parts, actionSize);
  const { tMin, finalTMin } = config;
  const adaptive = config.endpoints === 'adaptive';
  const soft = config.softQ !== 'none';
  const samplesPolicy = config.endpoints !== 'buffer' || config.proposal === 'policy';
  const metrics: readonly string[] = [
    ...metricNames,
    ...(adaptive ? ['policy_endpoints'] : []),
    ...(soft ? ['entropy'] : []),
  ];

  function update(
    state: State,
    { batch, noise, ...scheduled }: UpdateInputs<UpdateNoise>,
    observe?: Observe,
  ) {
    const acting = { actor: state.actor.params, critic: state.critic.params };

    // Critics: one TD step on the minimum of their targets.
    const nextNoise = { start: noise.nextStart, choice: noise.nextChoice, path: noise.nextPath };
    const next = policy.behave(acting, batch.nextObservation, scheduled, nextNoise);
    let entropyCost: tf.Tensor | undefined;
    let entropy: Record<string, tf.Tensor> = {};
    if (soft) {
      const start = pick(noise.nextStart, next.index);
      const logDensity = policy.logDensity(
        acting.actor,
        batch.nextObservation,
        scheduled,
        start,
        noise.nextProbe,
      );
      entropyCost = tf.mul(scheduled.temperature, logDensity);
      entropy = { entropy: tf.neg(tf.mean(logDensity)) };
    }
    const criticStep = parts.learnCritics(state, batch, { action: next.action, entropyCost }, observe);

    // Bridge: y_t between noise and an end point; this proposal weighs the y_t and never moves the target.
    const t = timesWithin(policy.firstTime(scheduled), noise.time);
    const fresh = samplesPolicy
      ? policy.behave(acting, batch.observation, scheduled, endpointNoise(noise))
      : undefined;
    const replayed = preTanhAction(batch.action);
    const { y1, shares } = endpoints(acting, batch, scheduled.temperature, noise, replayed, fresh);
    const alpha = tf.expandDims(form.schedule.alphaTensor(t), 1);
    const beta = tf.expandDims(form.schedule.betaTensor(t), 1);
    const yt = tf.add(tf.mul(alpha, y1), tf.mul(beta, noise.bridge));

    observe?.('time', t);
    observe?.('endpoint', y1);
    observe?.('noised', yt);

    // Actor: regress the posterior mean under the updated critics.
    const criticWeights = critic.layout.unflatten(criticStep.state.params);
    const regression = regressionTarget(form, config, {
      noise,
      temperature: scheduled.temperature,
      critic: (action) => critic.minimumWithGradient(criticWeights, batch.observation, action),
      values: criticStep.values,
      t,
      yt,
      alpha,
      beta,
      around: { policy: fresh?.latents, buffer: replayed },
    });
    const { mean } = regression;
    observe?.('dataMean', mean.y1);
    observe?.('noiseMean', mean.y0);
    observe?.('regression', regression.value);
    observe?.('ess', mean.ess);
    const actorStep = descend(network.layout, actorAdam, state.actor, (weights: Weights) => {
      const predicted = policy.predict(weights, batch.observation, yt, t, scheduled);
      const perSample = tf.mean(tf.squaredDifference(predicted, regression.value), 1);
      const { weight } = regression;
      return {
        loss: tf.mean(weight === undefined ? perSample : tf.mul(perSample, weight)),
        aux: { perSample },
      };
    });

    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        target: criticStep.target,
      },
      outputs: {
        metrics: stackMetrics(metrics, {
          ...criticStep.metrics,
          actor_loss: actorStep.loss,
          actor_grad_norm: actorStep.gradNorm,
          ess: tf.mean(mean.ess),
          cv_weight: tf.mean(mean.cvWeight),
          policy_spread: policySpread(next.particles),
          ...shares,
          ...entropy,
        }),
        byTime: tf.stack([t, actorStep.aux.perSample, mean.ess]),
      },
    };
  }

  /** y1 of the bridge, [batch, act], and as a metric the policy's share where it varies. */
  function endpoints(
    acting: PolicyParameters,
    batch: BatchTensors,
    temperature: tf.Tensor,
    noise: UpdateNoise,
    replayed: tf.Tensor,
    fresh?: PolicySample,
  ): { y1: tf.Tensor; shares?: Record<string, tf.Tensor> } {
    if (config.endpoints === 'buffer' || fresh === undefined) return { y1: replayed };
    if (noise.endpoint === undefined) return { y1: fresh.latent };
    const both = tf.stack([fresh.action, batch.action], 1);
    const q = critic.minimum(critic.layout.unflatten(acting.critic), batch.observation, both);
    const chosen = choosePolicy(q, temperature, noise.endpoint);
    const y1 = tf.add(tf.mul(fresh.latent, chosen), tf.mul(replayed, tf.sub(1, chosen)));
    return { y1, shares: { policy_endpoints: tf.mean(chosen) } };
  }

  function draws(batch: number): Draws<UpdateNoise> {
    const { start, choice, path } = policy.draws(batch, config.particles);
    const others = config.proposal === 'prior' ? 0 : config.proposalDraws;
    const uniform = (...shape: number[]) => ({ law: 'uniform', shape }) as const;
    const normal = (...shape: number[]) => ({ law: 'normal', shape }) as const;
    return {
      nextStart: start,
      nextChoice: choice,
      ...(form.samplerNoise ? { nextPath: path } : {}),
      ...(samplesPolicy ? { endpointStart: start, endpointChoice: choice } : {}),
      ...(samplesPolicy && form.samplerNoise ? { endpointPath: path } : {}),
      time: uniform(batch),
      bridge: normal(batch, actionSize),
      prior: normal(batch, config.priorDraws - others, actionSize),
      ...(config.softQ === 'hutchinson' ? { nextProbe: uniform(batch, actionSize) } : {}),
      ...(adaptive ? { endpoint: uniform(batch) } : {}),
      ...(config.criticNoise > 0 ? criticNoiseDraws(batch, actionSize) : {}),
      ...(others > 0 ? { proposal: normal(batch, others, actionSize) } : {}),
    };
  }

  type Acting = ActInputs<PolicyParameters, SampleNoise>;
  return {
    name: form.name,
    initialise: parts.initialise,
    layouts: parts.layouts,
    draws,
    updates: [{ metrics, step: update, report: (_, { byTime }) => reportByTime(byTime) }],
    policy: (state) => ({ actor: state.actor.params, critic: state.critic.params }),
    explore: {
      draws: (states) => policy.draws(states, config.particles),
      act: ({ policy: acting, observation, noise, ...scheduled }: Acting) => ({
        action: policy.behave(acting, observation, scheduled, noise).action,
      }),
    },
    exploit: {
      draws: (states) => policy.draws(states, config.evaluationParticles),
      act: ({ policy: acting, observation, noise, ...scheduled }: Acting) => ({
        action: policy.best(acting, observation, scheduled, noise),
      }),
    },
    temperature: config,
    annealed:
      finalTMin === null || finalTMin === tMin
        ? undefined
        : { t_min: { from: tMin, to: finalTMin, updates: config.tMinSteps } },
  } satisfies Algorithm<State, UpdateNoise, PolicyParameters, SampleNoise, SampleNoise>;
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
