/** `harness bench env`: how fast the tasks run. */
import { Command, InvalidArgumentError } from 'commander';

interface BenchEnvFlags {
  readonly seconds: number;
  readonly json?: boolean;
}

export function benchEnvCommand(): Command {
  return new Command('env')
    .description('measure control steps per second of each task, and the overhead over bare MuJoCo calls')
    .argument('[tasks...]', 'tasks, suites or files (default: domains)')
    .option('--seconds <S>', 'seconds per task; at least one whole episode', positive, 1)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
One process, one thread, random actions. 'control steps/s' counts whole episodes with their resets; 'bare' makes
MuJoCo's calls alone, from the same states with the same actions, alternating with the environment in chunks of 25 to
250 steps. 'overhead' is the median over chunks of a control step's time beyond the bare calls', resets apart.

Examples:
  harness bench env
  harness bench env all --seconds 3 --json`,
    )
    .action(async (names: string[], { seconds, json }: BenchEnvFlags) => {
      const { benchEnvironments, speedTable } = await import('../../bench/env.ts');
      const announce = (task: string) => process.stderr.isTTY && process.stderr.write(`measured ${task}\n`);
      const speeds = await benchEnvironments(
        names.length === 0 ? ['domains'] : names,
        seconds,
        ({ task }) => {
          announce(task);
        },
      );
      console.log(json ? JSON.stringify(speeds, null, 2) : speedTable(speeds));
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError(`'${text}' is no number above 0`);
  return value;
}
