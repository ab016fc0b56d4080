/** Where in a user's file an error came from. */
import { printableLine } from './printable.ts';

/** Folders of this package whose frames are ours, not a user's. */
const OWN = /^(agents|ablations|chunks|engine|envs|harness|math|names|test)\//;
const root = decodeURIComponent(new URL('../../', import.meta.url).pathname);
/** A stack says little after so many characters. */
const LONGEST_STACK = 20_000;

/**
 * The first frame of an error's stack that is of no package, as ` (mine.ts:8)`; empty where there is none.
 * @param file named already: its frames are ` (line 8)`
 */
export function placeOf(error: unknown, file?: string): string {
  try {
    const stack = (error as { stack?: unknown } | null)?.stack;
    if (typeof stack !== 'string') return '';
    for (const line of stack.slice(0, LONGEST_STACK).split('\n')) {
      const frame = /^\s+at (?:.*\()?(?:async )?(?:file:\/\/)?((?:\/|[A-Z]:[\\/])[^()]+):(\d+):\d+\)?$/.exec(
        line,
      );
      if (frame === null) continue;
      const path = frame[1].replaceAll('\\', '/');
      const isOwn = path.startsWith(root) && OWN.test(path.slice(root.length));
      if (isOwn || path.includes('/node_modules/')) continue;
      return path === file
        ? ` (line ${frame[2]})`
        : ` (${printableLine(path.replace(/^.*\//, ''))}:${frame[2]})`;
    }
  } catch {
    // a user's error may do anything when it is looked at
  }
  return '';
}
