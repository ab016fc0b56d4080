/** Several environments of one task in lockstep. */
import { unfitAction } from './action-check.ts';
import type { ActionSpec, Environment, ObservationSpec } from './environment.ts';
import { ActionError, TaskError } from './errors.ts';

/** What a reset or a step of all environments returns; the arrays are held and overwritten by the next call. */
export interface VectorTimeStep {
  /** [n, obs], row major, float64. */
  readonly observation: Float64Array;
  /** [n], of the control step; 0 after a reset and for environments that wait. */
  readonly reward: Float64Array;
  /** [n], 1 where the episode is over. */
  readonly done: Uint8Array;
  /** [n], 1 where it ended at a true terminal state: the critic must not bootstrap. */
  readonly terminated: Uint8Array;
  /** [n], 1 where the time limit ended it: the critic bootstraps from `finalObservation`. */
  readonly truncated: Uint8Array;
  /** [n, obs]. Where `done`, the last observation of the episode; elsewhere what it was before. */
  readonly finalObservation: Float64Array;
}

/** How a vector treats an episode that is over. */
export interface VectorOptions {
  /**
   * Begins the next episode within the same step: `observation` is its first, `finalObservation` the last of the one
   * before. By default an environment whose episode is over waits for the next reset.
   */
  readonly autoReset?: boolean;
}

/** Environments of one task, stepped together by one call. */
export class VectorEnvironment {
  /** n, the number of environments. */
  readonly size: number;
  /** Of each environment. */
  readonly observationSpec: ObservationSpec;
  /** Of each environment. */
  readonly actionSpec: ActionSpec;
  /** Control steps per episode. */
  readonly episodeLength: number;
  /** Whether the next episode begins within the step that ends one. */
  readonly autoReset: boolean;
  readonly #environments: readonly Environment[];
  readonly #timeStep: VectorTimeStep;
  readonly #action: Float64Array;

  /**
   * @param environments of one task; they are this object's from here on, dispose() included.
   * @throws TaskError for none, or for several tasks
   */
  constructor(environments: readonly Environment[], { autoReset = false }: VectorOptions = {}) {
    const [first] = environments;
    if (first === undefined) throw new TaskError('a vector of environments needs at least one');
    const other = environments.find(({ task }) => task !== first.task);
    if (other !== undefined) throw new TaskError(`a vector of ${first.task} cannot hold ${other.task}`);
    this.#environments = environments;
    this.size = environments.length;
    this.observationSpec = first.observationSpec;
    this.actionSpec = first.actionSpec;
    this.episodeLength = first.episodeLength;
    this.autoReset = autoReset;
    this.#action = new Float64Array(this.actionSpec.size);
    this.#timeStep = {
      observation: new Float64Array(this.size * this.observationSpec.size),
      reward: new Float64Array(this.size),
      done: new Uint8Array(this.size),
      terminated: new Uint8Array(this.size),
      truncated: new Uint8Array(this.size),
      finalObservation: new Float64Array(this.size * this.observationSpec.size),
    };
  }

  /**
   * Starts an episode in every environment, with one seed for each or with their random states going on.
   * @param seeds [n] @throws TaskError for another number of them
   */
  reset(seeds?: readonly number[]): VectorTimeStep {
    if (seeds !== undefined && seeds.length !== this.size) {
      throw new TaskError(`${seeds.length} seeds for ${this.size} environments`);
    }
    const { observation, reward, done, terminated, truncated } = this.#timeStep;
    for (const array of [reward, done, terminated, truncated]) array.fill(0);
    this.#environments.forEach((environment, i) => {
      observation.set(environment.reset(seeds?.[i]).observation, i * this.observationSpec.size);
    });
    return this.#timeStep;
  }

  /**
   * One control step of every environment. Without `autoReset` those whose episode is over keep their last observation.
   * @param actions [n, act], row major, within the bounds of `actionSpec`
   * @throws ActionError (length, non-finite, out of bounds) before any environment has taken a step, EpisodeError (before reset),
   * DivergenceError
   */
  step(actions: ArrayLike<number>): VectorTimeStep {
    const { observation, reward, done, terminated, truncated, finalObservation } = this.#timeStep;
    const { size: width } = this.actionSpec;
    this.#checkActions(actions);
    for (let i = 0; i < this.size; i++) {
      reward[i] = 0;
      if (this.#waits(i)) continue;
      for (let j = 0; j < width; j++) this.#action[j] = actions[i * width + j];
      const step = this.#environments[i].step(this.#action);
      const at = i * this.observationSpec.size;
      reward[i] = step.reward;
      terminated[i] = step.terminated ? 1 : 0;
      truncated[i] = step.truncated ? 1 : 0;
      done[i] = step.terminated || step.truncated ? 1 : 0;
      observation.set(step.observation, at);
      if (done[i] === 0) continue;
      finalObservation.set(step.observation, at);
      if (this.autoReset) observation.set(this.#environments[i].reset().observation, at);
    }
    return this.#timeStep;
  }

  /** Whether the episode of environment i is over and the next begins at the next reset. */
  #waits(i: number): boolean {
    return this.#timeStep.done[i] === 1 && !this.autoReset;
  }

  #checkActions(actions: ArrayLike<number>): void {
    const { size: width } = this.actionSpec;
    if (actions.length !== this.size * width) {
      throw new ActionError(
        `${this.#environments[0].task}: ${this.size} actions of ${width} numbers needed, got ${actions.length} numbers`,
      );
    }
    for (let i = 0; i < this.size; i++) {
      if (this.#waits(i)) continue;
      const fault = unfitAction(this.actionSpec, actions, i * width);
      if (fault !== undefined)
        throw new ActionError(`${this.#environments[i].task}: environment ${i}: ${fault}`);
    }
  }

  /** Whether every episode is over; with `autoReset`, whether all ended with the last step. */
  get finished(): boolean {
    return this.#timeStep.done.every((one) => one === 1);
  }

  /** Frees every environment; any later call throws. */
  dispose(): void {
    for (const environment of this.#environments) environment.dispose();
  }
}
