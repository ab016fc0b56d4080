/** One process at a time on a results directory. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { describeDiskError } from './durable.ts';
import { UserError } from './errors.ts';

interface Owner {
  readonly pid: number;
  readonly host: string;
}

/**
 * Takes the lock of a folder.
 * A lock whose process died on this machine is taken over at once; one from elsewhere after 20 s of silence.
 * @returns the function that gives it back
 * @throws UserError while another process holds it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lockPath = join(folder, '.lock');
  const ownerPath = join(folder, '.lock-owner.json');
  const take = () =>
    lockfile.lock(folder, {
      lockfilePath: lockPath,
      stale: 20_000,
      update: 4_000,
      // A clock that jumps or a disk that stalls must not end a comparison that is running well.
      onCompromised: () => {},
    });
  let release: () => Promise<void>;
  try {
    release = await take();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ELOCKED') throw describeDiskError(error, folder);
    const owner = readOwner(ownerPath);
    if (owner === undefined || owner.host !== hostname() || isAlive(owner.pid)) {
      const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
      throw new UserError(`${folder} is in use by ${who}; wait for it to end or choose another --out`);
    }
    rmSync(lockPath, { recursive: true, force: true });
    release = await take();
  }
  writeFileSync(ownerPath, JSON.stringify({ pid: process.pid, host: hostname() } satisfies Owner));
  return async () => {
    rmSync(ownerPath, { force: true });
    await release().catch(() => {}); // already gone with a folder that was removed
  };
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
