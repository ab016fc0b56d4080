/**
 * How far estimates of E[y1 | y_t] lie from the exact posterior mean of a Gaussian mixture: bias, variance
 * and mean squared error by estimator, number of draws and time (RFM's variance experiment).
 */
import { controlledMean } from '../../agents/posterior/coefficients.ts';
import type { Estimator } from '../../agents/posterior/estimator.ts';
import { float64Algebra as a, type Float64Tensor, float64Tensor } from '../../agents/posterior/float64.ts';
import type { GaussianMixture } from '../../agents/posterior/mixture.ts';
import type { Schedule } from '../../agents/posterior/schedules.ts';
import { impliedData, weighDraws } from '../../agents/posterior/weighing.ts';
import type { RandomStream } from '../../engine/random.ts';

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
}

/** Squared errors are sums over the dimensions of y1, averaged over y_t. */
export interface VarianceRow {
  readonly estimator: string;
  readonly particles: number;
  readonly t: number;
  readonly mse: number;
  /** Standard error of mse over the y_t. */
  readonly mse_se: number;
  /** Squared bias, without bias itself: the variance of the mean over repetitions is taken off. */
  readonly bias2: number;
  readonly variance: number;
  readonly ess: number;
  /** Density, weights and control variate, of one y_t. */
  readonly seconds_per_estimate: number;
}

/** Values held at once, so that a block of repetitions stays in the cache. */
const blockSize = 1 << 15;

/** One time of the experiment: a row for every estimator and number of draws. */
export function varianceAtTime(options: VarianceOptions): VarianceRow[] {
  const { mixture, schedule, t, particles, estimators, repetitions, random } = options;
  const { dim } = mixture;
  const { alpha, beta } = schedule.at(t);
  const [alphaArray, betaArray, ratio] = [alpha, beta, beta / alpha].map((x) =>
    float64Tensor(Float64Array.of(x), [1, 1, 1]),
  );
  const largest = Math.max(...particles);
  const block = Math.max(1, Math.min(repetitions, Math.floor(blockSize / (largest * dim))));
  const cells = particles.map((count) =>
    estimators.map(({ name, estimator }) => ({ name, estimator, count, tally: new Tally(dim) })),
  );
  const observations =
    typeof options.points === 'number'
      ? drawObservations(mixture, alpha, beta, options.points, random.split('y_t'))
      : options.points;
  const draws = random.split('y0');

  for (const yt of observations) {
    const exact = mixture.posterior(alpha, beta, yt).y1;
    const ytArray = float64Tensor(Float64Array.from(yt), [1, dim, 1]);
    for (let done = 0; done < repetitions; done += block) {
      const size = Math.min(block, repetitions - done);
      const y0 = normals(draws, [size, dim, largest]);
      const start = performance.now();
      const target = mixture.evaluate(impliedData(a, alphaArray, betaArray, ytArray, y0));
      const density = performance.now() - start;
      for (const row of cells) {
        const count = row[0].count;
        const first = (x: Float64Tensor) => (count === largest ? x : a.slice(x, 2, 0, count));
        const used = {
          ratio,
          y0: first(y0),
          score: first(target.score),
          logWeight: first(target.logDensity),
        };
        const weighingStart = performance.now();
        const weighed = weighDraws(a, used);
        const shared = performance.now() - weighingStart + density * (count / largest);
        for (const cell of row) {
          const cellStart = performance.now();
          const own =
            cell.estimator.maxWeight === 1 ? weighed : weighDraws(a, used, cell.estimator.maxWeight);
          const { y0: mean } = controlledMean(a, own, cell.estimator);
          const y1 = impliedData(a, alphaArray, betaArray, ytArray, mean);
          cell.tally.time(shared + performance.now() - cellStart, size);
          cell.tally.add(y1.data, exact, own.ess.data);
        }
      }
    }
    for (const row of cells) for (const cell of row) cell.tally.closePoint(repetitions);
  }
  return cells
    .flat()
    .map(({ name, count, tally }) => ({ estimator: name, particles: count, t, ...tally.result() }));
}

/** y_t from its marginal. */
function drawObservations(
  mixture: GaussianMixture,
  alpha: number,
  beta: number,
  count: number,
  random: RandomStream,
): number[][] {
  const normal = new Float32Array(2 * mixture.dim);
  return Array.from({ length: count }, () => {
    random.fillNormal(normal);
    const y1 = mixture.sample(random.uniform(), normal);
    return y1.map((value, d) => alpha * value + beta * normal[mixture.dim + d]);
  });
}

function normals(random: RandomStream, shape: readonly [number, number, number]): Float64Tensor {
  const single = random.fillNormal(new Float32Array(shape[0] * shape[1] * shape[2]));
  return float64Tensor(Float64Array.from(single), shape);
}

/** Error moments of one estimator, per y_t and over all of them. */
class Tally {
  readonly #dim: number;
  readonly #sum: Float64Array;
  #squares = 0;
  #ess = 0;
  #estimates = 0;
  #milliseconds = 0;
  #timed = 0;
  readonly #mse: number[] = [];
  readonly #bias2: number[] = [];
  readonly #variance: number[] = [];

  constructor(dim: number) {
    this.#dim = dim;
    this.#sum = new Float64Array(dim);
  }

  time(milliseconds: number, estimates: number): void {
    this.#milliseconds += milliseconds;
    this.#timed += estimates;
  }

  /** @param estimates [repetitions, D] */
  add(estimates: Float64Array, exact: readonly number[], ess: Float64Array): void {
    for (let i = 0; i < estimates.length; i++) {
      const error = estimates[i] - exact[i % this.#dim];
      this.#sum[i % this.#dim] += error;
      this.#squares += error * error;
    }
    for (const value of ess) this.#ess += value;
    this.#estimates += ess.length;
  }

  closePoint(repetitions: number): void {
    const mse = this.#squares / repetitions;
    let squaredMean = 0;
    for (let d = 0; d < this.#dim; d++) squaredMean += (this.#sum[d] / repetitions) ** 2;
    const variance = repetitions > 1 ? ((mse - squaredMean) * repetitions) / (repetitions - 1) : Number.NaN;
    this.#mse.push(mse);
    this.#variance.push(variance);
    this.#bias2.push(squaredMean - variance / repetitions);
    this.#sum.fill(0);
    this.#squares = 0;
  }

  result(): Omit<VarianceRow, 'estimator' | 'particles' | 't'> {
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const mse = mean(this.#mse);
    const points = this.#mse.length;
    const spread = this.#mse.reduce((sum, value) => sum + (value - mse) ** 2, 0) / Math.max(1, points - 1);
    return {
      mse,
      mse_se: Math.sqrt(spread / points),
      bias2: mean(this.#bias2),
      variance: mean(this.#variance),
      ess: this.#ess / this.#estimates,
      seconds_per_estimate: this.#milliseconds / 1000 / this.#timed,
    };
  }
}
