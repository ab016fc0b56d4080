/** Curves of several runs brought to the same steps: evaluations of different runs need not be at the same ones. */
import { largest, smallest } from './moments.ts';

/** The evaluations of one run. */
export interface RunCurve {
  /** Ascending, without repetition; one at least. */
  readonly steps: readonly number[];
  /** The mean return at each step. */
  readonly values: readonly number[];
}

/** The steps at which every run has a value, by evaluation or by interpolation between two. */
export interface CommonSteps {
  /**
   * Ascending: every step at which some run was evaluated, from the latest first evaluation of a run to the
   * earliest last one; empty if no step lies between those.
   */
  readonly steps: readonly number[];
  /** Whether some run was not evaluated at one of them. */
  readonly interpolated: boolean;
  /** Whether some run was evaluated before the first or after the last of them. */
  readonly cut: boolean;
}

/** The steps at which learning curves can be compared: those of any curve within the range that all cover. */
export function commonSteps(curves: readonly RunCurve[]): CommonSteps {
  const first = largest(curves.map(({ steps }) => steps[0]));
  const last = smallest(curves.map(({ steps }) => steps[steps.length - 1]));
  const inside = curves.map(({ steps }) => steps.filter((step) => step >= first && step <= last));
  const steps = [...new Set(inside.flat())].sort((a, b) => a - b);
  return {
    steps,
    interpolated: inside.some((own) => own.length < steps.length),
    cut: curves.some((curve, i) => curve.steps.length > inside[i].length),
  };
}

/**
 * The value of a curve at a step: that of the evaluation there, else on the straight line between the evaluations
 * before and after it.
 * @throws RangeError outside of the curve
 */
export function valueAt({ steps, values }: RunCurve, step: number): number {
  let [low, high] = [0, steps.length - 1];
  if (!(step >= steps[low] && step <= steps[high])) {
    throw new RangeError(`step ${step} is outside of the curve from ${steps[low]} to ${steps[high]}`);
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle;
    else high = middle;
  }
  if (steps[low] === step) return values[low];
  if (steps[high] === step) return values[high];
  const share = (step - steps[low]) / (steps[high] - steps[low]);
  return values[low] + share * (values[high] - values[low]);
}
