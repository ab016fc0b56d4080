/** Tries a user's file in a process of its own, before this one loads it and might be blocked or ended by it. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

/** Loads a file elsewhere. @throws UserError naming it */
export type Trial = (kind: 'agent' | 'task', file: string) => Promise<void>;

/** None in processes that somebody watches. */
let trial: Trial | undefined;
/** By kind, path and version of the file. */
const results = new Map<string, Promise<void>>();

/** From now on every file is tried once before it is loaded. */
export function tryFilesFirst(how: Trial): void {
  trial = how;
}

/** @throws UserError if loading the file fails, ends its process or does not come to an end */
export async function passedTrial(kind: 'agent' | 'task', file: string): Promise<void> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (trial === undefined || !found?.isFile()) return; // what is missing is told where it is loaded
  const key = JSON.stringify([kind, resolve(file), found.mtimeMs, found.size]);
  const result = results.get(key) ?? trial(kind, file);
  results.set(key, result);
  await result;
}
