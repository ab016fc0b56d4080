/**
 * Numbers as sums of two doubles, some 100 bits (Dekker 1971, "A floating-point technique for extending the available
 * precision"): what elementary functions are computed with before they are rounded.
 */

/** high + low, where high is the sum rounded to a double. */
export interface Pair {
  readonly high: number;
  readonly low: number;
}

export const pair = (high: number, low = 0): Pair => ({ high, low });

/** a + b without error. */
export function sum(a: number, b: number): Pair {
  const high = a + b;
  const part = high - a;
  return { high, low: a - (high - part) + (b - part) };
}

/** a + b without error where |a| ≥ |b|. */
function ordered(a: number, b: number): Pair {
  const high = a + b;
  return { high, low: b - (high - a) };
}

/** 2^27 + 1: times a double, it splits that into halves of 26 bits. */
const SPLITTER = 134217729;

/** a · b without error; both below 2^996 in size, and the product no subnormal. */
function product(a: number, b: number): Pair {
  const high = a * b;
  const scaledA = SPLITTER * a;
  const aHigh = scaledA - (scaledA - a);
  const aLow = a - aHigh;
  const scaledB = SPLITTER * b;
  const bHigh = scaledB - (scaledB - b);
  const bLow = b - bHigh;
  return { high, low: aHigh * bHigh - high + aHigh * bLow + aLow * bHigh + aLow * bLow };
}

export function add(a: Pair, b: Pair): Pair {
  const high = sum(a.high, b.high);
  const low = sum(a.low, b.low);
  const inner = ordered(high.high, high.low + low.high);
  return ordered(inner.high, inner.low + low.low);
}

export function multiply(a: Pair, b: Pair): Pair {
  const { high, low } = product(a.high, b.high);
  return ordered(high, low + (a.high * b.low + a.low * b.high));
}

export function divide(a: Pair, b: Pair): Pair {
  const quotient = a.high / b.high;
  const rest = add(a, negate(multiply(b, pair(quotient))));
  return ordered(quotient, rest.high / b.high);
}

export function squareRoot(a: Pair): Pair {
  if (a.high === 0) return a;
  const root = Math.sqrt(a.high);
  const rest = add(a, negate(product(root, root)));
  return ordered(root, rest.high / (2 * root));
}

export const negate = ({ high, low }: Pair): Pair => ({ high: -high, low: -low });

/** Times a power of two. */
export const scale = ({ high, low }: Pair, power: number): Pair => ({ high: high * power, low: low * power });

/** The double next to it. */
export const round = ({ high, low }: Pair): number => high + low;

/** A series in x, the constant first: `leading` terms in pairs, the small ones that follow in doubles. */
export interface Series {
  readonly leading: readonly Pair[];
  readonly tail: readonly number[];
}

/** The series with the coefficients 1 / denominators. */
export function reciprocals(denominators: readonly number[], leading: number): Series {
  const one = pair(1);
  return {
    leading: denominators.slice(0, leading).map((denominator) => divide(one, pair(denominator))),
    tail: denominators.slice(leading).map((denominator) => 1 / denominator),
  };
}

/** By Horner's rule. */
export function evaluate({ leading, tail }: Series, x: Pair): Pair {
  let small = 0;
  for (let i = tail.length - 1; i >= 0; i--) small = small * x.high + tail[i];
  let result = pair(small);
  for (let i = leading.length - 1; i >= 0; i--) result = add(leading[i], multiply(result, x));
  return result;
}
