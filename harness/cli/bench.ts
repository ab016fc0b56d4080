/** `harness bench`: the speeds of this machine. */
import { Command } from 'commander';
import { benchEnvCommand } from './bench-env.ts';

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure the speeds of this machine, as tables or JSON')
    .addCommand(benchEnvCommand())
    .addHelpText(
      'after',
      `
Examples:
  harness bench env
  harness bench env rfm8 --json`,
    );
}
