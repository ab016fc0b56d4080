/** What `harness view` was asked to show. */
import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { namedFolder } from '../files/named-folder.ts';
import { UserError } from '../text/errors.ts';
import { directoryKind } from './comparison-files.ts';
import { RolloutFiles } from './rollout-files.ts';
import type { ViewOptions } from './server.ts';

/** @throws UserError for a path that is not there or holds nothing to show */
export function viewSubject(paths: readonly string[]): Omit<ViewOptions, 'host' | 'port'> {
  const found = paths.map(existing);
  const directories = found.filter((path) => statSync(path).isDirectory());
  const files = found.filter((path) => !directories.includes(path));
  if (directories.length > 1) {
    throw new UserError(`view shows one directory at a time; 'harness report' joins ${directories.length}`);
  }
  const [directory] = directories;
  const kind = directory === undefined ? 'one' : directoryKind(directory);
  if (directory !== undefined && kind === 'several') {
    if (files.length > 0) throw new UserError('view shows a folder of comparisons alone, without FILE.json');
    return { root: directory, files: [], title: basename(directory) };
  }
  if (kind === 'other')
    throw new UserError(
      `${directory} holds no comparison (no manifest.json or evaluations.csv) and no rollouts`,
    );
  for (const { path, fault } of new RolloutFiles(undefined, files).list()) {
    if (fault !== undefined) {
      throw new UserError(`${path} is no rollout that 'harness rollout --out FILE.json' wrote: ${fault}`);
    }
  }
  // A comparison may be about to begin in an empty directory, or in a folder of it.
  const undecided = kind === 'nothing' && files.length === 0;
  return { directory, undecided, files, title: basename(directory ?? files[0]) };
}

/** A path, or the name of results. */
function existing(path: string): string {
  const found = namedFolder(path);
  if (existsSync(found)) return resolve(found);
  throw new UserError(`cannot find ${path}`);
}
