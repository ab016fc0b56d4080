/** `harness ablate`: the experiments on the method itself. */
import { Command } from 'commander';
import { smcCommand } from './ablate-smc.ts';
import { testFunctionCommand } from './ablate-test-function.ts';
import { toyCommand } from './ablate-toy.ts';
import { trainingCommands } from './ablate-training.ts';
import { varianceCommand } from './ablate-variance.ts';

export function ablateCommand(): Command {
  const ablate = new Command('ablate')
    .description("experiments on the method's own parts, against exact answers where there are any")
    .addCommand(varianceCommand())
    .addCommand(smcCommand())
    .addCommand(testFunctionCommand())
    .addCommand(toyCommand());
  for (const command of trainingCommands()) ablate.addCommand(command);
  return ablate;
}
