/** What `harness view` was asked to show. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { namedFolder } from '../files/named-folder.ts';
import { listComparisons } from '../results/listing.ts';
import { UserError } from '../text/errors.ts';
import { isComparison } from './comparison-files.ts';
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
  if (directory !== undefined && isFolderOfComparisons(directory)) {
    if (files.length > 0) throw new UserError('view shows a folder of comparisons alone, without FILE.json');
    return { root: directory, files: [], title: basename(directory) };
  }
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

/**
 * An empty directory is none: a comparison may be about to begin there.
 * @throws UserError if there is nothing to show
 */
function isFolderOfComparisons(directory: string): boolean {
  const names = readdirSync(directory).filter((name) => !name.startsWith('.'));
  if (names.length === 0 || isComparison(directory) || names.includes('rollouts')) return false;
  if (listComparisons(directory).length > 0) return true;
  throw new UserError(
    `${directory} holds no comparison (no manifest.json or evaluations.csv) and no rollouts`,
  );
}
