/** Student's t distribution, of any number of degrees of freedom. */
import { regularisedBeta } from './beta.ts';
import { mean, standardDeviation } from './moments.ts';

/**
 * P(|T| ≤ t) = 1 - I(ν / (ν + t²); ν/2, 1/2), with the regularised incomplete beta function
 * (Abramowitz and Stegun, 26.7.1).
 * @param degrees > 0, whole or not
 */
export function studentCentralProbability(t: number, degrees: number): number {
  return 1 - regularisedBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/**
 * The quantile t with P(T ≤ t) = probability, by bisection on θ = atan(t/√ν).
 * @param probability in (0, 1)
 * @param degrees ≥ 1, whole or not
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(degrees >= 1 && degrees < Number.POSITIVE_INFINITY))
    throw new RangeError(`degrees of freedom: ${degrees}`);
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
