/** The process of a function that runs a user's code. */
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { messageOf, printableLine } from '../text/printable.ts';
import type { ApartFunction, ApartMessage, ApartOrder } from './apart.ts';
import { endProcess, unanswered } from './awaited.ts';
import { tuneWebAssembly } from './webassembly.ts';

const ALIVE_MILLISECONDS = 1000;

tuneWebAssembly();

let over = false;

function send(message: ApartMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) process.exit(1);
    process.send?.(message, undefined, {}, () => resolve());
  });
}

async function leave(last: ApartMessage): Promise<void> {
  if (over) return;
  over = true;
  await send(last);
  endProcess(0);
}

/** @param outside what happened, in words, if the function did not throw it */
function fail(error: unknown, outside?: string): Promise<void> {
  const isUsers = (error as { userFacing?: unknown } | null)?.userFacing === true;
  const message = outside === undefined ? messageOf(error) : `${outside}: ${printableLine(messageOf(error))}`;
  const kind = outside !== undefined ? 'outside' : isUsers ? 'user' : 'other';
  return leave({ type: 'failed', message, stack: stackOf(error), kind });
}

function stackOf(error: unknown): string {
  try {
    return inspect((error as { cause?: unknown } | null)?.cause ?? error);
  } catch {
    return messageOf(error);
  }
}

async function work({ module, name, order, needs }: ApartOrder): Promise<void> {
  const found = (await import(module)) as Record<string, ApartFunction<unknown, unknown>>;
  for (const needed of needs) await import(needed);
  setInterval(() => void send({ type: 'alive' }), ALIVE_MILLISECONDS).unref();
  await send({ type: 'alive' });
  process.channel?.unref(); // what is left of the work keeps the process, and nothing else
  await found[name](order, (news) => {
    if (!over) void send({ type: 'news', news });
  });
  await turn(); // rejections that nobody handled are told only between two turns of the event loop
}

process.once('message', (order: ApartOrder) => {
  work(order).then(() => leave({ type: 'ended' }), fail);
});
process.on('uncaughtException', (error) => fail(error, 'something was thrown outside of any call'));
process.on('unhandledRejection', (error) => fail(error, 'a promise was rejected and nobody handled it'));
process.on('disconnect', () => process.exit(1));
// Ctrl-C, and a terminal that closes, reach every process of it; the command decides what ends.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// Nothing is left to wait for, and the function has not returned.
process.on('beforeExit', () => {
  const what = unanswered();
  const who = what.length > 0 ? what.join(', ') : 'what its process waits for';
  const message = printableLine(`${who} never returned (a promise that never settles)`);
  void leave({ type: 'failed', message, stack: message, kind: 'unanswered' });
});
