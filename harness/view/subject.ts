/** What `harness view` was asked to show. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { namedFolder } from '../files/named-folder.ts';
import { UserError } from '../text/errors.ts';
import { isComparison } from './comparison-files.ts';
import { RolloutFiles } from './rollout-files.ts';
import type { ViewOptions } from './server.ts';

/** @throws UserError for a path that is not there or holds nothing to show */
export function viewSubject(paths: readonly string[]): Pick<ViewOptions, 'directory' | 'files' | 'title'> {
  const found = paths.map(existing);
  const directories = found.filter((path) => statSync(path).isDirectory());
  const files = found.filter((path) => !directories.includes(path));
  if (directories.length > 1) {
    throw new UserError(`view shows one directory at a time; 'harness report' joins ${directories.length}`);
  }
  const [directory] = directories;
  if (directory !== undefined) checkDirectory(directory);
  for (const { path, fault } of new RolloutFiles(undefined, files).list()) {
    if (fault !== undefined) {
      throw new UserError(`${path} is no rollout that 'harness rollout --out FILE.json' wrote: ${fault}`);
    }
  }
  return { directory, files, title: basename(directory ?? files[0]) };
}

/** A path, or the name of results. */
function existing(path: string): string {
  const found = namedFolder(path);
  if (existsSync(found)) return resolve(found);
  throw new UserError(`cannot find ${path}`);
}

/** An empty directory is fine: a comparison may be about to begin there. */
function checkDirectory(directory: string): void {
  const names = readdirSync(directory).filter((name) => !name.startsWith('.'));
  if (names.length === 0 || isComparison(directory) || names.includes('rollouts')) return;
  const within = names.find((name) => isComparison(join(directory, name)));
  const hint = within === undefined ? '' : `; did you mean ${join(directory, within)}?`;
  throw new UserError(
    `${directory} holds no comparison (no manifest.json or evaluations.csv) and no rollouts${hint}`,
  );
}
