/** Folders of this user's own, which no results folder can write to: the XDG base directories. */
import { randomUUID } from 'node:crypto';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const bases = {
  state: { variable: 'XDG_STATE_HOME', usual: ['.local', 'state'] },
  cache: { variable: 'XDG_CACHE_HOME', usual: ['.cache'] },
} as const;

/** @param kind `state` is kept; what is in `cache` may be lost. @param name of the folder there; it may be missing */
export function userFolder(kind: keyof typeof bases, name: string): string {
  const { variable, usual } = bases[kind];
  const given = process.env[variable] ?? '';
  return join(isAbsolute(given) ? given : join(home(), ...usual), 'rfm-harness', name);
}

/** Of a user without a home, a folder of this process alone: what is kept there is lost. */
const homeless = join(tmpdir(), `rfm-harness-${randomUUID()}`);

function home(): string {
  try {
    const found = homedir();
    return isAbsolute(found) ? found : homeless;
  } catch {
    return homeless;
  }
}
