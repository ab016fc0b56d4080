/** `harness ablate smc`: annealed SMC and MALA against importance sampling at equal numbers of evaluations. */
import { Command, Option } from 'commander';
import { type ScheduleName, scheduleNames } from '../../../agents/posterior/schedule-config.ts';
import { append, count, counts, names, seed, times } from './options.ts';

interface SmcFlags {
  problem: string[];
  evaluations?: number[];
  times?: number[];
  estimators?: string[];
  points?: number;
  repetitions?: number;
  schedule: ScheduleName;
  seed: number;
  full?: boolean;
  json?: boolean;
  csv?: boolean;
  out?: string;
}

export function smcCommand(): Command {
  return new Command('smc')
    .description('annealed SMC and MALA against importance sampling, at equal numbers of density evaluations')
    .option(
      '--problem <FILE.json>',
      'a Gaussian mixture {dim, weights, means, covariances}, or several under "mixtures" (repeatable; default: built-in problems in 2, 6 and 12 dimensions)',
      append,
      [],
    )
    .option('--evaluations <N,...>', 'evaluations of density and score per estimate, 25 or more', counts)
    .option('--times <t,...>', 'times in (0, 1); 0 is noise, 1 is data', times)
    .option('--estimators <NAME,...>', 'control variates applied to the draws of each sampler', names)
    .option('--points <N>', 'y_t per time, drawn from their marginal', count)
    .option('--repetitions <N>', 'estimates per y_t', count)
    .addOption(
      new Option('--schedule <NAME>', 'path between noise and data')
        .choices([...scheduleNames])
        .default('linear'),
    )
    .option('--seed <N>', 'seed of every draw', seed, 0)
    .option('--full', 'the full experiment (50 to 3000 evaluations, 100 points x 8 repetitions, an hour)')
    .option(
      '--out <DIR>',
      'also write smc.csv, SVG plots and report.html there, a path or a name under results/',
    )
    .option('--json', 'print the rows as JSON')
    .option('--csv', 'print the rows as CSV')
    .addHelpText(
      'after',
      `
Examples:
  harness ablate smc
  harness ablate smc --problem mixture.json --evaluations 100,1000 --times 0.1,0.5 --estimators noise,adaptive --json
  harness ablate smc --full --out results/smc`,
    )
    .action(async (flags: SmcFlags) => {
      const { runSmc } = await import('../../../ablations/smc/command.ts');
      await runSmc(flags);
    });
}
