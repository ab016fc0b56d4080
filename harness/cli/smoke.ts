/** `harness smoke`: does everything still work? For continuous integration. */
import { Command } from 'commander';
import { printableLine } from '../text/printable.ts';
import { Exit, exitCodes } from './exit.ts';
import { parseSeconds } from './run-options.ts';

interface SmokeFlags {
  readonly tasks?: string;
  readonly stallSeconds: string;
  readonly json?: boolean;
}

export function smokeCommand(): Command {
  return new Command('smoke')
    .description('run short rollouts and updates of agents on real tasks, in under 90 seconds')
    .argument('[agents...]', 'names or files (default: all that come with the harness)')
    .option('--tasks <list>', 'names, suites or files', 'cartpole-balance,walker-walk')
    .option('--stall-seconds <seconds>', "how long a user's agent or task may give no sign of life", '30')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Each pair of agent and task: 60 control steps, 20 updates, a batch of evaluation actions, and a snapshot that
another instance goes on from with the same actions.

Examples:
  harness smoke
  harness smoke ./my-agent.ts --tasks cheetah-run

Exit code 0 if all went well, 1 if anything failed.`,
    )
    .action(smoke);
}

async function smoke(names: string[], flags: SmokeFlags): Promise<void> {
  const { builtInAgents } = await import('../../agents/registry.ts');
  const { smokeAll } = await import('../inspect/smoke.ts');
  const agents = names.length > 0 ? names : builtInAgents.map((agent) => agent.name);
  const stallSeconds = parseSeconds(flags.stallSeconds, '--stall-seconds');
  const results = [];
  for await (const result of smokeAll(agents, flags.tasks?.split(',') ?? [], stallSeconds)) {
    results.push(result);
    if (flags.json) continue;
    const { agent, task, seconds, reason } = result;
    console.log(
      `${reason === undefined ? 'ok    ' : 'FAILED'}  ${agent} on ${task} (${seconds.toFixed(1)} s)${reason === undefined ? '' : `: ${printableLine(reason)}`}`,
    );
  }
  const failed = results.filter((result) => result.reason !== undefined).length;
  if (flags.json) console.log(JSON.stringify({ failed, results }, null, 2));
  else console.log(`${results.length - failed} of ${results.length} ok`);
  if (failed > 0) throw new Exit(exitCodes.failed);
}
