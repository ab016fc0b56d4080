/** The process of one run: it receives the job, runs it, and reports how it ended. */
import { agentTitle, suspects } from '../plugins/source.ts';
import { tuneWebAssembly } from '../process/webassembly.ts';
import { messageOf, printableLine } from '../text/printable.ts';
import type { ExecutorMessage, WorkerMessage, WorkerOrder } from './protocol.ts';
import { RunHere } from './run-here.ts';

tuneWebAssembly();

/** What may be at fault outside of calls, for messages. */
let who = '';
let run: RunHere | undefined;
const bornAt = performance.now();

function send(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

/** Says how it ended and leaves, whatever still runs in this process. */
function end(status: 'done' | 'interrupted' | 'failed', wallSeconds: number, reason?: string): void {
  const { step = 0, checkpointSeconds = 0 } = run ?? {};
  const message: WorkerMessage = { type: 'ended', status, reason, step, wallSeconds, checkpointSeconds };
  if (!process.connected) process.exit(1);
  process.send?.(message, undefined, {}, () => process.exit(status === 'failed' ? 1 : 0));
}

/** @param where what went wrong outside of any call: whose run it was, and how */
function fail(error: unknown, where = ''): void {
  console.error(error);
  end('failed', (performance.now() - bornAt) / 1000, printableLine(`${where}${messageOf(error)}`));
}

async function work(order: WorkerOrder): Promise<void> {
  who = suspects(order.job);
  run = new RunHere(order, send);
  const { watch } = run;
  setInterval(() => {
    const call = watch.inFlight;
    if (call === undefined || performance.now() - call.since < order.stallSeconds * 1000) return;
    fail(
      new Error(
        `${agentTitle(order.job.agent)}: ${call.method}() did not return within ${order.stallSeconds} s`,
      ),
    );
  }, 500).unref();
  const { status, wallSeconds } = await run.toItsEnd();
  end(status, wallSeconds);
}

process.on('message', (message: ExecutorMessage) => {
  if (message.type === 'stop') run?.stop();
  else work(message).catch((error) => fail(error));
});
// Ctrl-C, and a terminal that closes, reach every process of it; the executor decides when a run stops.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('SIGXFSZ', () => {}); // a write beyond the limit of file sizes fails with EFBIG
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
