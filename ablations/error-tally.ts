/** Bias, variance and mean squared error of estimates against exact values. */

/** Squared errors are sums over the dimensions of y1, averaged over y_t. */
export interface ErrorMoments {
  readonly mse: number;
  /** Standard error of mse over the y_t. */
  readonly mse_se: number;
  /** Squared bias, without bias itself: the variance of the mean over repetitions is taken off. */
  readonly bias2: number;
  readonly variance: number;
  readonly ess: number;
  /** Density, its score where the estimator reads it, weights and control variate, of one y_t. */
  readonly seconds_per_estimate: number;
}

/** Error moments of one estimator, per y_t and over all of them. */
export class ErrorTally {
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

  result(): ErrorMoments {
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
