/**
 * Constant against learned test functions: errors of the posterior mean with the control variates' coefficient
 * fitted to the draws of each estimate, and with a network Φ(t, y_t, y0) that was trained before.
 */
import { controlledMean, parseEstimator } from '../../agents/posterior/estimator.ts';
import { float64Algebra as a, type Float64Tensor, float64Tensor } from '../../agents/posterior/float64.ts';
import type { GaussianMixture } from '../../agents/posterior/mixture.ts';
import type { Schedule } from '../../agents/posterior/schedules.ts';
import { impliedData, type WeighedDraws, weighDraws } from '../../agents/posterior/weighing.ts';
import type { RandomStream } from '../../engine/random.ts';
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
  const rows: TestFunctionRow[] = [];
  for (const particles of options.particles) {
    const tallies = new Map<string, ErrorTally>();
    for (const name of [...options.estimators, ...networkNames]) tallies.set(name, new ErrorTally(dim));
    const noise = random.split(`y0/${particles}`);
    for (const point of observations) {
      const exact = mixture.posterior(alpha, beta, point).y1;
      const yt = float64Tensor(Float64Array.from(point), [1, dim, 1]);
      const start = performance.now();
      const y0 = normals(noise, [repetitions, dim, particles]);
      const { score, logDensity } = mixture.evaluate(impliedData(a, path.alpha, path.beta, yt, y0));
      const ratio = a.div(path.beta, path.alpha);
      const draws = weighDraws(a, { ratio, y0, score, logWeight: logDensity });
      const drawing = performance.now() - start;
      const record = (name: string, from: Draws, estimator: string, before: number) => {
        const own = performance.now();
        const { y0: mean } = controlledMean(a, from, parseEstimator(estimator));
        const y1 = impliedData(a, path.alpha, path.beta, yt, mean);
        const tally = tallies.get(name);
        tally?.time(performance.now() - own + before, repetitions);
        tally?.add(y1.data, exact, from.ess.data);
      };
      for (const name of options.estimators) record(name, draws, name, drawing);
      const applying = performance.now();
      const prior = await trained.controlled({ alpha, beta, yt, prior: y0, stein: draws.stein });
      const left: Draws = { ...draws, prior, meanPrior: a.sum(a.mul(draws.weight, prior), 2) };
      const before = drawing + performance.now() - applying;
      record('network', left, 'noise', before);
      record('network+adaptive', left, 'adaptive', before);
      for (const tally of tallies.values()) tally.closePoint(repetitions);
    }
    for (const [estimator, tally] of tallies) rows.push({ estimator, particles, t, ...tally.result() });
  }
  return rows;
}
