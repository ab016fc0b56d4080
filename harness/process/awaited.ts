/** What a process was asked of a user's code, should it never answer. */

/** In words; what has not been done yet. */
const awaited = new Set<{ readonly what: string }>();
let exit = process.exit;

/**
 * Runs a user's code. Meanwhile `process.exit()` throws: the process has more to do.
 * @param what names the code and what it is asked for
 */
export async function awaitAnswer<T>(what: string, run: () => Promise<T>): Promise<T> {
  const entry = { what };
  if (awaited.size === 0) {
    exit = process.exit;
    process.exit = refuse;
  }
  awaited.add(entry);
  try {
    return await run();
  } finally {
    awaited.delete(entry);
    if (awaited.size === 0) process.exit = exit;
  }
}

/** What has not been answered yet. */
export function unanswered(): string[] {
  return [...awaited].map(({ what }) => what);
}

/** `process.exit()` for the process itself, whatever it waits for. */
export function endProcess(code: number): never {
  if (awaited.size > 0) process.exit = exit;
  return process.exit(code);
}

function refuse(code?: unknown): never {
  throw new Error(`process.exit(${code ?? ''}) was called`);
}
