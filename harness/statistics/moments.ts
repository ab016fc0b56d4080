/** Statistics of one sample: mean, median, standard deviation, trimmed mean, percentiles. */

/** The arithmetic mean; NaN for an empty sample. */
export function mean(sample: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < sample.length; i++) sum += sample[i];
  return sum / sample.length;
}

/** The least of any number of values, more than Math.min takes; infinity for none. */
export const smallest = (sample: readonly number[]): number =>
  sample.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);

/** The greatest of any number of values, more than Math.max takes; minus infinity for none. */
export const largest = (sample: readonly number[]): number =>
  sample.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);

/** Standard deviation with n - 1 in the denominator, 0 for equal values; undefined for fewer than two. */
export function standardDeviation(sample: ArrayLike<number>): number | undefined {
  if (sample.length < 2) return undefined;
  // The mean of equal values may be rounded, and then no difference from it is 0.
  if (Array.prototype.every.call(sample, (value) => value === sample[0])) return 0;
  const centre = mean(sample);
  let squares = 0;
  for (let i = 0; i < sample.length; i++) squares += (sample[i] - centre) ** 2;
  return Math.sqrt(squares / (sample.length - 1));
}

/** A sorted copy, ascending, as float64. */
export function sorted(sample: ArrayLike<number>): Float64Array {
  return Float64Array.from(sample).sort();
}

/** The middle value, or the mean of the two middle values. */
export function median(sample: ArrayLike<number>): number {
  const ordered = sorted(sample);
  const half = ordered.length >> 1;
  return ordered.length % 2 === 1 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
}

/**
 * Values that a trimmed mean drops at each end: int(proportion · n), without fractional weights, as
 * scipy.stats.trim_mean does.
 */
export function trimmedCount(size: number, proportion = 0.25): number {
  return Math.floor(proportion * size);
}

/** The mean of what is left when `proportion` of the sorted values is dropped at each end. */
export function trimmedMean(sample: ArrayLike<number>, proportion = 0.25): number {
  const cut = trimmedCount(sample.length, proportion);
  return mean(sorted(sample).subarray(cut, sample.length - cut));
}

/**
 * A percentile by linear interpolation between order statistics (numpy's default, Hyndman and Fan type 7).
 * @param ordered ascending
 * @param percent in [0, 100]
 */
export function percentileOfSorted(ordered: ArrayLike<number>, percent: number): number {
  const position = ((ordered.length - 1) * percent) / 100;
  const below = Math.floor(position);
  const above = Math.min(below + 1, ordered.length - 1);
  const low = ordered[below];
  return low + (ordered[above] - low) * (position - below);
}
