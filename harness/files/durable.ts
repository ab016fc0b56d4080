/** Files that survive a crash at any instant: complete in the old version or complete in the new one. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../text/errors.ts';

type Bytes = string | Uint8Array;

/** What a disk refused, with its reason; nothing that was there before is lost. */
export class DiskError extends UserError {
  override readonly name = 'DiskError';
}

/**
 * Writes a file by way of a temporary one: written, flushed to the disk, renamed over the old one, the
 * folder flushed.
 * @throws DiskError when the disk is full or the folder read-only
 */
export function writeDurably(path: string, parts: Bytes | readonly Bytes[]): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w');
    try {
      for (const part of Array.isArray(parts) ? parts : [parts]) writeFully(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    flushFolder(dirname(path));
  } catch (error) {
    removeIfPossible(temporary);
    throw describeDiskError(error, path);
  }
}

/** Removes a file or folder where the disk lets us; what stays is harmless. */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // a file system that has become read-only, say
  }
}

/** Removes what writers that were killed left half written in a folder; for the only process that writes there. */
export function removeTornFiles(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (/\.\d+\.tmp$/.test(file)) removeIfPossible(join(folder, file));
  }
}

/** Writes all of a part, however many writes that takes. */
export function writeFully(file: number, part: Bytes): void {
  const bytes = typeof part === 'string' ? Buffer.from(part) : part;
  let at = 0;
  while (at < bytes.length) at += writeSync(file, bytes, at, bytes.length - at);
}

/** A rename is only durable once its folder is flushed; some systems cannot flush folders. */
export function flushFolder(path: string): void {
  let folder: number | undefined;
  try {
    folder = openSync(path, 'r');
    fsyncSync(folder);
  } catch {
    // Windows and some network file systems refuse; the rename itself was still atomic.
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

/** Creates a folder and its parents. */
export function makeFolder(path: string): void {
  try {
    makeMissing(path);
  } catch (error) {
    throw describeDiskError(error, path);
  }
}

/** Node's recursive mkdir never returns below folders such as /proc that take no new entries. */
function makeMissing(path: string): void {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return;
    throw Object.assign(new Error(path), { code: 'ENOTDIR' });
  }
  makeMissing(dirname(path));
  mkdirSync(path);
}

export function sha256(...parts: readonly Bytes[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the limit of file sizes is reached',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'nothing can be made there',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
};

/** Why a disk refused something, in words; undefined for other errors. */
export function diskReason(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === undefined ? undefined : reasons[code];
}

/** The one-line error for what a disk refused; other errors pass unchanged. */
export function describeDiskError(error: unknown, path: string): unknown {
  const reason = diskReason(error);
  return reason === undefined ? error : new DiskError(`cannot write ${path}: ${reason}`);
}
