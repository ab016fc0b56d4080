/** The process of a check: told what to check, it tells verdict by verdict. */
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Verdict } from '../../../agents/conformance.ts';
import { inlineWebAssembly } from '../../process/webassembly.ts';
import { messageOf } from '../../text/printable.ts';
import type { CheckMessage, CheckOrder } from './protocol.ts';

const ALIVE_MILLISECONDS = 1000;
/** Longest time for one call of an agent. */
const CALL_MILLISECONDS = 30_000;

inlineWebAssembly();

/** The promise that is being tried. */
let tried: string | undefined;
let failed = false;
/** What is checked, as the user calls it. */
let file = '';

function send(message: CheckMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) process.exit(1);
    process.send?.(message, undefined, {}, () => resolve());
  });
}

const begins = (promise: string) => {
  tried = promise;
  void send({ type: 'tries', promise });
};

async function check(order: CheckOrder): Promise<void> {
  if (order.loadOnly) await load(order);
  else if (order.kind === 'agent') await checkAgentNamed(order);
  else await checkTasksNamed(order);
}

async function load({ kind, name }: CheckOrder): Promise<void> {
  if (kind === 'agent') await (await import('../load-agent.ts')).loadAgent(name);
  else await tryTasks(name);
  await turn(); // rejections that nobody handled are told only between two turns of the event loop
}

/** A task that no run could go on with is refused before any begins. */
async function tryTasks(name: string): Promise<void> {
  const { tryOut } = await import('../../../envs/index.ts');
  const { loadTask, resolveTasks } = await import('../load-task.ts');
  for (const source of await resolveTasks([name])) {
    const environment = await (await loadTask(source))();
    tryOut(environment);
    environment.dispose();
  }
}

async function checkAgentNamed({ name, preset = 'smoke' }: CheckOrder): Promise<void> {
  const { loadAgent } = await import('../load-agent.ts');
  const { checkAgent } = await import('../../../agents/conformance.ts');
  const { createEngine } = await import('../../../engine/index.ts');
  const { memoryInUse } = await import('../../process/memory.ts');
  const { factory } = await loadAgent(name);
  const engine = createEngine({ threads: 1 });
  const options = { engine, preset, memory: memoryInUse, timeoutMs: CALL_MILLISECONDS, begins };
  await tell(factory.name, checkAgent(factory, options));
}

async function checkTasksNamed({ name }: CheckOrder): Promise<void> {
  const { checkTask } = await import('../../../envs/index.ts');
  const { loadTask, resolveTasks } = await import('../load-task.ts');
  for (const source of await resolveTasks([name])) {
    await tell(source.name, checkTask(await loadTask(source), begins));
  }
}

async function tell(name: string, verdicts: AsyncIterable<Verdict>): Promise<void> {
  await send({ type: 'subject', name });
  for await (const verdict of verdicts) {
    await turn(); // rejections that nobody handled are told only between two turns of the event loop
    if (failed) return;
    await send({ type: 'verdict', verdict });
  }
  tried = undefined;
}

async function leave(last: CheckMessage): Promise<void> {
  await send(last);
  process.exit(0);
}

/** @param what in words, before the message of what was thrown outside of any call */
async function fail(error: unknown, what?: string): Promise<void> {
  if (failed) return;
  failed = true;
  const message = messageOf(error);
  if (tried === undefined) {
    const reason = what === undefined ? message : `${file}: while it was loaded, ${what}: ${message}`;
    await leave({ type: 'refused', reason, stack: stackOf(error) });
  } else {
    const detail = what === undefined ? message : `${what}: ${message}`;
    await send({ type: 'verdict', verdict: { promise: tried, passed: false, detail } });
    await leave({ type: 'ended' });
  }
}

/** Where it was thrown, for --debug. */
function stackOf(error: unknown): string {
  try {
    return inspect((error as { cause?: unknown } | null)?.cause ?? error);
  } catch {
    return messageOf(error);
  }
}

process.once('message', (order: CheckOrder) => {
  file = order.name;
  check(order).then(
    () => (failed ? undefined : leave({ type: 'ended' })),
    (error) => fail(error),
  );
});
process.on('uncaughtException', (error) => fail(error, 'something was thrown outside of any call'));
process.on('unhandledRejection', (error) => fail(error, 'a promise was rejected and nobody handled it'));
process.on('disconnect', () => process.exit(1));
setInterval(() => void send({ type: 'alive' }), ALIVE_MILLISECONDS).unref();
