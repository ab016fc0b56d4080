/** What an agent needs of a task before it can act. */
import { ControlEnvironment } from './control-environment.ts';
import type { Environment } from './environment.ts';
import { TaskError } from './errors.ts';
import { actionStream } from './trace.ts';

/** @throws TaskError naming the task if its actions have no finite bounds */
export function checkTrainable(environment: Environment): void {
  const fault = whyNotTrainable(environment);
  if (fault !== undefined) throw new TaskError(`${environment.task}: ${fault}`);
}

/** Episodes that tryOut() begins, and the steps of each. */
const TRIED = { episodes: 20, steps: 3 };

/**
 * Begins some episodes with random actions, so that what no run could go on with is found before one.
 * @throws TaskError, DivergenceError: what is wrong with the task
 */
export function tryOut(environment: Environment): void {
  checkTrainable(environment);
  const draw = actionStream(environment, 0);
  for (let episode = 0; episode < TRIED.episodes; episode++) {
    let { terminated, truncated } = environment.reset(episode);
    for (let step = 0; step < TRIED.steps && !terminated && !truncated; step++) {
      ({ terminated, truncated } = environment.step(draw()));
    }
  }
}

/** What is wrong with the actions; undefined if nothing is. */
export function whyNotTrainable(environment: Environment): string | undefined {
  const { size, low, high } = environment.actionSpec;
  if (size === 0) return 'the model has no actuator';
  for (let i = 0; i < size; i++) {
    if (Number.isFinite(low[i]) && Number.isFinite(high[i]) && low[i] < high[i]) continue;
    const name =
      environment instanceof ControlEnvironment
        ? `actuator '${environment.physics.rowName('actuator_ctrlrange', i)}'`
        : `action[${i}]`;
    return `${name} is in [${low[i]}, ${high[i]}], which agents cannot be mapped onto: give the actuator ctrllimited="true" and a ctrlrange`;
  }
  return undefined;
}
