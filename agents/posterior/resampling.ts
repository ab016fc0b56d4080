/** Systematic resampling (Kitagawa 1996) in whole-array operations. */
import type { Algebra } from './arithmetic.ts';
import { positive, type Walkers } from './langevin.ts';

/**
 * `count` walkers, each the copy of one drawn with the probability of its weight: the cumulative weights are read
 * at `count` equally spaced places with one common random offset. The copies are products with a matrix of ones
 * and zeros, so they are exact.
 * @param weight normalised, [batch, 1, N]
 * @param offset uniform in [0, 1), [batch, 1, 1]
 */
export function resample<A>(
  a: Algebra<A>,
  walkers: Walkers<A>,
  weight: A,
  offset: A,
  count: number,
): Walkers<A> {
  const dim = a.shape(walkers.y0)[1];
  const chosen = selection(a, weight, offset, count); // [batch, N, count]
  const stacked = a.concat(a.concat(walkers.y0, walkers.score, 1), walkers.logDensity, 1);
  const copies = a.transposedProduct(a.transpose(stacked), chosen);
  return {
    y0: a.slice(copies, 1, 0, dim),
    score: a.slice(copies, 1, dim, dim),
    logDensity: a.slice(copies, 1, 2 * dim, 1),
  };
}

/** [batch, N, count] with a single 1 in every column, at the draw that the column copies. */
function selection<A>(a: Algebra<A>, weight: A, offset: A, count: number): A {
  const size = a.shape(weight)[2];
  const upper = a.constant(
    Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i <= j ? 1 : 0))),
  );
  const cumulative = a.transpose(a.transposedProduct(a.transpose(weight), upper)); // [batch, N, 1]
  const places = a.div(a.add(a.constant([Array.from({ length: count }, (_, m) => m)]), offset), count);
  // How many cumulative weights lie below a place is the number of the draw there. Counting stays right where
  // rounding has let the sums fall by an ulp or end below 1.
  const passed = positive(a, a.sub(places, cumulative));
  const draw = a.minimum(a.sum(passed, 1), size - 1); // [batch, 1, count]
  const column = a.constant(Array.from({ length: size }, (_, i) => [i]));
  const distance = a.sub(column, draw);
  return a.maximum(a.sub(1, a.maximum(distance, a.mul(distance, -1))), 0);
}
