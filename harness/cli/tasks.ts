/** `harness tasks`: what there is to learn. */
import { Command } from 'commander';

interface TasksFlags {
  readonly suite?: string;
  readonly speed?: boolean;
  readonly json?: boolean;
}

export function tasksCommand(): Command {
  return new Command('tasks')
    .description('list the tasks: sizes, episode length, control step, kind of reward, suites')
    .argument('[tasks...]', 'tasks, suites or files (default: all)')
    .option('--speed', 'also measure control steps per second, a fifth of a second per task')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Suites: rfm8 (the eight tasks of arXiv 2601.08136, the default of compare), domains (one task of each of eight
domains), dmc28 (the Control Suite's benchmarking set), easy (learned within minutes), all.

Examples:
  harness tasks
  harness tasks rfm8 --speed
  harness tasks cheetah-run ./my-task.ts --json`,
    )
    .action(async (names: string[], flags: TasksFlags) => {
      const { describeTasks, taskTable } = await import('../inspect/tasks.ts');
      const rows = await describeTasks(names.length === 0 ? ['all'] : names, flags.speed === true);
      console.log(flags.json ? JSON.stringify(rows, null, 2) : taskTable(rows));
    });
}
