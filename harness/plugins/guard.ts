/** Stands between the run loop and an agent: what an agent returns is checked once, here. */
import type { Agent, AgentSnapshot, Batch, Metrics } from '../../agents/agent.ts';
import { BackendUnavailableError } from '../../engine/errors.ts';
import { placeOf } from '../text/place.ts';
import { messageOf, printableLine } from '../text/printable.ts';

/** A fault of an agent; the message names the agent, the method, what was found and what was expected. */
export class AgentFault extends Error {
  override readonly name = 'AgentFault';
}

/** Actions may leave [-1, 1] by float32 rounding alone. */
const ROUNDING = 1e-6;

/** The keys of training.csv, whose columns metrics become, and the one name that no object can have as a key of its own. */
const NO_METRICS = ['task', 'agent', 'seed', 'step', '__proto__'];

/** Which method of an agent is running, for a watchdog. */
export class CallWatch {
  /** The method and when it was called (ms); undefined between calls. */
  inFlight: { readonly method: string; readonly since: number } | undefined;

  /** Runs one method of the agent; what it throws becomes an AgentFault that names it, unless the installation is at fault. */
  async call<T>(who: string, method: string, run: () => Promise<T>): Promise<T> {
    this.inFlight = { method, since: performance.now() };
    try {
      return await run();
    } catch (error) {
      if (error instanceof AgentFault || error instanceof BackendUnavailableError) throw error;
      const what = `${printableLine(messageOf(error))}${placeOf(error)}`;
      throw new AgentFault(`${who}: ${method}() threw: ${what}`, { cause: error });
    } finally {
      this.inFlight = undefined;
    }
  }
}

export class GuardedAgent implements Agent {
  readonly #agent: Agent;
  readonly #who: string;
  readonly #actionSize: number;
  readonly #watch: CallWatch;

  /** @param who how messages name the agent: `agent 'mine' (./mine.ts)` */
  constructor(agent: Agent, who: string, actionSize: number, watch = new CallWatch()) {
    this.#agent = agent;
    this.#who = who;
    this.#actionSize = actionSize;
    this.#watch = watch;
    for (const method of ['act', 'update', 'save', 'load', 'dispose'] as const) {
      if (typeof agent?.[method] !== 'function') {
        throw new AgentFault(`${who}: create() returned an agent without the method ${method}()`);
      }
    }
  }

  async act(observations: Float32Array, count: number, mode: 'explore' | 'exploit'): Promise<Float32Array> {
    const actions = await this.#call('act', () => this.#agent.act(observations, count, mode));
    if (!(actions instanceof Float32Array)) {
      throw this.#fault('act', `returned ${describe(actions)}`, 'a Float32Array');
    }
    const expected = count * this.#actionSize;
    if (actions.length !== expected) {
      throw this.#fault(
        'act',
        `returned ${actions.length} numbers for ${count} observation(s)`,
        `${expected} (count × action size ${this.#actionSize})`,
      );
    }
    for (let i = 0; i < expected; i++) {
      const value = actions[i];
      if (value >= -1 && value <= 1) continue;
      if (value > 1 && value <= 1 + ROUNDING) actions[i] = 1;
      else if (value < -1 && value >= -1 - ROUNDING) actions[i] = -1;
      else {
        const kind = Number.isFinite(value) ? 'an action outside its bounds' : 'a non-finite action';
        throw this.#fault('act', `returned ${kind}: ${value} at index ${i}`, 'finite numbers in [-1, 1]');
      }
    }
    return actions;
  }

  async update(batch: Batch): Promise<Metrics> {
    return this.#call('update', async () => this.#checkedMetrics(await this.#agent.update(batch)));
  }

  #checkedMetrics(metrics: Metrics): Metrics {
    if (metrics === null || typeof metrics !== 'object') {
      throw this.#fault('update', `returned ${describe(metrics)}`, 'an object of named numbers');
    }
    for (const name of Object.keys(metrics)) {
      if (NO_METRICS.includes(name))
        throw this.#fault('update', `returned a metric called '${name}'`, 'another name for it');
      const value: unknown = metrics[name];
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        throw this.#fault('update', `returned the metric '${name}' = ${describe(value)}`, 'a finite number');
      }
    }
    return metrics;
  }

  async save(): Promise<AgentSnapshot> {
    return this.#call('save', async () => this.#checkedSnapshot(await this.#agent.save()));
  }

  #checkedSnapshot(snapshot: AgentSnapshot): AgentSnapshot {
    const isObject = (value: unknown) => typeof value === 'object' && value !== null;
    if (!isObject(snapshot?.arrays) || !isObject(snapshot.values)) {
      throw this.#fault('save', `returned ${describe(snapshot)}`, 'an object { arrays, values }');
    }
    for (const [name, array] of Object.entries(snapshot.arrays)) {
      const { data, shape } = array ?? {};
      const known = data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array;
      if (!known || !Array.isArray(shape) || shape.reduce((a, b) => a * b, 1) !== data.length) {
        const expected = '{ data: Float32Array | Int32Array | Uint8Array, shape } with matching sizes';
        throw this.#fault('save', `returned the array '${name}' as ${describe(array)}`, expected);
      }
    }
    return snapshot;
  }

  async load(snapshot: AgentSnapshot): Promise<void> {
    await this.#call('load', () => this.#agent.load(snapshot));
  }

  async dispose(): Promise<void> {
    await this.#call('dispose', () => this.#agent.dispose());
  }

  #call<T>(method: string, run: () => Promise<T>): Promise<T> {
    return this.#watch.call(this.#who, method, run);
  }

  #fault(method: string, found: string, expected: string): AgentFault {
    return new AgentFault(printableLine(`${this.#who}: ${method}() ${found}; expected ${expected}`));
  }
}

/** A value in a few words, also a hostile one. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'function') return 'a function';
  const name = Object.prototype.toString.call(value).slice(8, -1);
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
