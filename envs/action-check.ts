/** Whether numbers are an action. */
import type { ActionSpec } from './environment.ts';
import { ActionError } from './errors.ts';

/**
 * What is wrong with an action, as a sentence's beginning; undefined where it fits.
 * @param actions row major, of which one action begins at `from`
 */
export function unfitAction(
  { size, low, high }: ActionSpec,
  actions: ArrayLike<number>,
  from = 0,
): string | undefined {
  for (let i = 0; i < size; i++) {
    const value = actions[from + i];
    if (value >= low[i] && value <= high[i] && Number.isFinite(value)) continue;
    return `action[${i}] must be in [${low[i]}, ${high[i]}], got ${value}`;
  }
  return undefined;
}

/** @throws ActionError that names the task, for another length, or for a number that is not finite or out of bounds at a step */
export function checkAction(task: string, spec: ActionSpec, action: ArrayLike<number>, step: number): void {
  if (action?.length !== spec.size) {
    throw new ActionError(`${task}: an action has ${spec.size} numbers, got ${action?.length ?? action}`);
  }
  const fault = unfitAction(spec, action);
  if (fault !== undefined) throw new ActionError(`${task}: ${fault} at step ${step}`);
}
