/**
 * How far estimates of E[y1 | y_t] lie from the exact posterior mean of a Gaussian mixture: bias, variance
 * and mean squared error by estimator, number of draws and time (RFM's variance experiment).
 */
import { controlledMean, type Estimator, parseEstimator } from '../../agents/posterior/estimator.ts';
import { float64Algebra as a, type Float64Tensor, float64Tensor } from '../../agents/posterior/float64.ts';
import type { GaussianMixture } from '../../agents/posterior/mixture.ts';
import { drawPosterior } from '../../agents/posterior/posterior-mean.ts';
import type { ProposalRequest } from '../../agents/posterior/proposals.ts';
import type { Schedule } from '../../agents/posterior/schedules.ts';
import { impliedData } from '../../agents/posterior/weighing.ts';
import type { RandomStream } from '../../engine/random.ts';
import { timed } from '../../harness/bench/timed.ts';
import { densities, type Reading, readingOf } from '../densities.ts';
import { type ErrorMoments, ErrorTally } from '../error-tally.ts';
import { drawObservations, normals, scalar } from '../observations.ts';

/**
 * Where draws come from: all from the prior; or a quarter from the prior and the rest from a stand-in for the
 * policy (the target with doubled covariances and its first weight halved); or half from the prior and half
 * from around the modes that the first half sees. N counts all of them.
 */
export const proposalNames = ['prior', 'policy', 'laplace'] as const;
export type ProposalName = (typeof proposalNames)[number];

const priorShare: Readonly<Record<ProposalName, number>> = { prior: 1, policy: 0.25, laplace: 0.5 };

export interface VarianceOptions {
  readonly mixture: GaussianMixture;
  readonly schedule: Schedule;
  readonly t: number;
  /** Numbers of draws; the smaller ones use the first draws of the same repetition. */
  readonly particles: readonly number[];
  readonly estimators: readonly { readonly name: string; readonly estimator: Estimator }[];
  /** How many y_t, or the y_t themselves. */
  readonly points: number | readonly (readonly number[])[];
  /** Estimates per y_t. */
  readonly repetitions: number;
  readonly random: RandomStream;
  /** `prior` by default. */
  readonly proposal?: ProposalName;
}

export interface VarianceRow extends ErrorMoments {
  readonly estimator: string;
  readonly particles: number;
  readonly t: number;
}

export type ProblemVarianceRow = VarianceRow & {
  readonly problem: string;
  readonly proposal: ProposalName;
  /** `mse` ± 1.96 standard errors over y_t. */
  readonly mse_low: number;
  readonly mse_high: number;
};

/** Values held at once, so that a block of repetitions stays in the cache. */
const blockSize = 1 << 15;

/** One time of the experiment: a row for every estimator and number of draws. */
export function varianceAtTime(options: VarianceOptions): VarianceRow[] {
  const { mixture, schedule, t, particles, estimators, repetitions, random, proposal = 'prior' } = options;
  const { dim } = mixture;
  const { alpha, beta } = schedule.at(t);
  const path = { alpha: scalar(alpha), beta: scalar(beta) };
  const largest = Math.max(...particles);
  const block = Math.max(1, Math.min(repetitions, Math.floor(blockSize / (largest * dim))));
  const cells = particles.map((count) =>
    estimators.map(({ name, estimator }) => ({ name, estimator, count, tally: new ErrorTally(dim) })),
  );
  const observations =
    typeof options.points === 'number'
      ? drawObservations(mixture, alpha, beta, options.points, random.split('y_t'))
      : options.points;
  const draws = random.split('y0');
  const second = secondProposal(proposal, mixture, random.split('second'));
  const density = densities(mixture);
  // Draws around modes are placed by the score, whoever reads them.
  const reading = (estimator: Estimator): Reading =>
    proposal === 'laplace' ? 'score' : readingOf(estimator);

  for (const point of observations) {
    const exact = mixture.posterior(alpha, beta, point).y1;
    const yt = float64Tensor(Float64Array.from(point), [1, dim, 1]);
    for (let done = 0; done < repetitions; done += block) {
      const size = Math.min(block, repetitions - done);
      const y0 = normals(draws, [size, dim, largest]);
      const targets = new Map(
        [...new Set(estimators.map(({ estimator }) => reading(estimator)))].map((read) => [
          read,
          timed(() => density[read](impliedData(a, path.alpha, path.beta, yt, y0))),
        ]),
      );
      for (const row of cells) {
        const count = row[0].count;
        const ofPrior = Math.max(1, Math.round(count * priorShare[proposal]));
        const first = (x: Float64Tensor) => (ofPrior === largest ? x : a.slice(x, 2, 0, ofPrior));
        const inputs = { ...path, yt, prior: first(y0), proposal: second?.([size, dim, count - ofPrior]) };
        for (const [read, { value: target, milliseconds }] of targets) {
          const own = { logDensity: first(target.logDensity), score: first(target.score) };
          const drawn = (estimator: Estimator) =>
            drawPosterior(a, { ...inputs, logDensity: density[read], estimator }, own);
          const shared = timed(() => drawn(plain));
          const drawing = shared.milliseconds + milliseconds * (ofPrior / largest);
          for (const { estimator, tally } of row) {
            if (reading(estimator) !== read) continue;
            const { value: estimate, milliseconds: applying } = timed(() => {
              const weighed = estimator.maxWeight < 1 ? drawn(estimator) : shared.value;
              const { y0: mean } = controlledMean(a, weighed, estimator);
              return { weighed, y1: impliedData(a, path.alpha, path.beta, yt, mean) };
            });
            tally.time(applying + drawing, size);
            tally.add(estimate.y1.data, exact, estimate.weighed.ess.data);
          }
        }
      }
    }
    for (const row of cells) for (const cell of row) cell.tally.closePoint(repetitions);
  }
  return cells
    .flat()
    .map(({ name, count, tally }) => ({ estimator: name, particles: count, t, ...tally.result() }));
}

/** Weighs draws as they are; the control variate does not matter for it. */
const plain = parseEstimator('noise');

/** Fresh requests of a shape [repetitions, D, M] for the second proposal. */
function secondProposal(name: ProposalName, mixture: GaussianMixture, random: RandomStream) {
  if (name === 'prior') return undefined;
  const rough = mixture.rough();
  return (shape: readonly [number, number, number]): ProposalRequest<Float64Tensor> => {
    const noise = normals(random, shape);
    if (name === 'laplace') return { kind: 'laplace', noise };
    const [size, dim, count] = shape;
    const normal = new Float64Array(dim);
    for (let i = 0; i < size; i++)
      for (let n = 0; n < count; n++) {
        const start = i * dim * count + n;
        for (let d = 0; d < dim; d++) normal[d] = noise.data[start + d * count];
        rough.sample(random.uniform(), normal).forEach((value, d) => {
          noise.data[start + d * count] = value;
        });
      }
    return { kind: 'policy', y1: noise, logDensity: (y1) => rough.logDensity(y1) };
  };
}
