/** The agents of this harness that are the official program's, and how the sizes of one are named by the other. */
import type { AgentFactory, TrainingConfig } from '../../agents/agent.ts';
import { dqs } from '../../agents/dqs/agent.ts';
import { dqsAlgorithm } from '../../agents/dqs/algorithm.ts';
import type { Algorithm, Noise } from '../../agents/host.ts';
import { maxentdp } from '../../agents/maxentdp/agent.ts';
import { maxEntDpAlgorithm } from '../../agents/maxentdp/algorithm.ts';
import { qsm, qsmAlgorithm } from '../../agents/qsm.ts';
import { qvpo, qvpoAlgorithm } from '../../agents/qvpo.ts';
import { rfmAlgorithm } from '../../agents/rfm/algorithm.ts';
import { flowForm, rfmFlow } from '../../agents/rfm/flow.ts';
import { sac, sacAlgorithm } from '../../agents/sac.ts';
import { type NoiseOf, type RecordedArray, type ReferenceCase, recorded } from './cases.ts';

/** An algorithm with any state, noise and policy. */
export type AnyAlgorithm = Algorithm<unknown, Noise, unknown, Noise, Noise>;

export interface Counterpart<Config extends TrainingConfig = TrainingConfig> {
  readonly factory: AgentFactory<Config>;
  /** Keys of the agent's config that are sizes, and the program's options (section.key) that hold them. */
  readonly sizes: Partial<Record<keyof Config, readonly string[]>>;
  algorithm(config: Config, observation: number, action: number): AnyAlgorithm;
  /** Noise that the agent wants in another form than the program draws it. */
  readonly noiseOf?: NoiseOf;
}

/** By the program's names. */
export const counterparts: Readonly<Record<string, Counterpart>> = {
  rfm: counterpart({
    factory: rfmFlow,
    sizes: {
      priorDraws: ['rfm.num_estimator_mc_samples'],
      particles: ['rfm.num_particles_training', 'rfm.num_particles_data'],
      evaluationParticles: ['rfm.num_particles_eval'],
    },
    algorithm: (config, ...spaces) => general(rfmAlgorithm(flowForm(config), config, ...spaces)),
    // The agent draws the choice among particles for evaluation too, and does not use it.
    noiseOf(reference, prefix, name) {
      if (prefix !== 'exploit/noise/' || name !== 'choice') return undefined;
      const { shape } = reference.arrays['exploit/noise/start'];
      return { data: new Float32Array(shape[0] * shape[1]), shape: shape.slice(0, 2) };
    },
  }),
  sac: counterpart({
    factory: sac,
    sizes: {},
    algorithm: (config, ...spaces) => general(sacAlgorithm(config, ...spaces)),
  }),
  dqs: counterpart({
    factory: dqs,
    sizes: { scoreDraws: ['dqs.num_estimator_mc_samples'] },
    algorithm: (config, ...spaces) => general(dqsAlgorithm(config, ...spaces)),
  }),
  maxentdp: counterpart({
    factory: maxentdp,
    sizes: {
      noiseDraws: ['maxentdp.score_samples_num'],
      logDensityDraws: ['maxentdp.log_prob_samples'],
      evaluationParticles: ['maxentdp.eval_candidate_num'],
    },
    algorithm: (config, ...spaces) => general(maxEntDpAlgorithm(config, ...spaces)),
    noiseOf: (reference, prefix, name) =>
      `${prefix}${name}` === 'noise/density' ? levelsFirst(recorded(reference, 'noise/density')) : undefined,
  }),
  qsm: counterpart({
    factory: qsm,
    sizes: {},
    algorithm: (config, ...spaces) => general(qsmAlgorithm(config, ...spaces)),
  }),
  qvpo: counterpart({
    factory: qvpo,
    sizes: {
      trainingParticles: ['qvpo.train_sample'],
      evaluationParticles: ['qvpo.eval_sample'],
    },
    algorithm: (config, ...spaces) => general(qvpoAlgorithm(config, ...spaces)),
  }),
};

/** [B, draws, levels, D], levels from the data to the noise → [levels, B·draws, D], from the noise to the data. */
function levelsFirst({ data, shape: [batch, draws, levels, dimension] }: RecordedArray): RecordedArray {
  const rows = batch * draws;
  const swapped = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let level = 0; level < levels; level++) {
      const from = (row * levels + (levels - 1 - level)) * dimension;
      swapped.set(data.subarray(from, from + dimension), (level * rows + row) * dimension);
    }
  }
  return { data: swapped, shape: [levels, rows, dimension] };
}

/** Sizes that all agents have, where their config names them. */
const commonSizes: Readonly<Record<string, readonly string[]>> = {
  batchSize: ['trainer.batch_size'],
  criticWidth: ['critic.hidden_size'],
  actorWidth: ['actor.hidden_size'],
  embedding: ['actor.emb_size'],
};

/** The agent that computes what a case holds: preset `paper` with the case's sizes. */
export function algorithmOf(reference: ReferenceCase): { algorithm: AnyAlgorithm; noiseOf?: NoiseOf } {
  const found = counterparts[reference.algorithm];
  const { paper } = found.factory.presets;
  const sizes = Object.entries({ ...commonSizes, ...found.sizes })
    .filter(([key]) => key in paper)
    .map(([key, [option]]) => {
      const [section, name] = option.split('.');
      return [key, Number(reference.config[section][name])] as const;
    });
  const { observation, action } = reference.sizes;
  const config = { ...paper, ...Object.fromEntries(sizes) };
  return { algorithm: found.algorithm(config, observation, action), noiseOf: found.noiseOf };
}

/** The options (section.key=value) that give the program the sizes of a config. */
export function programOptions(name: string, config: TrainingConfig): string[] {
  const values = config as unknown as Readonly<Record<string, number>>;
  return Object.entries({ ...commonSizes, ...counterparts[name].sizes })
    .filter(([key]) => key in values)
    .flatMap(([key, options]) => options.map((option) => `${option}=${values[key]}`));
}

function counterpart<Config extends TrainingConfig>(found: Counterpart<Config>): Counterpart {
  return found as unknown as Counterpart;
}

function general<S, N extends Noise, P, E extends Noise, X extends Noise>(
  algorithm: Algorithm<S, N, P, E, X>,
): AnyAlgorithm {
  return algorithm as unknown as AnyAlgorithm;
}
