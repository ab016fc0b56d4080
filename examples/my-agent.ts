/**
 * A template: copy this file and change it into your own agent.
 *
 *   harness check-agent ./my-agent.ts
 *   harness compare --agents rfm-flow,./my-agent.ts --tasks cartpole-swingup --steps 30k
 *
 * As it stands it is a small DDPG (Lillicrap et al. 2016, arXiv 1509.02971): a deterministic policy that climbs
 * the critics' estimate, with Gaussian exploration. `rfm-harness`, `zod` and `@tensorflow/tfjs-core` are found
 * wherever the file lies; nothing needs to be built or installed beside it.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  type AdamState,
  type Algorithm,
  adam,
  criticShape,
  defineAgent,
  descend,
  hostAgent,
  ParameterLayout,
  paperCritic,
  paperTraining,
  polyak,
  presetsOf,
  residualMlp,
  residualMlpLayers,
  stackMetrics,
  TwinCritic,
  tdStep,
  tdTarget,
  trainingShape,
  type UpdateInputs,
  type Weights,
} from 'rfm-harness';
import { z } from 'zod';

// 1. Every constant, with its type. `--set my-agent.actorWidth=128` changes one; unknown names are refused.
const config = z.strictObject({
  ...trainingShape, // batchSize, randomSteps, updatesPerStep, replayCapacity: what the run loop reads
  ...criticShape, // discount, tau, criticWidth, criticLayers, criticLearningRate, maxGradNorm
  actorWidth: z.number().int().positive(),
  actorLearningRate: z.number().positive(),
  explorationNoise: z.number().nonnegative(),
});
type Config = z.infer<typeof config>;

const paper: Config = {
  ...paperTraining,
  ...paperCritic,
  actorWidth: 256,
  actorLearningRate: 3e-4,
  explorationNoise: 0.1,
};

export default defineAgent<Config>({
  // 2. What the tables call it.
  name: 'my-agent',
  description: 'Template: a deterministic policy on twin critics',
  reference: 'Lillicrap et al. 2016, arXiv 1509.02971',
  config,
  // 3. paper, laptop and smoke by the rule of every agent here: smaller sizes, the same method. An object of three
  //    configs does as well; results always say which preset was used.
  presets: presetsOf(paper),
  // 4. `hostAgent` draws the noise, keeps the state, compiles the functions, saves and loads. An agent may
  //    also implement act, update, save, load and dispose by itself (docs/agents.md).
  create: (context) =>
    hostAgent(algorithm(context.config, context.observation.size, context.action.size), context),
});

// 5. What is learnt: tensors only. AdamState holds flat parameters and their moments.
type State = { actor: AdamState; critic: AdamState; target: tf.Tensor };
// 6. The randomness of one update and of one action: inputs, so that equal seeds give equal runs.
type Noise = Record<never, tf.Tensor>;
type Exploration = { action: tf.Tensor };
// 7. What acting needs of the state.
type Policy = { actor: tf.Tensor };

const metricNames = ['critic_loss', 'critic_grad_norm', 'q_mean', 'q_max_abs', 'actor_loss'] as const;

function algorithm(
  config: Config,
  observationSize: number,
  actionSize: number,
): Algorithm<State, Noise, Policy, Exploration, Noise> {
  const blocks = 1;
  const actorLayout = ParameterLayout.of(
    residualMlpLayers(observationSize, config.actorWidth, blocks, actionSize),
  );
  const critic = new TwinCritic({
    observationSize,
    actionSize,
    width: config.criticWidth,
    layers: config.criticLayers,
  });
  const { maxGradNorm } = config;
  const actorAdam = adam({ learningRate: config.actorLearningRate, maxGradNorm });
  const criticAdam = adam({ learningRate: config.criticLearningRate, maxGradNorm });

  /** [batch, obs] → [batch, act] in (-1, 1) */
  const act = (weights: Weights, observation: tf.Tensor) =>
    tf.tanh(residualMlp(weights, observation, blocks));

  // 8. The update, a pure function of state, batch and noise. It is run once to record it as a graph: no
  //    dataSync, no random numbers, no `if` on a tensor's value in here.
  function update(state: State, { batch }: UpdateInputs<Noise>) {
    const nextAction = act(actorLayout.unflatten(state.actor.params), batch.nextObservation);
    const targetWeights = critic.layout.unflatten(state.target);
    const nextValue = tf.min(critic.values(targetWeights, batch.nextObservation, nextAction), 0);
    const target = tdTarget(batch.reward, batch.mask, nextValue, config.discount);
    const criticStep = tdStep(critic, criticAdam, state.critic, batch, target);

    const criticWeights = critic.layout.unflatten(criticStep.state.params);
    const actorStep = descend(actorLayout, actorAdam, state.actor, (weights) => {
      const q = critic.values(criticWeights, batch.observation, act(weights, batch.observation));
      return { loss: tf.neg(tf.mean(q)), aux: {} };
    });
    return {
      state: {
        actor: actorStep.state,
        critic: criticStep.state,
        target: polyak(state.target, criticStep.state.params, config.tau),
      },
      outputs: {
        metrics: stackMetrics(metricNames, { ...criticStep.metrics, actor_loss: actorStep.loss }),
      },
    };
  }

  return {
    name: 'my-agent',
    // 9. First values, each from its own stream.
    initialise(random) {
      const criticParams = critic.layout.initialise(random.split('critic'));
      return {
        actor: actorAdam.init(actorLayout, actorLayout.initialise(random.split('actor'))),
        critic: criticAdam.init(critic.layout, criticParams),
        target: { data: criticParams.slice(), shape: critic.layout.shape },
      };
    },
    draws: () => ({}),
    updates: [{ metrics: metricNames, step: update }],
    policy: (state) => ({ actor: state.actor.params }),
    // 10. Behaviour, with the noise that it asks for, and the policy that is evaluated.
    explore: {
      draws: (states) => ({ action: { law: 'normal', shape: [states, actionSize] } }),
      act({ policy, observation, noise }) {
        const action = act(actorLayout.unflatten(policy.actor), observation);
        return {
          action: tf.clipByValue(tf.add(action, tf.mul(noise.action, config.explorationNoise)), -1, 1),
        };
      },
    },
    exploit: {
      draws: () => ({}),
      act: ({ policy, observation }) => ({ action: act(actorLayout.unflatten(policy.actor), observation) }),
    },
  };
}
