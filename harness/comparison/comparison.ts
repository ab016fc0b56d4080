/** One comparison from plan to files: folder, lock, manifest, runs, tables; also after an interruption. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { backends } from '../../engine/backends/records.ts';
import type { ExecutionOptions, Executor } from '../execution/executor.ts';
import { mergeRuns } from '../execution/merge.ts';
import type { Progress } from '../execution/progress.ts';
import { makeFolder, removeTornFiles } from '../files/durable.ts';
import { lockFolder, whoHolds } from '../files/lock.ts';
import { type Additions, additions } from '../plan/extend.ts';
import { cannotGoOn, checkFiles, filesOf, sourcesOf } from '../plan/known-files.ts';
import { type ComparisonPlan, jobsOf } from '../plan/plan.ts';
import type { Settings } from '../plan/settings.ts';
import { fileTitle } from '../plugins/named-files.ts';
import { type AgentSource, checksumOf, type TaskSource } from '../plugins/source.ts';
import { recordFiles } from '../plugins/trust.ts';
import { checkRanges } from '../results/analysis.ts';
import {
  type Continuation,
  commit,
  cpu,
  hasManifest,
  loadManifest,
  type Manifest,
  packageVersion,
  type Reporting,
  type RunRecord,
  waitingRun,
  writeManifest,
} from '../results/manifest.ts';
import { ownVersions, versionDifference } from '../results/versions.ts';
import { type RunJob, runName, withoutChecksums } from '../run/job.ts';
import type { RunIdentity } from '../run/streams.ts';
import { describeDifference, firstDifference } from '../text/difference.ts';
import { UserError } from '../text/errors.ts';
import { comparisonAround, removeComparison } from './replace.ts';

export interface ComparisonOptions {
  /** Results folder. */
  readonly folder: string;
  /** Replace what is there. */
  readonly force: boolean;
  /** Go on with what is there. */
  readonly resume: boolean;
  /** With `resume`: the plan may have more agents, tasks, seeds and steps than what is there. */
  readonly extend?: boolean;
  /** Also where code, packages or users' files are not as they were. */
  readonly acceptChanges: boolean;
  readonly checkpointSeconds: number;
  readonly stallSeconds: number;
  readonly command: readonly string[];
  /** What options say of how tables are made, for the manifest; what they leave out stays as it was. */
  readonly reporting?: Reporting;
  /** A name in `executors`, for the manifest. */
  readonly executor: string;
  makeProgress(): Promise<Progress>;
  /** What carries out the runs. @param id the comparison's in its manifest */
  makeExecutor(jobs: readonly RunJob[], options: ExecutionOptions, id: string): Executor;
  /** Shows the user one line. */
  note(line: string): void;
  /** Writes what is made of the tables; the comparison counts as done only afterwards. */
  conclude(outcome: ComparisonOutcome): void;
  /** Called with a function that stops: its first call asks every run for a checkpoint, the second ends it at once. */
  onStart(stop: () => void): void;
}

export interface ComparisonOutcome {
  readonly status: 'done' | 'failed' | 'interrupted';
  readonly runs: readonly RunRecord[];
}

/** With a process on the folder that may have been killed just now, in ms. */
const PATIENCE = 3000;

/** `--out` is a name under results/ or a path. */
export function resultsFolder(out: string): string {
  if (out.trim() === '') throw new UserError('--out is empty');
  return resolve(/[\\/]/.test(out) || out === '.' || out === '..' ? out : join('results', out));
}

/**
 * The plan of results that exist; undefined if there are none.
 * @param asked names the files that the user knows of
 * @throws UserError for files that have changed, or that the user does not know of
 */
export function planThere(
  folder: string,
  asked: Settings,
  acceptChanges = false,
): ComparisonPlan | undefined {
  if (!hasManifest(folder)) return undefined;
  const plan = loadManifest(folder).config;
  checkFiles(plan, folder, { named: filesOf(asked), acceptChanges });
  return plan;
}

/** Runs the plan, or what is left of it. */
export async function runComparison(
  plan: ComparisonPlan,
  options: ComparisonOptions,
): Promise<ComparisonOutcome> {
  const { folder } = options;
  checkBeginning(plan, { ...options, note: () => {} });
  makeFolder(folder);
  const unlock = await lockFolder(folder, { patience: PATIENCE, note: options.note });
  try {
    checkFolder(folder, options); // again: another process may have written while this one waited for it
    const known = withChecksums(plan);
    const kept = options.force ? removeComparison(folder) : [];
    if (kept.length > 0) options.note(`kept in ${folder}: ${kept.join(', ')}`);
    removeTornFiles(folder);
    return await execute(begin(known, options), options);
  } finally {
    await unlock();
  }
}

/** What decides whether a plan may begin, or go on. */
export type Beginning = Pick<
  ComparisonOptions,
  'folder' | 'force' | 'resume' | 'extend' | 'acceptChanges' | 'reporting' | 'note'
>;

/**
 * Whether the plan can begin or go on, without writing anything.
 * @throws UserError if it cannot
 */
export function checkBeginning(plan: ComparisonPlan, options: Beginning): void {
  const { folder, resume, reporting } = options;
  checkFolder(folder, options);
  checkRanges(
    reporting?.taskRanges,
    plan.tasks.map(({ name }) => name),
  );
  const known = withChecksums(plan);
  if (resume && hasManifest(folder)) changesSince(loadManifest(folder), known, versionsOf(known), options);
}

const versionsOf = ({ backend }: ComparisonPlan): Manifest['versions'] => ({ ...ownVersions(), backend });

/** @throws UserError where results would be overwritten, or there is nothing to go on with */
function checkFolder(folder: string, { force, resume }: Pick<Beginning, 'force' | 'resume'>): void {
  const files = existsSync(folder) ? listFolder(folder).filter((file) => !file.startsWith('.lock')) : [];
  if (resume) {
    if (files.length > 0) loadManifest(folder);
    return;
  }
  refuseWithin(folder);
  if (files.length === 0) return;
  if (!hasManifest(folder))
    throw new UserError(`${folder} exists and holds no results; choose another --out`);
  if (!force) {
    throw new UserError(
      `${folder} exists; --resume goes on with it, --force replaces it, --out NAME leaves it`,
    );
  }
  const held = heldRun(folder);
  if (held !== undefined)
    throw new UserError(`${held.run} is in use by ${held.by}; wait for it to end, or stop it`);
}

/** @throws UserError for a folder within another comparison */
export function refuseWithin(folder: string): void {
  const around = comparisonAround(folder);
  if (around !== undefined)
    throw new UserError(`${folder} lies inside the comparison ${around}; choose another --out`);
}

/** A run that some process is at, a worker of the queue for one, whose session may have ended. */
function heldRun(folder: string): { run: string; by: string } | undefined {
  const runs = join(folder, 'runs');
  const inside = existsSync(runs) ? readdirSync(runs, { recursive: true, encoding: 'utf8' }) : [];
  for (const path of inside) {
    if (basename(path) !== '.lock') continue;
    const run = join(runs, dirname(path));
    const by = whoHolds(run);
    if (by !== undefined) return { run, by };
  }
  return undefined;
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

/**
 * The manifest of a new comparison, or of the one that goes on.
 * @param plan with checksums @throws UserError if it cannot go on
 */
function begin(plan: ComparisonPlan, options: ComparisonOptions): Manifest {
  const { folder, resume, extend, command, executor } = options;
  const before = resume && hasManifest(folder) ? loadManifest(folder) : undefined;
  const ours = versionsOf(plan);
  const hash = commit();
  const { bits } = backends[plan.backend];
  const jobs = jobsOf(plan);
  const changes = before === undefined ? [] : changesSince(before, plan, ours, options);
  const added = before && extend ? additions(before.config, plan, folder) : {};
  const reporting = { ...before?.reporting, ...options.reporting };
  const known = new Map(before?.runs.map((run) => [runName(run), run]));
  const runs = jobs.map(({ identity }): RunRecord => {
    const there = known.get(runName(identity));
    if (there === undefined) return waitingRun(identity);
    return added.steps === undefined ? there : { ...there, status: 'waiting', reason: undefined };
  });
  const manifest: Manifest = {
    format: 'rfm-harness-results/1',
    name: basename(folder),
    id: before?.id ?? randomUUID(),
    command: before?.command ?? command,
    config: plan,
    versions: ours,
    ...(hash === undefined ? {} : { commit: hash }),
    ...(bits !== undefined && { bits }),
    ...(changes.length > 0 && { changes }),
    ...(Object.keys(reporting).length > 0 && { reporting }),
    ...(before !== undefined && {
      continued: [...(before.continued ?? []), continuation(command, hash, added)],
    }),
    cpu: before?.cpu ?? cpu(),
    startedAt: before?.startedAt ?? new Date().toISOString(),
    wallSeconds: before?.wallSeconds ?? 0,
    executor,
    status: 'running',
    runs,
  };
  writeManifest(folder, manifest);
  recordFiles(sourcesOf(plan), options.note);
  return manifest;
}

function continuation(command: readonly string[], hash: string | undefined, added: Additions): Continuation {
  return {
    at: new Date().toISOString(),
    command,
    version: packageVersion(),
    ...(hash !== undefined && { commit: hash }),
    cpu: cpu(),
    ...(Object.keys(added).length > 0 && { added }),
  };
}

/**
 * The changes since earlier sessions of a comparison, a sentence each.
 * @throws UserError where the plan is another one, or where a change has not been accepted
 */
function changesSince(
  before: Manifest,
  plan: ComparisonPlan,
  versions: Manifest['versions'],
  { folder, extend, acceptChanges, note }: Beginning,
): string[] {
  const difference = extend
    ? undefined
    : describeDifference(withoutChecksums(before.config), withoutChecksums(plan));
  if (difference !== undefined) {
    throw new UserError(
      `${folder} was made with other settings: ${difference}; omit these options, add to it with --extend, or use another --out`,
    );
  }
  const identities = (runs: readonly RunIdentity[]) =>
    runs.map(({ task, agent, seed }) => [task, agent, seed]);
  if (
    firstDifference(identities(before.runs), identities(jobsOf(before.config).map((job) => job.identity))) !==
    undefined
  )
    throw new UserError(
      `${join(folder, 'manifest.json')}: 'runs' are not those of 'config'; use another --out`,
    );
  const then = new Map(sourcesOf(before.config).map(({ file, sha256 }) => [file, sha256]));
  const changes = sourcesOf(plan).flatMap(({ file, sha256 }) =>
    file !== undefined && then.has(file) && then.get(file) !== sha256
      ? [`${fileTitle(file)} is not the same as before`]
      : [],
  );
  const version = versionDifference(before.versions, versions);
  if (version !== undefined) changes.push(version);
  if (changes.length > 0 && !acceptChanges) throw cannotGoOn(folder, changes[0]);
  for (const change of changes) note(`goes on although ${change}`);
  return [...new Set([...(before.changes ?? []), ...changes])];
}

/** The plan with the checksums that users' files have now. @throws UserError for a file that is gone */
function withChecksums(plan: ComparisonPlan): ComparisonPlan {
  const now = <S extends AgentSource | TaskSource>(source: S): S =>
    source.file === undefined ? source : { ...source, sha256: checksumOf(source.file) };
  return {
    ...plan,
    agents: plan.agents.map((agent) => ({ ...agent, source: now(agent.source) })),
    tasks: plan.tasks.map(now),
  };
}

async function execute(manifest: Manifest, options: ComparisonOptions): Promise<ComparisonOutcome> {
  const { folder, checkpointSeconds, stallSeconds } = options;
  const jobs = jobsOf(manifest.config);
  const runs = [...manifest.runs];
  const progress = await options.makeProgress();
  const begunAt = performance.now();
  // A session that was killed took its own count along; the runs keep theirs in their checkpoints.
  const wallSeconds = () =>
    Math.max(
      manifest.wallSeconds + (performance.now() - begunAt) / 1000,
      ...runs.map((run) => run.wallSeconds),
    );
  const write = (news: Partial<Manifest>) =>
    writeManifest(folder, { ...manifest, runs, wallSeconds: wallSeconds(), ...news });
  const recorded = (index: number, record: RunRecord) => {
    runs[index] = record;
    write({});
  };
  const mixed = manifest.changes !== undefined;
  const execution = { folder, checkpointSeconds, stallSeconds, mixed, progress, recorded };
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
  // The report says what the manifest will say, which is done only when the report exists.
  const end = { endedAt: new Date().toISOString(), wallSeconds: wallSeconds() };
  if (status !== 'interrupted') {
    write(end);
    options.conclude({ status, runs });
  }
  write({ ...end, status });
  return { status, runs };
}

/** How runs stand together: `interrupted` where one has not ended, `failed` where one has failed. */
export function statusOf(runs: readonly RunRecord[]): ComparisonOutcome['status'] {
  if (runs.some(({ status }) => status !== 'done' && status !== 'failed')) return 'interrupted';
  return runs.some(({ status }) => status === 'failed') ? 'failed' : 'done';
}
