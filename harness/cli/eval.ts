/** `harness eval`: how good the agent of a checkpoint is. */
import { Command } from 'commander';

interface EvalFlags {
  readonly episodes: string;
  readonly seed: string;
  readonly json?: boolean;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description('evaluate the agent of a checkpoint')
    .argument('<path>', 'a run (results/NAME/runs/TASK/AGENT/SEED), or results with a single run')
    .option('--episodes <count>', 'episodes to play', '10')
    .option('--seed <seed>', 'seed of the episodes', '0')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness eval results/sac-walker-walk-0
  harness eval results/rfm8/runs/walker-run/rfm-flow/2 --episodes 25 --json`,
    )
    .action(evaluateCheckpoint);
}

async function evaluateCheckpoint(path: string, flags: EvalFlags): Promise<void> {
  const { parseCount } = await import('../text/quantity.ts');
  const { disposePlayer, playerOfCheckpoint, playStarts } = await import('../run/player.ts');
  const { evaluate } = await import('../run/evaluate.ts');
  const { mean, standardDeviation } = await import('../statistics/index.ts');
  const episodes = parseCount(flags.episodes, '--episodes', 1, 1000);
  const seed = parseCount(flags.seed, '--seed', 0, Number.MAX_SAFE_INTEGER);
  const player = await playerOfCheckpoint(path, episodes);
  const { agent, evaluationEnvironments, job } = player.parts;
  const scores = await evaluate(agent, evaluationEnvironments, playStarts(job.task.name, seed, episodes));
  const returns = scores.map((score) => score.return);
  const result = {
    task: job.identity.task,
    agent: job.identity.agent,
    trainedSteps: player.trainedSteps,
    episodes,
    mean: mean(returns),
    sd: standardDeviation(returns) ?? null,
    returns,
    lengths: scores.map((score) => score.length),
  };
  await disposePlayer(player);
  if (flags.json) console.log(JSON.stringify(result, null, 2));
  else {
    const spread = result.sd === null ? '' : ` ± ${result.sd.toFixed(1)} (standard deviation)`;
    console.log(
      `${result.agent} on ${result.task} after ${result.trainedSteps} steps: return ${result.mean.toFixed(1)}${spread} over ${episodes} episode(s)`,
    );
  }
}
