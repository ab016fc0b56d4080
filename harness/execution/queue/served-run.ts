/** One run of somebody's comparison on this machine: its folder, its lock, its process, its result. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../files/durable.ts';
import { lockFolder } from '../../files/lock.ts';
import { hasManifest, loadManifest } from '../../results/manifest.ts';
import type { RunJob } from '../../run/job.ts';
import { ForeignRun, readComplete, readRunFiles } from '../../run/record.ts';
import { IsolatedRun, type RunListener } from '../isolated-run.ts';
import { runFolder } from '../merge.ts';
import { QUEUE_EXECUTOR } from './connection.ts';
import { type QueuedRun, type RunResult, runResult } from './messages.ts';

export interface ServedRunOptions {
  /** Where runs are kept whose comparison this machine does not see. */
  readonly folder: string;
  /** Keep every run there. */
  readonly ownFiles: boolean;
}

const NOTHING = { step: 0, wallSeconds: 0, checkpointSeconds: 0, attempts: 0 };

export class ServedRun {
  /** The run's folder. */
  readonly folder: string;
  readonly #job: RunJob;
  readonly #mixed: boolean;
  /** The comparison's folder, if the run's is in it. */
  readonly #shared: string | undefined;
  readonly #run: IsolatedRun;

  constructor(order: QueuedRun, options: ServedRunOptions, listener: RunListener) {
    this.#job = order.job;
    const seen = !options.ownFiles && isComparison(order.folder, order.comparison);
    this.#shared = seen ? order.folder : undefined;
    this.folder = runFolder(this.#shared ?? join(options.folder, order.comparison), this.#job);
    const { checkpointSeconds, stallSeconds, mixed } = order;
    this.#mixed = mixed;
    this.#run = new IsolatedRun(
      { job: this.#job, folder: this.folder, checkpointSeconds, stallSeconds, mixed },
      listener,
    );
  }

  /**
   * Goes on from the checkpoint in its folder, if there is one.
   * @throws FolderInUse while another process is at the same run
   */
  async toItsEnd(): Promise<RunResult> {
    makeFolder(this.folder);
    const unlock = await lockFolder(this.folder);
    try {
      const complete = readComplete(this.folder, this.#job, this.#mixed);
      if (complete !== undefined) return this.#result({ ...complete, attempts: 0 });
      // Its session was killed, and it goes on without the queue: nobody else may write there.
      if (this.#shared !== undefined && loadManifest(this.#shared).executor !== QUEUE_EXECUTOR)
        return this.#result({ status: 'interrupted', ...NOTHING });
      return this.#result(await this.#run.toItsEnd());
    } catch (error) {
      if (!(error instanceof ForeignRun)) throw error;
      return this.#result({ status: 'failed', reason: error.message, ...NOTHING });
    } finally {
      await unlock();
    }
  }

  stop(): void {
    this.#run.stop();
  }

  kill(): void {
    this.#run.kill();
  }

  #result(end: Omit<RunResult, 'files' | 'host'>): RunResult {
    const { status, reason, step, wallSeconds, checkpointSeconds, attempts } = end;
    return runResult.parse({
      ...{ status, reason, step, wallSeconds, checkpointSeconds, attempts },
      ...{ host: hostname(), files: readRunFiles(this.folder) },
    });
  }
}

/** Whether a folder here is the comparison's own, not another one at the same path. */
function isComparison(folder: string, id: string): boolean {
  try {
    return hasManifest(folder) && loadManifest(folder).id === id;
  } catch {
    return false;
  }
}
