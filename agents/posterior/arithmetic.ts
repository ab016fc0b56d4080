/**
 * The arithmetic that path schedules and estimators are written in. One formula then runs on plain numbers,
 * on float64 arrays (tests, ablations) and on tensors that the engine compiles.
 */
import { exp, expm1, log, sin } from '../../math/elementary.ts';

/** Element by element; operands broadcast as the values of the implementation do. */
export interface Arithmetic<V> {
  add(a: V | number, b: V | number): V;
  sub(a: V | number, b: V | number): V;
  mul(a: V | number, b: V | number): V;
  div(a: V | number, b: V | number): V;
  minimum(a: V | number, b: V | number): V;
  maximum(a: V | number, b: V | number): V;
  exp(a: V): V;
  /** exp(a) - 1 for a ≤ 0, without cancellation near 0. */
  expm1(a: V): V;
  log(a: V): V;
  sqrt(a: V): V;
  sin(a: V): V;
}

/**
 * Arrays of shape [batch, rows, columns], any of which may be 1 and then broadcasts. Estimators lay the
 * dimensions of y along the rows and the draws along the columns: the long axis last, where broadcasting and
 * reducing are several times faster than over a last axis of a few dimensions.
 */
export interface Algebra<A> extends Arithmetic<A> {
  /** The gap between 1 and the next float. */
  readonly epsilon: number;
  shape(a: A): readonly [number, number, number];
  /** The same values for every batch entry; `rows[i][j]`. */
  constant(rows: readonly (readonly number[])[]): A;
  /** Sum along an axis, which stays with size 1. */
  sum(a: A, axis: 1 | 2): A;
  /** Maximum along an axis, which stays with size 1. */
  max(a: A, axis: 1 | 2): A;
  /** aᵀ b for every batch entry: [batch, n, p], [batch, n, q] → [batch, p, q]. */
  transposedProduct(a: A, b: A): A;
  /** a bᵀ for every batch entry: [batch, p, n], [batch, q, n] → [batch, p, q]. */
  outerProduct(a: A, b: A): A;
  transpose(a: A): A;
  concat(a: A, b: A, axis: 1 | 2): A;
  slice(a: A, axis: 1 | 2, begin: number, size: number): A;
}

export const numberArithmetic: Arithmetic<number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  minimum: Math.min,
  maximum: Math.max,
  exp,
  expm1,
  log,
  sqrt: Math.sqrt,
  sin,
};
