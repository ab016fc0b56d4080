/** The constants that the samplers of a density share, so that a comparison differs in the method alone. */
import { z } from 'zod';
import { count, fraction, paperTimeNetwork, positive, timeNetworkShape } from '../config.ts';

export const samplerConfig = z.strictObject({
  ...timeNetworkShape,
  /** Points per update. */
  batchSize: count,
  /** N: evaluations of the density and its score per point. */
  draws: count.min(2),
  maxGradNorm: positive,
  /** Rate at which the weights that sample follow those that learn. */
  averaging: fraction,
  /** Updates between two generations of own samples. */
  innerUpdates: count,
  /** Points that a generation adds to the buffer. */
  generated: count,
  /** Integration steps of a generation. */
  generationSteps: count,
  bufferCapacity: count,
  /** Share of a batch whose end points come from the source N(0, I) and not from the buffer. */
  sourceShare: fraction,
});
export type SamplerConfig = z.infer<typeof samplerConfig>;

export const samplerDefaults: SamplerConfig = {
  ...paperTimeNetwork,
  actorWidth: 128,
  actorLearningRate: 2e-3,
  embedding: 16,
  embeddingScale: 10,
  batchSize: 128,
  draws: 64,
  maxGradNorm: 10,
  averaging: 0.002,
  innerUpdates: 100,
  generated: 512,
  generationSteps: 20,
  bufferCapacity: 5000,
  sourceShare: 0.25,
};
