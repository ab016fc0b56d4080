/** Users' files on a worker's machine: a queued run names those it needs. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { isWithin } from '../../files/within.ts';
import { fileTitle } from '../../plugins/named-files.ts';
import { type AgentSource, checksumOf, type TaskSource } from '../../plugins/source.ts';

/**
 * Why a worker must not load a file that a job names; undefined if it may.
 * @param folders the folders whose files may be loaded
 */
export function whyNotLoad(
  { file, sha256 }: AgentSource | TaskSource,
  folders: readonly string[],
): string | undefined {
  if (file === undefined) return undefined;
  if (!isAbsolute(file)) return `${file} is no absolute path`;
  if (!existsSync(file)) return `${file} is not there`;
  if (!folders.some((folder) => isWithin(folder, file)))
    return `${file} lies in none of the folders whose files it may load (--plugins)`;
  if (checksumOf(file) !== sha256) return `${fileTitle(file)} is not the same as where the comparison began`;
  return undefined;
}
