/** `harness ablate variance`: errors of the posterior-mean estimators on targets with exact answers. */
import { Command, Option } from 'commander';
import type { ProposalName } from '../../../ablations/variance/experiment.ts';
import { estimatorForms } from '../../../agents/posterior/estimators.ts';
import { type ScheduleName, scheduleNames } from '../../../agents/posterior/schedule-config.ts';
import { append, count, counts, names, seed, times } from './options.ts';

interface VarianceFlags {
  problem: string[];
  particles?: number[];
  times?: number[];
  estimators?: string[];
  points?: number;
  repetitions?: number;
  schedule: ScheduleName;
  proposal: ProposalName;
  seed: number;
  full?: boolean;
  json?: boolean;
  csv?: boolean;
  out?: string;
}

export function varianceCommand(): Command {
  return new Command('variance')
    .description('error of the posterior mean E[y1 | y_t] by estimator, number of draws and time')
    .option(
      '--problem <FILE.json>',
      'a Gaussian mixture {dim, weights, means, covariances}, or several under "mixtures" (repeatable; default: built-in problems)',
      append,
      [],
    )
    .option('--particles <N,...>', 'numbers of prior draws', counts)
    .option('--times <t,...>', 'times in (0, 1); 0 is noise, 1 is data', times)
    .option('--estimators <NAME,...>', `${estimatorForms().join(', ')} (default: all)`, names)
    .option('--points <N>', 'y_t per time, drawn from their marginal', count)
    .option('--repetitions <N>', 'estimates per y_t', count)
    .addOption(
      new Option('--schedule <NAME>', 'path between noise and data')
        .choices([...scheduleNames])
        .default('linear'),
    )
    .addOption(
      new Option(
        '--proposal <NAME>',
        'draws beside the prior: of a rough policy, or around the modes that the prior sees',
      )
        .choices(['prior', 'policy', 'laplace'])
        .default('prior'),
    )
    .option('--seed <N>', 'seed of every draw', seed, 0)
    .option(
      '--full',
      'the full experiment (N up to 1000, 200 points x 200 repetitions, minutes) instead of the quick one',
    )
    .option(
      '--out <DIR>',
      'also write variance.csv, SVG plots and report.html there, a path or a name under results/',
    )
    .option('--json', 'print the rows as JSON')
    .option('--csv', 'print the rows as CSV')
    .addHelpText(
      'after',
      `
Examples:
  harness ablate variance
  harness ablate variance --problem mixture.json --particles 10,100,1000 --times 0.1,0.3,0.5 \\
    --estimators noise,gradient,optimal-diagonal,adaptive --points 200 --repetitions 200 --json
  harness ablate variance --full --out results/variance`,
    )
    .action(async (flags: VarianceFlags) => {
      const { runVariance } = await import('../../../ablations/variance/command.ts');
      await runVariance(flags);
    });
}
