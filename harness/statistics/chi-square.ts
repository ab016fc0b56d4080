/** The chi-square distribution, of any number of degrees of freedom. */
import { logGamma } from './gamma.ts';

/** P(χ² ≤ x), for x ≥ 0. @param degrees > 0, whole or not */
export const chiSquareProbability = (x: number, degrees: number): number =>
  regularisedGamma(degrees / 2, x / 2);

/**
 * The quantile x with P(χ² ≤ x) = probability, by bisection on its logarithm.
 * @param probability in (0, 1)
 * @param degrees ≥ 1, whole or not
 */
export function chiSquareQuantile(probability: number, degrees: number): number {
  if (!(degrees >= 1 && degrees < Number.POSITIVE_INFINITY))
    throw new RangeError(`degrees of freedom: ${degrees}`);
  if (!(probability > 0 && probability < 1)) throw new RangeError(`probability: ${probability}`);
  let [low, high] = [-100, Math.log(degrees + 100) + 10];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (chiSquareProbability(Math.exp(middle), degrees) < probability) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/**
 * P(a, x): the series of Abramowitz and Stegun, 6.5.29, below a + 1; above it 1 - Q with the continued fraction
 * 6.5.31, evaluated as Lentz does.
 */
function regularisedGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return front * sum;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return 1 - front * fraction;
}
