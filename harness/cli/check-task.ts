/** `harness check-task`: the conformance checks on any task. */
import { Command } from 'commander';
import type { Verdict } from '../../envs/conformance.ts';
import { Exit, exitCodes } from './exit.ts';
import { printVerdict } from './verdict.ts';

interface CheckFlags {
  readonly json?: boolean;
}

export function checkTaskCommand(): Command {
  return new Command('check-task')
    .description(
      'check that a task keeps its promises: it compiles, its rewards are in [0, 1], seeds repeat, states continue, memory is freed',
    )
    .argument('<task>', 'name or file')
    .option('--json', 'print the verdicts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness check-task ./my-task.ts
  harness check-task ./my-environment.ts          a class of your own, with or without MuJoCo
  harness check-task walker-walk --json

It runs in a process of its own; what the task prints goes to standard error.

Exit code 0 if every promise is kept, 1 if not, 2 if the file cannot be used at all.`,
    )
    .action(checkTaskNamed);
}

async function checkTaskNamed(name: string, flags: CheckFlags): Promise<void> {
  const { checkApart } = await import('../plugins/check/apart.ts');
  const results: { task: string; broken: number; verdicts: Verdict[] }[] = [];
  const tell = ({ task, broken, verdicts }: (typeof results)[number]) => {
    if (!flags.json) console.log(`${task}: ${verdicts.length - broken} promise(s) kept, ${broken} broken`);
  };
  for await (const { subject, verdict } of checkApart({ kind: 'task', name })) {
    let result = results.at(-1);
    if (result?.task !== subject) {
      if (result !== undefined) tell(result);
      result = { task: subject, broken: 0, verdicts: [] };
      results.push(result);
    }
    result.verdicts.push(verdict);
    if (!verdict.passed) result.broken++;
    if (!flags.json) printVerdict(verdict);
  }
  for (const last of results.slice(-1)) tell(last);
  if (flags.json) console.log(JSON.stringify(results, null, 2));
  if (results.some(({ broken }) => broken > 0)) throw new Exit(exitCodes.failed);
}
