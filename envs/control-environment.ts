/** A task on its physics, as an Environment. */
import { checkAction } from './action-check.ts';
import { checkDescription, type Task } from './domain.ts';
import { decodeFloat64, encodeArray } from './encoding.ts';
import type { ActionSpec, Environment, EnvironmentState, ObservationSpec, TimeStep } from './environment.ts';
import {
  DivergenceError,
  EpisodeError,
  ModelError,
  SimulatorError,
  StateError,
  TaskError,
} from './errors.ts';
import { compilerMessage, describedModel, type ModelSource } from './model-source.ts';
import type { MuJoCo } from './mujoco.ts';
import { named } from './named-value.ts';
import { ObservationWriter } from './observation.ts';
import { Physics, type PhysicsState } from './physics.ts';
import { checkSeed, RandomState, type RandomStateSnapshot } from './random-state.ts';
import { domains } from './registry.ts';
import { describeUnfit, fitsSingle } from './single-precision.ts';

/** Where in its life an environment is. */
type Phase = 'new' | 'running' | 'ended' | 'diverged' | 'disposed';

const NOT_STEPPABLE: Record<Exclude<Phase, 'running'>, string> = {
  new: 'step() before the first reset()',
  ended: 'step() after the end of the episode: call reset() first',
  diverged: 'step() after the simulation diverged: call reset() first',
  disposed: 'used after dispose()',
};

interface SavedState extends EnvironmentState {
  readonly phase: Phase;
  readonly steps: number;
  readonly observation: string;
  readonly reward: string;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly random: RandomStateSnapshot;
  readonly physics: PhysicsState;
}

/** A task on one MuJoCo simulation, stepped as dm_control steps it. */
export class ControlEnvironment implements Environment {
  readonly task: string;
  readonly observationSpec: ObservationSpec;
  readonly actionSpec: ActionSpec;
  readonly episodeLength: number;
  readonly controlStep: number;
  readonly physicsSteps: number;
  readonly endsUnstable: boolean;
  readonly scoreRange: readonly [low: number, high: number] | undefined;

  private readonly writer: ObservationWriter;
  private readonly timeStep: { -readonly [K in keyof TimeStep]: TimeStep[K] };
  /** The observation of the step before, if an episode may end at a step that cannot be observed. */
  private readonly before: Float64Array | undefined;
  private phase: Phase = 'new';
  private steps = 0;

  private constructor(
    private readonly description: Task,
    /** The simulation, for viewers and tests; agents see observations alone. */
    readonly physics: Physics,
    private readonly random: RandomState,
  ) {
    this.task = description.name;
    const { timestep } = physics;
    this.controlStep = description.controlStep ?? timestep;
    this.physicsSteps = Math.round(this.controlStep / timestep);
    if (
      this.physicsSteps < 1 ||
      Math.abs(this.physicsSteps * timestep - this.controlStep) > 1e-6 * timestep
    ) {
      throw new TaskError(
        `${this.task}: the control step ${this.controlStep} s is not a multiple of the physics step ${timestep} s`,
      );
    }
    // dm_control's own arithmetic: an episode ends at the first whole step that is not below this limit.
    this.episodeLength = Math.ceil(description.timeLimit / (timestep * this.physicsSteps));
    this.actionSpec = actionSpec(physics);
    [this.writer, this.observationSpec] = this.layout();
    this.scoreRange = description.scoreRange;
    this.endsUnstable = description.onUnstable === 'terminate';
    if (this.endsUnstable) this.before = new Float64Array(this.observationSpec.size);
    this.timeStep = {
      observation: this.writer.flat,
      reward: 0,
      terminated: false,
      truncated: false,
      discount: 1,
    };
  }

  /** Compiles the task's model. @throws ModelError, TaskError, SeedError, each naming the task. */
  static create(mujoco: MuJoCo, task: Task, source: ModelSource, seed: number): ControlEnvironment {
    checkDescription(task.name, task);
    checkSeed(task.name, seed);
    const random = new RandomState(seed);
    let physics: Physics | undefined;
    try {
      physics = Physics.compile(mujoco, describedModel(task.model, source), source);
      return new ControlEnvironment(task, physics, random);
    } catch (error) {
      physics?.dispose();
      throw inTask(task.name, error, 'when it was made');
    }
  }

  reset(seed?: number): TimeStep {
    if (this.phase === 'disposed') throw new EpisodeError(`${this.task}: ${NOT_STEPPABLE.disposed}`);
    if (seed !== undefined) {
      checkSeed(this.task, seed);
      this.random.seed(seed);
    }
    this.phase = 'diverged'; // until the reset has succeeded
    this.steps = 0;
    const { physics, description } = this;
    physics.clearTaskState();
    try {
      physics.restart(() => this.refusePromise('initialize', description.initialize?.(physics, this.random)));
      this.observe();
    } catch (error) {
      throw inTask(this.task, error, 'at a reset');
    }
    this.phase = 'running';
    this.timeStep.reward = 0;
    this.timeStep.terminated = false;
    this.timeStep.truncated = false;
    this.timeStep.discount = 1;
    this.timeStep.unstable = undefined;
    return this.timeStep;
  }

  step(action: ArrayLike<number>): TimeStep {
    if (this.phase !== 'running') throw new EpisodeError(`${this.task}: ${NOT_STEPPABLE[this.phase]}`);
    checkAction(this.task, this.actionSpec, action, this.steps + 1);
    const { physics, description, timeStep } = this;
    const { ctrl } = physics;
    for (let i = 0; i < action.length; i++) ctrl[i] = action[i];
    this.steps++;
    this.before?.set(timeStep.observation);
    try {
      physics.step(this.physicsSteps);
      const reward = description.reward(physics);
      if (!fitsSingle(reward)) this.refuseReward(reward);
      timeStep.reward = reward;
      // At the time limit dm_control does not ask whether the state is terminal.
      timeStep.truncated = this.steps >= this.episodeLength;
      timeStep.terminated = !timeStep.truncated && this.isTerminal();
      this.observe();
    } catch (error) {
      this.fail(inTask(this.task, error, `at step ${this.steps}`));
    }
    timeStep.discount = timeStep.terminated ? 0 : 1;
    if (timeStep.truncated || timeStep.terminated) this.phase = 'ended';
    return timeStep;
  }

  /**
   * The parts of an observation, from the model's initial state. What can be observed only once `initialize` has run (its
   * `taskState`, say) is found after a try of it, which leaves nothing behind.
   */
  private layout(): [ObservationWriter, ObservationSpec] {
    const { physics, description } = this;
    const observed = (): [ObservationWriter, ObservationSpec] => {
      const writer = new ObservationWriter();
      this.refusePromise('observe', description.observe(physics, writer));
      return [writer, writer.fix()];
    };
    physics.restart(() => {});
    try {
      return observed();
    } catch (error) {
      if (description.initialize === undefined || error instanceof SimulatorError) throw error;
    }
    const before = physics.state();
    const random = new RandomState(0);
    physics.restart(() => this.refusePromise('initialize', description.initialize?.(physics, random)));
    const found = observed();
    physics.setState(before);
    return found;
  }

  private isTerminal(): boolean {
    const { description, physics } = this;
    if (description.terminates === undefined) return false;
    const terminal: unknown = description.terminates(physics);
    if (typeof terminal === 'boolean') return terminal;
    throw new TaskError(
      `${this.task}: terminates() returned ${named(terminal)} at step ${this.steps}; expected true or false`,
    );
  }

  /** Ends the episode where the task wants that and the simulation did not hold. @throws the error otherwise */
  private fail(error: unknown): void {
    const { timeStep, before } = this;
    if (before === undefined || !(error instanceof DivergenceError)) {
      this.phase = 'diverged';
      throw error instanceof DivergenceError && !isPackaged(this.description) ? withRemedy(error) : error;
    }
    timeStep.observation.set(before);
    timeStep.reward = 0;
    timeStep.truncated = false;
    timeStep.terminated = true;
    timeStep.unstable = error.message;
  }

  private refuseReward(reward: unknown): never {
    if (typeof reward !== 'number') {
      throw new TaskError(
        `${this.task}: reward() returned ${named(reward)} at step ${this.steps}; expected a number`,
      );
    }
    throw new DivergenceError(`${this.task}: the reward is ${describeUnfit(reward, `step ${this.steps}`)}`);
  }

  /** What `initialize` and `observe` do later comes too late. */
  private refusePromise(method: string, returned: unknown): void {
    if (typeof (returned as { then?: unknown } | null | undefined)?.then !== 'function') return;
    throw new TaskError(`${this.task}: ${method}() returned ${named(returned)}; it must not be async`);
  }

  private observe(): void {
    const { writer } = this;
    writer.begin();
    this.refusePromise('observe', this.description.observe(this.physics, writer));
    writer.finish();
    // 0 × x is 0 for every number but the infinite ones and NaN: one comparison for all of them.
    const { flat } = writer;
    let zero = 0;
    for (let i = 0; i < flat.length; i++) zero += 0 * Math.fround(flat[i]);
    if (zero !== 0) this.refuseObservation(flat);
  }

  private refuseObservation(flat: Float64Array): never {
    const index = flat.findIndex((value) => !fitsSingle(value));
    const part = this.observationSpec.parts.find(({ offset, size }) => index < offset + size);
    const at = this.steps === 0 ? 'a reset' : `step ${this.steps}`;
    throw new DivergenceError(
      `${this.task}: observation '${part?.name}' is ${describeUnfit(flat[index], at)}`,
    );
  }

  /** The whole state in the middle of an episode, plain JSON. */
  state(): EnvironmentState {
    if (this.phase === 'disposed') throw new EpisodeError(`${this.task}: ${NOT_STEPPABLE.disposed}`);
    const { observation, reward, terminated, truncated } = this.timeStep;
    const saved: SavedState = {
      task: this.task,
      phase: this.phase,
      steps: this.steps,
      observation: encodeArray(observation),
      reward: encodeArray(Float64Array.of(reward)),
      terminated,
      truncated,
      random: this.random.snapshot(),
      physics: this.physics.state(),
    };
    return saved;
  }

  /** Goes on from a state, bit for bit. @throws StateError for a state of another task */
  setState(state: EnvironmentState): void {
    if (this.phase === 'disposed') throw new EpisodeError(`${this.task}: ${NOT_STEPPABLE.disposed}`);
    const saved = state as SavedState;
    if (saved?.task !== this.task) {
      throw new StateError(`the saved state is of task '${saved?.task}', this environment is ${this.task}`);
    }
    const before = { physics: this.physics.state(), random: this.random.snapshot() };
    try {
      const observation = decodeFloat64(saved.observation);
      if (observation.length !== this.observationSpec.size)
        throw new StateError('the saved observation does not fit');
      this.physics.setState(saved.physics);
      this.random.restore(saved.random);
      const [reward] = decodeFloat64(saved.reward);
      if (!(saved.phase in NOT_STEPPABLE || saved.phase === 'running') || !(saved.steps >= 0))
        throw new StateError('phase and steps do not fit');
      this.timeStep.observation.set(observation);
      this.timeStep.reward = reward;
    } catch (error) {
      this.physics.setState(before.physics);
      this.random.restore(before.random);
      throw new StateError(`${this.task}: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.timeStep.terminated = saved.terminated;
    this.timeStep.truncated = saved.truncated;
    this.timeStep.discount = saved.terminated ? 0 : 1;
    this.timeStep.unstable = undefined;
    this.phase = saved.phase;
    this.steps = saved.steps;
  }

  dispose(): void {
    if (this.phase === 'disposed') return;
    this.phase = 'disposed';
    this.physics.dispose();
  }
}

/** What went wrong with the task's name and the step; what a description throws becomes a TaskError. */
function inTask(task: string, error: unknown, when: string): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const named = message.startsWith(`${task}: `) ? message : `${task}: ${message}`;
  if (error instanceof ModelError) return new ModelError(named, { cause: error });
  if (error instanceof TaskError) return new TaskError(named, { cause: error });
  if (error instanceof SimulatorError) return new SimulatorError(named, { cause: error });
  if (error instanceof DivergenceError) {
    return message === named
      ? error
      : new DivergenceError(`${task}: the simulation diverged ${when}: ${message}`, { cause: error });
  }
  if (message.startsWith('MuJoCo Error')) {
    return new DivergenceError(`${task}: MuJoCo stopped ${when}: ${compilerMessage(error)}`, {
      cause: error,
    });
  }
  if ((error as { userFacing?: unknown } | null)?.userFacing === true) return error;
  return new TaskError(`${task}: its description threw ${when}: ${message}`, { cause: error });
}

const isPackaged = (task: Task): boolean => domains.some(({ tasks }) => tasks.includes(task));

function withRemedy({ message, cause }: DivergenceError): DivergenceError {
  return new DivergenceError(
    `${message}; onUnstable: 'terminate' in the task's description ends such an episode instead of the run`,
    { cause },
  );
}

/** Bounds of the model's controls; an actuator without limits has infinite ones. */
function actionSpec({ mjModel, controlLimited }: Physics): ActionSpec {
  const { nu, actuator_ctrlrange: range } = mjModel;
  const low = Float64Array.from(controlLimited, (limited, i) =>
    limited ? range[2 * i] : Number.NEGATIVE_INFINITY,
  );
  const high = Float64Array.from(controlLimited, (limited, i) =>
    limited ? range[2 * i + 1] : Number.POSITIVE_INFINITY,
  );
  return { size: nu, low, high };
}
