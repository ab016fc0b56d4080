/** `harness compare`: agents × tasks × seeds, trained, evaluated, aggregated, reported. */
import { Command, Option } from 'commander';
import { DEFAULT_EXECUTOR, executors } from '../execution/executors.ts';
import { additions, describeAdditions } from '../plan/extend.ts';
import type { ComparisonPlan } from '../plan/plan.ts';
import type { Settings } from '../plan/settings.ts';
import { UserError } from '../text/errors.ts';
import { present } from '../text/present.ts';
import { shellWord } from '../text/shell-word.ts';
import { type Engine, emit, engines } from './emit.ts';
import { Exit, exitCodes } from './exit.ts';
import { addReportingOptions } from './reporting-options.ts';
import {
  addRunOptions,
  announceDefault,
  checkRunFlags,
  collect,
  describePlan,
  executorOf,
  printDryRun,
  type RunFlags,
  runPlan,
  settingsOfFlags,
} from './run-options.ts';

interface CompareFlags extends RunFlags {
  readonly agents?: string;
  readonly tasks?: string;
  readonly seeds?: string;
  readonly config?: string;
  readonly quick?: boolean;
  readonly yes?: boolean;
  readonly sweep?: string[];
  readonly extend?: boolean;
  readonly shard?: string;
  readonly emit?: Engine;
  readonly shards?: string;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('train and evaluate agents on tasks over several seeds, and report the comparison')
    .option('--agents <list>', 'names or files, separated by commas: rfm-flow,sac,./mine.ts')
    .option('--tasks <list>', 'names, suites or files: walker-walk,rfm8,./my-task.ts')
    .option('--seeds <seeds>', '5 means seeds 0 to 4; also 3,7,11 or 10..14')
    .option('--config <file>', 'a YAML file with the same settings; options win over it')
    .option('--yes', 'begin the default comparison of hours without asking')
    .option('--quick', 'a real but tiny comparison: some three minutes on two cores')
    .option(
      '--sweep <agent.key=values>',
      'a variant of the agent for each value, separated by commas; may be repeated',
      collect,
    )
    .option('--extend', 'add agents, tasks, seeds or steps to the comparison in --out; what is done stays')
    .option(
      '--against <results>',
      'train with the tasks, seeds, steps and evaluations of other results, yours or published ones, and report beside them',
    )
    .option(
      '--shard <part>',
      'carry out a part of the runs: 2/8 is the second eighth; harness merge joins them',
    );
  command
    .addOption(
      new Option('--emit <engine>', 'print the shards as jobs: a Slurm script or a GitHub workflow').choices(
        engines,
      ),
    )
    .option('--shards <count>', 'with --emit: how many (default: one a run)');
  command.argument('[words...]').usage('[options]');
  return addReportingOptions(addRunOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  harness compare --quick
  harness compare --agents rfm-flow,sac --tasks rfm8 --seeds 5 --steps 100k --out rfm8
  harness compare --agents rfm-flow,./mine.ts --tasks walker-walk --set rfm-flow.estimator=eta=0.5
  harness compare --sweep rfm-flow.tMin=0.003,0.01,0.03 --tasks walker-walk
                                                  rfm-flow-tMin-0.003, -0.01 and -0.03
  harness compare --config comparison.yaml --dry-run
  harness compare --resume --out rfm8             go on after Ctrl-C or a crash
  harness compare --extend --out rfm8 --seeds 10  more seeds; also more --agents, --tasks or --steps
  harness compare --agents rfm-flow,sac --tasks rfm8 --seeds 5 --shard 2/8 --out rfm8-2
                                                  an eighth of the runs, on any machine
  harness compare --agents rfm-flow,sac --tasks rfm8 --out rfm8 --emit slurm > rfm8.sh && bash rfm8.sh
  harness compare --agents ./mine.ts --against rfm8
                                                  your agent alone, beside the runs of results/rfm8
  harness compare --executor bullmq --redis redis://lab-server:6379 --tasks rfm8 --seeds 5 --out rfm8
                                                  on every machine with a harness worker

A --config file (paths in it are relative to its folder):
  agents:
    - sac
    - { agent: rfm-flow, name: rfm-flow-eta0, set: { estimator: eta=0 } }
  tasks: [cartpole-swingup, walker-walk]
  seeds: 5
  steps: 100k
  preset: laptop`,
    )
    .action((words: string[], flags: CompareFlags) => {
      if (words.length > 0) throw strayArgument(words[0], flags);
      return compare(flags);
    });
}

function strayArgument(word: string, { resume, extend, force, out }: CompareFlags): UserError {
  const isResults = out === undefined && (resume || extend || force);
  const hint = isResults ? `did you mean --out ${shellWord(word)}?` : 'agents are --agents, tasks --tasks';
  return new UserError(`compare takes options alone, found '${word}'; ${hint}`);
}

async function compare(flags: CompareFlags): Promise<void> {
  const { readSettingsFile, quick } = await import('../plan/settings.ts');
  const { parseSet, parseSweep } = await import('../plan/resolve.ts');
  const { parseShard, planFor } = await import('../plan/plan-for.ts');
  const { resultsFolder } = await import('../comparison/comparison.ts');
  const file: Settings = flags.config === undefined ? {} : readSettingsFile(flags.config);
  const { agents, tasks, seeds, extend } = flags;
  const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
  checkRunFlags(flags);
  if (flags.shards !== undefined && flags.emit === undefined) throw new UserError('--shards needs --emit');
  const given = { ...file, ...settingsOfFlags(flags), ...present({ agents, tasks, seeds }) };
  const { out, workers, ...asked } = given;
  if (flags.force && flags.resume)
    throw new UserError('--force replaces results, --resume keeps them: choose one');
  if (flags.force && extend)
    throw new UserError('--force replaces results, --extend adds to them: choose one');
  if (flags.resume && out === undefined) throw new UserError('--resume needs --out: the results to resume');
  if (flags.emit !== undefined) checkEmitted(flags, out);
  if (extend && out === undefined) throw new UserError('--extend needs --out: the results to add to');
  const swept = file.sweep !== undefined || flags.sweep !== undefined;
  const resume = flags.resume || extend;
  // Drawing reports is loaded only for who compares against one.
  const against = flags.against === undefined ? undefined : await import('../comparison/against.ts');
  const other = against?.readOther(flags.against ?? '');
  const folder = resultsFolder(out ?? defaultName(flags.quick ?? false));
  const usesDefaults = !flags.quick && Object.keys(asked).length === 0 && flags.set === undefined && !swept;
  const before = resume ? await planOf(folder, usesDefaults || (extend ?? false), asked, flags) : undefined;
  if (other !== undefined && before === undefined && asked.agents === undefined)
    throw new UserError('--against needs --agents: what is trained to be reported beside the others');
  const settings: Settings = {
    ...(other !== undefined && before === undefined && against?.settingsLike(other, asked)),
    ...(flags.quick ? quick : {}),
    ...asked,
    set: mergeSets(file.set ?? {}, parseSet(flags.set ?? [])),
    ...(swept && { sweep: mergeSets(file.sweep ?? {}, parseSweep(flags.sweep ?? [])) }),
  };
  // Machines have different numbers of cores, and the threads of a run decide its last bits.
  const inParts = shard !== undefined || flags.emit !== undefined;
  const planned =
    inParts && before === undefined ? { ...settings, threads: settings.threads ?? 1 } : settings;
  const plan = await planFor(planned, { before, usesDefaults, extend, shard, folder });
  const apart = other === undefined ? [] : (against?.compareSettings(plan, other) ?? []);
  const withWorkers = {
    ...flags,
    resume,
    workers:
      flags.workers === undefined && workers !== undefined && executors[executorOf(flags)].hasWorkers
        ? String(workers)
        : flags.workers,
  };
  if (flags.emit !== undefined) {
    const { parseCount } = await import('../text/quantity.ts');
    const shards = flags.shards === undefined ? undefined : parseCount(flags.shards, '--shards', 1);
    const [, program, ...words] = process.argv;
    const request = { plan, name: out ?? '', words, shards, folder: process.cwd(), program };
    process.stdout.write(emit(flags.emit, request));
    return;
  }
  if (flags.dryRun) {
    for (const line of apart) process.stderr.write(`note: ${line}\n`);
    return printDryRun(plan, folder, withWorkers, before !== undefined);
  }
  const isDefault = usesDefaults && before === undefined;
  const asks = isDefault && !flags.yes && process.stdin.isTTY && process.stderr.isTTY;
  if (asks && (await askedNotTo(await announceDefault(plan, folder, withWorkers))))
    throw new Exit(exitCodes.interrupted);
  const said = `${describePlan(plan, folder)}${before !== undefined && extend ? growth(before, plan, folder) : ''}`;
  const announce = () => (isDefault && !asks ? announceDefault(plan, folder, withWorkers) : said);
  await runPlan(plan, folder, withWorkers, announce, other);
}

/** Asks at the terminal whether to begin. @returns whether the answer was another than yes */
async function askedNotTo(description: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    process.stderr.write(`${description}\n`);
    const answer = await terminal.question('begin? [y/N] ');
    return !/^\s*y(es)?\s*$/i.test(answer);
  } finally {
    terminal.close();
  }
}

/**
 * The plan of results that exist.
 * @param needed whether there must be one
 * @param asked names the files that the user knows of
 */
async function planOf(
  folder: string,
  needed: boolean,
  asked: Settings,
  { acceptChanges = false, extend = false }: Pick<CompareFlags, 'acceptChanges' | 'extend'>,
): Promise<ComparisonPlan | undefined> {
  const { planThere } = await import('../comparison/comparison.ts');
  const plan = planThere(folder, asked, acceptChanges);
  if (plan !== undefined) return plan;
  if (needed) throw new UserError(`nothing to ${extend ? 'extend' : 'resume'} in ${folder}`);
  return undefined;
}

function checkEmitted(
  { shard, extend, force, executor, dryRun }: CompareFlags,
  out: string | undefined,
): void {
  if (out === undefined)
    throw new UserError('--emit needs --out: a name under results/ for what the jobs make');
  if (/[\\/]/.test(out)) throw new UserError(`--emit needs a name under results/ as --out, found '${out}'`);
  if (dryRun) throw new UserError('--emit and --dry-run do not go together: --emit prints, and runs nothing');
  const odd = Object.entries({ shard, extend, force }).find(([, value]) => value !== undefined);
  if (odd !== undefined) throw new UserError(`--emit and --${odd[0]} do not go together`);
  if (executor !== undefined && executor !== DEFAULT_EXECUTOR)
    throw new UserError(`--emit and --executor ${executor} are two ways to share out runs: choose one`);
}

/** What --extend adds, as further lines of the plan's description. */
function growth(before: ComparisonPlan, plan: ComparisonPlan, folder: string): string {
  const added = describeAdditions(additions(before, plan, folder));
  return `\nadds        ${added ?? 'nothing: all of it is there'}`;
}

function defaultName(quick: boolean): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${quick ? 'quick' : 'comparison'}-${stamp}`;
}

function mergeSets<Value>(
  file: Readonly<Record<string, Record<string, Value>>>,
  flags: Readonly<Record<string, Record<string, Value>>>,
): Record<string, Record<string, Value>> {
  const merged = new Map<string, Record<string, Value>>();
  for (const [agent, keys] of [...Object.entries(file), ...Object.entries(flags)]) {
    merged.set(agent, { ...merged.get(agent), ...keys });
  }
  return Object.fromEntries(merged);
}
