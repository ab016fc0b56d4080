/** What files that were dropped on a page hold: results, as `harness report` reads them, and recordings. */
import { unzipSync } from 'three/addons/libs/fflate.module.js';
import { decodeText } from '../harness/files/csv-text.ts';
import { type Recording, recordingFault } from '../harness/replay/recording.ts';
import {
  type ComparisonSource,
  type GatheredReport,
  gatherReport,
  metricsOf,
  type NamedRuns,
} from '../harness/report/gather.ts';
import { parseManifest } from '../harness/results/manifest-reader.ts';
import { parseEvaluations, parseScores } from '../harness/results/runs.ts';
import { parseLoggedRuns } from '../harness/results/training.ts';
import { UserError } from '../harness/text/errors.ts';
import { EVALUATIONS, type GivenFile, isWanted, MANIFEST, TRAINING } from './given-files.ts';

export interface NamedRecording {
  readonly name: string;
  readonly recording: Recording;
}

export interface Opened {
  /** Of all results together, as `harness report A B` joins them. */
  readonly report?: GatheredReport;
  readonly recordings: readonly NamedRecording[];
}

/** The most that a file of a ZIP may unpack to, bytes. */
const MOST = 2 ** 29;

/** @throws UserError that says which file cannot be shown, and why */
export function openFiles(given: readonly GivenFile[]): Opened {
  const files = new Map<string, GivenFile>();
  for (const file of given.flatMap(unpacked)) {
    if (files.has(file.path)) throw new UserError(`there are two files ${file.path}: drop their folders`);
    files.set(file.path, file);
  }
  const comparisons: ComparisonSource[] = [];
  const scores: NamedRuns[] = [];
  const recordings: NamedRecording[] = [];
  for (const { path, bytes } of files.values()) {
    const name = nameOf(path);
    if (isTableOfEvaluations(path, bytes)) {
      if (isPart(path, files)) continue;
      const manifest = parseManifest(textOf(files.get(path.replace(/evaluations\.csv$/, MANIFEST))));
      const runs = parseEvaluations(path, decodeText(path, bytes), {
        mayBeEmpty: (manifest?.runs ?? []).length > 0,
      });
      comparisons.push({
        ...{ name: folderOf(path) || manifest?.name || name, manifest, runs },
        ...metricsBeside(path, files),
      });
    } else if (!path.includes('/') && headerOf(bytes).includes('score')) {
      scores.push({ name, runs: parseScores(path, decodeText(path, bytes)) });
    } else if (path.endsWith('.json') && !path.endsWith(MANIFEST)) {
      recordings.push({ name, recording: recordingOf(path, bytes) });
    }
  }
  if (comparisons.length + scores.length === 0) {
    if (recordings.length > 0) return { recordings };
    throw new UserError(complaintAbout(given.map(({ path }) => path)));
  }
  return { report: gatherReport(comparisons, scores, [], {}), recordings };
}

function metricsBeside(path: string, files: ReadonlyMap<string, GivenFile>): ReturnType<typeof metricsOf> {
  const file = files.get(path.replace(/evaluations\.csv$/, TRAINING));
  return file === undefined
    ? {}
    : metricsOf(() => parseLoggedRuns(file.path, decodeText(file.path, file.bytes)));
}

function complaintAbout(paths: readonly string[]): string {
  const known = 'a folder of results, its evaluations.csv, a ZIP of it, or a recording of harness rollout';
  if (paths.length === 0) return `there are no files: drop ${known}`;
  const [path] = paths;
  const what = paths.length === 1 ? `${path} is no` : `none of the ${paths.length} files is a`;
  return `${what} table of evaluations and no recording: drop ${known}`;
}

/** Those of a ZIP that are looked into, in the place of it. */
function unpacked(file: GivenFile): GivenFile[] {
  const { path, bytes } = file;
  const [a, b] = bytes;
  if (!/\.zip$/i.test(path) && !(a === 0x50 && b === 0x4b)) return [file];
  let entries: Readonly<Record<string, Uint8Array>>;
  try {
    entries = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!isWanted(name)) return false;
        if (originalSize > MOST) throw new UserError(`${path}: ${name} in it is too large`);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} is no ZIP file that can be read`);
  }
  const found = Object.entries(entries).filter(([name]) => !name.endsWith('/'));
  const bare = found.some(([name]) => !name.includes('/'));
  const folder = bare ? `${nameOf(path).replace(/\.zip$/i, '')}/` : '';
  return found.map(([name, content]) => ({ path: `${folder}${name}`, bytes: content }));
}

/** By its name, or, of a file that was dropped by itself, by its header. */
function isTableOfEvaluations(path: string, bytes: Uint8Array): boolean {
  if (path.endsWith(EVALUATIONS)) return true;
  if (path.includes('/')) return false;
  const header = headerOf(bytes);
  return ['task', 'agent', 'seed', 'step', 'episode', 'return'].every((column) => header.includes(column));
}

/** Whether the table is that of a single run, in a folder whose table has all. */
function isPart(path: string, files: ReadonlyMap<string, GivenFile>): boolean {
  const part = /^(.*\/)?runs\/.+\/evaluations\.csv$/.exec(path);
  return part !== null && files.has(`${part[1] ?? ''}${EVALUATIONS}`);
}

function headerOf(bytes: Uint8Array): string[] {
  const [line] = new TextDecoder().decode(bytes.subarray(0, 4096)).split(/[\r\n]/);
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function recordingOf(path: string, bytes: Uint8Array): Recording {
  let value: unknown;
  try {
    value = JSON.parse(decodeText(path, bytes));
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`${path} is no recording: it is not JSON`);
  }
  const fault = recordingFault(value);
  if (fault !== undefined) throw new UserError(`${path} is no recording: ${fault}`);
  return value as Recording;
}

const textOf = (file: GivenFile | undefined): string =>
  file === undefined ? '' : new TextDecoder().decode(file.bytes);

const nameOf = (path: string): string => path.split('/').at(-1) ?? path;
const folderOf = (path: string): string => path.split('/').at(-2) ?? '';
