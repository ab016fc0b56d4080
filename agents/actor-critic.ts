/** The networks and optimisers that an agent's config describes, made once for all agents. */
import { type Adam, adam } from '../engine/optimiser.ts';
import type { RandomStream } from '../engine/random.ts';
import { type CriticActivation, TwinCritic } from './critic.ts';
import { MishTimeNetwork, type PolicyNetwork, TimeNetwork } from './networks.ts';

interface CriticConfig {
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

/** The twin critics and their optimiser. */
export function criticParts<Activation extends CriticActivation = 'relu'>(
  config: CriticConfig,
  observationSize: number,
  actionSize: number,
  activation?: Activation,
): { critic: TwinCritic<Activation>; criticAdam: Adam } {
  const { criticWidth: width, criticLayers: layers, criticLearningRate: learningRate, maxGradNorm } = config;
  return {
    critic: new TwinCritic({ observationSize, actionSize, width, layers }, activation),
    criticAdam: adam({ learningRate, maxGradNorm }),
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
  const { critic, criticAdam } = criticParts(config, observationSize, actionSize, activation);
  const shape = { observationSize, actionSize, width, blocks, embedding, embeddingScale };
  const network: PolicyNetwork = activation === 'mish' ? new MishTimeNetwork(shape) : new TimeNetwork(shape);
  const actorAdam = adam({ learningRate: config.actorLearningRate, maxGradNorm });
  return {
    critic,
    criticAdam,
    network,
    actorAdam,
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
