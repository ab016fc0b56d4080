/** `harness eval`: how good the agent of a checkpoint is. */
import { Command } from 'commander';
import type { BackendName } from '../../engine/backends/records.ts';
import { playedBackendOption } from './backend-option.ts';
import { parseSeconds } from './run-options.ts';

interface EvalFlags {
  readonly episodes: string;
  readonly seed: string;
  readonly stallSeconds: string;
  readonly agent?: string;
  readonly task?: string;
  readonly backend?: BackendName;
  readonly json?: boolean;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description('evaluate the agent of a checkpoint')
    .argument('<path>', 'a run (results/NAME/runs/TASK/AGENT/SEED), or results with a single run')
    .option('--episodes <count>', 'episodes to play', '10')
    .option('--seed <seed>', 'seed of the episodes', '0')
    .option('--agent <file>', "the agent's file, where it is a user's and no comparison of yours recorded it")
    .option('--tasks, --task <file>', "the task's file, likewise")
    .addOption(playedBackendOption())
    .option('--stall-seconds <seconds>', "how long a user's agent or task may give no sign of life", '30')
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
  const { evaluate } = await import('../run/policy.ts');
  const result = await evaluate(path, {
    agent: flags.agent,
    task: flags.task,
    backend: flags.backend,
    episodes: parseCount(flags.episodes, '--episodes', 1, 1000),
    seed: parseCount(flags.seed, '--seed', 0, Number.MAX_SAFE_INTEGER),
    stallSeconds: parseSeconds(flags.stallSeconds, '--stall-seconds'),
  });
  if (flags.json) console.log(JSON.stringify(result, null, 2));
  else {
    const spread = result.sd === null ? '' : ` ± ${result.sd.toFixed(1)} (standard deviation)`;
    console.log(
      `${result.agent} on ${result.task} after ${result.trainedSteps} steps: return ${result.mean.toFixed(1)}${spread} over ${result.episodes} episode(s)`,
    );
  }
}
