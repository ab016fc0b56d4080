/** The area under an evaluation curve. */

/**
 * The area under the curve of mean evaluation return against step (trapezoids between evaluations), divided
 * by the range of steps: the mean height of the curve, in units of return. With one evaluation, its return.
 * @param steps ascending, without repetition
 * @param returns the mean return of the evaluation at each step
 */
export function areaUnderCurve(steps: ArrayLike<number>, returns: ArrayLike<number>): number {
  if (steps.length !== returns.length || steps.length === 0) {
    throw new RangeError(
      `a curve needs as many returns as steps, and one at least; got ${steps.length} steps`,
    );
  }
  const last = steps.length - 1;
  if (last === 0) return returns[0];
  let area = 0;
  for (let i = 1; i <= last; i++) area += ((returns[i] + returns[i - 1]) / 2) * (steps[i] - steps[i - 1]);
  return area / (steps[last] - steps[0]);
}
