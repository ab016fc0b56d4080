/** Student's t distribution for whole degrees of freedom. */
import { mean, standardDeviation } from './moments.ts';

/**
 * P(|T| ≤ t) for whole degrees of freedom, by the finite series in θ = atan(t/√ν)
 * (Abramowitz and Stegun, 26.7.3 and 26.7.4).
 */
export function studentCentralProbability(t: number, degrees: number): number {
  const theta = Math.atan(t / Math.sqrt(degrees));
  const cosine = Math.cos(theta);
  const sine = Math.sin(theta);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + sine * sum) : sine * sum;
}

/**
 * The quantile t with P(T ≤ t) = probability, by bisection on θ.
 * @param probability in (0, 1)
 * @param degrees a whole number ≥ 1
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1) throw new RangeError(`degrees of freedom: ${degrees}`);
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  const central = 2 * probability - 1;
  const atAngle = (theta: number) => Math.sqrt(degrees) * Math.tan(theta);
  let low = 0;
  let high = Math.PI / 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (studentCentralProbability(atAngle(middle), degrees) < central) low = middle;
    else high = middle;
  }
  return atAngle((low + high) / 2);
}

/** mean ± t(ν = n - 1) · sd/√n; undefined for one value. */
export function studentInterval(sample: ArrayLike<number>, confidence = 0.95): [number, number] | undefined {
  const deviation = standardDeviation(sample);
  if (deviation === undefined) return undefined;
  const t = studentQuantile((1 + confidence) / 2, sample.length - 1);
  const half = (t * deviation) / Math.sqrt(sample.length);
  const centre = mean(sample);
  return [centre - half, centre + half];
}
