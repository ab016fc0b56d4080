/**
 * What regressions ask of draws that depend on each other. States of one chain repeat and predict one another, so
 * what a fit is worth is asked of other chains, and its standard error counts chains.
 */
import type { Algebra } from './arithmetic.ts';

/** 1 for the draws of the first half of the chains (of the states, if there is one chain) and 0 else, and the rest. */
function halves<A>(a: Algebra<A>, count: number, chains: number): [A, A] {
  const first = Array.from({ length: count }, (_, n) =>
    (chains === 1 ? n < count / 2 : n % chains < chains / 2) ? 1 : 0,
  );
  return [a.constant([first]), a.constant([first.map((x) => 1 - x)])];
}

/**
 * For every draw, what a fit to the chains of the other half predicts of it, [batch, D, N].
 * @param weight of the draws, [batch, 1, N]
 * @param predict fits with the weights given and predicts every draw
 */
export function predictAcrossChains<A>(
  a: Algebra<A>,
  chains: number,
  weight: A,
  predict: (weight: A) => A,
): A {
  const [first, second] = halves(a, a.shape(weight)[2], chains);
  const [ofFirst, ofSecond] = [first, second].map((half) => predict(a.mul(weight, half)));
  return a.add(a.mul(second, ofFirst), a.mul(first, ofSecond));
}

/** Sums over each chain's draws, [batch, 1, N] → [batch, 1, chains]. */
export function chainSums<A>(a: Algebra<A>, x: A, chains: number): A {
  const states = a.shape(x)[2] / chains;
  let sums = a.slice(x, 2, 0, chains);
  for (let i = 1; i < states; i++) sums = a.add(sums, a.slice(x, 2, i * chains, chains));
  return sums;
}
