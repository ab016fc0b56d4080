/** Checks of agents and tasks in a process of their own, so that none of them can end or block the command. */
import { type ChildProcess, fork } from 'node:child_process';
import { on } from 'node:events';
import type { Verdict } from '../../../agents/conformance.ts';
import { causeOfDeath } from '../../process/cause-of-death.ts';
import { UserError } from '../../text/errors.ts';
import { printable } from '../../text/printable.ts';
import { type CheckOrder, checkMessage } from './protocol.ts';

/** A verdict on the agent or task of that name. */
export interface Finding {
  readonly subject: string;
  readonly verdict: Verdict;
}

/** Seconds without a sign of life after which the process is taken for blocked. */
const STALL_SECONDS = 30;
/** Time for loading a file, in which its process also starts. */
const LOAD_SECONDS = 25;
/** Of the heap; arrays lie outside of it. */
const HEAP_MEGABYTES = 1024;

/**
 * Yields verdict after verdict; what ends or blocks the process breaks the promise that was being tried.
 * What the plugin prints goes to standard error.
 * @throws UserError if there is nothing to check: an unknown name, a file that does not load
 */
export async function* checkApart(order: CheckOrder, stallSeconds = STALL_SECONDS): AsyncGenerator<Finding> {
  const child = startProcess();
  const said = new Said(child);
  const watch = new Watch(child, stallSeconds);
  const release = endTogether(child);
  let subject = order.name;
  let tried: string | undefined;
  child.send(order, () => {});
  try {
    for await (const [value] of on(child, 'message', { close: ['close'] })) {
      if (!order.loadOnly) watch.heard();
      const message = checkMessage.safeParse(value).data;
      if (message === undefined || message.type === 'alive') continue;
      if (!order.loadOnly || message.type === 'refused') said.show();
      if (message.type === 'subject') subject = message.name;
      else if (message.type === 'tries') tried = message.promise;
      else if (message.type === 'verdict') yield { subject, verdict: message.verdict };
      else if (message.type === 'refused') throw refusal(message);
      else return;
    }
    if (watch.blocked && order.loadOnly) {
      const why = 'a loop without an end, or a promise that never settles?';
      throw new UserError(`${order.name} fails to load: still loading after ${stallSeconds} s (${why})`);
    }
    const reason = watch.blocked
      ? `gave no sign of life for ${stallSeconds} s (a loop without an end?)`
      : causeOfDeath(child.exitCode, child.signalCode, said.take()).replace(/^its process /, '');
    if (tried === undefined) throw new UserError(`${order.name}: its process ${reason} while it was loaded`);
    yield { subject, verdict: { promise: tried, passed: false, detail: `its process ${reason}` } };
  } finally {
    release();
    watch.end();
    child.kill('SIGKILL');
  }
}

/**
 * Loads a file, within a time, and forgets it; what it prints is shown only if that fails, for who loads it next will print it again.
 * @throws UserError naming the file if loading it fails, ends the process or blocks it
 */
export async function loadApart(
  kind: CheckOrder['kind'],
  name: string,
  seconds = LOAD_SECONDS,
): Promise<void> {
  for await (const _ of checkApart({ kind, name, loadOnly: true }, seconds));
}

function refusal({ reason, stack }: { reason: string; stack: string }): UserError {
  const cause = new Error(reason);
  cause.stack = stack;
  return new UserError(reason, { cause });
}

/** A signal that ends this process ends the other too: one that is blocked would never notice. */
function endTogether(child: ChildProcess): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const end = (signal: NodeJS.Signals) => {
    child.kill('SIGKILL');
    release();
    process.kill(process.pid, signal);
  };
  const release = () => {
    for (const signal of signals) process.off(signal, end);
  };
  for (const signal of signals) process.on(signal, end);
  return release;
}

function startProcess(): ChildProcess {
  const source = import.meta.url.endsWith('.ts'); // in the built package, JavaScript lies beside this file
  const loader = source ? ['--import', import.meta.resolve('jiti/register')] : [];
  return fork(new URL(source ? './worker.ts' : './worker.js', import.meta.url), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...loader, `--max-old-space-size=${HEAP_MEGABYTES}`],
  });
}

/** What the process printed and has not been shown. */
class Said {
  #text = '';

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#text += text;
      });
    }
  }

  show(): void {
    process.stderr.write(printable(this.take()));
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

/** Ends a process that was silent for too long. */
class Watch {
  blocked = false;
  #silentSeconds = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(child: ChildProcess, stallSeconds: number) {
    // Counts ticks instead of reading a clock, so that a machine that slept accuses nobody.
    this.#timer = setInterval(() => {
      if (++this.#silentSeconds <= stallSeconds) return;
      this.blocked = true;
      child.kill('SIGKILL');
    }, 1000);
  }

  heard(): void {
    this.#silentSeconds = 0;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
