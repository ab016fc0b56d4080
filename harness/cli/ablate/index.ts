/** `harness ablate`: the experiments on the method itself. */
import { Command } from 'commander';
import { smcCommand } from './smc.ts';
import { testFunctionCommand } from './test-function.ts';
import { toyCommand } from './toy.ts';
import { trainingCommands } from './training.ts';
import { varianceCommand } from './variance.ts';

export function ablateCommand(): Command {
  const ablate = new Command('ablate')
    .description("run experiments on the method's own parts, against exact answers where there are any")
    .addCommand(varianceCommand())
    .addCommand(smcCommand())
    .addCommand(testFunctionCommand())
    .addCommand(toyCommand());
  for (const command of trainingCommands()) ablate.addCommand(command);
  return ablate;
}
