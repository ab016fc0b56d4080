/** `harness compare`: agents × tasks × seeds, trained, evaluated, aggregated, reported. */
import { Command } from 'commander';
import { executors } from '../execution/executors.ts';
import type { ComparisonPlan } from '../plan/plan.ts';
import type { Settings } from '../plan/settings.ts';
import { UserError } from '../text/errors.ts';
import { addReportingOptions } from './reporting-options.ts';
import {
  addRunOptions,
  announceDefault,
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
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('train and evaluate agents on tasks over several seeds, and report the comparison')
    .option('--agents <list>', 'names or files, separated by commas: rfm-flow,sac,./mine.ts')
    .option('--tasks <list>', 'names, suites or files: walker-walk,rfm8,./my-task.ts')
    .option('--seeds <seeds>', '5 means seeds 0 to 4; also 3,7,11 or 10..14')
    .option('--config <file>', 'a YAML file with the same settings; options win over it')
    .option('--quick', 'a real but tiny comparison, under three minutes on two cores');
  return addReportingOptions(addRunOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  harness compare --quick
  harness compare --agents rfm-flow,sac --tasks rfm8 --seeds 5 --steps 100k --out rfm8
  harness compare --agents rfm-flow,./mine.ts --tasks walker-walk --set rfm-flow.estimator=eta=0.5
  harness compare --config comparison.yaml --dry-run
  harness compare --resume --out rfm8             go on after Ctrl-C or a crash
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
    .action((flags: CompareFlags) => compare(flags));
}

async function compare(flags: CompareFlags): Promise<void> {
  const { readSettingsFile, quick } = await import('../plan/settings.ts');
  const { resolvePlan, parseSet } = await import('../plan/resolve.ts');
  const { resultsFolder } = await import('../comparison/comparison.ts');
  const file: Settings = flags.config === undefined ? {} : readSettingsFile(flags.config);
  const { agents, tasks, seeds } = flags;
  const given = { ...file, ...settingsOfFlags(flags), ...present({ agents, tasks, seeds }) };
  const { out, workers, ...asked } = given;
  if (flags.force && flags.resume)
    throw new UserError('--force replaces results, --resume keeps them: choose one');
  if (flags.resume && out === undefined) throw new UserError('--resume needs --out: the results to resume');
  const settings: Settings = {
    ...(flags.quick ? quick : {}),
    ...asked,
    set: mergeSets(file.set ?? {}, parseSet(flags.set ?? [])),
  };
  const folder = resultsFolder(out ?? defaultName(flags.quick ?? false));
  const usesDefaults = !flags.quick && Object.keys(asked).length === 0 && flags.set === undefined;
  const before = flags.resume ? await planOf(folder, usesDefaults, asked, flags.acceptChanges) : undefined;
  const plan =
    before === undefined
      ? await resolvePlan(settings)
      : usesDefaults
        ? before
        : withSettingsOf(before, await resolvePlan(withAgentsOf(before, settings)), settings);
  const withWorkers = {
    ...flags,
    workers:
      flags.workers === 'auto' && executors[executorOf(flags)].hasWorkers
        ? String(workers ?? 'auto')
        : flags.workers,
  };
  if (flags.dryRun) return printDryRun(plan, withWorkers);
  const isDefault = usesDefaults && before === undefined;
  const said = isDefault ? await announceDefault(plan, withWorkers) : describePlan(plan);
  await runPlan(plan, folder, withWorkers, said);
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
  acceptChanges = false,
): Promise<ComparisonPlan | undefined> {
  const { hasManifest, loadManifest } = await import('../results/manifest.ts');
  const { checkFiles, filesOf } = await import('../plan/known-files.ts');
  if (hasManifest(folder)) {
    const plan = loadManifest(folder).config;
    checkFiles(plan, folder, { named: filesOf(asked), acceptChanges });
    return plan;
  }
  if (needed) throw new UserError(`nothing to resume in ${folder}`);
  return undefined;
}

/** Agents and preset as they were, unless others are asked for; values that are asked for come on top. */
function withAgentsOf({ agents }: ComparisonPlan, settings: Settings): Settings {
  const [{ preset }] = agents;
  const asBefore = agents.map((agent) => ({
    agent: agent.source.file ?? agent.source.name,
    name: agent.label,
    ...(settings.preset === undefined ? { preset: agent.preset, set: { ...agent.config } } : {}),
  }));
  return { ...settings, agents: settings.agents ?? asBefore, preset: settings.preset ?? preset };
}

/** What nobody asked for is as it was before, so that --resume may repeat some options and omit others. */
function withSettingsOf(before: ComparisonPlan, plan: ComparisonPlan, asked: Settings): ComparisonPlan {
  const chosen = <T>(key: keyof Settings, now: T, then: T): T => (asked[key] === undefined ? then : now);
  return {
    agents: plan.agents,
    tasks: chosen('tasks', plan.tasks, before.tasks),
    seeds: chosen('seeds', plan.seeds, before.seeds),
    steps: chosen('steps', plan.steps, before.steps),
    evaluation: {
      every: chosen('evaluateEvery', plan.evaluation.every, before.evaluation.every),
      episodes: chosen('evaluationEpisodes', plan.evaluation.episodes, before.evaluation.episodes),
      starts: chosen('evaluationStarts', plan.evaluation.starts, before.evaluation.starts),
    },
    logEvery: chosen('logEvery', plan.logEvery, before.logEvery),
    backend: chosen('backend', plan.backend, before.backend),
    threads: chosen('threads', plan.threads, before.threads),
  };
}

function defaultName(quick: boolean): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${quick ? 'quick' : 'comparison'}-${stamp}`;
}

function present<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

type Sets = NonNullable<Settings['set']>;

function mergeSets(file: Sets, flags: Sets): Sets {
  const merged = new Map<string, Record<string, unknown>>();
  for (const [agent, keys] of [...Object.entries(file), ...Object.entries(flags)]) {
    merged.set(agent, { ...merged.get(agent), ...keys });
  }
  return Object.fromEntries(merged);
}
