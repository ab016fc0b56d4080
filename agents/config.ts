/**
 * The parts that the configs of several agents share, as zod shapes, so that every constant has one name, and the
 * rule that makes the presets.
 *
 * `paper` is the configuration of the program behind arXiv 2601.08136 (configs/default.yaml, for the RFM agents with
 * configs/rfm.yaml; github.com/azizanlab/ReverseFlowMatching at 7e6410a). The others follow from it by one rule:
 *
 *   laptop = paper with smaller sizes (`sizeKeys`): what an update costs and how long a run takes, not the method;
 *            and for each of `triedKeys` the value that was better in trials that every agent had alike
 *   smoke  = paper with sizes smaller still, and the faster rates of `smokeRates` for a few thousand updates
 *
 * `presetsOf` applies the rule; an agent adds the sizes of its own draws. test/agents/presets.test.ts holds every
 * agent to it, and docs/fairness.md shows the outcome.
 */
import { z } from 'zod';
import type { Preset } from './agent.ts';

export const positive = z.number().positive();
export const count = z.number().int().positive();
export const fraction = z.number().min(0).max(1);

/**
 * A config's schema that reads configurations of earlier results, too: a key that is gone is left out where it has the
 * value that all agents have today, and refused otherwise.
 */
export function withRetired<Schema extends z.ZodType>(
  schema: Schema,
  retired: Readonly<Record<string, unknown>>,
) {
  return z.preprocess((config) => {
    if (typeof config !== 'object' || config === null) return config;
    return Object.fromEntries(
      Object.entries(config).filter(([key, value]) => !(key in retired && value === retired[key])),
    );
  }, schema);
}

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
  /** Global-norm clip of each network's gradient (of each critic alone); null: none. */
  maxGradNorm: positive.nullable(),
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

/** Critics and a residual network that acts. */
export const actorCriticShape = { ...trainingShape, ...criticShape, ...actorShape };

/** Critics and a flow or diffusion policy. */
export const timePolicyShape = { ...trainingShape, ...criticShape, ...timeNetworkShape };

/** λ at the start, and after `temperatureSteps` updates of log-linear annealing; null: as at the start. */
export const temperatureShape = {
  temperature: positive,
  finalTemperature: positive.nullable().default(null),
  temperatureSteps: count,
};

/** What the program fixes for every agent. */
export const paperTraining = {
  batchSize: 256,
  randomSteps: 10_000,
  updatesPerStep: 1,
  replayCapacity: 250_000,
};
/** The twin critics of all agents. */
export const paperCritic = {
  discount: 0.99,
  tau: 0.005,
  criticWidth: 256,
  criticLayers: 2,
  criticLearningRate: 1e-3,
  maxGradNorm: null,
};
/** The policy network of all agents, as in the official program. */
export const paperActor = { actorWidth: 256, actorBlocks: 2, actorLearningRate: 3e-4 };
/** The network of flow and diffusion policies. */
export const paperTimeNetwork = { ...paperActor, embedding: 128, embeddingScale: 1 };
/** All constants that actor-critic agents share. */
export const paperActorCritic = { ...paperTraining, ...paperCritic, ...paperActor };
/** All constants that flow and diffusion agents share. */
export const paperTimePolicy = { ...paperTraining, ...paperCritic, ...paperTimeNetwork };

/** The keys in which a smaller preset may differ from `paper`. Everything else is the method. */
export const sizeKeys = [
  'batchSize',
  /** About 4 % of the run that the preset is for: 250k, 50k and 10k control steps. */
  'randomSteps',
  'criticWidth',
  'actorWidth',
  // Draws per state: rfm, dqs, maxentdp, qvpo.
  'priorDraws',
  'proposalDraws',
  'particles',
  'evaluationParticles',
  'scoreDraws',
  'noiseDraws',
  'logDensityDraws',
  'trainingParticles',
] as const;

/**
 * The keys whose value at `laptop` was chosen by trying: both values, for every agent, on tasks outside rfm8. The runs
 * are results/clip-trials, the rule that chose was set before them (docs/fairness.md).
 */
export const triedKeys = ['maxGradNorm'] as const;

type PartOf<Config, Keys extends readonly string[]> = Partial<
  Pick<Config, Extract<keyof Config, Keys[number]>>
>;
/** Sizes of an agent with this config. */
export type Sizes<Config> = PartOf<Config, typeof sizeKeys>;
/** What `laptop` has in place of `paper`'s after the trials. */
export type Tried<Config> = PartOf<Config, typeof triedKeys>;

const laptopSizes = { batchSize: 128, randomSteps: 2000, criticWidth: 128, actorWidth: 128 };
const smokeSizes = { batchSize: 64, randomSteps: 500, criticWidth: 64, actorWidth: 64 };

/** The rates in which `smoke` alone differs from `paper`: its runs have thousands of updates, not hundreds of thousands. */
export const smokeRates = { tau: 0.02, actorLearningRate: 1e-3, temperatureLearningRate: 3e-3 };

/** What an agent adds to the rule of the presets. */
export interface OwnPresets<Config> {
  /** Its own sizes at `laptop`; those that all agents have are known here. */
  readonly laptop?: Sizes<Config>;
  /** The same for `smoke`. */
  readonly smoke?: Sizes<Config>;
  /** What `laptop` has in place of `paper`'s after the trials. */
  readonly tried?: Tried<Config>;
}

/** The presets of an agent by the rule above. @param paper the program's configuration */
export function presetsOf<Config extends object>(
  paper: Config,
  { laptop = {}, smoke = {}, tried = {} }: OwnPresets<Config> = {},
): Record<Preset, Config> {
  const known = (values: Record<string, number>) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => key in paper));
  return {
    paper,
    laptop: { ...paper, ...known(laptopSizes), ...laptop, ...tried },
    smoke: { ...paper, ...known(smokeSizes), ...known(smokeRates), ...smoke },
  };
}
