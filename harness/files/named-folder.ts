/** Where a name of results leads, for every command that reads them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * As `compare --out` names it: a bare name is one under `results` if it is there. Any other is a path, or one under
 * `results` (`rfm8/runs/walker-walk/sac/0`) if there is none here.
 * @returns a path, which need not exist
 */
export function namedFolder(name: string, results = 'results'): string {
  const under = join(results, name);
  const bare = !/[\\/]/.test(name) && !/^\.{0,2}$/.test(name);
  if (bare && existsSync(under)) return under;
  const leadsAway = /^$|^\.?[\\/]|^[a-z]:/i.test(name) || name.split(/[\\/]/).includes('..');
  return !existsSync(name) && !leadsAway && existsSync(under) ? under : name;
}
