/** `harness ablate test-function`: a network as the control variate's test function against constant ones. */
import { Command, Option } from 'commander';
import { type ScheduleName, scheduleNames } from '../../../agents/posterior/schedule-config.ts';
import { append, count, counts, names, seed, times } from './options.ts';

interface TestFunctionFlags {
  problem: string[];
  particles?: number[];
  times?: number[];
  estimators?: string[];
  updates?: number;
  points?: number;
  repetitions?: number;
  schedule: ScheduleName;
  seed: number;
  full?: boolean;
  json?: boolean;
  csv?: boolean;
  out?: string;
}

export function testFunctionCommand(): Command {
  return new Command('test-function')
    .description('a learned test function of the control variate against constant ones')
    .option(
      '--problem <FILE.json>',
      'a Gaussian mixture {dim, weights, means, covariances}, or several under "mixtures" (repeatable; default: built-in problems in 2 and 6 dimensions)',
      append,
      [],
    )
    .option('--particles <N,...>', 'numbers of prior draws', counts)
    .option(
      '--times <t,...>',
      'times in (0, 1); the network is trained between the smallest and largest',
      times,
    )
    .option('--estimators <NAME,...>', 'constant coefficients to compare with', names)
    .option('--updates <N>', "of the network's training", count)
    .option('--points <N>', 'y_t per time, drawn from their marginal', count)
    .option('--repetitions <N>', 'estimates per y_t', count)
    .addOption(
      new Option('--schedule <NAME>', 'path between noise and data')
        .choices([...scheduleNames])
        .default('linear'),
    )
    .option('--seed <N>', 'seed of every draw and of the first parameters', seed, 0)
    .option('--full', 'the full experiment (4000 updates, N up to 1000, 100 points x 40 repetitions)')
    .option(
      '--out <DIR>',
      'also write test-function.csv, SVG plots and report.html there, a path or a name under results/',
    )
    .option('--json', 'print the rows as JSON')
    .option('--csv', 'print the rows as CSV')
    .addHelpText(
      'after',
      `
Examples:
  harness ablate test-function
  harness ablate test-function --problem mixture.json --updates 1000 --particles 30 --json
  harness ablate test-function --full --out results/test-function`,
    )
    .action(async (flags: TestFunctionFlags) => {
      const { runTestFunction } = await import('../../../ablations/test-function/command.ts');
      await runTestFunction(flags);
    });
}
