/** `harness train`: one agent on one task with one seed; the same files as a comparison. */
import { Command } from 'commander';
import { UserError } from '../text/errors.ts';
import {
  addRunOptions,
  checkRunFlags,
  printDryRun,
  type RunFlags,
  runPlan,
  settingsOfFlags,
} from './run-options.ts';

interface TrainFlags extends RunFlags {
  readonly seed: string;
}

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train one agent on one task')
    .argument('<agent>', 'name or file')
    .argument('<task>', 'name or file')
    .option('--seed <seed>', 'seed of the run', '0');
  return addRunOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  harness train sac cartpole-swingup --steps 30k
  harness train rfm-flow walker-walk --seed 3 --preset paper --set rfm-flow.estimator=eta=0.5
  harness train ./my-agent.ts pendulum-swingup --preset smoke --steps 5k

The checkpoint that it leaves can be played: harness eval results/NAME, harness rollout results/NAME`,
    )
    .action((agent: string, task: string, flags: TrainFlags) => train(agent, task, flags));
}

async function train(agent: string, task: string, flags: TrainFlags): Promise<void> {
  const { resolvePlan, parseSet } = await import('../plan/resolve.ts');
  const { resultsFolder } = await import('../comparison/comparison.ts');
  const { parseCount } = await import('../text/quantity.ts');
  checkRunFlags(flags);
  if (flags.force && flags.resume)
    throw new UserError('--force replaces results, --resume keeps them: choose one');
  const { findAgent } = await import('../../agents/registry.ts');
  const { findTask } = await import('../../envs/registry.ts');
  if (findTask(agent) !== undefined && findAgent(task) !== undefined)
    throw new UserError(`the agent comes first: harness train ${task} ${agent}`);
  const { out, ...settings } = settingsOfFlags(flags);
  const seed = parseCount(flags.seed, '--seed', 0, Number.MAX_SAFE_INTEGER);
  const plan = await resolvePlan({
    ...settings,
    agents: [agent],
    tasks: [task],
    seeds: [seed],
    set: parseSet(flags.set ?? []),
  });
  if (plan.tasks.length !== 1)
    throw new UserError(`train takes one task; '${task}' names ${plan.tasks.length}`);
  const folder = resultsFolder(out ?? `${plan.agents[0].label}-${plan.tasks[0].name}-${seed}`);
  if (flags.dryRun) return printDryRun(plan, folder, flags);
  await runPlan(plan, folder, flags);
}
