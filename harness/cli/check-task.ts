/** `harness check-task`: the conformance checks on any task. */
import { Command } from 'commander';
import { Exit, exitCodes } from './exit.ts';

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

Exit code 0 if every promise is kept, 1 if not, 2 if the file cannot be used at all.`,
    )
    .action(checkTaskNamed);
}

async function checkTaskNamed(name: string, flags: CheckFlags): Promise<void> {
  const { checkTask } = await import('../../envs/index.ts');
  const { loadTask, resolveTasks } = await import('../load-task.ts');
  const results = [];
  for (const source of await resolveTasks([name])) {
    const verdicts = [];
    for await (const verdict of checkTask(await loadTask(source))) {
      verdicts.push(verdict);
      if (flags.json) continue;
      const detail = verdict.passed ? '' : `\n      ${verdict.detail}`;
      console.log(`${verdict.passed ? 'kept  ' : 'BROKEN'}  ${verdict.promise}${detail}`);
    }
    const broken = verdicts.filter((verdict) => !verdict.passed).length;
    if (!flags.json)
      console.log(`${source.name}: ${verdicts.length - broken} promise(s) kept, ${broken} broken`);
    results.push({ task: source.name, broken, verdicts });
  }
  if (flags.json) console.log(JSON.stringify(results, null, 2));
  if (results.some(({ broken }) => broken > 0)) throw new Exit(exitCodes.failed);
}
