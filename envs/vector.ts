/** Several environments of one task in lockstep, for evaluation. */
import type { ActionSpec, Environment, ObservationSpec } from './environment.ts';
import { ActionError, TaskError } from './errors.ts';

/** What a reset or a step of all environments returns; the arrays are held and overwritten by the next call. */
export interface VectorTimeStep {
  /** [n, obs], row major. */
  readonly observation: Float64Array;
  /** [n]; 0 after a reset and for environments whose episode is over. */
  readonly reward: Float64Array;
  /** [n], 1 where the episode is over: such an environment waits for the next reset. */
  readonly done: Uint8Array;
}

export class VectorEnvironment {
  readonly size: number;
  readonly observationSpec: ObservationSpec;
  readonly actionSpec: ActionSpec;
  readonly episodeLength: number;
  private readonly timeStep: VectorTimeStep;
  private readonly action: Float64Array;

  /** @param environments of one task; they are this object's from here on, dispose() included. */
  constructor(private readonly environments: readonly Environment[]) {
    const [first] = environments;
    if (first === undefined) throw new TaskError('a vector of environments needs at least one');
    const other = environments.find(({ task }) => task !== first.task);
    if (other !== undefined) throw new TaskError(`a vector of ${first.task} cannot hold ${other.task}`);
    this.size = environments.length;
    this.observationSpec = first.observationSpec;
    this.actionSpec = first.actionSpec;
    this.episodeLength = first.episodeLength;
    this.action = new Float64Array(this.actionSpec.size);
    this.timeStep = {
      observation: new Float64Array(this.size * this.observationSpec.size),
      reward: new Float64Array(this.size),
      done: new Uint8Array(this.size),
    };
  }

  /** Starts an episode in every environment, with one seed for each or with their random states going on. */
  reset(seeds?: readonly number[]): VectorTimeStep {
    if (seeds !== undefined && seeds.length !== this.size) {
      throw new TaskError(`${seeds.length} seeds for ${this.size} environments`);
    }
    const { observation, reward, done } = this.timeStep;
    reward.fill(0);
    done.fill(0);
    this.environments.forEach((environment, i) => {
      observation.set(environment.reset(seeds?.[i]).observation, i * this.observationSpec.size);
    });
    return this.timeStep;
  }

  /**
   * One control step of every environment whose episode goes on; the others keep their last observation.
   * @param actions [n, act], row major.
   */
  step(actions: ArrayLike<number>): VectorTimeStep {
    const { observation, reward, done } = this.timeStep;
    const { size: width } = this.actionSpec;
    if (actions.length !== this.size * width) {
      throw new ActionError(`${this.size} actions of ${width} numbers needed, got ${actions.length} numbers`);
    }
    for (let i = 0; i < this.size; i++) {
      reward[i] = 0;
      if (done[i] === 1) continue;
      for (let j = 0; j < width; j++) this.action[j] = actions[i * width + j];
      const step = this.environments[i].step(this.action);
      observation.set(step.observation, i * this.observationSpec.size);
      reward[i] = step.reward;
      done[i] = step.terminated || step.truncated ? 1 : 0;
    }
    return this.timeStep;
  }

  /** Whether every episode is over. */
  get finished(): boolean {
    return this.timeStep.done.every((one) => one === 1);
  }

  dispose(): void {
    for (const environment of this.environments) environment.dispose();
  }
}
