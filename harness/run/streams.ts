/**
 * Where every random number of a run comes from. One root per seed, split by labels (a split depends on the
 * labels alone, not on what was drawn before):
 *
 *     seed ─ 'task NAME' ─┬─ 'episode N'                → seed of training episode N
 *                         ├─ 'evaluation STEP EPISODE'  → seed of that evaluation episode, with fresh starts
 *                         └─ 'agent LABEL' ─┬─ 'policy'  → the uniform actions of the first steps
 *                                           ├─ 'replay'  → which transitions a batch holds
 *                                           └─ 'agent'   → initialisation and noise, the agent's own
 *
 * Episode seeds hang on seed, task and number alone, so every agent at one seed meets the same episodes,
 * whatever it did before, and neither the number of workers nor their order can matter.
 */
import { RandomStream } from '../../engine/random.ts';

export interface RunIdentity {
  readonly task: string;
  /** The agent's label in this comparison: its name, or the name given to a variant. */
  readonly agent: string;
  readonly seed: number;
}

/** Seeds of environments are numpy seeds: integers below 2^32. */
const SEED_BOUND = 2 ** 32;

/** The streams of one run. */
export class RunStreams {
  readonly #task: RandomStream;
  readonly #agent: RandomStream;
  readonly policy: RandomStream;
  readonly replay: RandomStream;

  constructor(identity: RunIdentity, positions?: StreamPositions) {
    this.#task = RandomStream.fromSeed(identity.seed).split(`task ${identity.task}`);
    this.#agent = this.#task.split(`agent ${identity.agent}`);
    this.policy = positions ? RandomStream.restore(positions.policy) : this.#agent.split('policy');
    this.replay = positions ? RandomStream.restore(positions.replay) : this.#agent.split('replay');
  }

  /** A fresh stream for the agent's initialisation and noise; its position is in the agent's snapshot. */
  agent(): RandomStream {
    return this.#agent.split('agent');
  }

  /** Environment seed of training episode `number` (from 0). */
  episodeSeed(number: number): number {
    return this.#task.split(`episode ${number}`).integer(SEED_BOUND);
  }

  /** Environment seed of episode `number` of the evaluation at `step`. */
  evaluationSeed(step: number, number: number): number {
    return this.#task.split(`evaluation ${step} ${number}`).integer(SEED_BOUND);
  }

  /** Where the drawn-from streams stand, for a checkpoint. */
  positions(): StreamPositions {
    return { policy: this.policy.state(), replay: this.replay.state() };
  }
}

export interface StreamPositions {
  readonly policy: ReturnType<RandomStream['state']>;
  readonly replay: ReturnType<RandomStream['state']>;
}
