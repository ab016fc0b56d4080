/** Which paths stay inside a folder, links followed. */
import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/** Whether a file or folder that exists lies below a folder. */
export function isWithin(folder: string, path: string): boolean {
  return realPathWithin(folder, path) !== undefined;
}

/**
 * The real path of a file or folder below a folder.
 * @returns undefined if it is not there, or if links lead out of the folder
 */
export function pathWithin(folder: string, ...parts: readonly string[]): string | undefined {
  return realPathWithin(folder, join(folder, ...parts));
}

function realPathWithin(folder: string, path: string): string | undefined {
  try {
    const real = realpathSync(path);
    const within = relative(realpathSync(folder), real);
    const leadsOut = within === '' || within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within);
    return leadsOut ? undefined : real;
  } catch {
    return undefined;
  }
}
