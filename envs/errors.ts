/** What can go wrong in an environment. Each message names the task, the value and what to do. */

abstract class EnvironmentError extends Error {
  /** The message alone tells the user what is wrong. */
  readonly userFacing = true;
}

/** An action of the wrong length, not finite, or out of bounds. The environment is unchanged. */
export class ActionError extends EnvironmentError {
  override readonly name = 'ActionError';
}

/** A step before the first reset, after the end of an episode, or any call after dispose(). */
export class EpisodeError extends EnvironmentError {
  override readonly name = 'EpisodeError';
}

/** A seed that numpy's random state does not have: not a whole number, below 0, or 2^32 and above. The environment is unchanged. */
export class SeedError extends EnvironmentError {
  override readonly name = 'SeedError';
}

/** The simulation diverged, by MuJoCo's own warning or by a non-finite number. reset() starts anew. */
export class DivergenceError extends EnvironmentError {
  override readonly name = 'DivergenceError';
}

/** MJCF that MuJoCo's compiler refuses, or a name the model does not have. */
export class ModelError extends EnvironmentError {
  override readonly name = 'ModelError';
}

/** A task that does not exist, or whose description contradicts itself. */
export class TaskError extends EnvironmentError {
  override readonly name = 'TaskError';
}

/** MuJoCo's WebAssembly module broke down. All environments that it holds are lost; new ones can be made. */
export class SimulatorError extends EnvironmentError {
  override readonly name = 'SimulatorError';
}

/** A saved state that is not one of this task. The environment is unchanged. */
export class StateError extends EnvironmentError {
  override readonly name = 'StateError';
}
