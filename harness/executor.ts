/** Runs the jobs of a plan as parallel processes; one run's fate is no other's. */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeDiskError, makeFolder } from './durable.ts';
import type { RunJob } from './job.ts';
import type { RunRecord, RunStatus } from './manifest.ts';
import { runFolder } from './merge.ts';
import type { Progress } from './progress.ts';
import { type ExecutorMessage, type WorkerEnd, workerMessage } from './protocol.ts';
import { readComplete } from './run-record.ts';

export interface ExecutionOptions {
  /** Folder of the comparison. */
  readonly folder: string;
  /** Processes at a time. */
  readonly workers: number;
  readonly checkpointSeconds: number;
  readonly stallSeconds: number;
  readonly progress: Progress;
  /** Told whenever a run begins or ends. */
  recorded(index: number, record: RunRecord): void;
}

/** How often a run whose process died is started again. */
const RETRIES = 1;
/** Patience with a worker that was asked to stop. */
const STOP_SECONDS = 20;

export class Executor {
  readonly #jobs: readonly RunJob[];
  readonly #options: ExecutionOptions;
  readonly #children = new Set<ChildProcess>();
  #stopping = false;

  constructor(jobs: readonly RunJob[], options: ExecutionOptions) {
    this.#jobs = jobs;
    this.#options = options;
  }

  /** Runs every job that is not complete; resolves when all have ended, in the jobs' order. */
  async execute(): Promise<RunRecord[]> {
    const records = new Array<RunRecord>(this.#jobs.length);
    let next = 0;
    const lane = async () => {
      while (next < this.#jobs.length) {
        const index = next++;
        const record = await this.#runToItsEnd(this.#jobs[index], index);
        records[index] = record;
        this.#options.recorded(index, record);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#options.workers, this.#jobs.length) }, lane));
    return records;
  }

  /** Asks every run to write a checkpoint and stop. */
  stop(): void {
    this.#stopping = true;
    for (const child of this.#children) this.#askToStop(child);
  }

  /** Ends every process at once; each run keeps its last checkpoint. */
  kill(): void {
    this.#stopping = true;
    for (const child of this.#children) child.kill('SIGKILL');
  }

  async #runToItsEnd(job: RunJob, index: number): Promise<RunRecord> {
    const { folder, progress } = this.#options;
    const complete = readComplete(runFolder(folder, job));
    if (complete !== undefined) {
      progress.ended(index, 'done');
      return record(job, { ...complete, status: 'done' }, 0);
    }
    for (let attempt = 1; ; attempt++) {
      if (this.#stopping) return record(job, { status: 'interrupted' }, attempt - 1);
      progress.began(index);
      this.#options.recorded(index, record(job, { status: 'running' }, attempt));
      const end = await this.#runOnce(job, index);
      if (end.status === 'died' && this.#stopping) return record(job, { status: 'interrupted' }, attempt);
      if (end.status === 'died' && attempt <= RETRIES) {
        progress.note(index, `${end.reason}; starts again from its last checkpoint`);
        continue;
      }
      const status: RunStatus = end.status === 'died' ? 'failed' : end.status;
      progress.ended(index, status, end.reason);
      return record(job, { ...end, status }, attempt);
    }
  }

  /** One process for one run, from its start to its end. */
  #runOnce(job: RunJob, index: number): Promise<Ending> {
    const { progress } = this.#options;
    const folder = runFolder(this.#options.folder, job);
    makeFolder(folder);
    const logPath = join(folder, 'log.txt');
    const log = openLog(logPath);
    const child = fork(new URL(workerFile, import.meta.url), {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...process.env, OMP_NUM_THREADS: String(job.threads) },
    });
    closeSync(log);
    this.#children.add(child);
    return new Promise((resolve) => {
      let end: WorkerEnd | undefined;
      let stuck = false;
      let silentTicks = 0;
      // Counts ticks instead of reading a clock, so that a machine that slept accuses nobody.
      const tick = setInterval(() => {
        if (++silentTicks <= this.#options.stallSeconds + 5) return;
        stuck = true;
        child.kill('SIGKILL');
      }, 1000);
      child.on('message', (value) => {
        silentTicks = 0;
        const message = workerMessage.safeParse(value).data;
        if (message?.type === 'progress') progress.moved(index, message);
        else if (message?.type === 'note') progress.note(index, message.line);
        else if (message?.type === 'ended') end ??= message;
      });
      child.on('error', () => {}); // 'close' follows and tells how
      child.on('close', (code, signal) => {
        clearInterval(tick);
        this.#children.delete(child);
        if (end !== undefined) resolve(end);
        else if (stuck) resolve(blocked(job, this.#options.stallSeconds));
        else resolve({ status: 'died', reason: causeOfDeath(code, signal, logPath) });
      });
      const { checkpointSeconds, stallSeconds } = this.#options;
      this.#tell(child, { type: 'run', job, folder, checkpointSeconds, stallSeconds });
      if (this.#stopping) this.#askToStop(child);
    });
  }

  #tell(child: ChildProcess, message: ExecutorMessage): void {
    if (child.connected) child.send(message, () => {}); // a process that just died answers by 'close'
  }

  #askToStop(child: ChildProcess): void {
    this.#tell(child, { type: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
    child.once('close', () => clearTimeout(timer));
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    throw describeDiskError(error, path);
  }
}

/** Beside this file, with its ending: `.js` where the package was built. */
const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';

type Ending = Omit<WorkerEnd, 'type'> | { readonly status: 'died'; readonly reason: string };

function record(
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

function blocked(job: RunJob, seconds: number): Ending {
  const reason = `agent '${job.identity.agent}': its process gave no sign of life for ${seconds} s (a loop without an end?)`;
  return { status: 'failed', reason, step: 0, wallSeconds: 0, checkpointSeconds: 0 };
}

function causeOfDeath(code: number | null, signal: NodeJS.Signals | null, logPath: string): string {
  const log = readFileSync(logPath, 'utf8').slice(-4000);
  if (/heap out of memory|bad_alloc|Cannot enlarge memory|out of memory/i.test(log))
    return 'its process ran out of memory';
  if (signal === 'SIGKILL') return 'its process was killed (SIGKILL; perhaps the machine ran out of memory)';
  if (signal !== null) return `its process was ended by ${signal}`;
  return `its process ended by itself with exit code ${code}`;
}
