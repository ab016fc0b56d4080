/** Carries out one run in the process that asks for it. */
import { join } from 'node:path';
import { makeFolder, removeTornFiles } from '../files/durable.ts';
import { CallWatch } from '../plugins/guard.ts';
import { assemble } from '../run/assemble.ts';
import { CheckpointStore } from '../run/checkpoint.ts';
import { type RunHooks, type RunOutcome, type RunProgress, run } from '../run/loop.ts';
import { markComplete, writeRunRows } from '../run/record.ts';
import type { RunOrder, WorkerMessage } from './protocol.ts';

const YIELD_MILLISECONDS = 25;
const PROGRESS_MILLISECONDS = 400;
/** Checkpoints may take this share of the time. */
const CHECKPOINT_SHARE = 0.02;

type RunNews = Extract<WorkerMessage, { type: 'progress' | 'note' }>;

export class RunHere implements RunHooks {
  /** The call into the agent or the task that is under way. */
  readonly watch = new CallWatch();
  /** Control steps done. */
  step = 0;
  /** Spent on checkpoints. */
  checkpointSeconds = 0;
  readonly #order: RunOrder;
  readonly #send: (news: RunNews) => void;
  #stopping = false;
  #yieldedAt = performance.now();
  #progressAt = 0;
  #evaluation: number | undefined;
  #checkpointAt = performance.now();
  #nextCheckpointSeconds: number;

  constructor(order: RunOrder, send: (news: RunNews) => void) {
    this.#order = order;
    this.#send = send;
    this.#nextCheckpointSeconds = order.checkpointSeconds;
  }

  /** Goes on from the last checkpoint in the run's folder until the run ends or is stopped. */
  async toItsEnd(): Promise<RunOutcome> {
    const { folder, job } = this.#order;
    makeFolder(folder);
    removeTornFiles(folder);
    const checkpoints = new CheckpointStore(join(folder, 'checkpoint'), this.#order);
    const parts = await assemble(job, this.watch, (line) => this.note(line));
    const outcome = await run({ ...parts, checkpoints }, this);
    this.step = outcome.step;
    if (outcome.status === 'done') {
      const { wallSeconds } = outcome;
      markComplete(folder, { job, step: this.step, wallSeconds, checkpointSeconds: this.checkpointSeconds });
    }
    return outcome;
  }

  /** Asks for a checkpoint and an end. */
  stop(): void {
    this.#stopping = true;
  }

  yieldToEventLoop(): Promise<void> | undefined {
    const now = performance.now();
    if (now - this.#yieldedAt < YIELD_MILLISECONDS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#yieldedAt = performance.now();
        resolve();
      });
    });
  }

  stopRequested(): boolean {
    return this.#stopping;
  }

  checkpointDue(): boolean {
    return performance.now() - this.#checkpointAt > this.#nextCheckpointSeconds * 1000;
  }

  checkpointWritten(seconds: number): void {
    this.checkpointSeconds += seconds;
    this.#checkpointAt = performance.now();
    this.#nextCheckpointSeconds = Math.max(this.#order.checkpointSeconds, seconds / CHECKPOINT_SHARE);
  }

  progress({ step, evaluation, episodeReturn }: RunProgress): void {
    this.step = step;
    const evaluated = evaluation !== this.#evaluation; // never held back: the last one is the run's result
    if (!evaluated && performance.now() - this.#progressAt < PROGRESS_MILLISECONDS) return;
    this.#progressAt = performance.now();
    this.#evaluation = evaluation;
    this.#send({ type: 'progress', step, evaluation, episodeReturn });
  }

  rows: RunHooks['rows'] = (evaluations, training) => {
    writeRunRows(this.#order.folder, this.#order.job.identity, evaluations, training);
  };

  note(line: string): void {
    this.#send({ type: 'note', line });
  }
}
