/** `harness ablate eta | sensitivity | noisy-q | soft-q | proposal | target`: ablations that train agents. */
import { join } from 'node:path';
import { Command } from 'commander';
import type { TrainingAblation } from '../../../ablations/training/ablation.ts';
import { trainingAblations } from '../../../ablations/training/definitions.ts';
import type { PlannedComparison } from '../../../ablations/training/plan.ts';
import type { TrainingAblationRow } from '../../../ablations/training/rows.ts';
import type { Settings } from '../../plan/settings.ts';
import { UserError } from '../../text/errors.ts';
import { formatCount } from '../../text/quantity.ts';
import { Exit, exitCodes } from '../exit.ts';
import {
  addRunOptions,
  checkRunFlags,
  describePlan,
  describeWithDuration,
  type RunFlags,
  runPlan,
  settingsOfFlags,
  workersOf,
} from '../run-options.ts';
import { names } from './options.ts';

interface TrainingFlags extends RunFlags {
  readonly agent?: string;
  readonly tasks?: string;
  readonly seeds?: string;
  readonly variants?: string[];
  readonly full?: boolean;
}

export function trainingCommands(): Command[] {
  return trainingAblations.map(trainingCommand);
}

function trainingCommand(ablation: TrainingAblation): Command {
  const { name, question, quick, full } = ablation;
  const command = new Command(name)
    .description(question)
    .option('--full', 'the real experiment (hours) instead of the quick one (minutes)')
    .option('--agent <name>', 'whose variants: rfm-flow, rfm-diffusion, or a file (default: rfm-flow)')
    .option('--variants <list>', 'only these variants', names)
    .option('--tasks <list>', 'names, suites or files, separated by commas')
    .option('--seeds <seeds>', '5 means seeds 0 to 4; also 3,7,11 or 10..14');
  addRunOptions(command);
  for (const option of command.options) {
    if (option.long !== '--set') continue;
    option.flags = '--set <key=value>';
    option.description = "changes one key of the agent's config in all variants; may be repeated";
  }
  const lengths = full.tasks.map((task) => `${task} ${formatCount(full.taskSteps?.[task] ?? full.steps)}`);
  return command
    .addHelpText(
      'after',
      `
Quick: ${quick.tasks.join(', ')}, ${formatCount(quick.steps)} steps, ${quick.seeds} seeds, preset ${quick.preset}.
Full: ${lengths.join(' and ')} steps, ${full.seeds} seeds, preset ${full.preset}.

Examples:
  harness ablate ${name} --out results/${name}
  harness ablate ${name} --full --dry-run
  harness ablate ${name} --full --tasks cartpole-swingup --seeds 5 --out results/${name}
  harness ablate ${name} --resume --out results/${name}       go on after Ctrl-C or a crash

--out DIR gets DIR/${name}/ (the comparison, with its own report), DIR/${name}.csv, pictures, and a section of
DIR/report.html.`,
    )
    .action((flags: TrainingFlags) => ablate(ablation, flags));
}

async function ablate(ablation: TrainingAblation, flags: TrainingFlags): Promise<void> {
  const { resultsFolder } = await import('../../comparison/comparison.ts');
  const { out, ...settings }: Settings = { ...settingsOfFlags(flags), ...present(flags) };
  checkRunFlags(flags);
  if (flags.force && flags.resume)
    throw new UserError('--force replaces results, --resume keeps them: choose one');
  if (flags.resume && out === undefined) throw new UserError('--resume needs --out: the results to resume');
  const parent = resultsFolder(out ?? defaultName(ablation));
  const folder = join(parent, ablation.name);
  const usesDefaults = [flags.agent, flags.variants, flags.set, flags.full].every(
    (flag) => flag === undefined,
  );
  const { readLayout, writeLayout, writeJointReport } = await import('../../../ablations/training/layout.ts');
  let planned: PlannedComparison[];
  if (flags.resume && usesDefaults && Object.keys(settings).length === 0) {
    planned = readLayout(folder);
    const { checkFiles } = await import('../../plan/known-files.ts');
    const { acceptChanges = false } = flags;
    for (const { plan } of planned) checkFiles(plan, folder, { named: [], acceptChanges });
  } else {
    const { planTraining } = await import('../../../ablations/training/plan.ts');
    const { agent = 'rfm-flow', variants, set = [], full = false } = flags;
    planned = await planTraining(ablation, { agent, variants, set, full, settings });
  }
  if (flags.dryRun) return printPlans(planned, folder, flags);
  writeLayout(folder, planned);
  const failed = await runAll(ablation, planned, folder, flags);
  writeJointReport(folder, planned);
  const { writeTrainingAblation } = await import('../../../ablations/training/report.ts');
  const finished = planned.map(({ name, plan }) => ({ folder: join(folder, name), plan }));
  await print(ablation, writeTrainingAblation(ablation, parent, finished), parent, flags);
  if (failed !== undefined) throw failed;
}

/** @returns the exit of a comparison with failed runs; the others go on */
async function runAll(
  ablation: TrainingAblation,
  planned: readonly PlannedComparison[],
  folder: string,
  flags: TrainingFlags,
): Promise<Exit | undefined> {
  let failed: Exit | undefined;
  // JSON is what the ablation prints at its end, and nothing else.
  const quiet = flags.quiet || flags.json;
  const inner = { ...flags, json: false, quiet, table: !quiet };
  for (const { name, plan } of planned) {
    try {
      const own = join(folder, name);
      const announce = () => (flags.resume ? describePlan(plan, own) : withDuration(plan, own, flags));
      await runPlan(plan, own, inner, announce);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      if (error.code !== exitCodes.failed) {
        process.stderr.write(
          `or, for the tables of '${ablation.name}' too: ${resumeCommand(ablation, flags)}\n`,
        );
        throw error;
      }
      failed = error;
    }
  }
  return failed;
}

const resumeCommand = ({ name }: TrainingAblation, { out }: TrainingFlags): string =>
  `harness ablate ${name} --resume --out ${out ?? 'the folder above it'}`;

async function print(
  ablation: TrainingAblation,
  rows: readonly TrainingAblationRow[],
  parent: string,
  { json, quiet }: TrainingFlags,
): Promise<void> {
  if (json) {
    const { trainingColumns, trainingRecords } = await import('../../../ablations/training/rows.ts');
    const records = trainingRecords(trainingColumns(ablation, rows), rows);
    process.stdout.write(`${JSON.stringify(records, null, 1)}\n`);
  } else if (!quiet) {
    const { trainingTable } = await import('../../../ablations/training/report.ts');
    if (rows.length > 0) process.stdout.write(`\n${trainingTable(rows)}\n`);
    process.stderr.write(`ablation: ${parent}\n`);
  }
}

type Plan = PlannedComparison['plan'];

async function printPlans(
  planned: readonly PlannedComparison[],
  folder: string,
  flags: TrainingFlags,
): Promise<void> {
  if (!flags.json) {
    for (const { name, plan } of planned) console.log(await withDuration(plan, join(folder, name), flags));
    return;
  }
  const comparisons = [];
  for (const { name, plan } of planned) {
    comparisons.push({ name, plan, estimatedSeconds: (await duration(plan, flags)).seconds });
  }
  console.log(JSON.stringify({ comparisons }, null, 2));
}

async function withDuration(plan: Plan, folder: string, flags: TrainingFlags): Promise<string> {
  const { workers, seconds } = await duration(plan, flags);
  return describeWithDuration(plan, folder, workers, seconds);
}

/** Most variants that are measured for an estimate; they are alike but for what varies. */
const MEASURED = 3;

/** Measures some of the variants, from the first to the last, and takes the others as like them. */
async function duration(plan: Plan, flags: TrainingFlags): Promise<{ workers: number; seconds: number }> {
  const { estimate } = await import('../../plan/estimate.ts');
  const { agents, tasks, seeds } = plan;
  const workers = workersOf(flags.workers, agents.length * tasks.length * seeds.length);
  const measured = Math.min(MEASURED, agents.length);
  const sample = Array.from(
    { length: measured },
    (_, i) => agents[Math.round((i * (agents.length - 1)) / Math.max(1, measured - 1))],
  );
  const seconds = await estimate({ ...plan, agents: sample }, workers);
  return { workers, seconds: (seconds * agents.length) / measured };
}

function present({ tasks, seeds }: TrainingFlags): Settings {
  return { ...(tasks === undefined ? {} : { tasks }), ...(seeds === undefined ? {} : { seeds }) };
}

function defaultName({ name }: TrainingAblation): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `ablate-${name}-${stamp}`;
}
