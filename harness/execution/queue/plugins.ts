/** Users' files on a machine that is told over a queue which of them to load. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { sha256 } from '../../files/durable.ts';
import type { RunJob } from '../../run/job.ts';

interface NamedFile {
  readonly name: string;
  readonly file?: string;
  readonly sha256?: string;
}

/** The source with the checksum of its file, if it has one. */
export function withChecksum<S extends { readonly file?: string }>(source: S): S & { sha256?: string } {
  return source.file === undefined ? source : { ...source, sha256: sha256(readFileSync(source.file)) };
}

/**
 * Why a worker must not load a file that a job names; undefined if it may.
 * @param folders the folders whose files may be loaded
 */
export function whyNotLoad(
  { file, sha256: wanted }: NamedFile,
  folders: readonly string[],
): string | undefined {
  if (file === undefined) return undefined;
  if (!isAbsolute(file)) return `${file} is no absolute path`;
  if (!existsSync(file)) return `${file} is not there`;
  const real = realpathSync(file);
  const inside = folders.some((folder) => {
    const path = relative(realpathSync(folder), real);
    return path !== '' && !path.startsWith('..') && !isAbsolute(path);
  });
  if (!inside) return `${file} lies in none of the folders whose files it may load (--plugins)`;
  if (sha256(readFileSync(real)) !== wanted) return `${file} is not the same as where the comparison began`;
  return undefined;
}

/** The job as a run takes it. */
export function withoutChecksums<J extends { agent: NamedFile; task: NamedFile }>(job: J): J & RunJob {
  const strip = ({ sha256: _, ...source }: NamedFile) => source;
  return { ...job, agent: strip(job.agent), task: strip(job.task) } as J & RunJob;
}
