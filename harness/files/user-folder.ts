/** Folders of this user's own, which no results folder can write to: the XDG base directories. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const bases = {
  state: { variable: 'XDG_STATE_HOME', usual: ['.local', 'state'] },
  cache: { variable: 'XDG_CACHE_HOME', usual: ['.cache'] },
} as const;

/** @param kind `state` is kept; what is in `cache` may be lost. @param name of the folder there; it may be missing */
export function userFolder(kind: keyof typeof bases, name: string): string {
  const { variable, usual } = bases[kind];
  const given = process.env[variable] ?? '';
  return join(isAbsolute(given) ? given : join(homedir(), ...usual), 'rfm-harness', name);
}
