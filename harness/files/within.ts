/** Which paths stay inside a folder, links followed. */
import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/**
 * The real path of a file or folder below a folder.
 * @returns undefined if it is not there, or if links lead out of the folder
 */
export function pathWithin(folder: string, ...parts: readonly string[]): string | undefined {
  try {
    const real = realpathSync(join(folder, ...parts));
    const path = relative(realpathSync(folder), real);
    const leadsOut = path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
    return leadsOut ? undefined : real;
  } catch {
    return undefined;
  }
}
