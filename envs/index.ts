/** Control tasks on MuJoCo WebAssembly, numerically those of the DeepMind Control Suite. */
import { unknown } from '../names/nearest.ts';
import { ControlEnvironment } from './control-environment.ts';
import type { Task } from './domain.ts';
import { TaskError } from './errors.ts';
import type { ModelSource } from './model-source.ts';
import { loadMuJoCo } from './mujoco.ts';
import { findTask, taskNames } from './registry.ts';

export { CheckedEnvironment } from './checked-environment.ts';
export { checkTask, type Verdict } from './conformance.ts';
export { ControlEnvironment } from './control-environment.ts';
export { type Domain, defineTask, domain, type Task, type TaskDescription, task } from './domain.ts';
export type {
  ActionSpec,
  Environment,
  EnvironmentState,
  ObservationPart,
  ObservationSpec,
  TimeStep,
} from './environment.ts';
export {
  ActionError,
  DivergenceError,
  EpisodeError,
  ModelError,
  SeedError,
  SimulatorError,
  StateError,
  TaskError,
} from './errors.ts';
export { describedModel, type ModelReader, type ModelSource, type ModelText } from './model-source.ts';
export { loadMuJoCo } from './mujoco.ts';
export type { ObservationWriter } from './observation.ts';
export type { Physics } from './physics.ts';
export { RandomState, RandomStateError } from './random-state.ts';
export { domains, findTask, registerTask, suite, suiteNames, taskNames } from './registry.ts';
export { type Sigmoid, Tolerance, type ToleranceOptions, tolerance } from './tolerance.ts';
export { checkTrainable, tryOut } from './trainable.ts';
export { VectorEnvironment, type VectorTimeStep } from './vector.ts';

export interface EnvironmentOptions {
  /** Reads files of assets/; `packagedModels` of harness/plugins/assets.ts is one. */
  readonly models: ModelSource;
  /** Of the random state that resets draw from, as dm_control's `task_kwargs={'random': seed}` (default 0). */
  readonly seed?: number;
}

/**
 * Builds the environment of a task, by its name `domain-task` or from its description.
 * @throws TaskError for an unknown name, ModelError if the model does not compile.
 */
export async function makeEnvironment(
  task: string | Task,
  { models, seed = 0 }: EnvironmentOptions,
): Promise<ControlEnvironment> {
  const found = typeof task === 'string' ? findTask(task) : task;
  if (found === undefined) throw new TaskError(unknown('task', String(task), taskNames()));
  return ControlEnvironment.create(await loadMuJoCo(), found, models, seed);
}
