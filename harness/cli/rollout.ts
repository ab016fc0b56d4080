/** `harness rollout`: plays an agent and writes down what happened. */
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { PlayOrder } from '../run/player.ts';
import { parseSeconds } from './run-options.ts';

interface RolloutFlags {
  readonly agent?: string;
  readonly task?: string;
  readonly preset: string;
  readonly episodes: string;
  readonly steps: string;
  readonly seed: string;
  readonly stallSeconds: string;
  readonly mode: 'explore' | 'exploit';
  readonly out?: string;
  readonly page?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function rolloutCommand(): Command {
  return new Command('rollout')
    .description(
      'play a checkpoint, or a fresh agent, and write every step as CSV, for a replay, or as an animated page',
    )
    .argument('[path]', 'a run, or results with a single run; without it --agent and --task')
    .option(
      '--agent <agent>',
      "name or file of an agent to play untrained; or the file of a checkpoint's agent",
    )
    .option(
      '--tasks, --task <task>',
      "name or file of the task for --agent; or the file of a checkpoint's task",
    )
    .option('--preset <name>', 'size of --agent', 'smoke')
    .option('--episodes <count>', 'episodes to play', '1')
    .option('--steps <count>', 'at most so many control steps per episode', '100k')
    .option('--seed <seed>', 'seed of the episodes', '0')
    .addOption(new Option('--mode <mode>', 'policy').choices(['explore', 'exploit']).default('exploit'))
    .option('--out <file>', "trajectory: FILE.csv with every step, FILE.json for 'harness view'")
    .option('--page <file>', 'one HTML file that shows the rollout in 3-D, without network')
    .option('--force', 'replace --out and --page')
    .option('--stall-seconds <seconds>', "how long a user's agent or task may give no sign of life", '30')
    .option('--json', 'print the returns as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness rollout results/sac-walker-walk-0 --out walk.csv
  harness rollout --agent random --task cheetah-run --steps 200 --out random.csv
  harness rollout results/sac-walker-walk-0 --page walk.html      a page to send to somebody
  harness rollout results/mine/runs/walker-walk/sac/0 --out results/mine/rollouts/sac.json
  harness rollout --agent ./my-agent.ts --task cartpole-swingup --episodes 3 --json`,
    )
    .action(rollout);
}

async function rollout(path: string | undefined, flags: RolloutFlags): Promise<void> {
  const { parseCount } = await import('../text/quantity.ts');
  const { playRollout } = await import('../replay/play-rollout.ts');
  const { trajectoryCsv } = await import('../replay/rollout.ts');
  const { makeFolder, writeDurably } = await import('../files/durable.ts');
  const episodes = parseCount(flags.episodes, '--episodes', 1, 10_000);
  const steps = parseCount(flags.steps, '--steps', 1, 1e7);
  const seed = parseCount(flags.seed, '--seed', 0, Number.MAX_SAFE_INTEGER);
  const stallSeconds = parseSeconds(flags.stallSeconds, '--stall-seconds');
  await checkFiles(flags);
  const play = await playOf(path, flags, seed);
  const recorded = flags.page !== undefined || flags.out?.endsWith('.json') === true;
  const order = { play, episodes, steps, seed, mode: flags.mode, recorded };
  const played = await playRollout(order, stallSeconds);
  const { columns, recording, returns } = played;
  const write = (file: string, text: string) => {
    makeFolder(dirname(resolve(file)));
    writeDurably(file, text);
  };
  if (flags.out?.endsWith('.json')) write(flags.out, `${JSON.stringify(recording)}\n`);
  else if (flags.out !== undefined) write(flags.out, trajectoryCsv(columns, played.episodes));
  if (flags.page !== undefined && recording !== undefined) {
    const { recordingPage } = await import('../replay/take.ts');
    write(flags.page, await recordingPage(recording));
  }
  const result = {
    ...play.job.identity,
    seed,
    episodes,
    steps: played.episodes.reduce((sum, rows) => sum + rows.length / columns.length, 0),
    returns,
  };
  if (flags.json) console.log(JSON.stringify(result, null, 2));
  else {
    console.log(
      `${result.agent} on ${result.task}: returns ${result.returns.map((r) => r.toFixed(2)).join(', ')}`,
    );
    if (flags.out !== undefined) console.log(`trajectory: ${flags.out} (${result.steps} steps)`);
    if (flags.page !== undefined) console.log(`page: ${flags.page}`);
  }
}

/** @throws UserError for files that exist or have endings that say something else */
async function checkFiles({ out, page, force }: RolloutFlags): Promise<void> {
  const { existsSync } = await import('node:fs');
  const { UserError } = await import('../text/errors.ts');
  for (const file of [out, page]) {
    if (file !== undefined && existsSync(file) && !force)
      throw new UserError(`${file} exists; --force replaces it`);
  }
  if (out !== undefined && !/\.(csv|json)$/.test(out))
    throw new UserError(`--out ${out}: expected a name that ends in .csv or .json`);
  if (page !== undefined && !/\.html?$/.test(page))
    throw new UserError(`--page ${page}: expected a name that ends in .html`);
}

async function playOf(path: string | undefined, flags: RolloutFlags, seed: number): Promise<PlayOrder> {
  const { UserError } = await import('../text/errors.ts');
  const { playOfCheckpoint } = await import('../run/player.ts');
  const { resolvePlan } = await import('../plan/resolve.ts');
  const { jobsOf } = await import('../plan/plan.ts');
  if (path !== undefined) return playOfCheckpoint(path, flags);
  if (flags.agent === undefined || flags.task === undefined) {
    throw new UserError('give a checkpoint, or --agent and --task');
  }
  const { agent, task, preset } = flags;
  const settings = { agents: [agent], tasks: [task], seeds: [seed], preset, evaluationEpisodes: 1 };
  const jobs = jobsOf(await resolvePlan(settings));
  if (jobs.length !== 1) throw new UserError(`rollout plays one task; '${task}' names ${jobs.length}`);
  return { job: jobs[0] };
}
