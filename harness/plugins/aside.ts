/** Runs a plugin's code in the command's own process without letting it speak or leave in the command's name. */
import { printable } from '../text/printable.ts';

let running = 0;
/** What plugins were asked for and have not done yet, in words. */
const awaited = new Set<{ readonly what: string }>();
const own = { write: process.stdout.write, exit: process.exit };

/**
 * While `run` runs, standard output is the command's alone: what is printed there goes to standard error. And
 * `process.exit()` throws instead of ending the command.
 * @param what names the plugin and what it is asked for, should it never answer
 */
export async function aside<T>(what: string, run: () => Promise<T>): Promise<T> {
  const entry = { what };
  awaited.add(entry);
  if (running++ === 0) {
    own.write = process.stdout.write;
    own.exit = process.exit;
    process.stdout.write = toStandardError;
    process.exit = refuse;
  }
  try {
    return await run();
  } finally {
    awaited.delete(entry);
    if (--running === 0) {
      process.stdout.write = own.write;
      process.exit = own.exit;
    }
  }
}

/** What has not been answered yet. */
export function unanswered(): string[] {
  return [...awaited].map(({ what }) => what);
}

/** `process.exit()` for the command itself, whatever runs aside. */
export function endProcess(code: number): never {
  if (running > 0) process.exit = own.exit;
  return process.exit(code);
}

function toStandardError(chunk: string | Uint8Array, ...rest: unknown[]): boolean {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
  const written = rest.at(-1);
  return process.stderr.write(printable(text), () => {
    if (typeof written === 'function') written();
  });
}

function refuse(code?: unknown): never {
  throw new Error(`process.exit(${code ?? ''}) was called`);
}
