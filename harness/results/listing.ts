/** The comparisons and runs below a folder, as their manifests tell. */
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { whoHolds } from '../files/lock.ts';
import { hasManifest } from './manifest.ts';
import type { Manifest, RunRecord } from './manifest-reader.ts';
import { readManifest } from './read-files.ts';
import { compareNames } from './runs.ts';

/** `stopped`: not running, incomplete; `unreadable`: its manifest.json is damaged. */
export type State = 'running' | 'stopped' | 'done' | 'failed' | 'interrupted' | 'unreadable';

export interface Listed {
  /** As --out and other commands name it. */
  readonly name: string;
  readonly folder: string;
  readonly state: State;
  readonly done: number;
  readonly runs: number;
  /** ISO 8601, UTC. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly command?: string;
}

/** Folders of folders of comparisons, as `--out a/b` makes them. */
const DEPTH = 4;

/** The newest first. @param root `results`, say; it need not be there */
export function listComparisons(root: string): Listed[] {
  const date = ({ startedAt = '' }: Listed) => startedAt;
  return comparisonsBelow(root, DEPTH)
    .map((folder) => describe(folder, root))
    .sort((a, b) => (date(a) === date(b) ? compareNames(a.name, b.name) : date(a) < date(b) ? 1 : -1));
}

/** Links are not followed: they may lead anywhere. */
function comparisonsBelow(folder: string, depth: number): string[] {
  if (hasManifest(folder)) return [folder];
  if (depth === 0) return [];
  let entries: { name: string; isDirectory(): boolean }[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // not there, or not for this user's eyes
  }
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) => comparisonsBelow(join(folder, name), depth - 1));
}

function describe(folder: string, root: string): Listed {
  const manifest = readManifest(folder);
  const runs = manifest?.runs ?? [];
  const { startedAt, endedAt, command } = manifest ?? {};
  return {
    name: relative(root, folder).split(sep).join('/') || folder,
    folder,
    state: manifest === undefined ? 'unreadable' : stateOf(folder, manifest),
    done: runs.filter(({ status }) => status === 'done').length,
    runs: runs.length,
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(command !== undefined && { command }),
  };
}

/** How a comparison stands that has begun. */
export function stateOf(folder: string, manifest: Manifest): Exclude<State, 'unreadable'> {
  const some = (wanted: RunRecord['status']) => manifest.runs.some(({ status }) => status === wanted);
  const { endedAt, status = endedAt === undefined ? 'running' : 'done' } = manifest;
  if (status === 'running') return whoHolds(folder) === undefined ? 'stopped' : 'running';
  return some('interrupted') || status === 'interrupted' ? 'interrupted' : some('failed') ? 'failed' : 'done';
}
