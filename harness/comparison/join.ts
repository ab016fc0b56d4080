/** Joins shards, and comparisons of the same settings, into one directory that goes on like any other. */
import { randomUUID } from 'node:crypto';
import {
  constants,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { mergeRuns, runFolder } from '../execution/merge.ts';
import { describeDiskError, makeFolder } from '../files/durable.ts';
import { whoHolds } from '../files/lock.ts';
import { append } from '../plan/extend.ts';
import { type ComparisonPlan, jobsOf } from '../plan/plan.ts';
import { type AgentSource, checksumOf, type TaskSource } from '../plugins/source.ts';
import { checkRanges } from '../results/analysis.ts';
import {
  commit,
  loadManifest,
  type Manifest,
  packageVersion,
  type Reporting,
  type RunRecord,
  waitingRun,
  writeManifest,
} from '../results/manifest.ts';
import { versionDifference } from '../results/versions.ts';
import { type RunJob, runName } from '../run/job.ts';
import { type RunFiles, readComplete, readRunFiles } from '../run/record.ts';
import { evaluationColumns } from '../run/rows.ts';
import { describeDifference } from '../text/difference.ts';
import { UserError } from '../text/errors.ts';
import { type ComparisonOutcome, refuseWithin, statusOf } from './comparison.ts';

export interface JoinOptions {
  /** Folder to write; it must not exist, or be empty. */
  readonly out: string;
  readonly command: readonly string[];
  /** Also where code, packages or users' files are not the same in all of them. */
  readonly acceptChanges: boolean;
  /** What options say of how tables are made; the rest is as in the first part. */
  readonly reporting: Reporting;
  note(line: string): void;
  /** Writes what is made of the tables; the comparison counts as done only afterwards. */
  conclude(outcome: ComparisonOutcome): void;
}

interface Part {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What a part has of one run. */
interface Found {
  readonly part: Part;
  readonly record: RunRecord;
  readonly files: RunFiles;
  readonly isComplete: boolean;
}

/**
 * Everything is read and compared before the first byte is written.
 * @returns how it stands; `interrupted` if runs are missing, which --resume carries out
 * @throws UserError for parts that do not fit each other, or a run that two of them have with other rows
 */
export function joinComparisons(folders: readonly string[], options: JoinOptions): ComparisonOutcome {
  const { out, acceptChanges, note } = options;
  checkOut(out);
  const parts = folders.map(readPart);
  const changes = differences(parts);
  if (changes.length > 0 && !acceptChanges)
    throw new UserError(`${changes[0]}; to mix both on purpose: --accept-changes`);
  for (const change of changes) note(`joined although ${change}`);
  const plan = joinPlans(parts);
  checkRanges(
    options.reporting.taskRanges,
    plan.tasks.map(({ name }) => name),
  );
  const jobs = jobsOf(plan);
  const mixed = changes.length > 0 || parts.some(({ manifest }) => manifest.changes !== undefined);
  const chosen = jobs.map((job) => choose(findRuns(parts, job, mixed)));
  const manifest = joinManifests(parts, plan, options, changes, recordsOf(jobs, chosen));
  write(out, manifest, jobs, chosen);
  const status = statusOf(manifest.runs);
  const outcome = { status, runs: manifest.runs };
  if (status !== 'interrupted') options.conclude(outcome);
  writeManifest(out, { ...manifest, status });
  return outcome;
}

function checkOut(out: string): void {
  refuseWithin(out);
  if (!existsSync(out)) return;
  if (lstatSync(out).isDirectory() && readdirSync(out).length === 0) return;
  throw new UserError(`${out} exists; choose another --out`);
}

function readPart(folder: string): Part {
  if (!existsSync(folder)) throw new UserError(`cannot find ${folder}`);
  const manifest = loadManifest(folder);
  const holder = whoHolds(folder);
  if (holder !== undefined)
    throw new UserError(`${folder} is in use by ${holder}; merge it when it has ended`);
  return { folder, manifest };
}

/** What is not the same in all parts though a comparison has one of it, a sentence each. */
function differences(parts: readonly Part[]): string[] {
  const [first, ...others] = parts;
  const found = others.flatMap((part) => {
    const version = versionDifference(first.manifest.versions, part.manifest.versions);
    const both = `${first.folder} and ${part.folder}`;
    return [
      ...(version === undefined
        ? []
        : [`${both} were made by different versions: ${versionPhrase(version)}`]),
      ...changedFiles(first, part).map((what) => `${both} were made with different files: ${what}`),
    ];
  });
  return [...new Set(found)];
}

/** `here` and `there` of a difference of versions are the second folder and the first. */
const versionPhrase = (difference: string): string =>
  difference.replace(/ is (.*) here and (.*) there$/, ' is $2 in the first and $1 in the second');

function changedFiles(a: Part, b: Part): string[] {
  const pairs = [
    ...a.manifest.config.agents.flatMap(({ label, source }) => {
      const other = b.manifest.config.agents.find((agent) => agent.label === label);
      return other === undefined ? [] : [[`agent '${label}'`, source, other.source] as const];
    }),
    ...a.manifest.config.tasks.flatMap((task) => {
      const other = b.manifest.config.tasks.find(({ name }) => name === task.name);
      return other === undefined ? [] : [[`task '${task.name}'`, task, other] as const];
    }),
  ];
  return pairs.flatMap(([what, one, two]) =>
    one.sha256 === two.sha256 ? [] : [`the file of ${what} has another checksum`],
  );
}

/** @throws UserError for settings that are not the same in all parts */
function joinPlans([first, ...others]: readonly Part[]): ComparisonPlan {
  let plan: ComparisonPlan = { ...first.manifest.config, shard: undefined };
  for (const { folder, manifest } of others) {
    const { config } = manifest;
    const difference = settingsDifference(plan, config);
    if (difference !== undefined)
      throw new UserError(`${first.folder} and ${folder} have different settings: ${difference}`);
    const agents = append(plan.agents, config.agents, ({ label }) => label);
    const tasks = append(plan.tasks, config.tasks, ({ name }) => name);
    plan = {
      ...plan,
      agents: agents.map((agent) => ({
        ...agent,
        source: placed(agent.source, config.agents.find(({ label }) => label === agent.label)?.source),
      })),
      tasks: tasks.map((task) =>
        placed(
          task,
          config.tasks.find(({ name }) => name === task.name),
        ),
      ),
      seeds: joinSeeds(plan.seeds, config.seeds),
    };
  }
  return plan;
}

/** The first setting that a comparison has once, or that agents and tasks of both have otherwise. */
function settingsDifference(one: ComparisonPlan, two: ComparisonPlan): string | undefined {
  const rest = ({ agents: _, tasks: __, seeds: ___, shard: ____, ...settings }: ComparisonPlan) => settings;
  /** Where a file lies does not matter. */
  const unplaced = ({ name, file }: AgentSource | TaskSource) => ({ name, isFile: file !== undefined });
  const pairs: (readonly [of: string, unknown, unknown])[] = [
    ['', rest(one), rest(two)],
    ...one.agents.flatMap((agent) => {
      const other = two.agents.find(({ label }) => label === agent.label);
      if (other === undefined) return [];
      const [a, b] = [agent, other].map((each) => ({ ...each, source: unplaced(each.source) }));
      return [[` of agent ${agent.label}`, a, b] as const];
    }),
    ...one.tasks.flatMap((task) => {
      const other = two.tasks.find(({ name }) => name === task.name);
      return other === undefined ? [] : [[` of task ${task.name}`, unplaced(task), unplaced(other)] as const];
    }),
  ];
  for (const [of, a, b] of pairs) {
    const difference = describeDifference(a, b);
    if (difference !== undefined)
      return difference
        .replace(/ differs/, `${of} differs`)
        .replace(/\((.*) there, (.*) asked\)$/, '($1 and $2)');
  }
  return undefined;
}

/** The place of a file that is on this machine as it was, if either is. */
const placed = <S extends AgentSource | TaskSource>(one: S, two: S | undefined): S =>
  two === undefined || isHere(one) || !isHere(two) ? one : two;

const isHere = ({ file, sha256 }: AgentSource | TaskSource): boolean =>
  file === undefined || (existsSync(file) && checksumOf(file) === sha256);

/** In ascending order where both are, as a comparison planned whole has them. */
function joinSeeds(there: readonly number[], more: readonly number[]): number[] {
  const ascends = (seeds: readonly number[]) => seeds.every((seed, i) => i === 0 || seeds[i - 1] < seed);
  const both = append(there, more, (seed) => seed);
  return ascends(there) && ascends(more) ? both.sort((a, b) => a - b) : both;
}

/** What the parts have of a run. @throws UserError for files that are not what the manifest says */
function findRuns(parts: readonly Part[], job: RunJob, mixed: boolean): Found[] {
  const name = runName(job.identity);
  const found = parts.flatMap((part): Found[] => {
    const record = part.manifest.runs.find((run) => runName(run) === name);
    if (record === undefined) return [];
    const folder = runFolder(part.folder, job);
    const isComplete = readComplete(folder, job, mixed) !== undefined;
    if (record.status === 'done' && !isComplete)
      throw new UserError(
        `${part.folder}: ${name} is done by its manifest.json, but ${folder} does not hold the whole run`,
      );
    return [{ part, record, files: readRunFiles(folder), isComplete }];
  });
  found.slice(1).forEach((other) => {
    const fault = firstOtherRow(found[0].files, other.files);
    if (fault !== undefined)
      throw new UserError(
        `${name} is in ${found[0].part.folder} and in ${other.part.folder} with different rows: ${fault}`,
      );
  });
  return found;
}

/** The first row, of those that both have, in which two records of a run differ, clock times aside. */
function firstOtherRow(a: RunFiles, b: RunFiles): string | undefined {
  for (const file of ['evaluations.csv', 'training.csv'] as const) {
    const [one, two] = [a[file], b[file]].map((text) => (text === undefined ? [] : timeless(text)));
    const row = one.slice(0, two.length).findIndex((cells, i) => cells.text !== two[i].text);
    if (row >= 0) return `${file}, step ${one[row].step}`;
  }
  return undefined;
}

function timeless(csv: string): { text: string; step: string }[] {
  const rows = parse(csv, { columns: true }) as Record<string, string>[];
  const isTime = (name: string) =>
    (evaluationColumns as Record<string, { isTime?: boolean }>)[name]?.isTime === true;
  return rows.map((row) => ({
    step: row.step,
    text: JSON.stringify(Object.entries(row).filter(([name, cell]) => !isTime(name) && cell !== '')),
  }));
}

/** The complete one, else the one that got farthest; undefined where none has begun. */
function choose(found: readonly Found[]): Found | undefined {
  const rank = ({ isComplete, record, files }: Found) =>
    isComplete ? Number.POSITIVE_INFINITY : record.steps + (files['evaluations.csv'] === undefined ? 0 : 1);
  return [...found].sort((a, b) => rank(b) - rank(a)).at(0);
}

function recordsOf(jobs: readonly RunJob[], chosen: readonly (Found | undefined)[]): RunRecord[] {
  return jobs.map(({ identity }, i) => {
    const record = chosen[i]?.record;
    if (record === undefined) return waitingRun(identity);
    const ended = chosen[i]?.isComplete ? 'done' : record.status === 'failed' ? 'failed' : 'interrupted';
    return { ...record, status: ended };
  });
}

function joinManifests(
  parts: readonly Part[],
  plan: ComparisonPlan,
  { out, command, reporting: asked }: JoinOptions,
  accepted: readonly string[],
  runs: readonly RunRecord[],
): Manifest {
  const manifests = parts.map(({ manifest }) => manifest);
  const [first] = manifests;
  const changes = [...new Set([...manifests.flatMap((each) => each.changes ?? []), ...accepted])];
  const hash = commit();
  const ends = manifests.flatMap(({ endedAt }) => endedAt ?? []).sort();
  const merged = manifests.map(({ name, id, cpu, startedAt, runs: own }) => ({
    ...{ name, id, cpu: cpu.model, startedAt, runs: own.length },
  }));
  const reporting = { ...first.reporting, ...asked };
  const { changes: _, continued: __, reporting: ___, ...rest } = first;
  return {
    ...rest,
    name: basename(out),
    id: randomUUID(),
    command,
    config: plan,
    ...(changes.length > 0 && { changes }),
    ...(Object.keys(reporting).length > 0 && { reporting }),
    continued: [
      {
        at: new Date().toISOString(),
        command,
        version: packageVersion(),
        ...(hash !== undefined && { commit: hash }),
        merged,
      },
    ],
    startedAt: manifests.map(({ startedAt }) => startedAt).sort()[0],
    endedAt: ends.at(-1),
    wallSeconds: manifests.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
    status: 'running',
    runs,
  };
}

/** Beside its place first, so that a copy that fails leaves nothing there. */
function write(
  out: string,
  manifest: Manifest,
  jobs: readonly RunJob[],
  chosen: readonly (Found | undefined)[],
): void {
  const draft = join(dirname(out), `.${basename(out)}.merging-${process.pid}`);
  try {
    makeFolder(draft);
    jobs.forEach((job, i) => {
      const found = chosen[i];
      const from = found && runFolder(found.part.folder, job);
      if (from !== undefined && existsSync(from)) copyRun(from, runFolder(draft, job));
    });
    mergeRuns(draft, jobs);
    writeManifest(draft, manifest);
    if (existsSync(out)) rmdirSync(out);
    renameSync(draft, out);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw describeDiskError(error, out);
  }
}

/** Files and folders alone: a link may lead anywhere. */
function copyRun(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    preserveTimestamps: true,
    filter: (path) => {
      const entry = lstatSync(path);
      return (entry.isFile() || entry.isDirectory()) && !/^\.lock|\.tmp$/.test(basename(path));
    },
  });
}
