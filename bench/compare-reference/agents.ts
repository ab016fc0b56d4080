/** The agent of this harness that computes what a case of the official program holds: preset `paper`, smaller sizes. */
import { dqs, dqsAlgorithm } from '../../agents/dqs.ts';
import type { Algorithm, Noise } from '../../agents/host.ts';
import { maxentdp } from '../../agents/maxentdp/agent.ts';
import { maxEntDpAlgorithm } from '../../agents/maxentdp/algorithm.ts';
import { qsm, qsmAlgorithm } from '../../agents/qsm.ts';
import { qvpo, qvpoAlgorithm } from '../../agents/qvpo.ts';
import { rfmAlgorithm } from '../../agents/rfm/algorithm.ts';
import { flowForm, rfmFlow } from '../../agents/rfm/flow.ts';
import { sac, sacAlgorithm } from '../../agents/sac.ts';
import type { NoiseOf, ReferenceCase } from './cases.ts';

/** An algorithm with any state, noise and policy. */
export type AnyAlgorithm = Algorithm<unknown, Noise, unknown, Noise, Noise>;

export interface Counterpart {
  readonly algorithm: AnyAlgorithm;
  /** Noise that the agent wants in another order than the program draws it. */
  readonly noiseOf?: NoiseOf;
}

/** The algorithms of the program, by its names. */
export const counterparts: Readonly<Record<string, (reference: ReferenceCase) => Counterpart>> = {
  rfm(reference) {
    const own = reference.config.rfm;
    const config = {
      ...rfmFlow.presets.paper,
      ...networkSizes(reference),
      priorDraws: Number(own.num_estimator_mc_samples),
      particles: Number(own.num_particles_training),
      evaluationParticles: Number(own.num_particles_eval),
    };
    // The agent draws the choice among particles for evaluation too, and does not use it.
    const unused: NoiseOf = (_, prefix, name) => {
      const shape = [reference.sizes.batch, config.evaluationParticles];
      const isUnused = prefix === 'exploit/noise/' && name === 'choice';
      return isUnused ? { data: new Float32Array(shape[0] * shape[1]), shape } : undefined;
    };
    return counterpart(rfmAlgorithm(flowForm(config), config, ...spaces(reference)), unused);
  },
  sac(reference) {
    const { embedding: _, ...sizes } = networkSizes(reference);
    return counterpart(sacAlgorithm({ ...sac.presets.paper, ...sizes }, ...spaces(reference)));
  },
  dqs(reference) {
    const scoreDraws = Number(reference.config.dqs.num_estimator_mc_samples);
    const config = { ...dqs.presets.paper, ...networkSizes(reference), scoreDraws };
    return counterpart(dqsAlgorithm(config, ...spaces(reference)));
  },
  maxentdp(reference) {
    const own = reference.config.maxentdp;
    const config = {
      ...maxentdp.presets.paper,
      ...networkSizes(reference),
      noiseDraws: Number(own.score_samples_num),
      logDensityDraws: Number(own.log_prob_samples),
      evaluationParticles: Number(own.eval_candidate_num),
    };
    return counterpart(maxEntDpAlgorithm(config, ...spaces(reference)));
  },
  qsm(reference) {
    return counterpart(
      qsmAlgorithm({ ...qsm.presets.paper, ...networkSizes(reference) }, ...spaces(reference)),
    );
  },
  qvpo(reference) {
    const config = {
      ...qvpo.presets.paper,
      ...networkSizes(reference),
      trainingParticles: Number(reference.config.qvpo.train_sample),
      evaluationParticles: Number(reference.config.qvpo.eval_sample),
    };
    return counterpart(qvpoAlgorithm(config, ...spaces(reference)));
  },
};

function networkSizes({ sizes, config: { actor, critic } }: ReferenceCase) {
  return {
    batchSize: sizes.batch,
    criticWidth: Number(critic.hidden_size),
    actorWidth: Number(actor.hidden_size),
    embedding: Number(actor.emb_size),
  };
}

function spaces({ sizes }: ReferenceCase): [observation: number, action: number] {
  return [sizes.observation, sizes.action];
}

function counterpart<S, N extends Noise, P, E extends Noise, X extends Noise>(
  algorithm: Algorithm<S, N, P, E, X>,
  noiseOf?: NoiseOf,
): Counterpart {
  return { algorithm: algorithm as unknown as AnyAlgorithm, noiseOf };
}
