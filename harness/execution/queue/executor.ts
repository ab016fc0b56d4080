/** Hands the runs of a comparison to the workers of a queue and takes what they return. */
import { join } from 'node:path';
import type { Job, Queue, QueueEvents } from 'bullmq';
import { makeFolder, writeDurably } from '../../files/durable.ts';
import { orderOfSeeds } from '../../plan/plan.ts';
import type { RunRecord } from '../../results/manifest.ts';
import { ownVersions } from '../../results/versions.ts';
import type { RunJob } from '../../run/job.ts';
import { ForeignRun, RUN_FILES } from '../../run/record.ts';
import { printableLine } from '../../text/printable.ts';
import { completion, type ExecutionOptions, type Executor, record } from '../executor.ts';
import { runFolder } from '../merge.ts';
import { openQueue, PREFIX, QUEUE, type RedisLink, stopKey } from './connection.ts';
import { jobId, type QueuedRun, type RunResult, resultFault, runNews, runResult } from './messages.ts';

export interface QueueExecution extends ExecutionOptions {
  /** The comparison's id and name. */
  readonly id: string;
  readonly name: string;
  /** Called with lines that concern no single run. */
  note(line: string): void;
}

/** Time between two looks at the queue itself, should an event have been missed. */
const LOOK_MILLISECONDS = 2000;
/** Patience with workers that were asked to stop. */
const STOP_MILLISECONDS = 25_000;
/** A result that nobody takes is kept this long, in seconds. */
const KEEP_SECONDS = 30 * 86_400;

export class QueueExecutor implements Executor {
  readonly #jobs: readonly RunJob[];
  readonly #options: QueueExecution;
  readonly #link: RedisLink;
  readonly #queue: Queue;
  readonly #events: QueueEvents;
  readonly #records: RunRecord[];
  /** Job id → index, of the runs that have not ended. */
  readonly #pending = new Map<string, number>();
  /** Job ids that are being looked at. */
  readonly #looking = new Set<string>();
  #saidNoWorker = false;
  #stopping = false;
  #finish: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(jobs: readonly RunJob[], options: QueueExecution, link: RedisLink) {
    this.#jobs = jobs;
    this.#options = options;
    this.#link = link;
    this.#records = new Array<RunRecord>(jobs.length);
    this.#queue = openQueue(link);
    const connection = link.redis;
    this.#events = new link.bullmq.QueueEvents(QUEUE, { connection, prefix: PREFIX });
    this.#events.on('error', () => {}); // the connection's own listener tells of a lost Redis
  }

  async execute(): Promise<RunRecord[]> {
    const ended = new Promise<void>((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#listen();
    const look = setInterval(() => this.#guard(this.#lookAtAll()), LOOK_MILLISECONDS);
    try {
      await Promise.race([this.#begin(), ended]);
      await ended;
    } catch (error) {
      this.#askWorkersToStop(); // nobody will take their results
      throw error;
    } finally {
      clearInterval(look);
      await this.#close();
    }
    return this.#records;
  }

  stop(): void {
    this.#stopping = true;
    this.#askWorkersToStop();
    this.#guard(this.#lookAtAll());
    // A Redis that is gone passes nothing on.
    const patience = this.#link.redis.status === 'ready' ? STOP_MILLISECONDS : 0;
    setTimeout(() => this.#giveUp(), patience).unref();
  }

  kill(): void {
    this.#stopping = true;
    this.#askWorkersToStop();
    this.#giveUp();
  }

  /** Queues what is not complete. */
  async #begin(): Promise<void> {
    await this.#events.waitUntilReady();
    await this.#link.redis.del(stopKey(this.#options.id));
    const versions = ownVersions();
    for (const index of orderOfSeeds(this.#jobs)) {
      const job = this.#jobs[index];
      const before = completion(runFolder(this.#options.folder, job), job, this.#options.mixed);
      if (before === undefined) this.#pending.set(jobId(this.#options.id, job.identity), index);
      else if (before instanceof ForeignRun)
        this.#ended(index, { status: 'failed', reason: before.message }, 0);
      else this.#ended(index, before, 0);
    }
    for (const [id, index] of [...this.#pending]) {
      if (this.#stopping) break;
      await this.#enqueue(id, this.#order(this.#jobs[index], versions));
    }
    await this.#lookAtAll();
  }

  #order(job: RunJob, versions: Record<string, string>): QueuedRun {
    const { id: comparison, name, folder, checkpointSeconds, stallSeconds, mixed } = this.#options;
    return { comparison, name, folder, versions, checkpointSeconds, stallSeconds, mixed, job };
  }

  /** A run that waits or runs since an earlier session stays; a result of that session is taken. */
  async #enqueue(id: string, order: QueuedRun): Promise<void> {
    const before = await this.#queue.getJob(id);
    if (before !== undefined) {
      const state = await before.getState();
      const result = runResult.safeParse(before.returnvalue).data;
      const taken = state === 'completed' && result?.status === 'done';
      if (taken || state === 'active' || state === 'waiting' || state === 'delayed') return;
      await before.remove();
    }
    await this.#queue.add('run', order, {
      jobId: id,
      attempts: 3,
      backoff: 1000,
      removeOnComplete: { age: KEEP_SECONDS },
      removeOnFail: { age: KEEP_SECONDS },
    });
  }

  #listen(): void {
    const indexOf = (id: string) => this.#pending.get(id);
    const { progress, recorded } = this.#options;
    this.#events.on('progress', ({ jobId: id, data }) => {
      const index = indexOf(id);
      const news = runNews.safeParse(data).data;
      if (index === undefined || news === undefined) return;
      if (news.type === 'note') progress.note(index, news.line);
      else if (news.type === 'progress') progress.moved(index, news);
      else {
        progress.began(index);
        this.#guard(async () => recorded(index, record(this.#jobs[index], { status: 'running' }, 1)));
      }
    });
    this.#events.on('stalled', ({ jobId: id }) => {
      const index = indexOf(id);
      if (index !== undefined) progress.note(index, 'its worker was lost; goes to another');
    });
    const look = ({ jobId: id }: { readonly jobId: string }) => this.#guard(this.#lookAt(id));
    this.#events.on('completed', look);
    this.#events.on('failed', look);
  }

  async #lookAtAll(): Promise<void> {
    for (const id of [...this.#pending.keys()]) await this.#lookAt(id);
    if (this.#pending.size > 0 && !this.#stopping) await this.#noteMissingWorkers();
    if (this.#pending.size === 0) this.#finish();
  }

  /** Takes the result of a run, if there is one. */
  async #lookAt(id: string): Promise<void> {
    const index = this.#pending.get(id);
    if (index === undefined || this.#looking.has(id)) return;
    this.#looking.add(id);
    try {
      const job = await this.#queue.getJob(id);
      const state = await job?.getState();
      if (job === undefined || state === undefined || state === 'unknown') await this.#missing(id, index);
      else if (state === 'completed' || state === 'failed') await this.#take(job, id, index);
      else if (this.#stopping && state !== 'active') await this.#withdraw(job, id, index);
    } finally {
      this.#looking.delete(id);
    }
    if (this.#pending.size === 0) this.#finish();
  }

  async #take(job: Job, id: string, index: number): Promise<void> {
    const result = runResult.safeParse(job.returnvalue).data;
    if (!this.#pending.delete(id)) return;
    if (result === undefined) {
      const reason = printableLine(job.failedReason ?? 'its worker returned no result');
      this.#ended(index, { status: 'failed', reason }, 1);
    } else this.#believe(index, result);
    await job.remove();
  }

  /** Takes a result that is one of the run; another one has no place in the tables. */
  #believe(index: number, { attempts, files, ...end }: RunResult): void {
    const fault = resultFault(this.#jobs[index], { attempts, files, ...end });
    if (fault === undefined) {
      this.#keep(index, files);
      this.#ended(index, end, attempts);
      return;
    }
    const { host } = end;
    const reason = `its worker on ${host} returned what is not of this run: ${fault}`;
    this.#ended(index, { status: 'failed', reason: end.reason ?? reason, host }, attempts);
  }

  /** A job that never began is taken back. */
  async #withdraw(job: Job, id: string, index: number): Promise<void> {
    try {
      await job.remove();
    } catch {
      return; // it has just begun
    }
    if (this.#pending.delete(id)) this.#ended(index, { status: 'interrupted' }, 0);
  }

  /** A Redis that was started anew without its data has forgotten the run. */
  async #missing(id: string, index: number): Promise<void> {
    if (!this.#stopping) await this.#enqueue(id, this.#order(this.#jobs[index], ownVersions()));
    else if (this.#pending.delete(id)) this.#ended(index, { status: 'interrupted' }, 0);
  }

  /** The run's files, where the worker did not write them here itself. */
  #keep(index: number, files: RunResult['files']): void {
    const folder = runFolder(this.#options.folder, this.#jobs[index]);
    if (completion(folder, this.#jobs[index], this.#options.mixed) !== undefined) return;
    makeFolder(folder);
    // The mark that the run is complete comes last.
    for (const name of RUN_FILES) {
      const text = files[name];
      if (text !== undefined) writeDurably(join(folder, name), text);
    }
  }

  #ended(
    index: number,
    end: Parameters<typeof record>[1] & { readonly host?: string },
    attempts: number,
  ): void {
    const told = {
      ...record(this.#jobs[index], end, attempts),
      ...(end.host === undefined ? {} : { host: end.host }),
    };
    this.#records[index] = told;
    this.#options.progress.ended(index, end.status, end.reason);
    this.#options.recorded(index, told);
  }

  async #noteMissingWorkers(): Promise<void> {
    if (this.#saidNoWorker || (await this.#queue.getWorkersCount()) > 0) return;
    this.#saidNoWorker = true;
    const { shown } = this.#link;
    this.#options.note(`no worker listens on ${shown} yet; start some with: harness worker --redis ${shown}`);
  }

  #askWorkersToStop(): void {
    this.#link.redis.set(stopKey(this.#options.id), 1, 'EX', 86_400).catch(() => {});
  }

  /** What has not ended counts as interrupted, whatever its worker does. */
  #giveUp(): void {
    for (const [id, index] of [...this.#pending]) {
      this.#pending.delete(id);
      this.#guard(async () => this.#ended(index, { status: 'interrupted' }, 0));
    }
    this.#finish();
  }

  /** A fault of a handler, a full disk say, ends the comparison. */
  #guard(work: Promise<unknown> | (() => Promise<unknown>)): void {
    (typeof work === 'function' ? work() : work).catch((error) => this.#fail(error));
  }

  async #close(): Promise<void> {
    const closing = Promise.allSettled([this.#events.close(), this.#queue.close()]);
    await Promise.race([closing, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    await this.#link.close();
  }
}
