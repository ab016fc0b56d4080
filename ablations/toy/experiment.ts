/** Samplers trained on known densities and measured against exact draws. */
import type { SamplerConfig } from '../../agents/toy/config.ts';
import { mixtureDensity } from '../../agents/toy/density.ts';
import { CompiledSampler, DensitySampler } from '../../agents/toy/sampler.ts';
import { RandomStream } from '../../engine/random.ts';
import type { Engine } from '../../engine/types.ts';
import { createForm, type PosteriorDraws } from './methods.ts';
import {
  entropicTransport,
  medianDistance,
  type Points,
  slicedWasserstein,
  squaredMmd,
} from './sample-distances.ts';
import { drawExact, extent, type ToyTarget } from './targets.ts';

export interface ToyPlan {
  readonly targets: readonly ToyTarget[];
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  /** Updates of each training. */
  readonly updates: number;
  /** Numbers of integration steps to sample with. */
  readonly steps: readonly number[];
  readonly estimator: string;
  readonly draws: PosteriorDraws;
  readonly config: SamplerConfig;
}

/** Points of each set: all in the sliced distance, fewer where the cost grows with the square. */
export const setSizes = { sliced: 2000, mmd: 1000, sinkhorn: 500 };
/** Regularisation of the Sinkhorn divergence and its tolerance, in units of squared distance. */
const epsilon = 0.1;
const tolerance = 1e-6;

export interface Distances {
  readonly sliced_w2: number;
  readonly mmd2: number;
  readonly sinkhorn: number;
}
export const distanceNames = ['sliced_w2', 'mmd2', 'sinkhorn'] as const;

/** One measurement; method `exact` (without steps) is a second set of exact draws, the floor of the distances. */
export type ToyRow = Distances & {
  readonly target: string;
  readonly method: string;
  readonly seed: number;
  readonly steps?: number;
};

/** Samples to look at, of the first seed. */
export interface ToySamples {
  readonly target: string;
  readonly method: string;
  readonly steps?: number;
  readonly points: Points;
}

export interface ToyOutcome {
  readonly rows: readonly ToyRow[];
  readonly samples: readonly ToySamples[];
}

/** The method of the rows that compare exact draws with exact draws. */
export const exactName = 'exact';

/** @param progress called after every training */
export async function runToy(
  plan: ToyPlan,
  engine: Engine,
  progress: (what: string) => void = () => {},
): Promise<ToyOutcome> {
  const rows: ToyRow[] = [];
  const samples: ToySamples[] = [];
  for (const { name: target, description } of plan.targets) {
    const references = plan.seeds.map((seed) => exactReference({ name: target, description }, seed));
    references.forEach(({ floor, shown }, i) => {
      rows.push({ target, method: exactName, seed: plan.seeds[i], ...floor });
      if (i === 0) samples.push({ target, method: exactName, points: shown });
    });
    for (const method of plan.methods) {
      const form = createForm(method, {
        estimator: plan.estimator,
        draws: plan.draws,
        bound: extent(description),
      });
      const compiled = new CompiledSampler(form, plan.config, mixtureDensity(description), engine);
      for (const [i, seed] of plan.seeds.entries()) {
        const random = stream(seed, target).split(method);
        const sampler = new DensitySampler(compiled, random.split('training'));
        await sampler.train(plan.updates);
        for (const steps of plan.steps) {
          const drawn = await sampler.sample(setSizes.sliced, steps, random.split(`samples/${steps}`));
          const points = pointsOf(drawn);
          rows.push({ target, method, seed, steps, ...references[i].distances(points) });
          if (i === 0) samples.push({ target, method, steps, points });
        }
        progress(`${target} ${method}`);
      }
      await compiled.dispose();
    }
  }
  return { rows, samples };
}

/** The stream of one seed on one target; no other target or method moves it. */
const stream = (seed: number, target: string) => RandomStream.fromSeed(seed).split(`toy/${target}`);

/** Fresh exact draws, and the distances to them. */
function exactReference({ name, description }: ToyTarget, seed: number) {
  const random = stream(seed, name);
  const draw = (label: string) => drawExact(description, setSizes.sliced, random.split(label));
  const [exact, again] = [draw('exact'), draw('exact again')];
  const forMmd = exact.slice(0, setSizes.mmd);
  const forSinkhorn = exact.slice(0, setSizes.sinkhorn);
  // Neither depends on the samples: one bandwidth and one self term for all methods.
  const bandwidth = medianDistance(forSinkhorn, []);
  const self = entropicTransport(forSinkhorn, forSinkhorn, epsilon, tolerance);
  const distances = (points: Points): Distances => {
    const few = points.slice(0, setSizes.sinkhorn);
    const across = entropicTransport(few, forSinkhorn, epsilon, tolerance);
    return {
      sliced_w2: slicedWasserstein(points, exact),
      mmd2: squaredMmd(points.slice(0, setSizes.mmd), forMmd, bandwidth),
      sinkhorn: across - entropicTransport(few, few, epsilon, tolerance) / 2 - self / 2,
    };
  };
  return { distances, floor: distances(again), shown: again };
}

const pointsOf = (flat: Float32Array): Points =>
  Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
