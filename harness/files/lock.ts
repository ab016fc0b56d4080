/** One process at a time on a results directory. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { UserError } from '../text/errors.ts';
import { describeDiskError, removeIfPossible, writeDurably } from './durable.ts';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Which process of that number it is: its start as the kernel counts it; absent where that is unknown. */
  readonly born?: string;
}

/** Silence, in ms, after which the holder of a lock is taken for gone if nothing else is known of it. */
const STALE = 20_000;

/**
 * Takes the lock of a folder.
 * A lock whose process died on this machine is taken over at once, one whose process lives never, whatever the
 * clock says; one from elsewhere after 20 s of silence.
 * @returns the function that gives it back
 * @throws UserError while another process holds it
 * @throws DiskError where nothing can be written
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lockPath = join(folder, '.lock');
  const ownerPath = join(folder, '.lock-owner.json');
  const take = () =>
    lockfile.lock(folder, {
      lockfilePath: lockPath,
      stale: STALE,
      update: 4_000,
      // A clock that jumps or a disk that stalls must not end a comparison that is running well.
      onCompromised: () => {},
    });
  // A clock that jumped forward makes a lock look old that is held: the process is asked before the file's time.
  const owner = readOwner(ownerPath);
  if (owner !== undefined && stateOf(owner) === 'alive') throw inUse(folder, owner);
  let release: () => Promise<void>;
  try {
    if (owner !== undefined && stateOf(owner) === 'dead') {
      removeIfPossible(ownerPath); // first, so that nobody takes the next holder for this one
      rmSync(lockPath, { recursive: true, force: true });
    }
    release = await take();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ELOCKED') throw describeDiskError(error, folder);
    throw inUse(folder, owner);
  }
  const giveBack = async () => {
    removeIfPossible(ownerPath);
    await release().catch(() => {}); // gone with a folder that was removed, or on a disk that is read-only now
  };
  try {
    const self: Owner = { pid: process.pid, host: hostname(), born: birthOf(process.pid) };
    writeDurably(ownerPath, JSON.stringify(self));
  } catch (error) {
    await giveBack();
    throw error;
  }
  return giveBack;
}

/** A folder whose lock is held. */
export class FolderInUse extends UserError {
  override readonly name = 'FolderInUse';
}

function inUse(folder: string, owner: Owner | undefined): FolderInUse {
  return new FolderInUse(
    `${folder} is in use by ${title(owner)}; wait for it to end or choose another --out`,
  );
}

const title = (owner: Owner | undefined) =>
  owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;

/** Who holds the lock of a folder, as `process 12 on HOST`; undefined if nobody does. */
export async function whoHolds(folder: string): Promise<string | undefined> {
  const lockPath = join(folder, '.lock');
  if (!existsSync(lockPath)) return undefined;
  const owner = readOwner(join(folder, '.lock-owner.json'));
  const state = owner === undefined ? 'unknown' : stateOf(owner);
  if (state === 'dead') return undefined;
  const held = state === 'alive' || (await lockfile.check(folder, { lockfilePath: lockPath, stale: STALE }));
  return held ? title(owner) : undefined;
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/** Whether the owner still runs; unknown if it is elsewhere, or a process of its number may be another one. */
function stateOf({ pid, host, born }: Owner): 'alive' | 'dead' | 'unknown' {
  if (host !== hostname()) return 'unknown';
  if (!isAlive(pid)) return 'dead';
  const now = birthOf(pid);
  if (born === undefined || now === undefined) return 'unknown';
  return born === now ? 'alive' : 'dead';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** This start of the machine and the process's start in ticks since then; undefined where there is no /proc. */
function birthOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name in the second field may hold blanks and parentheses; the start is field 22.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return `${boot}/${fields[22 - 3]}`;
  } catch {
    return undefined;
  }
}
