/** The numbers that the shared parts of the agents fix, by name: read where they are used, never written twice. */
import { adamDefaults } from '../engine/optimiser.ts';
import { twins } from './critic.ts';
import { embeddingSpan, geluCoefficient, kernelGain } from './networks.ts';

/** Of every agent that learns. */
export const learnerConstants = {
  adamBeta1: adamDefaults.beta1,
  adamBeta2: adamDefaults.beta2,
  adamEpsilon: adamDefaults.epsilon,
  critics: twins,
  kernelGain,
  geluCoefficient,
};

/** Of every agent with a flow or diffusion policy. */
export const timePolicyConstants = { ...learnerConstants, embeddingSpan };
