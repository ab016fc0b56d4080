/** The parts that the configs of several agents share, as zod shapes, so that every constant has one name. */
import { z } from 'zod';

export const positive = z.number().positive();
export const count = z.number().int().positive();
export const fraction = z.number().min(0).max(1);

/** What the run loop reads (TrainingConfig). */
export const trainingShape = {
  /** Transitions per update. */
  batchSize: count,
  /** Uniformly random control steps before the agent acts and learns. */
  randomSteps: z.number().int().nonnegative(),
  /** Updates per control step; 0.25 is one every four steps. */
  updatesPerStep: z.number().nonnegative(),
  /** Transitions kept. */
  replayCapacity: count,
};

/** The twin critics and their TD update. */
export const criticShape = {
  discount: fraction,
  /** Polyak rate of the target critics per update. */
  tau: fraction,
  criticWidth: count,
  criticLayers: count,
  criticLearningRate: positive,
  /** Global-norm clip of each network's gradient. */
  maxGradNorm: positive,
};

/** A residual GELU network that acts. */
export const actorShape = {
  actorWidth: count,
  /** Residual blocks after the input layer. */
  actorBlocks: count,
  actorLearningRate: positive,
};

/** A flow or diffusion policy's network (TimeNetwork). */
export const timeNetworkShape = {
  ...actorShape,
  /** Size of the sinusoidal embeddings of time and of temperature. */
  embedding: count.min(4).multipleOf(2),
  embeddingScale: positive,
};

/** λ at the start, and after `temperatureSteps` updates of log-linear annealing. */
export const temperatureShape = {
  temperature: positive,
  finalTemperature: positive,
  temperatureSteps: count,
};

/** The constants that the paper's comparison fixes for every agent: method.md section 8. */
export const paperTraining = {
  batchSize: 256,
  randomSteps: 5000,
  updatesPerStep: 1,
  replayCapacity: 1_000_000,
};
export const laptopTraining = {
  batchSize: 128,
  randomSteps: 2000,
  updatesPerStep: 1,
  replayCapacity: 1_000_000,
};
export const smokeTraining = { batchSize: 64, randomSteps: 500, updatesPerStep: 1, replayCapacity: 100_000 };

const criticConstants = {
  discount: 0.99,
  tau: 0.005,
  criticLayers: 2,
  criticLearningRate: 1e-3,
  maxGradNorm: 10,
};
export const paperCritic = { ...criticConstants, criticWidth: 256 };
export const laptopCritic = { ...criticConstants, criticWidth: 128 };
/** Faster targets: a smoke run has thousands of updates, not hundreds of thousands. */
export const smokeCritic = { ...criticConstants, criticWidth: 64, tau: 0.02 };

const actorConstants = { actorBlocks: 2, actorLearningRate: 3e-4 };
export const paperActor = { ...actorConstants, actorWidth: 256 };
export const laptopActor = { ...actorConstants, actorWidth: 128 };
export const smokeActor = { ...actorConstants, actorWidth: 64, actorLearningRate: 1e-3 };

export const paperTimeNetwork = { ...paperActor, embedding: 32, embeddingScale: 1 };
export const laptopTimeNetwork = { ...laptopActor, embedding: 32, embeddingScale: 1 };
export const smokeTimeNetwork = { ...smokeActor, embedding: 16, embeddingScale: 1 };
