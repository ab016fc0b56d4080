/**
 * Constant against learned test functions: errors of the posterior mean with the control variates' coefficient
 * fitted to the draws of each estimate, and with a network Φ(t, y_t, y0) that was trained before.
 */
import { controlledMean, type Estimator, parseEstimator } from '../../agents/posterior/estimator.ts';
import { float64Algebra as a, type Float64Tensor, float64Tensor } from '../../agents/posterior/float64.ts';
import type { GaussianMixture } from '../../agents/posterior/mixture.ts';
import type { Schedule } from '../../agents/posterior/schedules.ts';
import { impliedData, type WeighedDraws, weighDraws } from '../../agents/posterior/weighing.ts';
import type { RandomStream } from '../../engine/random.ts';
import { timed } from '../../harness/bench/timed.ts';
import { densities, type Reading, readingOf } from '../densities.ts';
import { type ErrorMoments, ErrorTally } from '../error-tally.ts';
import { drawObservations, normals, scalar } from '../observations.ts';
import type { TrainedTestFunction } from './training.ts';

/** `network`: Φ alone. `network+adaptive`: a constant coefficient fitted to what Φ leaves over. */
export const networkNames = ['network', 'network+adaptive'] as const;

export interface TestFunctionRow extends ErrorMoments {
  readonly estimator: string;
  readonly particles: number;
  readonly t: number;
}

export interface TestFunctionOptions {
  readonly mixture: GaussianMixture;
  readonly schedule: Schedule;
  readonly t: number;
  readonly particles: readonly number[];
  /** Estimators with constant coefficients; the network's are always there. */
  readonly estimators: readonly string[];
  readonly trained: TrainedTestFunction;
  readonly points: number;
  readonly repetitions: number;
  readonly random: RandomStream;
}

type Draws = WeighedDraws<Float64Tensor>;

/** One time of the experiment, with draws that training has not seen: a row for every N and estimator. */
export async function testFunctionsAtTime(options: TestFunctionOptions): Promise<TestFunctionRow[]> {
  const { mixture, t, trained, repetitions, random } = options;
  const { dim } = mixture;
  const { alpha, beta } = options.schedule.at(t);
  const path = { alpha: scalar(alpha), beta: scalar(beta) };
  const observations = drawObservations(mixture, alpha, beta, options.points, random.split('y_t'));
  const estimators = options.estimators.map((name) => ({ name, estimator: parseEstimator(name) }));
  const density = densities(mixture);
  const rows: TestFunctionRow[] = [];
  for (const particles of options.particles) {
    const tallies = new Map<string, ErrorTally>();
    for (const name of [...options.estimators, ...networkNames]) tallies.set(name, new ErrorTally(dim));
    const noise = random.split(`y0/${particles}`);
    for (const point of observations) {
      const exact = mixture.posterior(alpha, beta, point).y1;
      const yt = float64Tensor(Float64Array.from(point), [1, dim, 1]);
      const { value: y0, milliseconds: noising } = timed(() => normals(noise, [repetitions, dim, particles]));
      const weighed = (reading: Reading) =>
        timed(() => {
          const { score, logDensity } = density[reading](impliedData(a, path.alpha, path.beta, yt, y0));
          const ratio = a.div(path.beta, path.alpha);
          return weighDraws(a, { ratio, y0, score, logWeight: logDensity });
        });
      const { value: draws, milliseconds: weighing } = weighed('score');
      const record = (name: string, from: Draws, estimator: Estimator, before: number) => {
        const { value: y1, milliseconds } = timed(() => {
          const { y0: mean } = controlledMean(a, from, estimator);
          return impliedData(a, path.alpha, path.beta, yt, mean);
        });
        const tally = tallies.get(name);
        tally?.time(noising + before + milliseconds, repetitions);
        tally?.add(y1.data, exact, from.ess.data);
      };
      const ofValues = weighed('values');
      for (const { name, estimator } of estimators) {
        if (readingOf(estimator) === 'score') record(name, draws, estimator, weighing);
        else record(name, ofValues.value, estimator, ofValues.milliseconds);
      }
      const applying = performance.now();
      const prior = await trained.controlled({ alpha, beta, yt, prior: y0, stein: draws.stein });
      const left: Draws = { ...draws, prior, meanPrior: a.sum(a.mul(draws.weight, prior), 2) };
      const before = weighing + performance.now() - applying;
      record('network', left, parseEstimator('noise'), before);
      record('network+adaptive', left, parseEstimator('adaptive'), before);
      for (const tally of tallies.values()) tally.closePoint(repetitions);
    }
    for (const [estimator, tally] of tallies) rows.push({ estimator, particles, t, ...tally.result() });
  }
  return rows;
}
