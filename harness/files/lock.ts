/** One process at a time on a results directory. */
import { readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { z } from 'zod';
import { UserError } from '../text/errors.ts';
import { printableLine } from '../text/printable.ts';
import { describeDiskError, removeIfPossible, writeDurably } from './durable.ts';

const ownerSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string().transform(printableLine),
  /** Which process of that number it is: its start as the kernel counts it; absent where that is unknown. */
  born: z.string().optional(),
  /** Where its number counts: processes of other containers on this machine have other numbers here, or none. */
  namespace: z.string().optional(),
  /** Which folder it holds, by device and inode: a copy of it comes with its lock. */
  folder: z.string().optional(),
});
type Owner = z.infer<typeof ownerSchema>;

/** Silence, in ms, after which the holder of a lock is taken for gone if nothing else is known of it. */
const STALE = 20_000;
/** Patience, in ms, with a process that is about to end: a kernel under load takes its time with large ones. */
const ENDING = 60_000;
const POLL = 50;

export interface LockOptions {
  /** Patience, in ms, with a holder that lives: it may have been killed a moment ago. */
  readonly patience?: number;
  /** Called once, when there is something to wait for. */
  note?(line: string): void;
}

/**
 * Takes the lock of a folder.
 * A lock whose process died on this machine is taken over at once, one whose process lives never, whatever the
 * clock says; one from elsewhere after 20 s of silence. A process that was killed but has not ended yet is waited for.
 * @returns the function that gives it back
 * @throws UserError while another process holds it
 * @throws DiskError where nothing can be written
 */
export async function lockFolder(
  folder: string,
  { patience = 0, note = () => {} }: LockOptions = {},
): Promise<() => Promise<void>> {
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
  const owner = await waitForOwner(folder, ownerPath, patience, note);
  let release: () => Promise<void>;
  try {
    if (isDead(owner, folder)) await removeLockOfDead(folder, lockPath, ownerPath);
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
    const self: Owner = {
      pid: process.pid,
      host: hostname(),
      born: birthOf(process.pid),
      namespace: pidNamespace(),
      folder: identityOf(folder),
    };
    writeDurably(ownerPath, JSON.stringify(self));
  } catch (error) {
    await giveBack();
    throw error;
  }
  return giveBack;
}

/**
 * Removes a lock whose holder has died. One process at a time does, and looks at the holder again: another may have done so
 * meanwhile and hold the lock by now.
 */
async function removeLockOfDead(folder: string, lockPath: string, ownerPath: string): Promise<void> {
  const path = join(folder, '.lock-removal');
  const done = await lockfile.lock(path, {
    ...{ lockfilePath: path, realpath: false }, // by a name of its own: there is no such file
    stale: STALE,
    retries: { retries: 200, factor: 1, minTimeout: POLL, maxTimeout: POLL },
    onCompromised: () => {},
  });
  try {
    if (!isDead(readOwner(ownerPath), folder)) return;
    removeIfPossible(ownerPath); // first, so that nobody takes the next holder for this one
    rmSync(lockPath, { recursive: true, force: true });
  } finally {
    await done().catch(() => {});
  }
}

const isDead = (owner: Owner | undefined, folder: string): boolean =>
  owner !== undefined && stateOf(owner, folder) === 'dead';

/** @returns the owner that is there last, which is not alive. @throws FolderInUse if it stays alive */
async function waitForOwner(
  folder: string,
  ownerPath: string,
  patience: number,
  note: (line: string) => void,
): Promise<Owner | undefined> {
  const begun = performance.now();
  for (let told = false; ; ) {
    const owner = readOwner(ownerPath);
    if (owner === undefined || stateOf(owner, folder) !== 'alive') return owner;
    const ending = isEnding(owner.pid);
    if (performance.now() - begun >= (ending ? ENDING : patience)) throw inUse(folder, owner);
    if (ending && !told) note(`waiting for ${title(owner)} to end: it was killed and still holds ${folder}`);
    told ||= ending;
    await pause(POLL);
  }
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
export function whoHolds(folder: string): string | undefined {
  const lock = statSync(join(folder, '.lock'), { throwIfNoEntry: false });
  if (lock === undefined) return undefined;
  const owner = readOwner(join(folder, '.lock-owner.json'));
  const state = owner === undefined ? 'unknown' : stateOf(owner, folder);
  const held = state === 'alive' || (state === 'unknown' && Date.now() - lock.mtimeMs < STALE);
  return held ? title(owner) : undefined;
}

function readOwner(path: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Whether the owner still runs and holds this folder; unknown if it is elsewhere, or a process of its number may be
 * another one.
 */
function stateOf(
  { pid, host, born, namespace, folder: held }: Owner,
  folder: string,
): 'alive' | 'dead' | 'unknown' {
  if (host !== hostname() || (namespace !== undefined && namespace !== pidNamespace())) return 'unknown';
  if (!isAlive(pid)) return 'dead';
  if (held !== undefined && held !== identityOf(folder)) return 'dead'; // the lock came along with a copy
  const now = birthOf(pid);
  if (born === undefined || now === undefined) return 'unknown';
  return born === now ? 'alive' : 'dead';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A zombie has ended: nobody but its parent waits for it, and some never do.
  return !/^[ZXx]/.test(statOf(pid)?.[0] ?? '');
}

/** Whether a process is ending, or was sent a signal that ends it and that it has not taken yet. */
function isEnding(pid: number): boolean {
  const EXITING = 0x4;
  if ((Number(statOf(pid)?.[9 - 3]) & EXITING) !== 0) return true;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const pending = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)];
    return pending.some(([, mask]) => (BigInt(`0x${mask}`) & (1n << 8n)) !== 0n); // SIGKILL is number 9
  } catch {
    return false;
  }
}

/** Fields 3 and on of /proc/PID/stat; undefined where there is none. */
function statOf(pid: number): string[] | undefined {
  try {
    // The name in the second field may hold blanks and parentheses.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return undefined;
  }
}

/** Of this process; undefined where there is no /proc. */
function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

function identityOf(folder: string): string | undefined {
  const stats = statSync(folder, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

/** This start of the machine and the process's start in ticks since then; undefined where there is no /proc. */
function birthOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const start = statOf(pid)?.[22 - 3];
    return start === undefined ? undefined : `${boot}/${start}`;
  } catch {
    return undefined;
  }
}
