/** Agents act in [-1, 1]; the actuators of the quadruped have ranges of their own. */
import type { ActionSpec } from '../../envs/index.ts';

/**
 * Maps actions in [-1, 1] onto a task's bounds, each dimension by itself: -1 to its low, 1 to its high, linear between.
 * Where the bounds are -1 and 1, as in all other tasks, the action itself comes back. What is returned holds until the
 * next call.
 */
export function toBounds({ size, low, high }: ActionSpec): (action: ArrayLike<number>) => ArrayLike<number> {
  const isUnit = low.every((value) => value === -1) && high.every((value) => value === 1);
  if (isUnit) return (action) => action;
  const scaled = new Float64Array(size);
  return (action) => {
    for (let i = 0; i < size; i++) {
      const value = low[i] + ((action[i] + 1) / 2) * (high[i] - low[i]);
      scaled[i] = Math.min(high[i], Math.max(low[i], value));
    }
    return scaled;
  };
}
