/**
 * Reverse Flow Matching in one page (Li, Tang, Azizan 2026, arXiv 2601.08136): the paper's form with a flow policy and
 * nothing else. It computes bit for bit what `rfm-flow` does with its default options, so read this first.
 *
 *   harness check-agent ./rfm-in-one-page.ts
 *   harness compare --agents ./rfm-in-one-page.ts,sac --tasks cartpole-swingup --preset laptop
 *
 * The policy wants actions a = tanh(y) with log density log p(y|s) = Q(s, tanh y)/λ + log |da/dy| + constant. It samples
 * them by a flow: y moves from noise y₀ ~ N(0, I) at t = 0 along a velocity v(s, y, t) to a sample at t = 1. On the
 * straight path y_t = t y₁ + (1 - t) y₀ the right velocity is E[y₁ - y₀ | y_t]. There are no samples y₁ to learn from,
 * only Q. The reverse view: given y_t, each noise draw y₀ implies one y₁, whose density is known, so that the
 * expectation is a weighted mean over noise draws, with a control variate that takes out most of its variance.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type AdamState,
  type Algorithm,
  boltzmannIndex,
  defineAgent,
  descend,
  hostAgent,
  logTanhJacobian,
  paperTimePolicy,
  pick,
  polyak,
  presetsOf,
  stackMetrics,
  tdStep,
  tdTarget,
  temperatureShape,
  timePolicyParts,
  timePolicyShape,
  type UpdateInputs,
} from 'rfm-harness';
import { z } from 'zod';

const config = z.strictObject({
  ...{ ...timePolicyShape, ...temperatureShape },
  priorDraws: z.number().int().min(2), // K: noise draws per posterior mean
  particles: z.number().int().min(1), // M: policy samples of which one is taken, with probability softmax(Q/λ)
  evaluationParticles: z.number().int().min(1), // evaluation takes the best of these
  integrationSteps: z.number().int().min(1), // Euler steps of the flow
  tMin: z.number().positive().lt(0.5), // times lie in [tMin, 1 - tMin]
  ridge: z.number().positive(), // ρ and κ of the control variate's coefficient
  coefficientBound: z.number().positive(),
});
type Config = z.infer<typeof config>;

const paper: Config = {
  ...{ ...paperTimePolicy, maxGradNorm: 10 },
  ...{ temperature: 0.02, finalTemperature: null, temperatureSteps: 250_000 },
  ...{ priorDraws: 100, particles: 32, evaluationParticles: 32, integrationSteps: 10 },
  ...{ tMin: 0.01, ridge: 1e-4, coefficientBound: 2 },
};
const presets = presetsOf(paper, {
  laptop: { priorDraws: 32, particles: 8 },
  smoke: { priorDraws: 16, particles: 4, evaluationParticles: 8 },
  tried: { maxGradNorm: null }, // at laptop: docs/fairness.md, what was chosen by trying
});

type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
type Policy = { actor: tf.Tensor; critic: tf.Tensor };
type SampleNoise = { start: tf.Tensor; choice: tf.Tensor };
type Draws = 'nextStart' | 'nextChoice' | 'endpointStart' | 'endpointChoice' | 'time' | 'bridge' | 'prior';
type Noise = Record<Draws, tf.Tensor>;
type Rfm = Algorithm<State, Noise, Policy, SampleNoise, SampleNoise>;
const metricNames = ['critic_loss', 'critic_grad_norm', 'q_mean', 'q_max_abs', 'actor_loss', 'ess'] as const;

function rfm(config: Config, observationSize: number, actionSize: number): Rfm {
  const { tMin, integrationSteps: steps, ridge, coefficientBound } = config;
  // Twin critics Q(s, a), the velocity network v(s, y, t, λ), an Adam each, and their first values.
  const parts = timePolicyParts(config, observationSize, actionSize);
  const { critic, network, criticAdam, actorAdam } = parts;
  const times = Array.from({ length: steps + 1 }, (_, k) => tMin + ((1 - 2 * tMin) * k) / steps);

  /** 1. The sampler: Euler steps y ← y + v Δt from noise, M particles per state, [states, M, act]; and their Q. */
  function sample(policy: Policy, states: tf.Tensor, temperature: tf.Tensor, start: tf.Tensor) {
    const m = start.shape[1] as number;
    const weights = network.layout.unflatten(policy.actor);
    const velocity = network.particles(weights, states, temperature, times, m);
    let y = tf.reshape(start, [-1, actionSize]);
    for (let k = 0; k < steps; k++) y = tf.add(y, tf.mul(velocity(y, k), times[k + 1] - times[k]));
    const latents = tf.reshape(y, start.shape);
    const actions = tf.tanh(latents);
    return { latents, actions, q: critic.minimum(critic.layout.unflatten(policy.critic), states, actions) };
  }

  /** Behaviour: one of the M particles, with probability softmax(Q/λ). */
  function behave(policy: Policy, states: tf.Tensor, temperature: tf.Tensor, noise: SampleNoise) {
    const { latents, actions, q } = sample(policy, states, temperature, noise.start);
    const index = boltzmannIndex(q, noise.choice, temperature);
    return { latent: pick(latents, index), action: pick(actions, index) };
  }

  function update(state: State, { batch, noise, temperature }: UpdateInputs<Noise>) {
    const policy = { actor: state.actor.params, critic: state.critic.params };
    const { observation, nextObservation } = batch;

    // 2. Critics: one step on the TD error, target r + γ m min Q̄(s', a') with a' from the policy.
    const nextNoise = { start: noise.nextStart, choice: noise.nextChoice };
    const next = behave(policy, nextObservation, temperature, nextNoise);
    const targets = critic.values(critic.layout.unflatten(state.target), nextObservation, next.action);
    const target = tdTarget(batch.reward, batch.mask, tf.min(targets, 0), config.discount);
    const criticStep = tdStep(critic, criticAdam, state.critic, batch, target);

    // 3. Where the velocity is learnt: y_t between noise and a sample of the policy, at a random time.
    const endNoise = { start: noise.endpointStart, choice: noise.endpointChoice };
    const { latent } = behave(policy, observation, temperature, endNoise);
    const t = tf.add(tf.mul(noise.time, 1 - 2 * tMin), tMin);
    const column = tf.expandDims(t, 1);
    const yt = tf.add(tf.mul(column, latent), tf.mul(tf.sub(1, column), noise.bridge));

    // 4. The reverse view: each of K noise draws y₀ implies y₁ = (y_t - (1 - t) y₀)/t. Draws lie along the last axis.
    const [alpha, draws] = [tf.reshape(t, [-1, 1, 1]), tf.transpose(noise.prior, [0, 2, 1])];
    const [beta, at] = [tf.sub(1, alpha), tf.expandDims(yt, 2)];
    const ratio = tf.div(beta, alpha);
    const y1 = tf.transpose(tf.sub(tf.div(at, alpha), tf.mul(ratio, draws)), [0, 2, 1]);
    // log p(y₁) = min Q(s, tanh y₁)/λ + Σ log sech² y₁ and its gradient, under the critics just improved.
    const action = tf.tanh(y1);
    const weights = critic.layout.unflatten(criticStep.state.params);
    const { value, gradient } = critic.minimumWithGradient(weights, observation, action);
    const logDensity = tf.add(tf.div(value, temperature), logTanhJacobian(y1));
    const slope = tf.mul(tf.sub(1, tf.mul(action, action)), tf.div(gradient, temperature));
    const score = tf.transpose(tf.sub(slope, tf.mul(action, 2)), [0, 2, 1]);

    // 5. Weights w = softmax(log p(y₁)), the mean ȳ₀ = Σ w y₀, and ū = Σ w u of Stein's term u = y₀ + (1 - t)/t ∇log p,
    //    whose expectation is 0.
    const logWeight = tf.expandDims(logDensity, 1);
    const raw = tf.exp(tf.sub(logWeight, tf.max(logWeight, 2, true)));
    const w = tf.div(raw, tf.sum(raw, 2, true));
    const stein = tf.add(draws, tf.mul(ratio, score));
    const [meanDraw, meanStein] = [draws, stein].map((x) => tf.sum(tf.mul(w, x), 2, true));

    // 6. The control variate: η = Σ w² δy₀ δu / (Σ w² δu² + ρ r²) with r = (1 - t)/t, within ±κ/r²; ȳ₀ - η ū has the
    //    least variance.
    const [drawError, steinError] = [tf.mul(w, tf.sub(draws, meanDraw)), tf.mul(w, tf.sub(stein, meanStein))];
    const cross = tf.sum(tf.mul(drawError, steinError), 2, true);
    const square = tf.sum(tf.mul(steinError, steinError), 2, true);
    const [ratioSquared, tiny] = [tf.mul(ratio, ratio), 1e-30];
    const plugIn = tf.div(cross, tf.add(square, tf.add(tf.mul(ratioSquared, ridge), tiny)));
    const bound = tf.div(coefficientBound, tf.add(ratioSquared, tiny));
    const eta = tf.maximum(tf.minimum(plugIn, bound), tf.mul(bound, -1));
    const mean0 = tf.sub(meanDraw, tf.mul(eta, meanStein));
    const mean1 = tf.sub(tf.div(at, alpha), tf.mul(ratio, mean0));

    // 7. Actor: regress the velocity E[y₁ - y₀ | y_t]. Then the target critics follow.
    const regression = tf.squeeze(tf.sub(mean1, mean0), [2]);
    const actorStep = descend(network.layout, actorAdam, state.actor, (actor) => {
      const predicted = network.apply(actor, observation, yt, t, temperature);
      return { loss: tf.mean(tf.mean(tf.squaredDifference(predicted, regression), 1)), aux: {} };
    });
    const ess = tf.mean(tf.div(1, tf.sum(tf.mul(w, w), 2, true)));
    const metrics = { ...criticStep.metrics, actor_loss: actorStep.loss, ess };
    const followed = polyak(state.target, criticStep.state.params, config.tau);
    return {
      state: { actor: actorStep.state, critic: criticStep.state, target: followed },
      outputs: { metrics: stackMetrics(metricNames, metrics) },
    };
  }

  const normal = (...shape: number[]) => ({ law: 'normal', shape }) as const;
  const uniform = (...shape: number[]) => ({ law: 'uniform', shape }) as const;
  const sampleNoise = (n: number, m: number) => ({ start: normal(n, m, actionSize), choice: uniform(n, m) });
  return {
    name: 'rfm-in-one-page',
    initialise: parts.initialise,
    draws(n) {
      const { start, choice } = sampleNoise(n, config.particles);
      return {
        ...{ nextStart: start, nextChoice: choice, endpointStart: start, endpointChoice: choice },
        ...{ time: uniform(n), bridge: normal(n, actionSize) },
        prior: normal(n, config.priorDraws, actionSize),
      };
    },
    updates: [{ metrics: metricNames, step: update }],
    policy: (state) => ({ actor: state.actor.params, critic: state.critic.params }),
    explore: {
      draws: (n) => sampleNoise(n, config.particles),
      act: ({ policy, observation, noise, temperature }) => behave(policy, observation, temperature, noise),
    },
    exploit: {
      draws: (n) => sampleNoise(n, config.evaluationParticles),
      act({ policy, observation, noise, temperature }) {
        const { actions, q } = sample(policy, observation, temperature, noise.start);
        return { action: pick(actions, tf.argMax(q, 1)) };
      },
    },
    temperature: config,
  };
}

export default defineAgent<Config>({
  name: 'rfm-in-one-page',
  description: 'Reverse Flow Matching as in the paper, in one file to read',
  reference: 'Li, Tang, Azizan 2026, arXiv 2601.08136',
  config,
  presets,
  create: (context) => hostAgent(rfm(context.config, context.observation.size, context.action.size), context),
});
