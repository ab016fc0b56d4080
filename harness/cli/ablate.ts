/** `harness ablate`: the experiments on the method itself. */
import { Command } from 'commander';
import { varianceCommand } from './ablate-variance.ts';

export function ablateCommand(): Command {
  return new Command('ablate')
    .description("experiments on the method's own parts, against exact answers where there are any")
    .addCommand(varianceCommand());
}
