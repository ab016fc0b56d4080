/** `harness compare` and `harness train` as functions, for scripts. */
import { availableParallelism } from 'node:os';
import type { Preset } from '../../agents/agent.ts';
import type { BackendName } from '../../engine/backends/records.ts';
import { DEFAULT_EXECUTOR, executors } from '../execution/executors.ts';
import { runFolder } from '../execution/merge.ts';
import type { Progress } from '../execution/progress.ts';
import { planNotes } from '../plan/notes.ts';
import { type ComparisonPlan, jobsOf } from '../plan/plan.ts';
import { parseShard, planFor } from '../plan/plan-for.ts';
import type { AgentEntry, Settings } from '../plan/settings.ts';
import { type Report, type ReportOptions, writeReport } from '../report/index.ts';
import type { RunRecord, RunStatus } from '../results/manifest.ts';
import { readEvaluations } from '../results/read-files.ts';
import type { Run } from '../results/runs.ts';
import type { Tables } from '../results/tables.ts';
import type { EvaluationStarts, RunJob } from '../run/job.ts';
import type { RunProgress } from '../run/loop.ts';
import type { RunIdentity } from '../run/streams.ts';
import { UserError } from '../text/errors.ts';
import { type KnownKeys, refuseUnknownKeys } from '../text/known-keys.ts';
import { namingOptions } from '../text/option-names.ts';
import { present } from '../text/present.ts';
import {
  compareSettings,
  jointFolder,
  type OtherComparison,
  readOther,
  reportBeside,
  settingsLike,
} from './against.ts';
import { checkOptions } from './compare-options.ts';
import { type ComparisonOutcome, planThere, resultsFolder, runComparison } from './comparison.ts';

/** What runs have alike, as the options of the command. Counts are numbers or texts such as `'30k'`. */
export interface RunOptions {
  /** Control steps of training per run; 30,000 by default, 250,000 with the preset `paper`. */
  readonly steps?: number | string;
  /** Size of every agent; `laptop` by default. */
  readonly preset?: Preset;
  /** Label of an agent → key of its config → value, on top of the preset. */
  readonly set?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Control steps between evaluations; by default there are 10 to 25 of them. */
  readonly evaluateEvery?: number | string;
  /** Episodes per evaluation; 5 by default, 25 with the preset `paper`. */
  readonly evaluationEpisodes?: number | string;
  /** Whether evaluations begin in the same start states (`fixed`, the default) or in new ones. */
  readonly evaluationStarts?: EvaluationStarts;
  /** Control steps between rows of training.csv; half of `evaluateEvery` by default. */
  readonly logEvery?: number | string;
  /** What computes the updates; `native` where it runs, else `wasm`. */
  readonly backend?: BackendName;
  /** Threads of each run's engine. */
  readonly threads?: number;
  /** A name under results/, or a path. */
  readonly out: string;
  /** Goes on with what `out` holds. */
  readonly resume?: boolean;
  /** With `resume`: also if code, packages or users' files have changed since. */
  readonly acceptChanges?: boolean;
  /** Replaces what `out` holds. */
  readonly force?: boolean;
  /** Least time between checkpoints of a run, in seconds; 20 by default. */
  readonly checkpointSeconds?: number;
  /** How long a method of an agent may take, in seconds; 300 by default. */
  readonly stallSeconds?: number;
  /** Stops: every run writes a checkpoint, and the outcome is `interrupted`. */
  readonly signal?: AbortSignal;
  /** Called with what happens to each run. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Called with lines for the user that are of no run. */
  readonly note?: (line: string) => void;
}

/** What a comparison may be given. */
export interface CompareOptions
  extends RunOptions,
    Pick<ReportOptions, 'interval' | 'resamples' | 'scoreRange' | 'taskRanges' | 'title'> {
  /**
   * Names, files, or variants `{ agent, name, preset, set }`; or a text with commas between names. A file is loaded in processes of its own. Needed but with
   * `extend`.
   */
  readonly agents?: string | readonly (string | AgentEntry)[];
  /** Names, suites or files, or a text with commas between them. Needed but with `extend` and `against`. */
  readonly tasks?: string | readonly string[];
  /** How many, from 0 on, or which. */
  readonly seeds?: number | readonly number[];
  /** Processes at a time; as many as cores by default. */
  readonly workers?: number | 'auto';
  /** Label of an agent → key of its config → values: a variant of the agent for every combination. */
  readonly sweep?: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;
  /** Adds agents, tasks, seeds or steps to what `out` holds; what is done stays. */
  readonly extend?: boolean;
  /** Carries out a part of the runs, such as `'2/8'`, the second of eight; `harness merge` joins them. */
  readonly shard?: string;
  /**
   * Results, by name or path, or those that the package brings along (`baselines`): their tasks, seeds, steps and evaluations by
   * default, and a joint report.
   */
  readonly against?: string;
}

const runKeys: KnownKeys<RunOptions> = {
  ...{ steps: true, preset: true, set: true, evaluateEvery: true, evaluationEpisodes: true },
  ...{ evaluationStarts: true, logEvery: true, backend: true, threads: true, out: true, resume: true },
  ...{ acceptChanges: true, force: true, checkpointSeconds: true, stallSeconds: true, signal: true },
  ...{ onEvent: true, note: true },
};
const compareKeys: KnownKeys<CompareOptions> = {
  ...runKeys,
  ...{ agents: true, tasks: true, seeds: true, workers: true, sweep: true, extend: true, shard: true },
  ...{ against: true, interval: true, resamples: true, scoreRange: true, taskRanges: true, title: true },
};

/** Something that happened to a run. */
export type RunEvent = { readonly run: RunIdentity } & (
  | { readonly kind: 'began' }
  | ({ readonly kind: 'moved' } & RunProgress)
  | { readonly kind: 'note'; readonly line: string }
  | { readonly kind: 'ended'; readonly status: RunStatus; readonly reason?: string }
);

/** A comparison that has ended. */
export interface Comparison {
  /** Absolute path of its files. */
  readonly folder: string;
  /** `failed` if a run failed, `interrupted` if one did not end. */
  readonly status: ComparisonOutcome['status'];
  /** How every run ended. */
  readonly records: readonly RunRecord[];
  /** The rows of summary.csv, aggregate.csv, pairwise.csv and profiles.csv; undefined if it was interrupted. */
  readonly tables?: Tables;
  /** What the reader of the tables should know, a line each. */
  readonly warnings: readonly string[];
  /** With `against`: tables of both, on the tasks and at the step that they share; undefined if it was interrupted. */
  readonly beside?: Pick<Comparison, 'folder' | 'tables' | 'warnings'>;
}

/** A run that has ended. */
export interface TrainedRun {
  /** Absolute path of the run, for `evaluate`, `loadPolicy` and `readCheckpoint`. */
  readonly folder: string;
  readonly status: ComparisonOutcome['status'];
  /** Why it failed. */
  readonly reason?: string;
  /** Its evaluations, ascending in steps; undefined if there are none. */
  readonly run?: Run;
}

/**
 * Trains and evaluates agents on tasks over seeds, each run in a process of its own, and writes what `harness compare`
 * writes: CSVs, manifest, report.html.
 * @throws UserError for options that do not fit, in one line; DiskError for a disk that is full or read-only. A run that
 *   fails is no error: it is in the result.
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  expectOptions('compare', options, compareKeys);
  return namingOptions(compareKeys, async () => {
    const asked = checkOptions('compare', options);
    const other = options.against === undefined ? undefined : readOther(options.against);
    return carryOut(await planOf(asked, options, other), options, other);
  });
}

/** @throws UserError for what is no options, or for an unknown one */
function expectOptions<Options extends RunOptions>(
  name: string,
  options: unknown,
  known: KnownKeys<Options>,
): asserts options is Options {
  if (options === undefined)
    throw new UserError(`${name} needs options, at least out: a name under results/`);
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new UserError(`${name}: options must be an object such as { out: 'mine' }`);
  refuseUnknownKeys<Options>(name, options, known);
}

/**
 * Trains one agent on one task with one seed, as `harness train` does: a comparison of one run.
 * @param agent a name or a file @param task a name or a file with one task
 * @throws UserError for what does not fit, in one line; DiskError
 */
export async function train(
  agent: string | AgentEntry,
  task: string,
  given: RunOptions & { readonly seed?: number },
): Promise<TrainedRun> {
  if (agent === undefined || task === undefined)
    throw new UserError("train needs an agent and a task: train('sac', 'walker-walk', { out: 'mine' })");
  const known = { ...runKeys, seed: true } as const;
  expectOptions<RunOptions & { readonly seed?: number }>('train', given, known);
  const { seed = 0, ...others } = given;
  const options = { ...others, agents: [agent], tasks: [task], seeds: [seed] };
  return namingOptions(known, async () => {
    const plan = await planOf(checkOptions('train', options), options);
    if (plan.agents.length !== 1)
      throw new UserError(
        `train takes one agent; a sweep makes ${plan.agents.length} of it: compare takes them`,
      );
    if (plan.tasks.length !== 1)
      throw new UserError(`train takes one task; '${task}' names ${plan.tasks.length}`);
    const { folder, records, status } = await carryOut(plan, options);
    const [{ reason, ...identity }] = records;
    const [run] = readEvaluations(folder, { mayBeEmpty: true });
    return { folder: runFolder(folder, { identity }), status, reason, run };
  });
}

/** @param given the settings among the options */
async function planOf(
  given: Settings,
  options: CompareOptions,
  other?: OtherComparison,
): Promise<ComparisonPlan> {
  const { extend, force, acceptChanges } = options;
  if (force && extend) throw new UserError('force replaces results, extend adds to them: choose one');
  if (options.force && options.resume)
    throw new UserError('force replaces results, resume keeps them: choose one');
  const { agents, tasks } = given;
  if (agents === undefined && !extend) throw new UserError('compare needs agents');
  if (tasks === undefined && !extend && other === undefined) throw new UserError('compare needs tasks');
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  // Machines have different numbers of cores, and the threads of a run decide its last bits.
  const asked: Settings = shard === undefined ? given : { ...given, threads: given.threads ?? 1 };
  const folder = resultsFolder(options.out);
  const before = extend ? planThere(folder, asked, acceptChanges) : undefined;
  if (extend && before === undefined) throw new UserError(`nothing to extend in ${folder}`);
  const settings: Settings = {
    ...(other !== undefined && before === undefined && settingsLike(other, asked)),
    ...asked,
  };
  const plan = await planFor(settings, { before, usesDefaults: false, extend, shard, folder });
  for (const line of planNotes(plan)) options.note?.(line);
  if (other !== undefined) for (const line of compareSettings(plan, other)) options.note?.(line);
  return plan;
}

async function carryOut(
  plan: ComparisonPlan,
  options: Omit<CompareOptions, 'agents' | 'tasks' | 'seeds'>,
  other?: OtherComparison,
): Promise<Comparison> {
  const { workers = 'auto', resamples, interval, scoreRange, taskRanges, title } = options;
  const { onEvent = () => {}, note = () => {}, signal } = options;
  const folder = resultsFolder(options.out);
  const jobs = jobsOf(plan);
  const count = workers === 'auto' ? Math.min(availableParallelism(), jobs.length) : workers;
  const executor = await executors[DEFAULT_EXECUTOR].open({ workers: count, name: options.out, note });
  let report: Report | undefined;
  let beside: Comparison['beside'];
  let stop = () => {};
  const onAbort = () => stop();
  signal?.addEventListener('abort', onAbort);
  try {
    const { status, runs } = await runComparison(plan, {
      folder,
      force: options.force ?? false,
      resume: Boolean(options.resume || options.extend),
      extend: options.extend ?? false,
      acceptChanges: options.acceptChanges ?? false,
      checkpointSeconds: options.checkpointSeconds ?? 20,
      stallSeconds: options.stallSeconds ?? 300,
      command: process.argv.slice(1),
      reporting: present({ interval, scoreRange, taskRanges }),
      executor: DEFAULT_EXECUTOR,
      makeProgress: async () => eventsOf(jobs, onEvent),
      makeExecutor: executor.make,
      note,
      conclude() {
        report = writeReport({ directories: [folder], out: folder, resamples, title });
        if (other === undefined) return;
        const { tables, warnings } = reportBeside(folder, plan, other, { interval, scoreRange, taskRanges });
        beside = { folder: jointFolder(folder, other), tables, warnings };
      },
      onStart(ask) {
        stop = ask;
        if (signal?.aborted) stop();
      },
    });
    const { tables, warnings = [] } = report ?? {};
    return { folder, status, records: runs, tables, warnings, ...(beside !== undefined && { beside }) };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await executor.close();
  }
}

function eventsOf(jobs: readonly RunJob[], tell: (event: RunEvent) => void): Progress {
  const run = (index: number) => jobs[index].identity;
  return {
    began: (index) => tell({ run: run(index), kind: 'began' }),
    moved: (index, { step, evaluation, episodeReturn }) =>
      tell({ run: run(index), kind: 'moved', step, evaluation, episodeReturn }),
    note: (index, line) => tell({ run: run(index), kind: 'note', line }),
    ended: (index, status, reason) => tell({ run: run(index), kind: 'ended', status, reason }),
    close: () => {},
  };
}
