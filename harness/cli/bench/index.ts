/** `harness bench`: the speeds of this machine. */
import { Command } from 'commander';
import { benchEnvCommand } from './env.ts';
import { benchUpdateCommand } from './update.ts';
import { benchWorkersCommand, workerCounts } from './workers.ts';

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure the speeds of this machine, as tables or JSON')
    .addCommand(benchEnvCommand())
    .addCommand(benchUpdateCommand())
    .addCommand(benchWorkersCommand())
    .addCommand(benchAllCommand())
    .addHelpText(
      'after',
      `
Examples:
  harness bench env
  harness bench update rfm-flow sac --json
  harness bench all --json > this-machine.json`,
    );
}

function benchAllCommand(): Command {
  return new Command('all')
    .description(
      'measure the suite domains, every agent at every preset, and the scaling over worker processes',
    )
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  harness bench all\n  harness bench all --json > this-machine.json')
    .action(async (flags: { readonly json?: boolean }) => {
      const { benchAll, allTables } = await import('../../bench/all.ts');
      const speeds = await benchAll(workerCounts());
      console.log(flags.json ? JSON.stringify(speeds, null, 2) : allTables(speeds));
    });
}
