/**
 * How a domain and its tasks are written.
 *
 *     export const cheetah = domain('cheetah', {
 *       model: (asset) => asset('cheetah.xml'),        // the default: assets/<domain>.xml
 *       tasks: {
 *         run: task({
 *           timeLimit: 10,                              // s
 *           initialize(physics, random) { ... },
 *           observe(physics, observation) {
 *             observation.add('position', physics.qposFrom(1));
 *             observation.add('velocity', physics.qvel);
 *           },
 *           reward: (physics) => tolerance(forwardSpeed(physics), RUNNING), // a Tolerance
 *         }),
 *       },
 *     });
 *
 * A file reads from top to bottom as the task does: what is observed, what is rewarded, how an episode begins;
 * named quantities of the physics ("torso height") are plain functions of Physics below the tasks.
 *
 * - **model**: MJCF text, or a function that gives it: `asset(file)` reads a file of assets/; a variant is built
 *   from one description by a function in envs/models/. A task with a model of its own (quadruped's terrain) gives
 *   `model` itself.
 * - **controlStep**: seconds per control step, default the model's time step; `timeLimit` in seconds.
 * - **initialize(physics, random)**: how an episode begins. It runs inside `physics.restart`: the state is the
 *   model's initial one and a forward pass without actuation stands before and after it. Write into
 *   `physics.qpos`, `physics.data('qpos', 'hip')`, `physics.model('geom_pos', 'target')`; draw from `random`
 *   exactly as dm_control draws (same calls, same order). Rejection loops: write the state, call
 *   `physics.forwardUnactuated()`, look at `physics.contacts`; a nested reset per try is `physics.restart(...)`.
 *   `physics.findContacts()` is cheaper where only the last try leaves a trace. What is written into the model
 *   stays until it is written again, in every later episode too.
 * - **observe(physics, observation)**: adds the parts in dm_control's order (observation.ts). Scalars have
 *   shape [], everything else [n] unless a shape is given.
 * - **reward(physics)**: in [0, 1], of the state after the step.
 * - **terminates(physics)** (optional): a true terminal state, discount 0. true or false.
 * - **onUnstable**: 'fail' or 'terminate', for simulations that do not always hold.
 * - What a task remembers within an episode belongs into `physics.taskState`: it is emptied at every reset and
 *   saved with the environment's state. What is observed of it is set in `initialize`.
 * - **scoreRange**: the returns of an episode that count as 0 and 1 where tasks are averaged. Default 0 and the steps of an
 *   episode, which fits rewards in [0, 1]; other rewards need one.
 * - **rewardKind**: 'dense' (a gradient nearly everywhere) or 'sparse', for the table of tasks.
 * - **easy**: true puts the task into the suite `easy`.
 *
 * Reading: `physics.qpos`, `qvel`, `act`, `ctrl`, `sensor('velocimeter')`, `data('xmat', 'torso')[8]` (zz),
 * `data('xpos', 'head')[2]`, `data('site_xpos', 'tip')`; these are live views, never kept across calls. Nothing
 * in `observe` and `reward` should allocate: keep a `new Tolerance({ ... })` in a constant, and an array that a
 * quantity needs in a constant of the file (it is used up before the next call).
 */
import { unknownKey } from '../names/nearest.ts';
import { TaskError } from './errors.ts';
import type { ModelReader } from './model-source.ts';
import type { ObservationWriter } from './observation.ts';
import type { Physics } from './physics.ts';
import type { RandomState } from './random-state.ts';

/** A task as its author writes it; the head of envs/domain.ts explains each part. */
export interface TaskDescription {
  /** MJCF text of this task alone, or what builds it; default the domain's. */
  readonly model?: string | ((asset: ModelReader) => string);
  /** Seconds after which an episode is truncated. */
  readonly timeLimit: number;
  /** Seconds per control step, a whole number of physics steps; default the domain's, else one physics step. */
  readonly controlStep?: number;
  /** Returns of an episode that count as 0 and 1, low before high; default 0 and the control steps of an episode. */
  readonly scoreRange?: readonly [low: number, high: number];
  readonly rewardKind?: 'dense' | 'sparse';
  readonly easy?: boolean;
  /** Writes the state in which an episode begins; called inside a restart of the physics. */
  initialize?(physics: Physics, random: RandomState): void;
  /** Adds the parts of the observation, in order. */
  observe(physics: Physics, observation: ObservationWriter): void;
  /** Of the state after the step, in [0, 1] for scores to mean what those of the suite do. */
  reward(physics: Physics): number;
  /** Whether the state is a true terminal one. */
  terminates?(physics: Physics): boolean;
  /**
   * What happens at a step at which the simulation does not hold: MuJoCo warns or stops, or an observation or the
   * reward is not finite. 'fail' (the default) is an error, which ends the run. 'terminate' ends the episode with
   * reward 0, as a true terminal state that is observed as the step before; results count such episodes.
   */
  readonly onUnstable?: 'fail' | 'terminate';
}

export interface DomainDescription {
  /** MJCF text, or what builds it; default the file of assets/ with the domain's name. */
  readonly model?: string | ((asset: ModelReader) => string);
  /** Seconds per control step of every task that does not say otherwise. */
  readonly controlStep?: number;
  readonly tasks: Readonly<Record<string, TaskDescription>>;
}

/** A task with everything its domain says about it. */
export interface Task extends TaskDescription {
  /** `domain-task`. */
  readonly name: string;
  readonly domain: string;
  readonly model: (asset: ModelReader) => string;
}

/** Tasks that share a name and, unless they say otherwise, a model. */
export interface Domain {
  readonly name: string;
  readonly tasks: readonly Task[];
}

/** One task of a domain; the identity, for its types. */
export function task(description: TaskDescription): TaskDescription {
  return description;
}

/** Names a domain's tasks and gives them what they share. @throws TaskError for a description without meaning. */
export function domain(name: string, description: DomainDescription): Domain {
  expectKeys(name, description, domainKeys);
  const tasks = Object.entries(description.tasks).map(([taskName, own]): Task => {
    const full = `${name}-${taskName}`;
    checkDescription(full, own);
    const model = own.model ?? description.model ?? ((asset) => asset(`${name}.xml`));
    return {
      ...own,
      name: full,
      domain: name,
      model: typeof model === 'string' ? () => model : model,
      controlStep: own.controlStep ?? description.controlStep,
    };
  });
  return { name, tasks };
}

/**
 * A task by itself, for a file of one's own (`--tasks ./my-task.ts`): its default export.
 * @param name `domain-task`.
 */
export function defineTask(name: string, description: TaskDescription): Task {
  const [domainName, ...rest] = name.split('-');
  return domain(domainName, { tasks: { [rest.join('-')]: description } }).tasks[0];
}

const taskKeys = Object.keys({
  ...{ model: true, timeLimit: true, controlStep: true, scoreRange: true, rewardKind: true, easy: true },
  ...{ initialize: true, observe: true, reward: true, terminates: true, onUnstable: true },
} satisfies Record<keyof TaskDescription, true>);
const domainKeys = Object.keys({ model: true, controlStep: true, tasks: true } satisfies Record<
  keyof DomainDescription,
  true
>);

/** @throws TaskError for a key that is not known: misspelt, it would be a part that the task lacks */
function expectKeys(name: string, description: object, known: readonly string[]): void {
  const fault = unknownKey(description, known);
  if (fault !== undefined) throw new TaskError(`${name}: ${fault}`);
}

/** Files of users are not type-checked when they are loaded; a description may begin with a whole Task. */
export function checkDescription(name: string, description: TaskDescription | Task): void {
  const { name: _, domain: __, ...described } = description as Task;
  expectKeys(name, described, taskKeys);
  const { timeLimit, controlStep, ...own } = described;
  if (!/^[a-z][a-z0-9_]*-[a-z][a-z0-9_]*$/.test(name)) {
    throw new TaskError(`'${name}' is not a task name: domain-task, lower case letters, digits and _`);
  }
  const positive = (value: unknown) => typeof value === 'number' && value > 0 && Number.isFinite(value);
  if (!positive(timeLimit))
    throw new TaskError(`${name}: timeLimit must be seconds above 0, got ${timeLimit}`);
  if (controlStep !== undefined && !positive(controlStep)) {
    throw new TaskError(`${name}: controlStep must be seconds above 0, got ${controlStep}`);
  }
  checkScoreRange(name, own.scoreRange);
  if (own.model !== undefined && typeof own.model !== 'string' && typeof own.model !== 'function') {
    throw new TaskError(`${name}: model must be MJCF text, or a function that gives it`);
  }
  for (const needed of ['observe', 'reward'] as const) {
    if (typeof own[needed] !== 'function') throw new TaskError(`${name}: ${needed} must be a function`);
  }
  for (const optional of ['initialize', 'terminates'] as const) {
    if (own[optional] !== undefined && typeof own[optional] !== 'function') {
      throw new TaskError(`${name}: ${optional} must be a function`);
    }
  }
  if (own.onUnstable !== undefined && own.onUnstable !== 'fail' && own.onUnstable !== 'terminate') {
    throw new TaskError(`${name}: onUnstable must be 'fail' or 'terminate', got ${own.onUnstable}`);
  }
}

/** @throws TaskError unless it is absent or two finite numbers, low before high */
export function checkScoreRange(name: string, range: unknown): void {
  if (range === undefined) return;
  const [low, high, ...more] = Array.isArray(range) ? range : [];
  if (more.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low < high) return;
  throw new TaskError(
    `${name}: scoreRange must be [low, high], low below high, got ${JSON.stringify(range)}`,
  );
}
