/**
 * Which users' files may be loaded because a file says so: those that comparisons of this user have recorded, as they
 * were. A results folder that came from elsewhere may name any file, and bring it along; what it says counts nothing.
 * The record lies in the user's own state folder, which no results folder can write to.
 */
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, sha256, writeDurably } from '../files/durable.ts';
import { userFolder } from '../files/user-folder.ts';
import { UserError } from '../text/errors.ts';
import { messageOf } from '../text/printable.ts';
import { fileTitle } from './named-files.ts';
import { type AgentSource, checksumOf, type TaskSource } from './source.ts';

type Source = AgentSource | TaskSource;

/** Where the record is: a folder for each path, and in it a file for each of the file's versions. */
const recordFolder = (): string => userFolder('state', 'loaded-files');

const folderOf = (file: string) => join(recordFolder(), sha256(file));

/**
 * Records the files of a comparison that this user has begun.
 * @param note told, in one line, if that cannot be done
 */
export function recordFiles(sources: readonly Source[], note: (line: string) => void): void {
  for (const { file, sha256: version } of sources) {
    if (file === undefined || version === undefined || isRecorded(file, version)) continue;
    try {
      makeFolder(recordFolder());
      chmodSync(recordFolder(), 0o700);
      makeFolder(folderOf(file));
      writeDurably(join(folderOf(file), version), `${file}\n`);
    } catch (error) {
      note(
        `${file} is not recorded as yours, and must be named again to be loaded later: ${messageOf(error)}`,
      );
    }
  }
}

/** Whether a comparison of this user recorded the file in this version. */
export function isRecorded(file: string, version: string): boolean {
  return existsSync(join(folderOf(file), version));
}

/** Whether a comparison of this user recorded the file in any version. */
export function isRecordedPath(file: string): boolean {
  return existsSync(folderOf(file));
}

/**
 * The source of a run that a folder describes, if it may be loaded.
 * @param where what names the file, for messages
 * @param wayOn how the user names the file to load it all the same
 * @throws UserError if it may not
 */
export function trusted<S extends Source>(source: S, where: string, wayOn: (file: string) => string): S {
  const { file, sha256: recorded } = source;
  if (file === undefined) return source;
  const now = checksumOf(file);
  if (recorded !== undefined && recorded !== now)
    throw new UserError(`${where} names ${fileTitle(file)}, which is not the same as then; ${wayOn(file)}`);
  if (!isRecorded(file, now))
    throw new UserError(
      `${where} names ${file}, which no comparison of yours has recorded as it is; ${wayOn(file)}`,
    );
  return { ...source, sha256: now };
}
