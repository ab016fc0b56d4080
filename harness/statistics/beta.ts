/** The beta distribution, and what follows from it for a share of independent trials. */
import { logGamma } from './gamma.ts';
import type { Interval } from './resampling.ts';

/** I(x; a, b), by the continued fraction of Abramowitz and Stegun, 26.5.8, evaluated as Lentz does. */
export function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularisedBeta(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a),
  );
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return front * fraction;
}

/** The quantile x with I(x; a, b) = probability, by bisection. @param probability in (0, 1) */
function betaQuantile(probability: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (regularisedBeta(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The interval of Clopper and Pearson (1934) for the probability of success. Trials that succeed with different
 * probabilities vary less than as many with their mean (Hoeffding 1956): then it holds for the mean.
 * @param share of the trials that succeeded; `share · trials` need not be whole
 */
export function exactInterval(share: number, trials: number, confidence = 0.95): Interval {
  const [successes, tail] = [share * trials, (1 - confidence) / 2];
  return [
    successes > 0 ? betaQuantile(tail, successes, trials - successes + 1) : 0,
    successes < trials ? betaQuantile(1 - tail, successes + 1, trials - successes) : 1,
  ];
}
