/** `harness check-agent`: the conformance suite on any agent. */
import { Command } from 'commander';
import { Exit, exitCodes } from './exit.ts';
import { printVerdict } from './verdict.ts';

interface CheckFlags {
  readonly preset: string;
  readonly json?: boolean;
}

export function checkAgentCommand(): Command {
  return new Command('check-agent')
    .description(
      'check that an agent keeps the promises of the interface: shapes, bounds, determinism, save and load, memory',
    )
    .argument('<agent>', 'name or file')
    .option('--preset <name>', 'which of its presets to check', 'smoke')
    .option('--json', 'print the verdicts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness check-agent ./my-agent.ts
  harness check-agent sac --preset laptop --json

It runs in a process of its own; what the agent prints goes to standard error.

Exit code 0 if every promise is kept, 1 if not, 2 if the file cannot be used at all.`,
    )
    .action(checkAgent);
}

async function checkAgent(name: string, flags: CheckFlags): Promise<void> {
  const { checkPreset } = await import('../plan/settings.ts');
  const { checkApart } = await import('../plugins/check/apart.ts');
  const preset = checkPreset(flags.preset);
  const verdicts = [];
  let agent = name;
  for await (const { subject, verdict } of checkApart({ kind: 'agent', name, preset })) {
    agent = subject;
    verdicts.push(verdict);
    if (!flags.json) printVerdict(verdict);
  }
  const broken = verdicts.filter((verdict) => !verdict.passed).length;
  if (flags.json) console.log(JSON.stringify({ agent, preset, broken, verdicts }, null, 2));
  else console.log(`${agent}: ${verdicts.length - broken} promise(s) kept, ${broken} broken`);
  if (broken > 0) throw new Exit(exitCodes.failed);
}
