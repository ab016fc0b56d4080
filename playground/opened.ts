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
import { comparisonMetrics, comparisonRuns, type TableReader } from '../harness/results/comparison-runs.ts';
import { failedRuns, parseManifest } from '../harness/results/manifest-reader.ts';
import { parseEvaluations, parseScores, type ReadOptions, runKey } from '../harness/results/runs.ts';
import { loggedRuns, parseTrainingRows } from '../harness/results/training.ts';
import { UserError } from '../harness/text/errors.ts';
import { EVALUATIONS, type GivenFile, isWanted, MANIFEST, TRAINING } from './given-files.ts';

export interface NamedRecording {
  readonly name: string;
  readonly recording: Recording;
}

export interface Opened {
  /** Of all results together, as `harness report A B` joins them; as with --prefix where their runs have the same names. */
  readonly report?: GatheredReport;
  readonly recordings: readonly NamedRecording[];
  /** About files of folders that are not shown. */
  readonly lines: readonly string[];
}

/** The most that a file of a ZIP may unpack to, bytes. */
const MOST = 2 ** 29;

type FilesByPath = ReadonlyMap<string, GivenFile>;

/** @throws UserError that says which file cannot be shown, and why */
export function openFiles(given: readonly GivenFile[]): Opened {
  const files = filesByPath(given);
  const comparisons = new Map<string, ComparisonSource>();
  const scores: NamedRuns[] = [];
  const recordings: NamedRecording[] = [];
  const lines: string[] = [];
  const comparisonAt = (base: string): void => {
    if (comparisons.has(base)) return;
    const found = comparisonOf(base, files);
    if (typeof found === 'string') lines.push(found);
    else if (found !== undefined) comparisons.set(base, found);
  };
  for (const { path, bytes } of files.values()) {
    if (isPart(path, files)) continue;
    const name = nameOf(path);
    if (path.endsWith(EVALUATIONS)) comparisonAt(baseOf(path, EVALUATIONS));
    else if (path.endsWith(MANIFEST)) {
      const base = baseOf(path, MANIFEST);
      if (!files.has(`${base}${EVALUATIONS}`)) comparisonAt(base);
    } else if (isTableOfEvaluations(path, bytes)) {
      const runs = parseEvaluations(path, decodeText(path, bytes));
      comparisons.set(path, { name, manifest: undefined, runs });
    } else if (!path.includes('/') && headerOf(bytes).includes('score')) {
      scores.push({ name, runs: parseScores(path, decodeText(path, bytes)) });
    } else if (path.endsWith('.json')) {
      const recording = recordingOf(path, bytes);
      if (!(recording instanceof UserError)) recordings.push({ name, recording });
      else if (path.includes('/')) lines.push(recording.message);
      else throw recording;
    }
  }
  if (comparisons.size + scores.length === 0) {
    if (recordings.length > 0) return { recordings, lines };
    throw new UserError(lines.at(0) ?? complaintAbout(given.map(({ path }) => path)));
  }
  const sources = namedApart(comparisons);
  return { report: gatherReport(sources, scores, [], { prefix: areAlike(sources) }), recordings, lines };
}

/** @throws UserError for two files of one path */
function filesByPath(given: readonly GivenFile[]): FilesByPath {
  const files = new Map<string, GivenFile>();
  for (const file of given.flatMap(unpacked)) {
    if (files.has(file.path)) throw new UserError(`there are two files ${file.path}: drop their folders`);
    files.set(file.path, file);
  }
  return files;
}

/**
 * @param base what stands before the names of its files: its folder, or what the page gives to downloads
 * @returns a line if it has no rows; undefined for what is no comparison
 */
function comparisonOf(base: string, files: FilesByPath): ComparisonSource | string | undefined {
  const manifest = parseManifest(textOf(files.get(`${base}${MANIFEST}`)));
  const planned = manifest?.runs ?? [];
  const read = (file: GivenFile | undefined, options: ReadOptions) =>
    file && parseEvaluations(file.path, decodeText(file.path, file.bytes), options);
  const reader: TableReader = {
    joined: (options) => read(files.get(`${base}${EVALUATIONS}`), options),
    own: ({ task, agent, seed }) =>
      read(files.get(`${base}runs/${task}/${agent}/${seed}/${EVALUATIONS}`), { mayBeEmpty: true }) ?? [],
  };
  const runs = comparisonRuns(manifest, reader, { mayBeEmpty: planned.length > 0 });
  if (runs === undefined) return planned.length > 0 ? `${base}${EVALUATIONS} is not there` : undefined;
  const name = base.split('/').at(-2) || manifest?.name || nameOf(`${base}${EVALUATIONS}`);
  const logged = (file: GivenFile | undefined) =>
    file && parseTrainingRows(file.path, decodeText(file.path, file.bytes));
  const metrics = () =>
    comparisonMetrics(manifest, {
      joined: () => logged(files.get(`${base}${TRAINING}`)) ?? new Map(),
      own: ({ task, agent, seed }) => logged(files.get(`${base}runs/${task}/${agent}/${seed}/${TRAINING}`)),
    });
  return { name, manifest, runs, ...metricsOf(() => loggedRuns(metrics())) };
}

/** Folders of one name get their whole path. */
function namedApart(comparisons: ReadonlyMap<string, ComparisonSource>): ComparisonSource[] {
  const names = [...comparisons.values()].map(({ name }) => name);
  const isTaken = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  return [...comparisons].map(([base, source]) =>
    isTaken(source.name) ? { ...source, name: base.replace(/\/$/, '') || source.name } : source,
  );
}

/** Whether two comparisons have a run of the same name that has not failed. */
function areAlike(comparisons: readonly ComparisonSource[]): boolean {
  const keys = comparisons.flatMap(({ manifest, runs }) => {
    const failed = failedRuns(manifest);
    return runs.map(runKey).filter((key) => !failed.has(key));
  });
  return new Set(keys).size < keys.length;
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

/** Of a file that was dropped by itself, by its header. */
function isTableOfEvaluations(path: string, bytes: Uint8Array): boolean {
  if (path.includes('/')) return false;
  const header = headerOf(bytes);
  return ['task', 'agent', 'seed', 'step', 'episode', 'return'].every((column) => header.includes(column));
}

/** Whether the table is that of a single run, in the folder of a comparison. */
function isPart(path: string, files: FilesByPath): boolean {
  const part = /^(.*\/)?runs\/.+\/evaluations\.csv$/.exec(path);
  const base = part?.[1] ?? '';
  return part !== null && [EVALUATIONS, MANIFEST].some((name) => files.has(`${base}${name}`));
}

function headerOf(bytes: Uint8Array): string[] {
  const [line] = new TextDecoder().decode(bytes.subarray(0, 4096)).split(/[\r\n]/);
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

/** A recording, or why a file is none. */
function recordingOf(path: string, bytes: Uint8Array): Recording | UserError {
  let value: unknown;
  try {
    value = JSON.parse(decodeText(path, bytes));
  } catch (error) {
    return error instanceof UserError ? error : new UserError(`${path} is no recording: it is not JSON`);
  }
  const fault = recordingFault(value);
  return fault === undefined ? (value as Recording) : new UserError(`${path} is no recording: ${fault}`);
}

const textOf = (file: GivenFile | undefined): string =>
  file === undefined ? '' : new TextDecoder().decode(file.bytes);

const nameOf = (path: string): string => path.split('/').at(-1) ?? path;
const baseOf = (path: string, name: string): string => path.slice(0, path.length - name.length);
