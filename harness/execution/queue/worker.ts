/** Takes runs from the queue and carries them out, until it is asked to stop. */
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import { DiskError } from '../../files/durable.ts';
import { FolderInUse } from '../../files/lock.ts';
import { ownVersions, versionDifference } from '../../results/versions.ts';
import { runName } from '../../run/job.ts';
import { printableLine } from '../../text/printable.ts';
import { connectToRedis, PREFIX, QUEUE, type RedisLink, stopKey } from './connection.ts';
import { type QueuedRun, type RunNews, type RunResult, runEnvelope, runOrder } from './messages.ts';
import { whyNotLoad } from './plugins.ts';
import { ServedRun, type ServedRunOptions } from './served-run.ts';

export interface WorkerOptions extends ServedRunOptions {
  readonly redis: string;
  /** Runs at a time. */
  readonly workers: number;
  /** Folders whose agents and tasks may be loaded. */
  readonly plugins: readonly string[];
  /** Silence of a worker, in seconds, after which its runs go to another. */
  readonly takeoverSeconds: number;
  /** Called with a line for each event. */
  note(line: string): void;
}

/** How often a run may lose its worker. */
const MAX_TAKEOVERS = 10;
/** Least time between two messages on a run's progress. */
const PROGRESS_MILLISECONDS = 1000;
/** A run whose folder another process holds, or that this worker may not serve, comes again after this time. */
const RETRY_MILLISECONDS = 3000;

/** Patience with runs that write their checkpoint, and with a Redis that is gone. */
const LEAVE_MILLISECONDS = 25_000;

interface Served {
  /** How lines name it. */
  readonly title: string;
  readonly run: ServedRun;
  /** Its lock in the queue may have run out. */
  lost: boolean;
  renewedAt: number;
}

export class QueueWorker {
  readonly #options: WorkerOptions;
  readonly #link: RedisLink;
  readonly #worker: Worker<unknown, RunResult>;
  readonly #versions = ownVersions();
  readonly #served = new Map<string, Served>();
  /** Comparisons whose runs it hands back, with the reason; each is reported once. */
  readonly #refused = new Set<string>();
  /** Jobs that wait for their folder; each is reported once. */
  readonly #waiting = new Set<string>();
  #leaving = false;
  #left: () => void = () => {};
  #endNow: () => void = () => {};
  readonly #killed = new Promise<void>((resolve) => {
    this.#endNow = resolve;
  });

  /** @throws UserError where there is no Redis to listen to */
  static async listen(options: WorkerOptions): Promise<QueueWorker> {
    return new QueueWorker(options, await connectToRedis(options.redis, options.note));
  }

  private constructor(options: WorkerOptions, link: RedisLink) {
    this.#options = options;
    this.#link = link;
    const lockDuration = options.takeoverSeconds * 1000;
    this.#worker = new link.bullmq.Worker<unknown, RunResult>(
      QUEUE,
      (job, token) => this.#serve(job, token),
      {
        connection: link.redis,
        prefix: PREFIX,
        concurrency: options.workers,
        lockDuration,
        stalledInterval: lockDuration,
        maxStalledCount: MAX_TAKEOVERS,
        name: `${process.pid}`,
      },
    );
    this.#worker.on('error', () => {}); // the connection's own listener tells of a lost Redis
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#lose(id);
    });
    this.#worker.on('locksRenewed', ({ jobIds }) => {
      for (const id of jobIds) {
        const served = this.#served.get(id);
        if (served !== undefined) served.renewedAt = performance.now();
      }
    });
  }

  /** Resolves when it has left. */
  async untilLeft(): Promise<void> {
    const watch = setInterval(() => this.#loseSilent(), 250);
    await new Promise<void>((resolve) => {
      this.#left = resolve;
      if (this.#leaving) resolve();
    });
    // Without Redis nothing can be given back: others take over when the locks have run out.
    await Promise.race([this.#worker.close(), this.#killed, pause(LEAVE_MILLISECONDS)]);
    clearInterval(watch);
    await this.#link.close();
  }

  /** Gives its runs back, each with a checkpoint. */
  leave(): void {
    this.#leaving = true;
    for (const { run } of this.#served.values()) run.stop();
    this.#left();
  }

  /** Ends its runs at once. */
  kill(): void {
    for (const { run } of this.#served.values()) run.kill();
    this.#endNow();
  }

  async #serve(job: Job<unknown, RunResult>, token = ''): Promise<RunResult> {
    const id = job.id ?? '';
    if (this.#leaving) return await this.#giveBack(job, token);
    const isNone = () => new this.#link.bullmq.UnrecoverableError('the job is no run of this harness');
    const envelope = runEnvelope.safeParse(job.data).data;
    if (envelope === undefined) throw isNone();
    const difference = versionDifference(envelope.versions, this.#versions);
    if (difference !== undefined) return await this.#refuse(job, token, envelope, difference);
    const order = runOrder.safeParse(job.data).data;
    if (order === undefined) throw isNone();
    const why = this.#whyNotLoad(order);
    if (why !== undefined) return await this.#refuse(job, token, order, why);
    const tell = this.#teller(job);
    const title = `${runName(order.job.identity)} of ${order.name}`;
    const served = new ServedRun(order, this.#options, {
      began: () => {
        this.#waiting.delete(id);
        this.#note(`${title}: begins in ${served.folder}`);
        tell({ type: 'began' });
      },
      moved: (progress) => tell({ ...progress, type: 'progress' }),
      note: (line) => tell({ type: 'note', line }),
    });
    const entry: Served = { title, run: served, lost: false, renewedAt: performance.now() };
    this.#served.set(id, entry);
    const watch = setInterval(() => this.#stopIfAsked(order, served), 1000);
    try {
      const result = await served.toItsEnd();
      if (entry.lost) throw new Error('its worker lost contact to the queue');
      this.#note(`${title}: ${result.status}${result.reason === undefined ? '' : `: ${result.reason}`}`);
      if (result.status === 'interrupted' && this.#leaving) return await this.#giveBack(job, token);
      return result;
    } catch (error) {
      // Its own disk: others may have room.
      if (error instanceof DiskError) {
        this.#note(`leaves: ${error.message}`);
        await this.#sayThere(job, `leaves: ${error.message}`);
        this.leave();
        return await this.#giveBack(job, token);
      }
      if (!(error instanceof FolderInUse)) throw error;
      if (!this.#waiting.has(id)) tell({ type: 'note', line: `waits: ${error.message}` });
      this.#waiting.add(id);
      return await this.#putOff(job, token);
    } finally {
      clearInterval(watch);
      this.#served.delete(id);
    }
  }

  /** Sends news in their order; progress not too often, but every evaluation. */
  #teller(job: Job): (news: RunNews) => void {
    let sending = Promise.resolve();
    let saidAt = Number.NEGATIVE_INFINITY;
    let evaluation: number | undefined;
    return (news) => {
      if (news.type === 'progress') {
        const due = performance.now() - saidAt > PROGRESS_MILLISECONDS || news.evaluation !== evaluation;
        if (!due) return;
        saidAt = performance.now();
        evaluation = news.evaluation;
      }
      sending = sending.then(() => job.updateProgress(news)).catch(() => {});
    };
  }

  #whyNotLoad({ job }: QueuedRun): string | undefined {
    const { plugins } = this.#options;
    return whyNotLoad(job.agent, plugins) ?? whyNotLoad(job.task, plugins);
  }

  /** Leaves a run to workers that can take it; says so once for the comparison and the reason, here and there. */
  async #refuse(
    job: Job,
    token: string,
    { comparison, name }: Pick<QueuedRun, 'comparison' | 'name'>,
    why: string,
  ): Promise<never> {
    const refusal = `${comparison}: ${why}`;
    if (!this.#refused.has(refusal)) {
      this.#refused.add(refusal);
      this.#note(`refuses the runs of ${name}: ${why}`);
      await this.#sayThere(job, `refuses the runs of ${name}: ${why}`);
    }
    return await this.#putOff(job, token);
  }

  /** A line of this worker on the comparison's terminal. */
  async #sayThere(job: Job, what: string): Promise<void> {
    await job.updateProgress({ type: 'note', line: `worker ${process.pid} on ${hostname()} ${what}` });
  }

  /** Comes again in a while, to this worker or another. */
  async #putOff(job: Job, token: string): Promise<never> {
    // By the clock of Redis: this machine's may be wrong.
    const [seconds] = await this.#link.redis.time();
    await job.moveToDelayed(1000 * Number(seconds) + RETRY_MILLISECONDS, token);
    throw new this.#link.bullmq.DelayedError();
  }

  /** Names in a line may be anybody's. */
  #note(line: string): void {
    this.#options.note(printableLine(line));
  }

  async #giveBack(job: Job, token: string): Promise<never> {
    await job.moveToWait(token);
    throw new this.#link.bullmq.WaitingError();
  }

  #stopIfAsked({ comparison }: QueuedRun, run: ServedRun): void {
    this.#link.redis.exists(stopKey(comparison)).then(
      (asked) => asked > 0 && run.stop(),
      () => {},
    );
  }

  /** Runs whose lock may have run out: another worker may be about to take over. */
  #loseSilent(): void {
    const limit = performance.now() - this.#options.takeoverSeconds * 1000;
    for (const [id, { renewedAt }] of this.#served) if (renewedAt < limit) this.#lose(id);
  }

  #lose(id: string): void {
    const served = this.#served.get(id);
    if (served === undefined || served.lost) return;
    served.lost = true;
    served.run.kill();
    this.#note(`${served.title}: no contact to the queue for too long; left to another worker`);
  }
}
