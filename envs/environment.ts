/** What the harness and its agents know of a control task. Everything else is behind this interface. */

/** One named part of a flat observation: `observation.subarray(offset, offset + size)`, row major. */
export interface ObservationPart {
  readonly name: string;
  /** [] for a scalar; otherwise dm_control's shape. */
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** The flat observation of a task and its parts. */
export interface ObservationSpec {
  /** Length of the flat observation. */
  readonly size: number;
  readonly parts: readonly ObservationPart[];
}

/** The actions of a task. */
export interface ActionSpec {
  readonly size: number;
  /** Bounds per dimension: -1 and 1, but for the quadruped's actuators. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** What a reset or a step returns. The object and its arrays are held and overwritten by the next call. */
export interface TimeStep {
  /** Flat observation [obs], float64. */
  readonly observation: Float64Array;
  /** Reward of the control step in [0, 1]; 0 after a reset. */
  readonly reward: number;
  /** A true terminal state: the critic must not bootstrap. */
  readonly terminated: boolean;
  /** The time limit ended the episode: the critic bootstraps. */
  readonly truncated: boolean;
  /** dm_control's discount: 1, or 0 at a true terminal state. */
  readonly discount: number;
  /** Why the simulation did not hold, where that ended the episode (terminated). */
  readonly unstable?: string | undefined;
}

/**
 * The complete state of an environment in the middle of an episode: restored in a fresh process, the rest
 * of the episode (and all later ones) is the same bit for bit. Plain data, JSON-safe: arrays are base64.
 */
export interface EnvironmentState {
  readonly task: string;
  readonly [key: string]: unknown;
}

/** A control task: reset, then steps until an episode ends. */
export interface Environment {
  /** `domain-task`, dm_control's spelling. */
  readonly task: string;
  readonly observationSpec: ObservationSpec;
  readonly actionSpec: ActionSpec;
  /** Control steps per episode (time limit ÷ control step). */
  readonly episodeLength: number;
  /** Seconds of simulated time per control step. */
  readonly controlStep: number;
  /** Returns of an episode that count as 0 and 1 where tasks are averaged; default 0 and `episodeLength`. */
  readonly scoreRange?: readonly [low: number, high: number] | undefined;
  /** Whether a step at which the simulation does not hold ends the episode (`unstable`); else it is an error. */
  readonly endsUnstable?: boolean | undefined;
  /**
   * Starts an episode. With a seed, the random state starts anew from it (as a new dm_control environment
   * with that seed does); without, the random state goes on.
   */
  reset(seed?: number): TimeStep;
  /**
   * One control step.
   * @param action [act], within the bounds. A user's environment gets a copy that holds until the next call.
   * @throws ActionError (length, non-finite, out of bounds), EpisodeError (before reset, after the end),
   *   DivergenceError (MuJoCo warning or non-finite state; reset() makes the environment usable again).
   */
  step(action: ArrayLike<number>): TimeStep;
  /** The whole state in the middle of an episode. */
  state(): EnvironmentState;
  /** Goes on from a state, bit for bit. @throws StateError for a state of another task */
  setState(state: EnvironmentState): void;
  /** Frees the simulator's memory; any later call throws. */
  dispose(): void;
}
