/** `harness agents`: which algorithms there are, and what their presets say. */
import { Command } from 'commander';

interface AgentsFlags {
  readonly json?: boolean;
}

export function agentsCommand(): Command {
  return new Command('agents')
    .description(
      'list the agents: description, reference, presets; with names, every key of their config and what their code fixes',
    )
    .argument('[agents...]', 'names or files (default: all that come with the harness)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness agents
  harness agents rfm-flow                 every key and its value in each preset
  harness agents sac ./my-agent.ts --json`,
    )
    .action(async (names: string[], flags: AgentsFlags) => {
      const { describeAgents, agentList, agentConfigs } = await import('../inspect/agents.ts');
      const rows = await describeAgents(names);
      if (flags.json) console.log(JSON.stringify(rows, null, 2));
      else console.log(names.length === 0 ? agentList(rows) : agentConfigs(rows));
    });
}
