/**
 * Stands between the harness and an Environment that somebody else wrote: what it is made of is checked once,
 * what it returns at every call, and the order of calls is kept, so that a fault ends with one line that names
 * the task, the method, what was found and what was expected.
 */

import { checkAction } from './action-check.ts';
import { checkScoreRange } from './domain.ts';
import type { ActionSpec, Environment, EnvironmentState, ObservationSpec, TimeStep } from './environment.ts';
import { DivergenceError, EpisodeError, StateError, TaskError } from './errors.ts';
import { named } from './named-value.ts';
import { checkSeed } from './random-state.ts';
import { describeUnfit, fitsSingle } from './single-precision.ts';

type Phase = 'new' | 'running' | 'ended' | 'failed' | 'disposed';

const NOT_STEPPABLE: Record<Exclude<Phase, 'running'>, string> = {
  new: 'step() before the first reset()',
  ended: 'step() after the end of the episode: call reset() first',
  failed: 'step() after an error: call reset() first',
  disposed: 'used after dispose()',
};

const METHODS = ['reset', 'step', 'state', 'setState', 'dispose'] as const;
const TASK_NAME = /^[a-z][a-z0-9_]*-[a-z][a-z0-9_]*$/;

export class CheckedEnvironment implements Environment {
  readonly task: string;
  readonly observationSpec: ObservationSpec;
  readonly actionSpec: ActionSpec;
  readonly episodeLength: number;
  readonly controlStep: number;
  readonly endsUnstable: boolean;
  readonly scoreRange: Environment['scoreRange'];
  private readonly inner: Environment;
  private phase: Phase = 'new';
  private steps = 0;
  /** What step() of the inner one gets, and may change: copies of actions, of the kind that they came in. */
  private readonly singles: Float32Array;
  private readonly doubles: Float64Array;

  /**
   * @param value what a user's class or factory made
   * @param who how messages name it until its own name is known: the file
   * @throws TaskError for what is missing or does not fit
   */
  constructor(value: unknown, who: string) {
    checkShape(value, who);
    this.inner = value;
    this.task = value.task;
    this.observationSpec = value.observationSpec;
    this.actionSpec = value.actionSpec;
    this.episodeLength = value.episodeLength;
    this.controlStep = value.controlStep;
    this.endsUnstable = value.endsUnstable === true;
    this.scoreRange = value.scoreRange;
    this.singles = new Float32Array(this.actionSpec.size);
    this.doubles = new Float64Array(this.actionSpec.size);
  }

  reset(seed?: number): TimeStep {
    this.refuseDisposed();
    if (seed !== undefined) checkSeed(this.task, seed);
    this.phase = 'failed'; // until the reset has succeeded
    this.steps = 0;
    const first = this.checkTimeStep(
      'reset',
      this.call('reset', () => this.inner.reset(seed)),
    );
    if (first.terminated || first.truncated) {
      throw new TaskError(`${this.task}: reset() returned an episode that is over; it must begin one`);
    }
    this.phase = 'running';
    return first;
  }

  step(action: ArrayLike<number>): TimeStep {
    if (this.phase !== 'running') throw new EpisodeError(`${this.task}: ${NOT_STEPPABLE[this.phase]}`);
    checkAction(this.task, this.actionSpec, action, this.steps + 1);
    this.steps++;
    this.phase = 'failed';
    const own = action instanceof Float32Array ? this.singles : this.doubles;
    own.set(action);
    const next = this.checkTimeStep(
      'step',
      this.call('step', () => this.inner.step(own)),
    );
    const over = next.terminated || next.truncated;
    if (!over && this.steps >= this.episodeLength) {
      throw new TaskError(
        `${this.task}: the episode goes on after step ${this.steps}, its episodeLength; return truncated: true there`,
      );
    }
    this.phase = over ? 'ended' : 'running';
    return next;
  }

  state(): EnvironmentState {
    this.refuseDisposed();
    const inner = this.call('state', () => this.inner.state());
    const fault = whyNotPlain(inner, 'state()');
    if (fault !== undefined) throw new TaskError(`${this.task}: ${fault}`);
    return { task: this.task, phase: this.phase, steps: this.steps, inner };
  }

  setState(state: EnvironmentState): void {
    this.refuseDisposed();
    if (state.task !== this.task) {
      throw new StateError(`the saved state is of task '${state.task}', this environment is ${this.task}`);
    }
    this.call('setState', () => this.inner.setState(state.inner as EnvironmentState));
    this.phase = state.phase as Phase;
    this.steps = state.steps as number;
  }

  dispose(): void {
    if (this.phase === 'disposed') return;
    this.phase = 'disposed';
    this.call('dispose', () => this.inner.dispose());
  }

  private refuseDisposed(): void {
    if (this.phase === 'disposed') throw new EpisodeError(`${this.task}: ${NOT_STEPPABLE.disposed}`);
  }

  /** Runs one method of the user's; what it throws is reported with the method's name. */
  private call<T>(method: (typeof METHODS)[number], run: () => T): T {
    try {
      return run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const when = method === 'step' ? ` at step ${this.steps}` : '';
      throw new TaskError(`${this.task}: ${method}() threw${when}: ${message}`, { cause: error });
    }
  }

  private checkTimeStep(method: 'reset' | 'step', value: TimeStep): TimeStep {
    const fault = (what: string) => new TaskError(`${this.task}: ${method}() returned ${what}`);
    if (value === null || typeof value !== 'object') throw fault(`${named(value)}; expected a TimeStep`);
    const { observation, reward, terminated, truncated, discount, unstable } = value;
    const { size, parts } = this.observationSpec;
    if (!(observation instanceof Float64Array)) {
      throw fault(`${named(observation)} as observation; expected a Float64Array`);
    }
    if (observation.length !== size) {
      throw fault(`an observation of ${observation.length} numbers; observationSpec.size is ${size}`);
    }
    if (typeof terminated !== 'boolean' || typeof truncated !== 'boolean') {
      throw fault(
        `terminated ${named(terminated)} and truncated ${named(truncated)}; expected true or false`,
      );
    }
    if (typeof reward !== 'number') throw fault(`${named(reward)} as reward; expected a number`);
    if (discount !== (terminated ? 0 : 1)) {
      throw fault(`discount ${named(discount)}; expected 0 at a true end (terminated), 1 otherwise`);
    }
    const at = method === 'step' ? `step ${this.steps}` : 'a reset';
    if (!fitsSingle(reward)) {
      throw new DivergenceError(`${this.task}: the reward is ${describeUnfit(reward, at)}`);
    }
    const bad = observation.findIndex((x) => !fitsSingle(x));
    if (bad >= 0) {
      const part = parts.find(({ offset, size: length }) => bad < offset + length);
      throw new DivergenceError(
        `${this.task}: observation '${part?.name}' is ${describeUnfit(observation[bad], at)}`,
      );
    }
    if (unstable !== undefined && (typeof unstable !== 'string' || !terminated)) {
      throw fault(`unstable ${named(unstable)}; expected a reason, where terminated is true, or undefined`);
    }
    return value;
  }
}

/** @throws TaskError for the first thing that an Environment must have and this has not */
function checkShape(value: unknown, who: string): asserts value is Environment {
  const fault = (what: string) => new TaskError(`${who}: ${what}`);
  if (value === null || typeof value !== 'object') {
    throw fault(`made ${named(value)}; expected an Environment`);
  }
  const found = value as Partial<Record<keyof Environment, unknown>>;
  const missing = METHODS.filter((method) => typeof found[method] !== 'function');
  if (missing.length > 0) {
    throw fault(`an Environment needs the method ${missing.map((name) => `${name}()`).join(', ')}`);
  }
  if (typeof found.task !== 'string' || !TASK_NAME.test(found.task)) {
    throw fault(
      `task must be a name domain-task, lower case letters, digits and _; found ${JSON.stringify(found.task)}`,
    );
  }
  const count = (name: string, number: unknown) => {
    if (Number.isSafeInteger(number) && Number(number) > 0) return;
    throw fault(`${name} must be a whole number above 0, found ${named(number)}`);
  };
  count('episodeLength', found.episodeLength);
  checkScoreRange(who, found.scoreRange);
  if (!(typeof found.controlStep === 'number' && found.controlStep > 0 && found.controlStep < 1e9)) {
    throw fault(`controlStep must be seconds above 0, found ${named(found.controlStep)}`);
  }
  const observation = found.observationSpec as Partial<ObservationSpec> | undefined;
  count('observationSpec.size', observation?.size);
  if (!Array.isArray(observation?.parts)) throw fault('observationSpec.parts must be a list');
  let offset = 0;
  for (const [i, part] of observation.parts.entries()) {
    const { name, shape, offset: start, size } = part ?? {};
    const product = Array.isArray(shape) ? shape.reduce((a: number, b: number) => a * b, 1) : undefined;
    if (typeof name !== 'string' || name === '' || product !== size || start !== offset) {
      throw fault(
        `observationSpec.parts[${i}] must be { name, shape, offset: ${offset}, size: the product of shape }, found ${JSON.stringify(part)}`,
      );
    }
    offset += size;
  }
  if (offset !== observation.size) {
    throw fault(`observationSpec.parts hold ${offset} numbers, observationSpec.size is ${observation.size}`);
  }
  const action = found.actionSpec as Partial<ActionSpec> | undefined;
  count('actionSpec.size', action?.size);
  for (const [name, bound, expected] of [
    ['low', action?.low, -1],
    ['high', action?.high, 1],
  ] as const) {
    if (
      bound instanceof Float64Array &&
      bound.length === action?.size &&
      bound.every((x) => x === expected)
    ) {
      continue;
    }
    throw fault(
      `actionSpec.${name} must be a Float64Array of ${action?.size} times ${expected}: agents act in [-1, 1], scale inside step()`,
    );
  }
}

/** Where a value is not JSON that reads back the same; undefined if it is. */
function whyNotPlain(value: unknown, path: string, around: readonly unknown[] = []): string | undefined {
  if (around.includes(value)) return `${path} is an object that it lies in, which JSON cannot hold`;
  const within = [...around, value];
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `${path} is ${value}, which JSON cannot hold`;
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const fault = whyNotPlain(item, `${path}[${i}]`, within);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    for (const [key, item] of Object.entries(value)) {
      const fault = whyNotPlain(item, `${path}.${key}`, within);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  return `${path} is ${named(value)}; expected plain JSON: numbers, strings, lists, objects`;
}
