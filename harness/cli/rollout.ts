/** `harness rollout`: plays an agent and writes down what happened. */
import { Command, Option } from 'commander';

interface RolloutFlags {
  readonly agent?: string;
  readonly task?: string;
  readonly preset: string;
  readonly episodes: string;
  readonly steps: string;
  readonly seed: string;
  readonly mode: 'explore' | 'exploit';
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function rolloutCommand(): Command {
  return new Command('rollout')
    .description('play a checkpoint, or a fresh agent, and write every step as CSV')
    .argument('[path]', 'a run, or results with a single run; without it --agent and --task')
    .option('--agent <agent>', 'name or file of an agent to play untrained')
    .option('--task <task>', 'name or file of the task for --agent')
    .option('--preset <name>', 'size of --agent', 'smoke')
    .option('--episodes <count>', 'episodes to play', '1')
    .option('--steps <count>', 'at most so many control steps per episode', '100k')
    .option('--seed <seed>', 'seed of the episodes', '0')
    .addOption(new Option('--mode <mode>', 'policy').choices(['explore', 'exploit']).default('exploit'))
    .option('--out <file>', 'CSV file for the trajectory')
    .option('--force', 'replace --out')
    .option('--json', 'print the returns as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness rollout results/sac-walker-walk-0 --out walk.csv
  harness rollout --agent random --task cheetah-run --steps 200 --out random.csv
  harness rollout --agent ./my-agent.ts --task cartpole-swingup --episodes 3 --json`,
    )
    .action(rollout);
}

async function rollout(path: string | undefined, flags: RolloutFlags): Promise<void> {
  const { existsSync } = await import('node:fs');
  const { UserError } = await import('../errors.ts');
  const { parseCount } = await import('../quantity.ts');
  const { disposePlayer, playSeeds } = await import('../player.ts');
  const { rollOut, trajectoryCsv } = await import('../rollout.ts');
  const { writeDurably } = await import('../durable.ts');
  const episodes = parseCount(flags.episodes, '--episodes', 1, 10_000);
  const steps = parseCount(flags.steps, '--steps', 1, 1e7);
  const seed = parseCount(flags.seed, '--seed', 0, Number.MAX_SAFE_INTEGER);
  if (flags.out !== undefined && existsSync(flags.out) && !flags.force) {
    throw new UserError(`${flags.out} exists; --force replaces it`);
  }
  const player = await playerOf(path, flags, seed);
  const { agent, environment, job } = player.parts;
  const seeds = playSeeds(job.task.name, seed, episodes);
  const trajectory = await rollOut(agent, environment, seeds, flags.mode, steps);
  await disposePlayer(player);
  if (flags.out !== undefined) writeDurably(flags.out, trajectoryCsv(trajectory));
  const result = {
    ...job.identity,
    seed,
    episodes,
    steps: trajectory.rows.length,
    returns: trajectory.returns,
  };
  if (flags.json) console.log(JSON.stringify(result, null, 2));
  else {
    console.log(
      `${result.agent} on ${result.task}: returns ${result.returns.map((r) => r.toFixed(2)).join(', ')}`,
    );
    if (flags.out !== undefined) console.log(`trajectory: ${flags.out} (${result.steps} steps)`);
  }
}

async function playerOf(path: string | undefined, flags: RolloutFlags, seed: number) {
  const { UserError } = await import('../errors.ts');
  const { freshPlayer, playerOfCheckpoint } = await import('../player.ts');
  const { resolvePlan } = await import('../resolve.ts');
  const { jobsOf } = await import('../plan.ts');
  if (path !== undefined) {
    if (flags.agent !== undefined || flags.task !== undefined) {
      throw new UserError('give a checkpoint, or --agent and --task, not both');
    }
    return playerOfCheckpoint(path, 1);
  }
  if (flags.agent === undefined || flags.task === undefined) {
    throw new UserError('give a checkpoint, or --agent and --task');
  }
  const { agent, task, preset } = flags;
  const settings = { agents: [agent], tasks: [task], seeds: [seed], preset, evaluationEpisodes: 1 };
  const jobs = jobsOf(await resolvePlan(settings));
  if (jobs.length !== 1) throw new UserError(`rollout plays one task; '${task}' names ${jobs.length}`);
  return freshPlayer(jobs[0]);
}
