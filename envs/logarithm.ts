/**
 * The natural logarithm to about 0.51 units in the last place.
 *
 * JavaScript's Math.log may be off by a whole unit, NumPy's (the C library's) is off by 0.52 at most. The
 * normals of RandomState go through it, so the better one makes them equal bit for bit except in rare ties.
 */

/** ln 2 as a sum of two doubles; the first has trailing zeros, so that k × it is exact for |k| < 2^11. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** The rounding error of a × b, by Dekker's splitting. */
function productError(a: number, b: number, product: number): number {
  const scaledA = 134217729 * a;
  const aHigh = scaledA - (scaledA - a);
  const aLow = a - aHigh;
  const scaledB = 134217729 * b;
  const bHigh = scaledB - (scaledB - b);
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** @param x finite and positive, not subnormal. */
export function logarithm(x: number): number {
  let exponent = 0;
  let mantissa = x;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  while (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // ln m = 2 artanh(s) with s = (m - 1) / (m + 1); s carried as quotient + remainder.
  const numerator = mantissa - 1; // exact
  const denominator = mantissa + 1;
  const denominatorError = mantissa - (denominator - 1);
  const s = numerator / denominator;
  const product = s * denominator;
  const remainder = numerator - product - productError(s, denominator, product) - s * denominatorError;
  const sError = remainder / denominator;
  // artanh(s) / s - 1 = z/3 + z²/5 + ...; z is below 0.03, so plain doubles do for it.
  const z = s * s;
  let series = 0;
  for (let n = 25; n >= 3; n -= 2) series = z * (1 / n + series);
  const tail = 2 * (sError + s * series);
  const high = exponent * LN2_HIGH;
  const head = high + 2 * s;
  const headError = Math.abs(high) >= Math.abs(2 * s) ? high - head + 2 * s : 2 * s - head + high;
  return head + (headError + exponent * LN2_LOW + tail);
}
