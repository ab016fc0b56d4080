/** `harness ablate toy`: samplers of two-dimensional densities against exact draws. */
import { Command, Option } from 'commander';
import type { PosteriorDraws } from '../../../ablations/toy/methods.ts';
import { estimatorForms } from '../../../agents/posterior/estimators.ts';
import { append, count, counts, names, seed } from './options.ts';

interface ToyFlags {
  targets?: string[];
  problem: string[];
  methods?: string[];
  seeds: number;
  seed: number;
  updates?: number;
  steps?: number[];
  estimator: string;
  draws: PosteriorDraws;
  full?: boolean;
  json?: boolean;
  csv?: boolean;
  out?: string;
}

export function toyCommand(): Command {
  return new Command('toy')
    .description(
      'RFM flow and diffusion, iDEM and QNE as samplers of two-moons and mixtures, by integration steps',
    )
    .option('--targets <NAME,...>', 'moons, ring, crossed, forty (default: moons; all with --full)', names)
    .option(
      '--problem <FILE.json>',
      'a two-dimensional Gaussian mixture of order one {dim, weights, means, covariances}, or several under "mixtures" (repeatable)',
      append,
      [],
    )
    .option('--methods <NAME,...>', 'rfm-flow, rfm-diffusion, idem, qne (default: all)', names)
    .option('--seeds <N>', 'trainings of each method on each target', count, 3)
    .option('--seed <N>', 'the first seed', seed, 0)
    .option('--updates <N>', 'updates of each training (default: 1000; 6000 with --full)', count)
    .option(
      '--steps <N,...>',
      'integration steps to sample with (default: 5,20,100; 5,10,20,50,100 with --full)',
      counts,
    )
    .option(
      '--estimator <NAME>',
      `posterior mean of RFM's two forms: ${estimatorForms().join(', ')}`,
      'adaptive',
    )
    .addOption(
      new Option(
        '--draws <LAW>',
        "what those draw from: the prior, or the prior cut off to the density's box",
      )
        .choices(['prior', 'box'])
        .default('box'),
    )
    .option('--full', 'all targets and the long training (a quarter of an hour) instead of the quick one')
    .option(
      '--out <DIR>',
      'also write toy.csv, toy-seeds.csv, SVG pictures and report.html there, a path or a name under results/',
    )
    .option('--json', 'print the rows as JSON')
    .option('--csv', 'print the rows as CSV')
    .addHelpText(
      'after',
      `
Examples:
  harness ablate toy
  harness ablate toy --targets ring --methods rfm-flow,idem --steps 20,100 --updates 2000 --json
  harness ablate toy --problem mixture.json --out toy
  harness ablate toy --full --out results/toy`,
    )
    .action(async (flags: ToyFlags) => {
      const { runToyCommand } = await import('../../../ablations/toy/command.ts');
      await runToyCommand(flags);
    });
}
