/** A process that another one watches: heard message by message, ended when it says nothing for too long. */
import { type ChildProcess, fork } from 'node:child_process';
import type { z } from 'zod';
import { Arrivals } from './arrivals.ts';

export interface SupervisedOptions<M> {
  /** The module that it runs, as `new URL('./worker.ts', import.meta.url)`; in the built package its JavaScript. */
  readonly module: URL;
  /** Checked on arrival: a plugin shares the process and might send anything. */
  readonly message: z.ZodType<M>;
  /** Seconds until its first message: it starts, and loads what it needs. By default `stallSeconds`. */
  readonly startSeconds?: number;
  /** Seconds without a sign of life after which it is taken for blocked. */
  readonly stallSeconds: number;
  /** Seconds from its first message after which it is taken for blocked, whatever it says. */
  readonly limitSeconds?: number;
  /** What a second counts of all these; by default 1. */
  readonly share?: () => number;
  /** An open file for what it prints; without one, `printed` keeps it. */
  readonly log?: number;
  /** Options of Node.js. */
  readonly execArgv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was ended, as it gave no sign of life. */
  readonly blocked: boolean;
}

export class SupervisedProcess<M> {
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #options: SupervisedOptions<M>;
  readonly #arrivals = new Arrivals<M>();
  #silentSeconds = 0;
  #printed = '';

  constructor(options: SupervisedOptions<M>) {
    this.#options = options;
    const { log } = options;
    const child = fork(asRun(options.module), {
      stdio: ['ignore', log ?? 'pipe', log ?? 'pipe', 'ipc'],
      serialization: 'advanced', // numbers that JSON has not, and typed arrays
      execArgv: [...loader(), ...process.execArgv, ...(options.execArgv ?? [])],
      env: options.env,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#printed += text;
      });
    }
    this.ended = this.#watch();
  }

  #watch(): Promise<ProcessEnd> {
    const {
      stallSeconds,
      startSeconds = stallSeconds,
      limitSeconds = Number.POSITIVE_INFINITY,
      share = () => 1,
    } = this.#options;
    const child = this.#child;
    let blocked = false;
    let began = false;
    let seconds = 0;
    // Counts ticks instead of reading a clock, so that a machine that slept accuses nobody.
    const timer = setInterval(() => {
      const passed = share();
      this.#silentSeconds += passed;
      if (began) seconds += passed;
      if (this.#silentSeconds <= (began ? stallSeconds : startSeconds) && seconds <= limitSeconds) return;
      blocked = true;
      child.kill('SIGKILL');
    }, 1000);
    child.on('message', (value) => {
      began = true;
      this.#silentSeconds = 0;
      const message = this.#options.message.safeParse(value);
      if (message.success) this.#arrivals.add(message.data);
    });
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        clearInterval(timer);
        this.#arrivals.end();
        resolve({ code, signal, blocked });
      };
      child.on('close', end);
      child.on('error', (error) => {
        if (child.pid !== undefined) return; // 'close' follows and tells how
        this.#printed += `${error.message}\n`;
        end(null, null); // it never began
      });
    });
  }

  /** What it says, until it ends. */
  messages(): AsyncIterable<M> {
    return this.#arrivals;
  }

  send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => {}); // one that just died answers by its end
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** What it printed since it was asked last; nothing if that goes to a file. */
  printed(): string {
    const text = this.#printed;
    this.#printed = '';
    return text;
  }
}

/** A signal that ends this process ends the other too: one that is blocked would never notice. */
export function endTogether(other: { kill(signal?: NodeJS.Signals): void }): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const end = (signal: NodeJS.Signals) => {
    other.kill('SIGKILL');
    release();
    process.kill(process.pid, signal);
  };
  const release = () => {
    for (const signal of signals) process.off(signal, end);
  };
  for (const signal of signals) process.on(signal, end);
  return release;
}

const isSource = import.meta.url.endsWith('.ts');
const root = new URL('../../', import.meta.url).href;
/** Whether processes run what was built although this one runs the source: they start in a tenth of the time. */
const wantsBuilt = () => process.env.RFM_HARNESS_BUILT_PROCESSES === '1';

/** A module as another process runs it: as this one does, its source or what it was built to. */
export function asRun(module: URL): URL {
  if (isSource && !wantsBuilt()) return module;
  const { href } = module;
  return new URL((isSource ? `${root}dist/${href.slice(root.length)}` : href).replace(/\.ts$/, '.js'));
}

/** What lets Node.js read TypeScript. */
const loader = (): string[] =>
  isSource && !wantsBuilt() ? ['--import', import.meta.resolve('jiti/register')] : [];
