/**
 * A worked example: no actor at all. Actions maximise Q by the cross-entropy method, as in QT-Opt (Kalashnikov et
 * al. 2018, arXiv 1806.10293): draw actions from a Gaussian, fit it to the best few, and again.
 *
 *   harness compare --agents sac,./cem-agent.ts --tasks cartpole-swingup --steps 30k
 */
import * as tf from '@tensorflow/tfjs-core';
import * as rfm from 'rfm-harness';
import { z } from 'zod';

const config = z.strictObject({
  ...rfm.trainingShape,
  ...rfm.criticShape,
  /** Actions drawn per iteration, and how many of the best the Gaussian is fitted to. */
  candidates: z.number().int().min(2),
  elites: z.number().int().min(2),
  iterations: z.number().int().positive(),
  explorationNoise: z.number().nonnegative(),
});
type Config = z.infer<typeof config>;
const constants = { candidates: 32, elites: 6, iterations: 3, explorationNoise: 0.1 };

export default rfm.defineAgent<Config>({
  name: 'cem',
  description: 'Twin critics whose maximum the cross-entropy method finds (QT-Opt)',
  reference: 'Kalashnikov et al. 2018, arXiv 1806.10293',
  config,
  presets: rfm.presetsOf({ ...rfm.paperTraining, ...rfm.paperCritic, ...constants }),
  create: (context) =>
    rfm.hostAgent(cem(context.config, context.observation.size, context.action.size), context),
});

type State = { critic: rfm.AdamState; target: tf.Tensor };
type Search = { search: tf.Tensor };
const metricNames = ['critic_loss', 'critic_grad_norm', 'q_mean', 'q_max_abs', 'search_spread'] as const;

function cem(
  config: Config,
  observationSize: number,
  actionSize: number,
): rfm.Algorithm<State, Search, { critic: tf.Tensor }, Search & { exploration: tf.Tensor }, Search> {
  const { criticWidth: width, criticLayers: layers, maxGradNorm, candidates, elites, iterations } = config;
  const critic = new rfm.TwinCritic({ observationSize, actionSize, width, layers });
  const optimiser = rfm.adam({ learningRate: config.criticLearningRate, maxGradNorm });

  /** The mean and deviation [batch, 1, act] after the iterations. @param noise [iterations, batch, n, act] */
  function search(params: tf.Tensor, observation: tf.Tensor, noise: tf.Tensor) {
    const weights = critic.layout.unflatten(params);
    let mean: tf.Tensor = tf.zeros([observation.shape[0], 1, actionSize]);
    let deviation: tf.Tensor = tf.ones([observation.shape[0], 1, actionSize]);
    for (const draws of tf.unstack(noise)) {
      const actions = tf.clipByValue(tf.add(mean, tf.mul(deviation, draws)), -1, 1);
      const q = critic.minimum(weights, observation, actions); // [batch, n]
      const threshold = tf.min(tf.topk(q, elites).values, 1, true);
      const elite = tf.cast(tf.greaterEqual(q, threshold), 'float32');
      const share = tf.expandDims(tf.div(elite, tf.sum(elite, 1, true)), 2); // [batch, n, 1]
      mean = tf.sum(tf.mul(share, actions), 1, true);
      deviation = tf.sqrt(tf.sum(tf.mul(share, tf.squaredDifference(actions, mean)), 1, true));
    }
    return { action: tf.squeeze(mean, [1]), deviation };
  }

  function update(state: State, { batch, noise }: rfm.UpdateInputs<Search>) {
    const next = search(state.target, batch.nextObservation, noise.search);
    const targetWeights = critic.layout.unflatten(state.target);
    const nextValue = tf.min(critic.values(targetWeights, batch.nextObservation, next.action), 0);
    const target = rfm.tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const step = rfm.tdStep(critic, optimiser, state.critic, batch, target);
    const metrics = { ...step.metrics, search_spread: tf.mean(next.deviation) };
    return {
      state: { critic: step.state, target: rfm.polyak(state.target, step.state.params, config.tau) },
      outputs: { metrics: rfm.stackMetrics(metricNames, metrics) },
    };
  }

  const searchDraws = (states: number) =>
    ({ law: 'normal', shape: [iterations, states, candidates, actionSize] }) as const;
  return {
    name: 'cem',
    initialise(random) {
      const params = critic.layout.initialise(random.split('critic'));
      const target = { data: params.slice(), shape: critic.layout.shape };
      return { critic: optimiser.init(critic.layout, params), target };
    },
    draws: (batch) => ({ search: searchDraws(batch) }),
    updates: [{ metrics: metricNames, step: update }],
    policy: (state) => ({ critic: state.critic.params }),
    explore: {
      draws: (n) => ({ search: searchDraws(n), exploration: { law: 'normal', shape: [n, actionSize] } }),
      act({ policy, observation, noise }) {
        const { action } = search(policy.critic, observation, noise.search);
        const noisy = tf.add(action, tf.mul(noise.exploration, config.explorationNoise));
        return { action: tf.clipByValue(noisy, -1, 1) };
      },
    },
    exploit: {
      draws: (n) => ({ search: searchDraws(n) }),
      act: ({ policy, observation, noise }) => ({
        action: search(policy.critic, observation, noise.search).action,
      }),
    },
  };
}
