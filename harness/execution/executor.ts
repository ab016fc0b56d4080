/** Runs the jobs of a plan as parallel processes of this machine; one run's fate is no other's. */

import { whoHolds } from '../files/lock.ts';
import { orderOfSeeds } from '../plan/plan.ts';
import type { RunRecord, RunStatus } from '../results/manifest.ts';
import type { RunJob } from '../run/job.ts';
import { type CompletedRun, completionFault, ForeignRun, readComplete, readRunFiles } from '../run/record.ts';
import { type CarriedRun, IsolatedRun, type RunListener } from './isolated-run.ts';
import { runFolder } from './merge.ts';
import type { Progress } from './progress.ts';
import type { RunOrder } from './protocol.ts';

/** What carries out the runs of a comparison. */
export interface Executor {
  /** Runs every job that is not complete; resolves when all have ended, in the jobs' order. */
  execute(): Promise<RunRecord[]>;
  /** Asks every run to write a checkpoint and stop. */
  stop(): void;
  /** Ends every run at once; each keeps its last checkpoint. */
  kill(): void;
}

export interface ExecutionOptions {
  /** Folder of the comparison. */
  readonly folder: string;
  readonly checkpointSeconds: number;
  readonly stallSeconds: number;
  /** Whether the comparison goes on across changes of users' files that were accepted. */
  readonly mixed: boolean;
  readonly progress: Progress;
  /** Called whenever a run begins or ends. */
  recorded(index: number, record: RunRecord): void;
}

export class LocalExecutor implements Executor {
  readonly #jobs: readonly RunJob[];
  readonly #options: ExecutionOptions;
  readonly #workers: number;
  readonly #running = new Set<CarriedRun>();
  #stopping = false;

  /** @param workers processes at a time */
  constructor(jobs: readonly RunJob[], options: ExecutionOptions, workers: number) {
    this.#jobs = jobs;
    this.#options = options;
    this.#workers = workers;
  }

  async execute(): Promise<RunRecord[]> {
    const records = new Array<RunRecord>(this.#jobs.length);
    const order = orderOfSeeds(this.#jobs);
    const lane = async () => {
      for (let index = order.shift(); index !== undefined; index = order.shift()) {
        const record = await this.#runToItsEnd(this.#jobs[index], index);
        records[index] = record;
        this.#options.recorded(index, record);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#workers, this.#jobs.length) }, lane));
    return records;
  }

  stop(): void {
    this.#stopping = true;
    for (const run of this.#running) run.stop();
  }

  kill(): void {
    this.#stopping = true;
    for (const run of this.#running) run.kill();
  }

  /** A run, in a process of its own. */
  protected begin(order: RunOrder, listener: RunListener): CarriedRun {
    return new IsolatedRun(order, listener);
  }

  async #runToItsEnd(job: RunJob, index: number): Promise<RunRecord> {
    const { progress, recorded, checkpointSeconds, stallSeconds, mixed } = this.#options;
    const folder = runFolder(this.#options.folder, job);
    const failed = (reason: string, attempts = 0) => {
      progress.ended(index, 'failed', reason);
      return record(job, { status: 'failed', reason }, attempts);
    };
    const before = completion(folder, job, mixed);
    if (before instanceof ForeignRun) return failed(before.message);
    if (before !== undefined) {
      progress.ended(index, 'done');
      return record(job, before, 0);
    }
    if (this.#stopping) return record(job, { status: 'interrupted' }, 0);
    const holder = whoHolds(folder);
    if (holder !== undefined)
      return failed(`${folder} is in use by ${holder}, a worker of a queue; go on when it has ended`);
    const run = this.begin(
      { job, folder, checkpointSeconds, stallSeconds, mixed },
      {
        began: (attempt) => {
          progress.began(index);
          recorded(index, record(job, { status: 'running' }, attempt));
        },
        moved: (news) => progress.moved(index, news),
        note: (line) => progress.note(index, line),
      },
    );
    this.#running.add(run);
    try {
      const { attempts, ...end } = await run.toItsEnd();
      if (end.status === 'done') {
        const fault = completionFault(readRunFiles(folder), job);
        if (fault !== undefined)
          return failed(`its process left other files than the run's: ${fault}`, attempts);
      }
      if (attempts > 0) progress.ended(index, end.status, end.reason);
      return record(job, end, attempts);
    } finally {
      this.#running.delete(run);
    }
  }
}

/** The record of a run that is complete, or why what is there is another one; undefined if it is not complete. */
export function completion(
  folder: string,
  job: RunJob,
  mixed: boolean,
): CompletedRun | ForeignRun | undefined {
  try {
    return readComplete(folder, job, mixed);
  } catch (error) {
    if (error instanceof ForeignRun) return error;
    throw error;
  }
}

/** What the manifest says of a run. */
export function record(
  job: RunJob,
  end: {
    status: RunStatus;
    reason?: string;
    step?: number;
    wallSeconds?: number;
    checkpointSeconds?: number;
  },
  attempts: number,
): RunRecord {
  const { status, reason, step = 0, wallSeconds = 0, checkpointSeconds = 0 } = end;
  return { ...job.identity, status, reason, attempts, steps: step, wallSeconds, checkpointSeconds };
}
