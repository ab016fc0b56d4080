/** `harness bench workers`: what a second process brings. */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';

interface BenchWorkersFlags {
  readonly agent: string;
  readonly runs: string;
  readonly steps: string;
  readonly rounds: string;
  readonly json?: boolean;
}

export function benchWorkersCommand(): Command {
  return new Command('workers')
    .description('time the same runs with one worker process, with two, and with one per core')
    .option('--agent <agent>', 'a name or a file', 'rfm-flow')
    .option('--runs <count>', 'runs on cartpole-balance, preset smoke', '8')
    .option('--steps <count>', 'control steps of each', '6k')
    .option('--rounds <count>', 'how often each is measured, in alternating order', '3')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness bench workers                           six minutes on two cores
  harness bench workers --agent sac --steps 1k --rounds 1 --json

Every round makes the same runs with each number of workers; what is printed is the median over the rounds. It tells
something only on a machine that does nothing else.`,
    )
    .action(async (flags: BenchWorkersFlags) => {
      const { parseCount } = await import('../../text/quantity.ts');
      const { benchWorkers, scalingTable } = await import('../../bench/workers.ts');
      const runs = parseCount(flags.runs, '--runs', 1, 1000);
      const steps = parseCount(flags.steps, '--steps', 1, 1e7);
      const rounds = parseCount(flags.rounds, '--rounds', 1, 100);
      const results = await benchWorkers(workerCounts(), runs, steps, rounds, flags.agent);
      console.log(flags.json ? JSON.stringify(results, null, 2) : scalingTable(results));
    });
}

/** One, two and one per core, as far as there are cores. */
export function workerCounts(): number[] {
  const cores = availableParallelism();
  return [...new Set([1, 2, cores])].filter((count) => count <= cores).sort((a, b) => a - b);
}
