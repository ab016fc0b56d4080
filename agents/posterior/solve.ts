/** Small symmetric positive definite systems in whole-array operations, without data-dependent branches. */
import type { Algebra } from './arithmetic.ts';

/**
 * X with S X = R for every batch entry, by Gauss-Jordan elimination: one step of a few operations on the
 * whole [batch, D, D + columns] array per pivot. Without pivoting, which positive definiteness allows; rows
 * and columns are scaled to a unit diagonal first, and a pivot that rounding has eaten is held at the
 * rounding error, so that a singular S gives a bounded answer in the directions that it does not see.
 * @param s [batch, D, D], symmetric, positive diagonal
 * @param right [batch, D, columns]
 */
export function solveSymmetric<A>(a: Algebra<A>, s: A, right: A): A {
  const size = a.shape(s)[1];
  const unit = (k: number) => a.constant(Array.from({ length: size }, (_, i) => [i === k ? 1 : 0]));
  const identity = a.constant(identityRows(size));
  const scaleRow = a.div(1, a.sqrt(a.sum(a.mul(s, identity), 1))); // [batch, 1, D]
  const scaleColumn = a.transpose(scaleRow);
  let rows = a.concat(a.mul(a.mul(s, scaleColumn), scaleRow), a.mul(right, scaleColumn), 2);
  for (let k = 0; k < size; k++) {
    const row = a.slice(rows, 1, k, 1);
    const pivot = a.maximum(a.slice(row, 2, k, 1), 4 * a.epsilon);
    const factor = a.sub(a.slice(rows, 2, k, 1), unit(k)); // the pivot row itself becomes row / pivot
    rows = a.sub(rows, a.mul(factor, a.div(row, pivot)));
  }
  return a.mul(a.slice(rows, 2, size, a.shape(right)[2]), scaleColumn);
}

/** The rows of the identity matrix. */
export function identityRows(size: number): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)));
}
