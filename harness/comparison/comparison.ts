/** One comparison from plan to files: folder, lock, manifest, runs, tables; also after an interruption. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ExecutionOptions, Executor } from '../execution/executor.ts';
import { mergeRuns } from '../execution/merge.ts';
import type { Progress } from '../execution/progress.ts';
import { describeDiskError, makeFolder, removeTornFiles } from '../files/durable.ts';
import { lockFolder } from '../files/lock.ts';
import { type ComparisonPlan, firstDifference, jobsOf } from '../plan/plan.ts';
import {
  commit,
  cpu,
  hasManifest,
  loadManifest,
  type Manifest,
  type RunRecord,
  versions,
  writeManifest,
} from '../results/manifest.ts';
import type { RunJob } from '../run/job.ts';
import { UserError } from '../text/errors.ts';

export interface ComparisonOptions {
  /** Results folder. */
  readonly folder: string;
  /** Replace what is there. */
  readonly force: boolean;
  /** Go on with what is there. */
  readonly resume: boolean;
  readonly checkpointSeconds: number;
  readonly stallSeconds: number;
  readonly command: readonly string[];
  readonly executor: Manifest['executor'];
  makeProgress(): Promise<Progress>;
  /** What carries out the runs. @param id the comparison's in its manifest */
  makeExecutor(jobs: readonly RunJob[], options: ExecutionOptions, id: string): Executor;
  /** Told what the user should know, in one line. */
  note(line: string): void;
  /** Told how to stop: the first call asks every run for a checkpoint, the second ends it at once. */
  onStart(stop: () => void): void;
}

export interface ComparisonOutcome {
  readonly status: 'done' | 'failed' | 'interrupted';
  readonly runs: readonly RunRecord[];
}

/** `--out` is a name under results/ or a path. */
export function resultsFolder(out: string): string {
  if (out.trim() === '') throw new UserError('--out is empty');
  return resolve(/[\\/]/.test(out) || out === '.' || out === '..' ? out : join('results', out));
}

/** Runs the plan, or what is left of it. */
export async function runComparison(
  plan: ComparisonPlan,
  options: ComparisonOptions,
): Promise<ComparisonOutcome> {
  const { folder } = options;
  checkFolder(folder, options);
  makeFolder(folder);
  const unlock = await lockFolder(folder);
  try {
    if (options.force) clearFolder(folder);
    removeTornFiles(folder);
    const manifest = begin(plan, options);
    return await execute(plan, manifest, options);
  } finally {
    await unlock();
  }
}

/** @throws UserError where results would be overwritten, or there is nothing to go on with */
function checkFolder(folder: string, { force, resume }: ComparisonOptions): void {
  const files = existsSync(folder) ? listFolder(folder).filter((file) => !file.startsWith('.lock')) : [];
  if (resume) {
    if (files.length > 0) loadManifest(folder);
    return;
  }
  if (files.length === 0) return;
  if (!hasManifest(folder))
    throw new UserError(`${folder} exists and holds no results; choose another --out`);
  if (!force) {
    throw new UserError(
      `${folder} exists; --resume goes on with it, --force replaces it, --out NAME leaves it`,
    );
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UserError(
      `cannot use ${folder} as results folder: ${code === 'ENOTDIR' ? 'it is a file' : code}`,
    );
  }
}

function clearFolder(folder: string): void {
  try {
    for (const file of readdirSync(folder)) {
      if (!file.startsWith('.lock')) rmSync(join(folder, file), { recursive: true, force: true });
    }
  } catch (error) {
    throw describeDiskError(error, folder);
  }
}

/** Both values of a setting, if they are short: ` (300 there, 600 asked)`. */
function valuesAt(path: string, there: unknown, asked: unknown): string {
  const at = (plan: unknown) =>
    path
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], plan);
  const [before, now] = [at(there), at(asked)];
  const isShort = (value: unknown) => typeof value === 'number' || typeof value === 'string';
  return isShort(before) && isShort(now) ? ` (${before} there, ${now} asked)` : '';
}

/** The manifest of a new comparison, or of the one that goes on. */
function begin(plan: ComparisonPlan, options: ComparisonOptions): Manifest {
  const { folder, resume, command, executor, note } = options;
  const before = resume && hasManifest(folder) ? loadManifest(folder) : undefined;
  const difference = before && firstDifference(plain(before.config), plain(plan));
  if (difference !== undefined) {
    throw new UserError(
      `${folder} was made with other settings: '${difference}' differs${valuesAt(difference, before?.config, plan)}; leave the options away or use another --out`,
    );
  }
  const ours = { ...versions(), backend: plan.backend };
  const changed = before && firstDifference(before.versions, ours);
  if (changed !== undefined) {
    note(
      `began with another version of ${changed}; the rows may differ in their last digits from one run in one go`,
    );
  }
  const hash = commit();
  const runs = jobsOf(plan).map(
    ({ identity }, i): RunRecord =>
      before?.runs[i] ?? {
        ...identity,
        status: 'waiting',
        attempts: 0,
        steps: 0,
        wallSeconds: 0,
        checkpointSeconds: 0,
      },
  );
  const manifest: Manifest = {
    format: 'rfm-harness-results/1',
    name: basename(folder),
    id: before?.id ?? randomUUID(),
    command: before?.command ?? command,
    config: plan,
    versions: ours,
    ...(hash === undefined ? {} : { commit: hash }),
    cpu: cpu(),
    startedAt: before?.startedAt ?? new Date().toISOString(),
    wallSeconds: before?.wallSeconds ?? 0,
    executor,
    status: 'running',
    runs,
  };
  writeManifest(folder, manifest);
  return manifest;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function execute(
  plan: ComparisonPlan,
  manifest: Manifest,
  options: ComparisonOptions,
): Promise<ComparisonOutcome> {
  const { folder, checkpointSeconds, stallSeconds } = options;
  const jobs = jobsOf(plan);
  const runs = [...manifest.runs];
  const begunAt = performance.now();
  const write = (news: Partial<Manifest>) => {
    const measured = manifest.wallSeconds + (performance.now() - begunAt) / 1000;
    // A session that was killed took its own count along; the runs keep theirs in their checkpoints.
    const wallSeconds = Math.max(measured, ...runs.map((run) => run.wallSeconds));
    writeManifest(folder, { ...manifest, runs, wallSeconds, ...news });
  };
  const progress = await options.makeProgress();
  const recorded = (index: number, record: RunRecord) => {
    runs[index] = record;
    write({});
  };
  const execution = { folder, checkpointSeconds, stallSeconds, progress, recorded };
  const executor = options.makeExecutor(jobs, execution, manifest.id);
  let stops = 0;
  options.onStart(() => {
    if (++stops === 1) executor.stop();
    else executor.kill();
  });
  try {
    await executor.execute();
  } catch (error) {
    executor.kill(); // the disk is full, say: no run may go on unrecorded
    throw error;
  } finally {
    progress.close();
  }
  const status = statusOf(runs);
  mergeRuns(folder, jobs);
  write({ status, endedAt: new Date().toISOString() });
  return { status, runs };
}

function statusOf(runs: readonly RunRecord[]): ComparisonOutcome['status'] {
  if (runs.some((run) => run.status === 'interrupted')) return 'interrupted';
  return runs.some((run) => run.status === 'failed') ? 'failed' : 'done';
}
