/** Stands between the run loop and an agent: what an agent returns is checked once, here. */
import type { Agent, AgentSnapshot, Batch, Metrics } from '../../agents/agent.ts';
import { actionsFault, metricsFault, type ReturnFault, snapshotFault } from '../../agents/returned.ts';
import { BackendUnavailableError } from '../../engine/errors.ts';
import { placeOf } from '../text/place.ts';
import { messageOf, printableLine } from '../text/printable.ts';

/** A fault of an agent; the message names the agent, the method, what was found and what was expected. */
export class AgentFault extends Error {
  override readonly name = 'AgentFault';
}

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
    return this.#checked('act', actions, actionsFault(actions, count, this.#actionSize));
  }

  async update(batch: Batch): Promise<Metrics> {
    return this.#call('update', async () => {
      const metrics = await this.#agent.update(batch);
      return this.#checked('update', metrics, metricsFault(metrics));
    });
  }

  async save(): Promise<AgentSnapshot> {
    return this.#call('save', async () => {
      const snapshot = await this.#agent.save();
      return this.#checked('save', snapshot, snapshotFault(snapshot));
    });
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

  #checked<T>(method: string, returned: T, fault: ReturnFault | undefined): T {
    if (fault === undefined) return returned;
    const { found, expected } = fault;
    throw new AgentFault(printableLine(`${this.#who}: ${method}() ${found}; expected ${expected}`));
  }
}
