/** The options that `compare` and `train` share, and what both do with a plan. */

import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import type { OtherComparison } from '../comparison/against.ts';
import type { ComparisonOptions, ComparisonOutcome } from '../comparison/comparison.ts';
import { DEFAULT_EXECUTOR, executors, type OpenExecutor } from '../execution/executors.ts';
import { planNotes } from '../plan/notes.ts';
import { type ComparisonPlan, jobsOf } from '../plan/plan.ts';
import { checkSettings, type Settings } from '../plan/settings.ts';
import type { Report } from '../report/write.ts';
import { evaluationStarts, limits, type RunJob } from '../run/job.ts';
import { coloursOf, painted } from '../text/colour.ts';
import { UserError } from '../text/errors.ts';
import { formatCount, formatDuration, parseCount, parseSeconds as seconds } from '../text/quantity.ts';
import { shellWord } from '../text/shell-word.ts';
import { backendOption } from './backend-option.ts';
import { endSignals } from './end-signals.ts';
import { Exit, exitCodes } from './exit.ts';
import { type ReportingFlags, reportingOf } from './reporting-options.ts';

/** What commander hands over; values are text until the settings are checked. */
export interface RunFlags extends ReportingFlags {
  /** No option: false where the caller prints results of its own. */
  readonly table?: boolean;
  readonly steps?: string;
  readonly preset?: string;
  readonly set?: string[];
  readonly evaluateEvery?: string;
  readonly evaluationEpisodes?: string;
  readonly evaluationStarts?: string;
  readonly logEvery?: string;
  readonly backend?: string;
  readonly threads?: string;
  readonly workers?: string;
  readonly executor?: string;
  readonly redis?: string;
  readonly checkpointSeconds: string;
  readonly stallSeconds: string;
  readonly out?: string;
  readonly resume?: boolean;
  /** Options of `compare`. */
  readonly extend?: boolean;
  readonly against?: string;
  readonly acceptChanges?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly tensorboard?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Of options that may be repeated. */
export const collect = (value: string, before: string[] = []) => [...before, value];

const executorList = () =>
  Object.values(executors)
    .map(({ where }) => where)
    .join(', or ');

export function addRunOptions(command: Command): Command {
  return command
    .option(
      '--steps <count>',
      'control steps of training per run, such as 30k (default: 30k; 250k at preset paper)',
    )
    .option('--preset <name>', 'size of every agent: paper, laptop or smoke')
    .option('--set <agent.key=value>', "changes one key of an agent's config; may be repeated", collect)
    .option('--evaluate-every <steps>', 'control steps between evaluations (default: 10 to 25 of them)')
    .option('--evaluation-episodes <count>', 'episodes per evaluation (default: 5; 25 at preset paper)')
    .addOption(
      new Option(
        '--evaluation-starts <kind>',
        'the same start states in every evaluation (default: fixed), or fresh ones',
      ).choices([...evaluationStarts]),
    )
    .option(
      '--log-every <steps>',
      'control steps between rows of training.csv (default: half of --evaluate-every)',
    )
    .addOption(backendOption())
    .option(
      '--threads <count>',
      "threads of each run's engine (default: 1, more if runs are fewer than cores)",
    )
    .option('--workers <count>', 'processes at a time, or auto: as many as cores (default: auto)')
    .addOption(
      new Option('--executor <name>', `where runs go: ${executorList()}`)
        .choices(Object.keys(executors))
        .default(DEFAULT_EXECUTOR),
    )
    .option(
      '--redis <url>',
      'the queue of --executor bullmq (default: $REDIS_URL, or redis://127.0.0.1:6379)',
    )
    .option('--out <name>', 'a name under results/, or a path')
    .option('--resume', 'resume the comparison in --out')
    .option('--accept-changes', 'with --resume: also if code, packages or your files have changed since')
    .option('--force', 'replace the comparison in --out; other files there stay')
    .option('--dry-run', 'print the plan and its estimated duration, run nothing')
    .option('--checkpoint-seconds <seconds>', 'least time between checkpoints of a run', '20')
    .option('--stall-seconds <seconds>', 'how long a method of an agent may take', '300')
    .option(
      '--tensorboard',
      'also write event files for TensorBoard under --out, which grow with every evaluation',
    )
    .option('--quiet', 'no progress, only the table at the end')
    .option('--json', 'print the results as JSON');
}

/** The settings that the flags themselves give; absent ones stay away. */
export function settingsOfFlags(flags: RunFlags): Settings {
  const { steps, preset, evaluateEvery, evaluationEpisodes, evaluationStarts } = flags;
  const { logEvery, backend, threads, out } = flags;
  const evaluation = { evaluateEvery, evaluationEpisodes, evaluationStarts };
  const given = { steps, preset, ...evaluation, logEvery, backend, threads, out };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return checkSettings(Object.fromEntries(present), 'options');
}

/** The plan in a few lines. @param folder of its results */
export function describePlan(plan: ComparisonPlan, folder: string): string {
  const names = (values: readonly string[]) => values.join(', ');
  const runs = jobsOf(plan).length;
  const { shard } = plan;
  const part = shard === undefined ? '' : ` (shard ${shard.index}/${shard.count})`;
  const presets = [...new Set(plan.agents.map((agent) => agent.preset))];
  const evaluations = Math.ceil(plan.steps / plan.evaluation.every) + 1;
  return [
    `agents      ${names(plan.agents.map((agent) => agent.label))} (${names(presets)})`,
    `tasks       ${names(plan.tasks.map((task) => task.name))}`,
    `seeds       ${names(plan.seeds.map(String))}`,
    `runs        ${runs}${part}, each ${formatCount(plan.steps)} control steps`,
    `evaluation  ${evaluations} times, ${plan.evaluation.episodes} episodes each from ${plan.evaluation.starts} starts`,
    `engine      ${plan.backend}, ${plan.threads} thread(s) per run`,
    `results     ${relative('', folder) || folder}`,
    ...planNotes(plan).map((line) => `note:       ${line}`),
  ].join('\n');
}

/**
 * Runs a plan, writes its tables and report, says where they are.
 * @param announce says what is said before the first run begins, once it is certain that the runs may be made
 * @param other a comparison to report it beside
 */
export async function runPlan(
  plan: ComparisonPlan,
  folder: string,
  flags: RunFlags,
  announce: () => string | Promise<string> = () => describePlan(plan, folder),
  other?: OtherComparison,
): Promise<void> {
  const { runComparison } = await import('../comparison/comparison.ts');
  const { makeProgress } = await import('../execution/progress.ts');
  const { writeReport } = await import('../report/write.ts');
  const against = other && (await import('../comparison/against.ts'));
  const jobs = jobsOf(plan);
  const say = (line: string) => {
    if (!flags.quiet) process.stderr.write(`${painted(line, coloursOf(process.stderr))}\n`);
  };
  const executor = await openExecutor(flags, jobs.length, folder, say);
  let onSignal = () => {};
  let stopGrowing = () => {};
  let report: Report | undefined;
  const options: ComparisonOptions = {
    folder,
    force: flags.force ?? false,
    resume: flags.resume ?? false,
    extend: flags.extend ?? false,
    acceptChanges: flags.acceptChanges ?? false,
    ...parseTimes(flags),
    command: ['harness', ...process.argv.slice(2).map(hidePassword)],
    reporting: reportingOf(flags),
    executor: executorOf(flags),
    makeExecutor: executor.make,
    note: say,
    conclude() {
      report = writeReport({ directories: [folder], out: folder });
      if (other !== undefined && against !== undefined) {
        const { files, ...beside } = against.reportBeside(folder, plan, other, reportingOf(flags));
        report = { ...beside, files: [...report.files, ...files] };
      }
    },
    async makeProgress() {
      if (!flags.quiet) say(await announce());
      if (flags.tensorboard) stopGrowing = await growEventFiles(folder, jobs, say);
      return makeProgress(jobs, { quiet: flags.quiet ?? false, stream: process.stderr });
    },
    onStart(stop) {
      let asked = false;
      onSignal = () => {
        say(asked ? 'ending now' : 'stopping: every run writes a checkpoint (again to end at once)');
        asked = true;
        stop();
      };
      for (const signal of endSignals()) process.on(signal, onSignal);
    },
  };
  try {
    await finish(await runComparison(plan, options), report, folder, flags, say);
  } catch (error) {
    throw await withResumeHint(error, jobs, folder, flags);
  } finally {
    stopGrowing();
    for (const signal of endSignals()) process.off(signal, onSignal);
    await executor.close();
  }
}

/** Between two looks for what runs have written, ms. */
const LOOK_EVERY = 2000;

/** Keeps TensorBoard's event files up to date. @returns a function that ends it, after a last look */
async function growEventFiles(
  folder: string,
  jobs: readonly RunJob[],
  say: (line: string) => void,
): Promise<() => void> {
  const { GrowingEventFiles } = await import('../results/tensorboard.ts');
  const { runFolder } = await import('../execution/merge.ts');
  const { messageOf } = await import('../text/printable.ts');
  const runs = jobs.map((job) => {
    const { task, agent, seed } = job.identity;
    return { task, agent, seed: String(seed), folder: runFolder(folder, job) };
  });
  const files = new GrowingEventFiles(folder, runs);
  let failed = false;
  const look = (all = false) => {
    if (failed) return;
    try {
      files.update(all);
    } catch (error) {
      failed = true; // the runs are worth more than what is shown of them
      say(`note: no more event files for TensorBoard: ${messageOf(error)}`);
    }
  };
  const timer = setInterval(look, LOOK_EVERY).unref();
  return () => {
    clearInterval(timer);
    look(true);
  };
}

/** @throws UserError for options of another executor, or where it cannot work, before anything is written */
async function openExecutor(
  flags: RunFlags,
  runs: number,
  folder: string,
  note: (line: string) => void,
): Promise<OpenExecutor> {
  const { redis, workers } = flags;
  const name = executorOf(flags);
  const { hasWorkers, open } = executors[name];
  if (!hasWorkers && workers !== undefined && workers !== 'auto')
    throw new UserError(`--workers counts processes here; with --executor ${name}, harness worker has it`);
  const count = hasWorkers ? workersOf(workers, runs) : 0;
  return open({ workers: count, redis, name: outName(folder), note });
}

/** @throws UserError for options that say nothing without another one */
export function checkRunFlags(flags: RunFlags): void {
  const { redis, acceptChanges, resume, extend } = flags;
  if (redis !== undefined && !executors[executorOf(flags)].usesRedis) {
    const users = Object.keys(executors).filter((other) => executors[other].usesRedis);
    throw new UserError(`--redis needs --executor ${users.join(' or ')}`);
  }
  if (acceptChanges && !resume && !extend)
    throw new UserError('--accept-changes needs --resume: the results that go on');
}

export const executorOf = ({ executor = DEFAULT_EXECUTOR }: RunFlags): string => executor;

/** The manifest tells everybody who reads it how the comparison was called. */
const hidePassword = (word: string) => word.replace(/^((?:--redis=)?rediss?:\/\/)[^/]*@/, '$1');

/** An error of the disk, with the command that resumes; other errors as they are. */
async function withResumeHint(
  error: unknown,
  jobs: readonly RunJob[],
  folder: string,
  flags: RunFlags,
): Promise<unknown> {
  const { DiskError } = await import('../files/durable.ts');
  const { hasManifest } = await import('../results/manifest.ts');
  if (!(error instanceof DiskError) || !hasManifest(folder)) return error;
  const { runFolder } = await import('../execution/merge.ts');
  const { hasCheckpoint } = await import('../run/checkpoint.ts');
  const isKept = jobs.some((job) => hasCheckpoint(join(runFolder(folder, job), 'checkpoint')));
  const kept = isKept ? 'every run keeps its last checkpoint' : 'no run has a checkpoint yet';
  return new DiskError(`${error.message}; ${kept}; go on with: ${resumeCommand(folder, flags)}`);
}

async function finish(
  outcome: ComparisonOutcome,
  report: Report | undefined,
  folder: string,
  flags: RunFlags,
  say: (line: string) => void,
): Promise<void> {
  const failed = outcome.runs.filter((run) => run.status === 'failed');
  if (outcome.status === 'interrupted') {
    const unfinished = outcome.runs.filter((run) => run.status !== 'done').length;
    process.stderr.write(
      `interrupted with ${unfinished} run(s) unfinished; go on with: ${resumeCommand(folder, flags)}\n`,
    );
    throw new Exit(exitCodes.interrupted);
  }
  if (report !== undefined && flags.table !== false) {
    const { printComparison } = await import('../comparison/report.ts');
    printComparison(folder, outcome, report, { json: flags.json ?? false });
  }
  for (const run of failed) {
    const line = `failed: ${run.task}/${run.agent}/${run.seed}: ${run.reason}\n`;
    process.stderr.write(painted(line, coloursOf(process.stderr)));
  }
  say(`results: ${folder}`);
  if (failed.length > 0) throw new Exit(exitCodes.failed);
}

function resumeCommand(folder: string, flags: RunFlags): string {
  const name = executorOf(flags);
  const executor = name === DEFAULT_EXECUTOR ? '' : ` --executor ${shellWord(name)}`;
  const address = flags.redis === undefined ? '' : ` --redis ${shellWord(hidePassword(flags.redis))}`;
  const against = flags.against === undefined ? '' : ` --against ${shellWord(flags.against)}`;
  return `harness compare --resume --out ${shellWord(outName(folder))}${against}${executor}${address}`;
}

/** How `--out` would name the folder. */
function outName(folder: string): string {
  const results = `${process.cwd()}/results/`;
  return folder.startsWith(results) ? folder.slice(results.length) : folder;
}

export function workersOf(value: string | number | undefined, runs: number): number {
  const auto = Math.min(availableParallelism(), runs);
  return value === undefined || value === 'auto' ? auto : parseCount(value, '--workers', 1, 256);
}

/** @throws UserError for times that are none; a dry run refuses them as well */
function parseTimes({ checkpointSeconds, stallSeconds }: RunFlags) {
  return {
    checkpointSeconds: parseSeconds(checkpointSeconds, '--checkpoint-seconds'),
    stallSeconds: parseSeconds(stallSeconds, '--stall-seconds'),
  };
}

export const parseSeconds = (text: string, what: string): number => seconds(text, what, limits.seconds);

/**
 * The plan and how long it will take, as text or JSON; refused where the plan would be.
 * @param folder of its results
 * @param goesOn whether they are gone on with: what is done there takes no time
 */
export async function printDryRun(
  plan: ComparisonPlan,
  folder: string,
  flags: RunFlags,
  goesOn = false,
): Promise<void> {
  parseTimes(flags);
  const { checkBeginning } = await import('../comparison/comparison.ts');
  const { force = false, resume = false, extend, acceptChanges = false } = flags;
  const note = (line: string) => void process.stderr.write(`note: ${line}\n`);
  checkBeginning(plan, { folder, force, resume, extend, acceptChanges, note, reporting: reportingOf(flags) });
  const { hasManifest, loadManifest } = await import('../results/manifest.ts');
  const mixed =
    acceptChanges || (goesOn && hasManifest(folder) && loadManifest(folder).changes !== undefined);
  const { runFolder } = await import('../execution/merge.ts');
  const { readComplete } = await import('../run/record.ts');
  const isLeft = (job: RunJob) => !goesOn || readComplete(runFolder(folder, job), job, mixed) === undefined;
  const left = jobsOf(plan).filter(isLeft);
  const { workers, seconds, uncertainty } = await duration(plan, flags, left);
  if (flags.json) {
    const notes = planNotes(plan);
    const described = { plan, workers, runsLeft: left.length, estimatedSeconds: seconds, uncertainty, notes };
    console.log(JSON.stringify(described, null, 2));
  } else {
    const described = describeWithDuration(plan, folder, workers, seconds, left.length);
    console.log(painted(described, coloursOf(process.stdout)));
    if (left.length > 0) console.log(`            (${uncertainty})`);
  }
}

/** What is said before a comparison that nobody described. */
export async function announceDefault(
  plan: ComparisonPlan,
  folder: string,
  flags: RunFlags,
): Promise<string> {
  const { workers, seconds } = await duration(plan, flags);
  const description = describeWithDuration(plan, folder, workers, seconds);
  return `no options given: running the default comparison (--quick is the short one):\n${description}`;
}

async function duration(
  plan: ComparisonPlan,
  flags: RunFlags,
  left: readonly RunJob[] = jobsOf(plan),
): Promise<{ workers: number; seconds: number; uncertainty: string }> {
  const { estimate, UNCERTAINTY } = await import('../plan/estimate.ts');
  const workers = workersOf(flags.workers, jobsOf(plan).length);
  return { workers, seconds: await estimate(plan, workers, left), uncertainty: UNCERTAINTY };
}

/** The plan in a few lines, with the time that it takes. @param left how many of its runs are not done */
export function describeWithDuration(
  plan: ComparisonPlan,
  folder: string,
  workers: number,
  seconds: number,
  left = jobsOf(plan).length,
): string {
  const done = jobsOf(plan).length - left;
  const rest = done > 0 ? ` for the ${left} runs that are not done` : '';
  const time = `about ${formatDuration(seconds)} with ${workers} worker(s)${rest}`;
  return `${describePlan(plan, folder)}\nduration    ${left > 0 ? time : 'none: every run is done'}`;
}
