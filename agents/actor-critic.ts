/** The networks and optimisers that an agent's config describes, and the step of its critics, once for all agents. */
import * as tf from '@tensorflow/tfjs-core';
import { type AdamState, adam, polyak } from '../engine/optimiser.ts';
import type { RandomStream } from '../engine/random.ts';
import { type CriticActivation, TwinCritic, tdStep, tdTarget } from './critic.ts';
import type { BatchTensors, Observe } from './host.ts';
import { MishTimeNetwork, type PolicyNetwork, TimeNetwork } from './networks.ts';

interface CriticConfig {
  readonly discount: number;
  readonly tau: number;
  readonly criticWidth: number;
  readonly criticLayers: number;
  readonly criticLearningRate: number;
  readonly maxGradNorm: number | null;
}

interface TimePolicyConfig extends CriticConfig {
  readonly actorWidth: number;
  readonly actorBlocks: number;
  readonly actorLearningRate: number;
  readonly embedding: number;
  readonly embeddingScale: number;
}

/** The parameters of the critics and of their target. */
interface CriticStates {
  readonly critic: AdamState;
  readonly target: tf.Tensor;
}

/** What the policy does at s'. */
interface NextAction {
  /** a', [batch, act] */
  readonly action: tf.Tensor;
  /** λ log π(a'|s'), [batch], where the value counts entropy. */
  readonly entropyCost?: tf.Tensor;
}

/** The twin critics, their optimiser and their update. */
export function criticParts<Activation extends CriticActivation = 'relu'>(
  config: CriticConfig,
  observationSize: number,
  actionSize: number,
  activation?: Activation,
) {
  const { criticWidth: width, criticLayers: layers, criticLearningRate: learningRate, maxGradNorm } = config;
  const critic = new TwinCritic({ observationSize, actionSize, width, layers }, activation);
  const criticAdam = adam({ learningRate, maxGradNorm });

  /**
   * One step of the critics on the TD error with target r + γ m (min Q̄(s',a') - λ log π(a'|s')), and of their own
   * target after them.
   * @returns what `tdStep` does, and the parameters of the target
   */
  function learn(states: CriticStates, batch: BatchTensors, next: NextAction, observe?: Observe) {
    const { reward, mask, nextObservation } = batch;
    const weights = critic.layout.unflatten(states.target);
    const nextQ = tf.min(critic.values(weights, nextObservation, next.action), 0);
    const nextValue = next.entropyCost === undefined ? nextQ : tf.sub(nextQ, next.entropyCost);
    const target = tdTarget(reward, mask, nextValue, config.discount);
    observe?.('nextAction', next.action);
    observe?.('target', target);
    const step = tdStep(critic, criticAdam, states.critic, batch, target);
    return { ...step, target: polyak(states.target, step.state.params, config.tau) };
  }

  return {
    critic,
    criticAdam,
    /** One step of the critics and of their target. */
    learnCritics: learn,
  };
}

/**
 * The same with a flow or diffusion policy's network, and the state that most of its agents begin with.
 * @param activation of the critics; with Mish the policy's network is of it too
 */
export function timePolicyParts<Activation extends CriticActivation = 'relu'>(
  config: TimePolicyConfig,
  observationSize: number,
  actionSize: number,
  activation?: Activation,
) {
  const { actorWidth: width, actorBlocks: blocks, embedding, embeddingScale, maxGradNorm } = config;
  const critics = criticParts(config, observationSize, actionSize, activation);
  const { critic, criticAdam } = critics;
  const shape = { observationSize, actionSize, width, blocks, embedding, embeddingScale };
  const network: PolicyNetwork = activation === 'mish' ? new MishTimeNetwork(shape) : new TimeNetwork(shape);
  const actorAdam = adam({ learningRate: config.actorLearningRate, maxGradNorm });
  return {
    ...critics,
    network,
    actorAdam,
    layouts: { actor: network.layout, critic: critic.layout, target: critic.layout },
    /** Actor, critics, and the critics' target as a copy of them. */
    initialise(random: RandomStream) {
      const criticParams = critic.layout.initialise(random.split('critic'));
      return {
        actor: actorAdam.init(network.layout, network.layout.initialise(random.split('actor'))),
        critic: criticAdam.init(critic.layout, criticParams),
        target: { data: criticParams.slice(), shape: critic.layout.shape },
      };
    },
  };
}
