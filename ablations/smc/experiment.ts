/**
 * Importance sampling, MALA and annealed SMC of the posterior of y0 at equal numbers of density evaluations, with
 * the same control variates on their draws: errors against the exact posterior mean. The unit of cost is one
 * evaluation of log p1 and its score at one point.
 */
import { controlledMean, type Estimator } from '../../agents/posterior/estimator.ts';
import { float64Algebra as a, type Float64Tensor, float64Tensor } from '../../agents/posterior/float64.ts';
import type { PosteriorTarget } from '../../agents/posterior/langevin.ts';
import { malaDraws, malaEvaluations } from '../../agents/posterior/mala.ts';
import type { GaussianMixture } from '../../agents/posterior/mixture.ts';
import type { Schedule } from '../../agents/posterior/schedules.ts';
import { smcDraws, smcEvaluations } from '../../agents/posterior/smc.ts';
import { impliedData, type WeighedDraws, weighDraws } from '../../agents/posterior/weighing.ts';
import type { RandomStream } from '../../engine/random.ts';
import { timed } from '../../harness/bench/timed.ts';
import { densities, type Reading, readingOf } from '../densities.ts';
import { type ErrorMoments, ErrorTally } from '../error-tally.ts';
import { drawObservations, normals, scalar, uniforms } from '../observations.ts';

export const samplerNames = ['snis', 'mala', 'smc'] as const;
export type SamplerName = (typeof samplerNames)[number];

/** Below it a plan's chains would take more than the budget, or hardly move. */
export const smallestBudget = 25;

/** How a sampler spends its evaluations. */
export type SamplerPlan =
  | { readonly sampler: 'snis'; readonly draws: number }
  | {
      readonly sampler: 'mala';
      readonly pilots: number;
      readonly chains: number;
      readonly moves: number;
      readonly burnIn: number;
    }
  | { readonly sampler: 'smc'; readonly draws: number; readonly chains: number; readonly stages: number };

/**
 * The plan for a budget of at least `smallestBudget` evaluations. MALA: a quarter for pilots, a chain for every twenty
 * evaluations, half of its moves burn-in. SMC: chains of five states (four moves), more stages the larger the budget,
 * and as many beyond them as what is left pays for.
 */
export function samplerPlan(sampler: SamplerName, budget: number): SamplerPlan {
  switch (sampler) {
    case 'snis':
      return { sampler, draws: budget };
    case 'mala': {
      const pilots = Math.max(1, Math.floor(budget / 4));
      const chains = Math.max(1, Math.floor(budget / 20));
      const moves = Math.max(2, Math.floor((budget - pilots) / chains));
      return { sampler, pilots, chains, moves, burnIn: Math.floor(moves / 2) };
    }
    case 'smc': {
      const states = 5;
      const wanted = Math.min(10, Math.max(2, Math.round(Math.log2(budget)) - 2));
      const chains = Math.max(1, Math.floor(budget / (states + wanted * (states - 1))));
      const stages = Math.max(1, Math.floor((budget / chains - states) / (states - 1)));
      return { sampler, draws: chains * states, chains, stages };
    }
  }
}

/** Evaluations of the target's density and score that a plan takes for one y_t. */
export function evaluationsOf(plan: SamplerPlan): number {
  switch (plan.sampler) {
    case 'snis':
      return plan.draws;
    case 'mala':
      return malaEvaluations(plan);
    case 'smc':
      return smcEvaluations(plan);
  }
}

type Target = Omit<PosteriorTarget<Float64Tensor>, 'logDensity'>;
interface Sampled {
  readonly draws: WeighedDraws<Float64Tensor>;
  readonly acceptance: number;
  /** What the draws took, of those for an estimator that reads the score or values alone. Chains move by the score. */
  readonly milliseconds: Readonly<Record<Reading, number>>;
}

/** `size` independent runs of a plan. */
function runPlan(
  plan: SamplerPlan,
  path: Target,
  mixture: GaussianMixture,
  size: number,
  random: RandomStream,
): Sampled {
  const dim = path.yt.shape[1];
  const density = densities(mixture);
  const target = { ...path, logDensity: density.score };
  const moveNoise = (count: number) => ({
    normal: normals(random, [size, dim, count]),
    uniform: uniforms(random, [size, 1, count]),
  });
  switch (plan.sampler) {
    case 'snis': {
      const noise = timed(() => normals(random, [size, dim, plan.draws]));
      const y0 = noise.value;
      const ratio = a.div(target.beta, target.alpha);
      const weighed = (reading: Reading) =>
        timed(() => {
          const { score, logDensity } = density[reading](
            impliedData(a, target.alpha, target.beta, target.yt, y0),
          );
          return weighDraws(a, { ratio, y0, score, logWeight: logDensity });
        });
      const { value: draws, milliseconds } = weighed('score');
      return {
        draws,
        acceptance: Number.NaN,
        milliseconds: {
          score: noise.milliseconds + milliseconds,
          values: noise.milliseconds + weighed('values').milliseconds,
        },
      };
    }
    case 'mala':
      return chained(() =>
        malaDraws(a, {
          ...target,
          prior: normals(random, [size, dim, plan.pilots]),
          resampling: uniforms(random, [size, 1, 1]),
          noise: moveNoise(plan.chains * plan.moves),
          chains: plan.chains,
          burnIn: plan.burnIn,
        }),
      );
    case 'smc':
      return chained(() =>
        smcDraws(a, {
          ...target,
          prior: normals(random, [size, dim, plan.draws]),
          resampling: uniforms(random, [size, 1, plan.stages]),
          noise: moveNoise(plan.stages * (plan.draws - plan.chains)),
          chains: plan.chains,
        }),
      );
  }
}

function chained(sample: () => { draws: WeighedDraws<Float64Tensor>; acceptance: Float64Tensor }): Sampled {
  const { value, milliseconds } = timed(sample);
  const { data } = value.acceptance;
  return {
    draws: value.draws,
    acceptance: data.reduce((sum, share) => sum + share, 0) / data.length,
    milliseconds: { score: milliseconds, values: milliseconds },
  };
}

export interface SamplerOptions {
  readonly mixture: GaussianMixture;
  readonly schedule: Schedule;
  readonly t: number;
  /** Evaluations of the target that each sampler may make for one estimate. */
  readonly budgets: readonly number[];
  readonly samplers: readonly SamplerName[];
  readonly estimators: readonly { readonly name: string; readonly estimator: Estimator }[];
  /** How many y_t. */
  readonly points: number;
  /** Estimates per y_t. */
  readonly repetitions: number;
  readonly random: RandomStream;
}

/** Squared errors are sums over the dimensions of y1, averaged over y_t. */
export interface SamplerRow extends Omit<ErrorMoments, 'ess'> {
  readonly sampler: SamplerName;
  readonly estimator: string;
  readonly budget: number;
  /** Evaluations made, at most the budget. */
  readonly evaluations: number;
  readonly t: number;
  /** Importance sampling: effective draws. */
  readonly ess: number | undefined;
  /** MALA and SMC: share of accepted moves (SMC: of the last stage). */
  readonly acceptance: number | undefined;
}

export type ProblemSamplerRow = Omit<SamplerRow, 'budget' | 'evaluations'> & {
  readonly problem: string;
  readonly dimensions: number;
  /** The budget. */
  readonly evaluations: number;
  readonly evaluations_made: number;
  readonly mse_low: number;
  readonly mse_high: number;
};

/** Values held at once. */
const blockSize = 1 << 15;

/** One time of the experiment: a row for every budget, sampler and estimator. */
export function samplersAtTime(options: SamplerOptions): SamplerRow[] {
  const { mixture, schedule, t, estimators, repetitions, random } = options;
  const { dim } = mixture;
  const { alpha, beta } = schedule.at(t);
  const path = { alpha: scalar(alpha), beta: scalar(beta) };
  const observations = drawObservations(mixture, alpha, beta, options.points, random.split('y_t'));
  return options.budgets.flatMap((budget) =>
    options.samplers.flatMap((sampler) => {
      const plan = samplerPlan(sampler, budget);
      const draws = random.split(`${sampler}/${budget}`);
      const tallies = estimators.map(() => new ErrorTally(dim));
      const block = Math.max(1, Math.min(repetitions, Math.floor(blockSize / (budget * dim))));
      let accepted = 0;
      for (const point of observations) {
        const exact = mixture.posterior(alpha, beta, point).y1;
        const yt = float64Tensor(Float64Array.from(point), [1, dim, 1]);
        for (let done = 0; done < repetitions; done += block) {
          const size = Math.min(block, repetitions - done);
          const sampled = runPlan(plan, { ...path, yt }, mixture, size, draws);
          accepted += sampled.acceptance * size;
          estimators.forEach(({ estimator }, i) => {
            const { value: y1, milliseconds } = timed(() => {
              const { y0 } = controlledMean(a, sampled.draws, estimator);
              return impliedData(a, path.alpha, path.beta, yt, y0);
            });
            tallies[i].time(sampled.milliseconds[readingOf(estimator)] + milliseconds, size);
            tallies[i].add(y1.data, exact, sampled.draws.ess.data);
          });
        }
        for (const tally of tallies) tally.closePoint(repetitions);
      }
      return estimators.map(({ name }, i) => {
        const { ess, ...moments } = tallies[i].result();
        return {
          sampler,
          estimator: name,
          budget,
          evaluations: evaluationsOf(plan),
          t,
          ...moments,
          ess: sampler === 'snis' ? ess : undefined,
          acceptance: sampler === 'snis' ? undefined : accepted / (observations.length * repetitions),
        };
      });
    }),
  );
}
