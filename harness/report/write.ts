/** Makes a report: tables, plots and page, from the CSVs of comparison directories or a file of scores. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readTable } from '../files/csv.ts';
import { makeFolder, writeDurably } from '../files/durable.ts';
import { fileNames } from '../files/file-names.ts';
import { formatTable } from '../files/table.ts';
import {
  type AnalysisOptions,
  analyse,
  checkRanges,
  rangeOf,
  type ScoreRange,
  unscaledTasks,
} from '../results/analysis.ts';
import { readManifest, tasksOf } from '../results/manifest-reader.ts';
import {
  compareNames,
  joinRuns,
  prefixAgents,
  type Run,
  readEvaluations,
  readScores,
  runUntil,
} from '../results/runs.ts';
import { flagNames, flags, type TableName, type Tables, tableColumns } from '../results/tables.ts';
import type { IntervalMethod } from '../statistics/index.ts';
import { UserError } from '../text/errors.ts';
import { learningCurves } from './curves.ts';
import { standaloneSvg } from './drawing.ts';
import { shortName } from './html.ts';
import type { ReferenceScore } from './learning-curve-plot.ts';
import { mixedSettings } from './mixed-settings.ts';
import { type ReportModel, reportModel, type Source, type TroubledRun } from './model.ts';
import { unscaledLine } from './notes.ts';
import { reportPage } from './page.ts';
import { palette } from './series.ts';

/** What a report is made from, where it goes and how it is computed. */
export interface ReportOptions {
  /** Comparison directories; joined if several. */
  readonly directories?: readonly string[];
  /** Files with columns task, agent, seed, score, joined with the directories. */
  readonly scores?: readonly string[];
  /** Files with columns task, agent, score: published scores, drawn as lines across the curves. */
  readonly references?: readonly string[];
  /** Where everything is written; nothing is written without it. */
  readonly out?: string;
  /** Bootstrap resamples of `rliable`; default 50,000. */
  readonly resamples?: number;
  /** Seed of resampling; default 0. */
  readonly seed?: number;
  /**
   * Scores that become 0 and 1, of every task; default what the manifest or the task says, else [0, steps of an episode],
   * which are 1000 where no manifest tells; [0, 1] for files of scores.
   */
  readonly scoreRange?: ScoreRange;
  /** Those of single tasks, by name. */
  readonly taskRanges?: Readonly<Record<string, ScoreRange>>;
  /** How intervals are made; default what the manifest says, else Student's t. */
  readonly interval?: IntervalMethod;
  /** Tasks whose runs count; default all. */
  readonly tasks?: readonly string[];
  /** The last step whose evaluations count; default all. Scores without evaluations count as they are. */
  readonly until?: number;
  /** Puts the directory's name before each agent's. */
  readonly prefix?: boolean;
  readonly title?: string;
  /** Writes over the report of a directory that is none of `directories`. */
  readonly force?: boolean;
}

/** What was made of the files. */
export interface Report {
  readonly tables: Tables;
  /** Paths of what was written. */
  readonly files: readonly string[];
  /** Lines for the user. */
  readonly warnings: readonly string[];
}

/** @throws UserError for tables that cannot be read, with file and line */
export function writeReport(options: ReportOptions): Report {
  refuseToOverwrite(options);
  const { model, warnings } = gather(options);
  const files: string[] = [];
  if (options.out === undefined) return { tables: model.tables, files, warnings };
  const write = (path: string, text: string): void => {
    writeDurably(path, text);
    files.push(path);
  };
  const folder = options.out;
  makeFolder(join(folder, 'plots'));
  for (const name of Object.keys(tableColumns) as TableName[]) {
    write(join(folder, `${name}.csv`), formatTable<string>(tableColumns[name], model.tables[name]));
  }
  const curveName = fileNames(model.tasks, cleanTask);
  const page = reportPage(model, (task) => `curve-${curveName(task)}`);
  const legend = model.series.map(({ agent, index }) => ({
    label: shortName(agent),
    colour: palette[index % palette.length].light,
  }));
  const few = model.flags.has('fewer_than_3_seeds');
  const caution = few ? ['Fewer than three seeds: intervals say little.'] : [];
  for (const drawing of page.drawings) {
    const labelled = drawing.name.startsWith('aggregate-') || drawing.name === 'improvement';
    const notes = [...caution, ...(drawing.note === undefined ? [] : [drawing.note])];
    const svg = standaloneSvg(
      drawing,
      labelled ? [] : legend,
      notes.length > 0 ? notes.join(' ') : undefined,
    );
    write(join(folder, 'plots', `${drawing.name}.svg`), svg);
  }
  write(join(folder, 'report.html'), page.text);
  return { tables: model.tables, files, warnings };
}

/** A report may be made again where it came from; elsewhere it does not replace another. */
function refuseToOverwrite({ out, directories = [], force }: ReportOptions): void {
  if (out === undefined || force || directories.some((directory) => resolve(directory) === resolve(out)))
    return;
  const there = [...Object.keys(tableColumns).map((name) => `${name}.csv`), 'evaluations.csv', 'report.html'];
  const found = there.find((name) => existsSync(join(out, name)));
  if (found !== undefined) throw new UserError(`${join(out, found)} exists; give another --out, or --force`);
}

function gather(options: ReportOptions): { model: ReportModel; warnings: string[] } {
  const { directories = [], scores = [] } = options;
  if (directories.length + scores.length === 0) {
    throw new UserError('nothing to report: give a comparison directory or --scores FILE.csv');
  }
  const read = directories.map((directory) => readDirectory(directory, options.prefix ?? false));
  const counts = ({ task }: { readonly task: string }) => options.tasks?.includes(task) ?? true;
  const runs = joinRuns([...read.map((part) => part.runs), ...scores.map(readScores)])
    .filter(counts)
    .flatMap((run) => runUntil(run, options.until));
  const troubled = read.flatMap((part) => part.troubled).filter(counts);
  const failed = troubled.filter((run) => run.status === 'failed');
  checkRanges(options.taskRanges, [...new Set(runs.map((run) => run.task))]);
  const sources = read.map((part) => part.source);
  const kept = sources.flatMap(({ manifest }) => manifest?.reporting ?? []);
  const analysis: AnalysisOptions = {
    resamples: options.resamples ?? 50_000,
    seed: options.seed ?? 0,
    interval: options.interval ?? firstOf(kept, ({ interval }) => interval) ?? 'student_t',
    ...scales(runs, sources, options),
  };
  const model = reportModel({
    title: options.title ?? titleOf(sources, scores),
    sources,
    runs,
    tables: analyse(runs, failed, analysis),
    curves: learningCurves(runs, analysis),
    references: (options.references ?? []).flatMap(readReferences),
    troubled,
    mixed: options.prefix ? [] : mixedSettings(sources),
    options: analysis,
  });
  return { model, warnings: warningsFor(model) };
}

/** The first that any of them has. */
function firstOf<T, Value>(all: readonly T[], of: (one: T) => Value | undefined): Value | undefined {
  for (const one of all) {
    const value = of(one);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** What counts as 0 and 1, for each task: as options say, then as manifests kept it, then as tasks tell. */
function scales(
  runs: readonly Run[],
  sources: readonly Source[],
  { scoreRange: all, taskRanges = {} }: ReportOptions,
): Pick<AnalysisOptions, 'scoreRange' | 'taskRanges' | 'unscaled'> {
  const manifests = sources.flatMap(({ manifest }) => manifest ?? []);
  const reporting = manifests.flatMap((manifest) => manifest.reporting ?? []);
  const told = manifests.map((manifest) => tasksOf(manifest));
  const ofScores: ScoreRange = sources.length > 0 ? [0, 1000] : [0, 1];
  const usual = all ?? firstOf(reporting, ({ scoreRange }) => scoreRange) ?? ofScores;
  const ranges = new Map<string, ScoreRange>();
  const assumed = new Map<string, ScoreRange>();
  for (const task of new Set(runs.map((run) => run.task))) {
    const tellers = told.flatMap((tasks) => tasks.get(task) ?? []);
    const stated =
      taskRanges[task] ??
      all ??
      firstOf(reporting, ({ taskRanges: own }) => own?.[task]) ??
      firstOf(reporting, ({ scoreRange }) => scoreRange) ??
      firstOf(tellers, ({ scoreRange }) => scoreRange);
    const length = firstOf(tellers, ({ episodeLength }) => episodeLength);
    const range = stated ?? (length === undefined ? usual : ([0, length] as const));
    if (range[0] !== usual[0] || range[1] !== usual[1]) ranges.set(task, range);
    if (stated === undefined && sources.length > 0) assumed.set(task, range);
  }
  return { scoreRange: usual, taskRanges: ranges, unscaled: unscaledTasks(runs, assumed) };
}

/** One directory's runs without those that failed, and the records of those that did not end well. */
function readDirectory(directory: string, prefix: boolean) {
  if (!existsSync(directory)) {
    const under = join('results', directory);
    throw new UserError(
      `${directory}: no such directory${existsSync(under) ? `; did you mean ${under}?` : ''}`,
    );
  }
  const manifest = readManifest(directory);
  const source: Source = { name: basename(resolve(directory)), manifest };
  const records = manifest?.runs ?? [];
  const failed = new Set(records.filter((run) => run.status === 'failed').map(keyOf));
  const found = readEvaluations(directory, { mayBeEmpty: records.length > 0 });
  const runs = found.filter((run) => !failed.has(keyOf(run)));
  const troubled = records
    .filter((run) => run.status !== 'done')
    .map(
      (run): TroubledRun => ({
        ...run,
        agent: prefix ? `${source.name}/${run.agent}` : run.agent,
        source: source.name,
      }),
    )
    .sort(
      (a, b) =>
        compareNames(a.task, b.task) || compareNames(a.agent, b.agent) || compareNames(a.seed, b.seed),
    );
  return { source, troubled, runs: prefix ? prefixAgents(runs, directory) : runs };
}

const keyOf = ({ task, agent, seed }: { task: string; agent: string; seed: string }): string =>
  JSON.stringify([task, agent, seed]);

function titleOf(sources: readonly Source[], scores: readonly string[]): string {
  const names = [
    ...sources.map(({ name, manifest }) => manifest?.name ?? name),
    ...scores.map((file) => basename(file)),
  ];
  return names.join(' + ');
}

function readReferences(file: string): ReferenceScore[] {
  return readTable(file, ['task', 'agent', 'score']).map((line) => ({
    task: line.text('task'),
    agent: line.text('agent'),
    score: line.number('score'),
  }));
}

function warningsFor({ flags: found, tables, options, troubled, mixed }: ReportModel): string[] {
  const warnings = flagNames.filter((flag) => found.has(flag)).map((flag) => `${flags[flag]} (flag ${flag})`);
  warnings.push(...mixed);
  const failed = troubled.filter((run) => run.status === 'failed');
  for (const { task, agent, seed, reason } of failed) {
    warnings.push(`failed: ${task} ${agent} seed ${seed}${reason === undefined ? '' : `: ${reason}`}`);
  }
  for (const task of options.unscaled ?? []) warnings.push(unscaledLine(task, options));
  const told = new Set<string>(options.unscaled);
  for (const { task: cell, agent, mean } of tables.summary) {
    const task = String(cell);
    const [low, high] = rangeOf(task, options);
    if (told.has(task) || !(Number(mean) > high || Number(mean) < low)) continue;
    told.add(task);
    warnings.push(
      `mean ${mean} of ${agent} on ${task} lies outside the score range ${low},${high}: --score-range ${task}=LOW,HIGH says what counts as 0 and 1`,
    );
  }
  return warnings.map((warning) => shortName(warning, 400));
}

/** What is safe in the name of a plot's file. */
const cleanTask = (task: string): string => task.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60);
