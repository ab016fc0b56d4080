/** `harness check-agent`: the conformance suite on any agent. */
import { Command } from 'commander';
import { Exit, exitCodes } from './exit.ts';

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

Exit code 0 if every promise is kept, 1 if not, 2 if the file cannot be used at all.`,
    )
    .action(checkAgent);
}

async function checkAgent(name: string, flags: CheckFlags): Promise<void> {
  const { loadAgent } = await import('../load-agent.ts');
  const { checkPreset } = await import('../settings.ts');
  const { checkAgent: check } = await import('../../agents/conformance.ts');
  const { createEngine } = await import('../../engine/index.ts');
  const { memoryInUse } = await import('../memory.ts');
  const preset = checkPreset(flags.preset);
  const { factory } = await loadAgent(name);
  const engine = createEngine({ threads: 1 });
  const verdicts = [];
  for await (const verdict of check(factory, { engine, preset, memory: memoryInUse, timeoutMs: 60_000 })) {
    verdicts.push(verdict);
    if (flags.json) continue;
    const detail = verdict.passed ? '' : `\n      ${verdict.detail.replaceAll('\n', '\n      ')}`;
    console.log(`${verdict.passed ? 'kept  ' : 'BROKEN'}  ${verdict.promise}${detail}`);
  }
  const broken = verdicts.filter((verdict) => !verdict.passed).length;
  if (flags.json) console.log(JSON.stringify({ agent: factory.name, preset, broken, verdicts }, null, 2));
  else console.log(`${factory.name}: ${verdicts.length - broken} promise(s) kept, ${broken} broken`);
  if (broken > 0) throw new Exit(exitCodes.failed);
}
