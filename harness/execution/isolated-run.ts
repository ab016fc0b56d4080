/** One run in a process of its own, started again if that process dies. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeDiskError, makeFolder } from '../files/durable.ts';
import { suspects } from '../plugins/source.ts';
import { causeOfDeath } from '../process/cause-of-death.ts';
import { SupervisedProcess } from '../process/supervised.ts';
import type { RunStatus } from '../results/manifest.ts';
import type { RunProgress } from '../run/loop.ts';
import {
  type ExecutorMessage,
  type RunOrder,
  type WorkerEnd,
  type WorkerMessage,
  workerMessage,
} from './protocol.ts';

/** Told how a run goes on. */
export interface RunListener {
  /** A process is about to start for it. @param attempt from 1 */
  began(attempt: number): void;
  moved(progress: RunProgress): void;
  note(line: string): void;
}

/** How a run ended, after all its processes. */
export interface RunEnd {
  readonly status: Extract<RunStatus, 'done' | 'failed' | 'interrupted'>;
  readonly reason?: string;
  readonly step: number;
  readonly wallSeconds: number;
  readonly checkpointSeconds: number;
  /** Processes started for it. */
  readonly attempts: number;
}

/** One run that is carried out. */
export interface CarriedRun {
  /** Goes on from the last checkpoint in the run's folder until the run ends or is stopped. */
  toItsEnd(): Promise<RunEnd>;
  /** Asks for a checkpoint and an end. */
  stop(): void;
  /** Ends it at once; the last checkpoint stays. */
  kill(): void;
}

/** How often a run whose process died is started again. */
const RETRIES = 1;
/** Patience with a process that was asked to stop. */
const STOP_SECONDS = 20;

export class IsolatedRun implements CarriedRun {
  readonly #order: RunOrder;
  readonly #listener: RunListener;
  #child: SupervisedProcess<WorkerMessage> | undefined;
  #stopping = false;

  constructor(order: RunOrder, listener: RunListener) {
    this.#order = order;
    this.#listener = listener;
  }

  async toItsEnd(): Promise<RunEnd> {
    const nothing = { step: 0, wallSeconds: 0, checkpointSeconds: 0 };
    for (let attempts = 1; ; attempts++) {
      if (this.#stopping) return { status: 'interrupted', ...nothing, attempts: attempts - 1 };
      this.#listener.began(attempts);
      const end = await this.#runOnce();
      if (end.status !== 'died') return { ...end, attempts };
      if (this.#stopping) return { status: 'interrupted', ...nothing, attempts };
      if (attempts > RETRIES) return { status: 'failed', reason: end.reason, ...nothing, attempts };
      this.#listener.note(`${end.reason}; starts again from its last checkpoint`);
    }
  }

  stop(): void {
    this.#stopping = true;
    if (this.#child !== undefined) this.#askToStop(this.#child);
  }

  kill(): void {
    this.#stopping = true;
    this.#child?.kill();
  }

  /** One process, from its start to its end. */
  async #runOnce(): Promise<Ending> {
    const { folder, job, stallSeconds } = this.#order;
    makeFolder(folder);
    const logPath = join(folder, 'log.txt');
    const log = openLog(logPath);
    const child = new SupervisedProcess<WorkerMessage>({
      module: new URL('./worker.ts', import.meta.url),
      message: workerMessage,
      stallSeconds: stallSeconds + 5,
      log,
      // V8 collects garbage with four threads otherwise, which take a fifth of a second run's core.
      execArgv: ['--single-threaded-gc'],
      env: { ...process.env, OMP_NUM_THREADS: String(job.threads) },
    });
    closeSync(log);
    this.#child = child;
    child.send({ type: 'run', ...this.#order } satisfies ExecutorMessage);
    if (this.#stopping) this.#askToStop(child);
    let end: WorkerEnd | undefined;
    for await (const message of child.messages()) {
      if (message.type === 'progress') this.#listener.moved(message);
      else if (message.type === 'note') this.#listener.note(message.line);
      else if (message.type === 'ended') end ??= message;
    }
    const { code, signal, blocked } = await child.ended;
    this.#child = undefined;
    if (end !== undefined) return end;
    if (blocked) return this.#blocked();
    return { status: 'died', reason: causeOfDeath(code, signal, readFileSync(logPath, 'utf8')) };
  }

  #askToStop(child: SupervisedProcess<WorkerMessage>): void {
    child.send({ type: 'stop' } satisfies ExecutorMessage);
    const timer = setTimeout(() => child.kill(), STOP_SECONDS * 1000);
    void child.ended.then(() => clearTimeout(timer));
  }

  #blocked(): Ending {
    const { job, stallSeconds } = this.#order;
    const reason = `${suspects(job)}: its process gave no sign of life for ${stallSeconds} s (a loop without an end?)`;
    return { status: 'failed', reason, step: 0, wallSeconds: 0, checkpointSeconds: 0 };
  }
}

type Ending = Omit<RunEnd, 'attempts'> | { readonly status: 'died'; readonly reason: string };

function openLog(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    throw describeDiskError(error, path);
  }
}
