/** The process of one run: it receives the job, runs it, and reports how it ended. */
import { join } from 'node:path';
import { makeFolder, removeTornFiles } from '../files/durable.ts';
import { CallWatch } from '../plugins/guard.ts';
import { agentTitle } from '../plugins/source.ts';
import { inlineWebAssembly } from '../process/webassembly.ts';
import { assemble } from '../run/assemble.ts';
import { CheckpointStore } from '../run/checkpoint.ts';
import { type RunHooks, type RunProgress, run } from '../run/loop.ts';
import { markComplete, writeRunRows } from '../run/record.ts';
import { messageOf, printableLine } from '../text/printable.ts';
import type { ExecutorMessage, WorkerMessage, WorkerOrder } from './protocol.ts';

const YIELD_MILLISECONDS = 25;
const PROGRESS_MILLISECONDS = 400;
/** Checkpoints may take this share of the time. */
const CHECKPOINT_SHARE = 0.02;

inlineWebAssembly();

/** Whose run this is, for messages. */
let who = '';
let stopped = false;
let step = 0;
let checkpointSeconds = 0;
const bornAt = performance.now();

function send(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

/** Says how it ended and leaves, whatever still runs in this process. */
function end(status: 'done' | 'interrupted' | 'failed', wallSeconds: number, reason?: string): void {
  const message: WorkerMessage = { type: 'ended', status, reason, step, wallSeconds, checkpointSeconds };
  if (!process.connected) process.exit(1);
  process.send?.(message, undefined, {}, () => process.exit(status === 'failed' ? 1 : 0));
}

/** @param where what went wrong outside of any call: whose run it was, and how */
function fail(error: unknown, where = ''): void {
  console.error(error);
  end('failed', (performance.now() - bornAt) / 1000, printableLine(`${where}${messageOf(error)}`));
}

class WorkerHooks implements RunHooks {
  #yieldedAt = performance.now();
  #progressAt = 0;
  #evaluation: number | undefined;
  #checkpointAt = performance.now();
  #nextCheckpointSeconds: number;

  constructor(private readonly order: WorkerOrder) {
    this.#nextCheckpointSeconds = order.checkpointSeconds;
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
    return stopped;
  }

  checkpointDue(): boolean {
    return performance.now() - this.#checkpointAt > this.#nextCheckpointSeconds * 1000;
  }

  checkpointWritten(seconds: number): void {
    checkpointSeconds += seconds;
    this.#checkpointAt = performance.now();
    this.#nextCheckpointSeconds = Math.max(this.order.checkpointSeconds, seconds / CHECKPOINT_SHARE);
  }

  progress({ step: now, evaluation, episodeReturn }: RunProgress): void {
    step = now;
    const evaluated = evaluation !== this.#evaluation; // never held back: the last one is the run's result
    if (!evaluated && performance.now() - this.#progressAt < PROGRESS_MILLISECONDS) return;
    this.#progressAt = performance.now();
    this.#evaluation = evaluation;
    send({ type: 'progress', step, evaluation, episodeReturn });
  }

  rows: RunHooks['rows'] = (evaluations, training) => {
    writeRunRows(this.order.folder, this.order.job.identity, evaluations, training);
  };

  note(line: string): void {
    send({ type: 'note', line });
  }
}

async function work(order: WorkerOrder): Promise<void> {
  who = agentTitle(order.job.agent);
  makeFolder(order.folder);
  removeTornFiles(order.folder);
  const checkpoints = new CheckpointStore(join(order.folder, 'checkpoint'), order);
  const watch = new CallWatch();
  setInterval(() => {
    const call = watch.inFlight;
    if (call === undefined || performance.now() - call.since < order.stallSeconds * 1000) return;
    fail(new Error(`${who}: ${call.method}() did not return within ${order.stallSeconds} s`));
  }, 500).unref();
  const parts = {
    ...(await assemble(order.job, watch, (line) => send({ type: 'note', line }))),
    checkpoints,
  };
  const outcome = await run(parts, new WorkerHooks(order));
  step = outcome.step;
  if (outcome.status === 'done') {
    markComplete(order.folder, { job: order.job, step, wallSeconds: outcome.wallSeconds, checkpointSeconds });
  }
  end(outcome.status, outcome.wallSeconds);
}

process.on('message', (message: ExecutorMessage) => {
  if (message.type === 'stop') stopped = true;
  else work(message).catch((error) => fail(error));
});
// Ctrl-C reaches every process of a terminal; the executor decides when a run stops.
process.on('SIGINT', () => {});
// The executor is gone: whoever resumes must find no second writer.
process.on('disconnect', () => process.exit(1));
process.on('uncaughtException', (error) => fail(error, `${who}: thrown outside of any call: `));
process.on('unhandledRejection', (error) =>
  fail(error, `${who}: a promise was rejected and nobody handled it: `),
);
setInterval(() => {
  if (!process.connected) process.exit(1); // it may have gone before the handler above was there
  send({ type: 'alive' });
}, 2000);
