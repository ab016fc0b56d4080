/** How a comparison stands, from its files alone: while it goes on, when it is done, after a crash. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { pathWithin } from '../files/within.ts';
import { listComparisons, type State, stateOf } from '../results/listing.ts';
import type { Manifest, RunRecord } from '../results/manifest-reader.ts';
import { readEvaluations, readManifest } from '../results/read-files.ts';
import { compareNames, joinRuns, type Run, runKey } from '../results/runs.ts';
import { readCheckpointMetadata } from '../run/checkpoint.ts';
import { FileCache } from './file-cache.ts';

export interface ViewedRun {
  readonly task: string;
  readonly agent: string;
  readonly seed: string;
  readonly status: RunRecord['status'];
  readonly reason?: string;
  /** Control steps known to be done: of the last evaluation or checkpoint. */
  readonly step: number;
  readonly stepsPerSecond?: number;
  readonly lastEvaluation?: { readonly step: number; readonly meanReturn: number };
  /** The run's folder, if there is a checkpoint to play. */
  readonly playable?: string;
}

export interface ViewedComparison {
  readonly name: string;
  /** `nothing yet`: there are no files of a comparison. */
  readonly status: 'nothing yet' | State;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Control steps of each run. */
  readonly plannedSteps?: number;
  readonly runs: readonly ViewedRun[];
  /** Runs with evaluations, failed ones left out as in reports. */
  readonly evaluated: readonly Run[];
  readonly report?: string;
  /** Files that could not be read. */
  readonly warnings: readonly string[];
}

/** Progress as a checkpoint's header tells it. */
interface Reached {
  readonly step: number;
  readonly wallSeconds: number;
}

export class ComparisonFiles {
  private readonly evaluations = new FileCache((path) => readRuns(resolve(path, '..')));
  private readonly checkpoints = new FileCache(readReached);

  constructor(readonly directory: string) {}

  read(): ViewedComparison {
    const { directory } = this;
    const warnings: string[] = [];
    const hasManifest = this.own('manifest.json', warnings) !== undefined;
    const manifest = hasManifest ? readManifest(directory) : undefined;
    const isDamaged = hasManifest && manifest === undefined;
    if (isDamaged) warnings.push('manifest.json is damaged: how the runs stand is not known');
    const merged = this.runsIn(directory, warnings);
    const records = manifest?.runs ?? [];
    const parts = records.map((record) => this.readRun(record, merged, warnings));
    const known = new Set(records.map(runKey));
    const others = merged.filter((run) => !known.has(runKey(run)));
    const runs = [...parts.map((part) => part.viewed), ...others.map(unlisted)];
    const evaluated = [
      ...parts.filter(({ viewed }) => viewed.status !== 'failed').flatMap(({ run }) => run ?? []),
      ...others,
    ];
    const report = this.own('report.html', warnings);
    return {
      name: manifest?.name ?? basename(resolve(directory)),
      status:
        manifest !== undefined
          ? stateOf(directory, manifest)
          : isDamaged
            ? 'unreadable'
            : merged.length > 0
              ? 'done'
              : 'nothing yet',
      startedAt: manifest?.startedAt,
      endedAt: manifest?.endedAt,
      plannedSteps: plannedSteps(manifest),
      runs: runs.sort(
        (a, b) =>
          compareNames(a.task, b.task) || compareNames(a.agent, b.agent) || compareNames(a.seed, b.seed),
      ),
      evaluated: joinRuns([evaluated]).filter((run) => run.evaluations.length > 0),
      ...(report !== undefined && { report }),
      warnings,
    };
  }

  /** A run by the manifest, its own files before the comparison's. */
  private readRun(record: RunRecord, merged: readonly Run[], warnings: string[]) {
    const { task, agent, seed, status, reason } = record;
    const folder = this.runFolder(record);
    const own = folder === undefined ? undefined : this.runsIn(folder, warnings).find(sameRun(record));
    const run = own ?? merged.find(sameRun(record));
    const last = run?.evaluations.at(-1);
    const checkpoint = folder && pathWithin(folder, 'checkpoint', 'last.safetensors');
    const reached = checkpoint === undefined ? undefined : this.checkpoints.get(checkpoint);
    const newest = [reached, last && { step: last.step, wallSeconds: last.wallSeconds ?? 0 }]
      .filter((place) => place !== undefined)
      .sort((a, b) => b.step - a.step)
      .at(0);
    const step =
      status === 'done' ? (record.steps ?? newest?.step ?? 0) : (newest?.step ?? record.steps ?? 0);
    const seconds = newest?.step === step && newest.wallSeconds > 0 ? newest.wallSeconds : record.wallSeconds;
    const viewed: ViewedRun = {
      ...{ task, agent, seed, status, reason, step },
      ...(seconds && step > 0 && { stepsPerSecond: step / seconds }),
      ...(last && { lastEvaluation: { step: last.step, meanReturn: last.meanReturn } }),
      ...(reached && { playable: folder }),
    };
    return { viewed, run };
  }

  /** Names come from a file: they must not lead out of the comparison. */
  private runFolder({ task, agent, seed }: RunRecord): string | undefined {
    const runs = resolve(this.directory, 'runs');
    const folder = resolve(runs, task, agent, seed);
    return folder.startsWith(runs + sep) ? pathWithin(this.directory, 'runs', task, agent, seed) : undefined;
  }

  /** A file of the directory; links that lead out of it are not followed. */
  private own(file: string, warnings: string[]): string | undefined {
    const path = pathWithin(this.directory, file);
    if (path === undefined && lstatSync(join(this.directory, file), { throwIfNoEntry: false }))
      warnings.push(`${file} is a link that leads out of the directory or nowhere; it is not read`);
    return path;
  }

  private runsIn(folder: string, warnings: string[]): readonly Run[] {
    const file = pathWithin(folder, 'evaluations.csv');
    const found = file === undefined ? undefined : this.evaluations.get(file);
    if (found instanceof Error) warnings.push(found.message);
    return found === undefined || found instanceof Error ? [] : found;
  }
}

const sameRun = (record: RunRecord) => (run: Run) => runKey(run) === runKey(record);

/** Whether a folder has anything of a comparison. */
export const isComparison = (directory: string): boolean =>
  ['manifest.json', 'evaluations.csv'].some((name) => existsSync(join(directory, name)));

/** What a directory holds: `one` comparison, or rollouts; `several`, in folders of their own; `other` things; or nothing. */
export function directoryKind(directory: string): 'nothing' | 'one' | 'several' | 'other' {
  const names = readdirSync(directory).filter((name) => !name.startsWith('.'));
  if (names.length === 0) return 'nothing';
  if (isComparison(directory) || names.includes('rollouts')) return 'one';
  return listComparisons(directory).length > 0 ? 'several' : 'other';
}

function unlisted({ task, agent, seed, evaluations }: Run): ViewedRun {
  const last = evaluations[evaluations.length - 1];
  const { step, meanReturn, wallSeconds } = last;
  return {
    ...{ task, agent, seed, status: 'done', step, lastEvaluation: { step, meanReturn } },
    ...(wallSeconds && step > 0 && { stepsPerSecond: step / wallSeconds }),
  };
}

/** The rows of a folder, or what is wrong with them: a running comparison must not end its view. */
function readRuns(folder: string): readonly Run[] | Error {
  try {
    return readEvaluations(folder, { mayBeEmpty: true });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The counters in a checkpoint's header, without reading its arrays; undefined for what is none. */
function readReached(path: string): Reached | undefined {
  try {
    const { step, wallSeconds } = JSON.parse(readCheckpointMetadata(path).run) as Reached;
    return typeof step === 'number' && typeof wallSeconds === 'number' ? { step, wallSeconds } : undefined;
  } catch {
    return undefined; // replaced just now, or of another kind
  }
}

function plannedSteps(manifest: Manifest | undefined): number | undefined {
  const config = manifest?.config as { steps?: unknown } | null | undefined;
  return typeof config?.steps === 'number' ? config.steps : undefined;
}
