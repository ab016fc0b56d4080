/** From comparisons that were read to what a report of them shows. */
import {
  type AnalysisOptions,
  analyse,
  checkRanges,
  rangeOf,
  type ScoreRange,
  unscaledTasks,
} from '../results/analysis.ts';
import { failedRuns, type Manifest, tasksOf } from '../results/manifest-reader.ts';
import {
  compareNames,
  joinRuns,
  prefixAgents,
  type Run,
  type RunName,
  runKey,
  runUntil,
} from '../results/runs.ts';
import { lastStep } from '../results/summary.ts';
import { flagNames, flags } from '../results/tables.ts';
import type { LoggedRun } from '../results/training.ts';
import type { IntervalMethod } from '../statistics/index.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { learningCurves, type ReferenceScore } from './curves.ts';
import { shortName } from './html.ts';
import { mixedSettings } from './mixed-settings.ts';
import { type ReportModel, reportModel, type Source, type TroubledRun } from './model.ts';
import { unscaledLine } from './notes.ts';

/** How a report is computed, and what of it is shown. */
export interface ReportChoices {
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
  /** Agents whose runs count, as the report names them; default all. */
  readonly agents?: readonly string[];
  /** Seeds whose runs count; default all. */
  readonly seeds?: readonly string[];
  /** The last step whose evaluations count; default all. Scores without evaluations count as they are. */
  readonly until?: number;
  /** Puts the directory's name before each agent's. */
  readonly prefix?: boolean;
  readonly title?: string;
}

/** Runs with what they are called together. */
export interface NamedRuns {
  readonly name: string;
  readonly runs: readonly Run[];
}

/** What a comparison directory holds; its name is the directory's. */
export interface ComparisonSource extends NamedRuns {
  readonly manifest: Manifest | undefined;
  /** What runs logged while they trained. */
  readonly logged?: readonly LoggedRun[];
  /** Lines about what could not be read. */
  readonly warnings?: readonly string[];
}

export interface GatheredReport {
  readonly model: ReportModel;
  /** Lines for the user. */
  readonly warnings: readonly string[];
}

/**
 * @param scores runs of files of scores
 * @param references published scores, drawn as lines across the curves
 * @throws UserError if a run is there twice, or a range is of no task
 */
export function gatherReport(
  comparisons: readonly ComparisonSource[],
  scores: readonly NamedRuns[],
  references: readonly ReferenceScore[],
  options: ReportChoices,
): GatheredReport {
  const read = comparisons.map((comparison) => withoutFailed(comparison, options.prefix ?? false));
  const joined = joinRuns([...read.map((part) => part.runs), ...scores.map((part) => part.runs)]);
  for (const { task, agent, seed, score, evaluations, place } of joined)
    for (const value of [score, ...evaluations.map(({ meanReturn }) => meanReturn)])
      if (Math.abs(value) > HIGHEST)
        throw new UserError(`${place}: ${value} of ${agent} on ${task}, seed ${seed}: beyond ±${HIGHEST}`);
  const known = [...joined, ...read.flatMap((part) => part.records)];
  const tasks = new Set(known.map(({ task }) => task));
  checkKnown('task', options.tasks, tasks);
  checkKnown('agent', options.agents, new Set(known.map(({ agent }) => agent)));
  checkKnown('seed', options.seeds, new Set(known.map(({ seed }) => seed)));
  const counts = ({ task, agent, seed }: RunName) =>
    (options.tasks?.includes(task) ?? true) &&
    (options.agents?.includes(agent) ?? true) &&
    (options.seeds?.includes(seed) ?? true);
  const all = joined.filter(counts);
  const runs = all.flatMap((run) => runUntil(run, options.until));
  const troubled = read
    .flatMap((part) => troubledIn(part, joined, read))
    .filter(counts)
    .sort(byName);
  const failed = troubled.filter((run) => run.status === 'failed');
  const last = options.until ?? Number.POSITIVE_INFINITY;
  const farEnough = new Set(all.filter((run) => (lastStep(run) ?? 0) >= last).map(runKey));
  const unfinished = troubled.filter((run) => run.status !== 'failed' && !farEnough.has(runKey(run)));
  checkRanges(options.taskRanges, [...tasks]);
  const sources = read.map((part) => part.source);
  const kept = sources.flatMap(({ manifest }) => manifest?.reporting ?? []);
  const analysis: AnalysisOptions = {
    resamples: options.resamples ?? 50_000,
    seed: options.seed ?? 0,
    interval: options.interval ?? firstOf(kept, ({ interval }) => interval) ?? 'student_t',
    ...scales(runs, sources, options),
  };
  const logged = read
    .flatMap((part) => part.logged)
    .filter(counts)
    .map((run) => ({ ...run, rows: run.rows.filter(({ step }) => step <= last) }));
  const model = reportModel({
    title: options.title ?? titleOf(sources, scores),
    sources,
    runs,
    logged,
    tables: analyse(runs, { failed, unfinished }, analysis),
    curves: learningCurves(runs, analysis),
    references,
    troubled,
    unfinished,
    mixed: options.prefix ? [] : mixedSettings(sources),
    options: analysis,
  });
  const unread = comparisons.flatMap(({ warnings = [] }) => warnings);
  return { model, warnings: [...unread, ...warningsFor(model)] };
}

/** @throws UserError for a name that no run has */
function checkKnown(kind: string, asked: readonly string[] = [], known: ReadonlySet<string>): void {
  for (const name of asked)
    if (!known.has(name)) throw unknownName(kind, name, [...known].sort(compareNames));
}

/** What runs logged. The numbers of a report do not come from it: where it cannot be read, a line says so. */
export function metricsOf(read: () => readonly LoggedRun[]): Pick<ComparisonSource, 'logged' | 'warnings'> {
  try {
    return { logged: read() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { warnings: [`metrics of training are not shown: ${error.message}`] };
  }
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
  { scoreRange: all, taskRanges = {} }: ReportChoices,
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
      rangeIn(taskRanges, task) ??
      all ??
      firstOf(reporting, ({ taskRanges: own }) => rangeIn(own, task)) ??
      firstOf(reporting, ({ scoreRange }) => scoreRange) ??
      firstOf(tellers, ({ scoreRange }) => scoreRange);
    const length = firstOf(tellers, ({ episodeLength }) => episodeLength);
    const range = stated ?? (length === undefined ? usual : ([0, length] as const));
    if (range[0] !== usual[0] || range[1] !== usual[1]) ranges.set(task, range);
    if (stated === undefined && sources.length > 0) assumed.set(task, range);
  }
  return { scoreRange: usual, taskRanges: ranges, unscaled: unscaledTasks(runs, assumed) };
}

/** Beyond it variances overflow. */
const HIGHEST = 1e100;

/** A task may be called `constructor`. */
const rangeIn = (ranges: Readonly<Record<string, ScoreRange | undefined>> = {}, task: string) =>
  Object.hasOwn(ranges, task) ? ranges[task] : undefined;

/** Runs of a part that did not end well there, nor anywhere else: another part may have carried them out. */
function troubledIn(part: Part, joined: readonly Run[], parts: readonly Part[]): TroubledRun[] {
  const done = new Set(parts.flatMap(({ records }) => records.filter(isDone)).map(runKey));
  const own = new Set(part.runs.map(runKey));
  const elsewhere = new Set(joined.map(runKey).filter((key) => !own.has(key)));
  return part.records.filter((run) => !(done.has(runKey(run)) || elsewhere.has(runKey(run))));
}

const isDone = ({ status }: TroubledRun): boolean => status === 'done';

type Part = ReturnType<typeof withoutFailed>;

const byName = (a: RunName, b: RunName): number =>
  compareNames(a.task, b.task) || compareNames(a.agent, b.agent) || compareNames(a.seed, b.seed);

/** A comparison's runs without those that failed, and its records of all. */
function withoutFailed({ name, manifest, runs, logged = [] }: ComparisonSource, prefix: boolean) {
  const source: Source = { name, manifest };
  const known = manifest?.runs ?? [];
  const failed = failedRuns(manifest);
  const kept = <Of extends RunName>(all: readonly Of[]): Of[] => {
    const ended = all.filter((run) => !failed.has(runKey(run)));
    return prefix ? prefixAgents(ended, name) : ended;
  };
  const records = known.map(
    (run): TroubledRun => ({
      ...run,
      agent: prefix ? `${source.name}/${run.agent}` : run.agent,
      source: source.name,
    }),
  );
  return { source, records, runs: kept(runs), logged: kept(logged) };
}

const titleOf = (sources: readonly Source[], scores: readonly NamedRuns[]): string =>
  [...sources.map(({ name, manifest }) => manifest?.name ?? name), ...scores.map(({ name }) => name)].join(
    ' + ',
  );

function warningsFor(model: ReportModel): string[] {
  const { flags: found, tables, options, troubled, unfinished, mixed, untrained } = model;
  const warnings = flagNames.filter((flag) => found.has(flag)).map((flag) => `${flags[flag]} (flag ${flag})`);
  warnings.push(...mixed, ...untrained);
  const failed = troubled.filter((run) => run.status === 'failed');
  for (const { task, agent, seed, reason } of failed) {
    warnings.push(`failed: ${task} ${agent} seed ${seed}${reason === undefined ? '' : `: ${reason}`}`);
  }
  if (unfinished.length > 0) {
    const named = unfinished.slice(0, 3).map(({ task, agent, seed }) => `${task} ${agent} seed ${seed}`);
    const more = unfinished.length - named.length;
    warnings.push(`not ended: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
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
