/** `harness list`: past and running comparisons and runs. */
import { Command } from 'commander';
import { UserError } from '../text/errors.ts';

interface ListFlags {
  readonly json?: boolean;
}

export function listCommand(): Command {
  return new Command('list')
    .description('list comparisons and runs under results/: state, date, command')
    .argument('[folder]', 'where they are, or one of them, by name or path', 'results')
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness list
  harness list --json
  harness list rfm8
  harness list /scratch/me/results

States: running; done; failed (some run did); interrupted and stopped (not ended): compare --resume --out NAME goes on.`,
    )
    .action(list);
}

async function list(asked: string, { json }: ListFlags): Promise<void> {
  const { statSync } = await import('node:fs');
  const { namedFolder } = await import('../files/named-folder.ts');
  const { listComparisons } = await import('../results/listing.ts');
  const folder = asked === 'results' ? asked : namedFolder(asked);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined && asked !== 'results')
    throw new UserError(`cannot find ${asked}; 'harness list' lists what is under results/`);
  if (found?.isDirectory() === false) throw new UserError(`${folder} is a file; expected a folder`);
  const listed = listComparisons(folder);
  if (json) {
    process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
    return;
  }
  if (listed.length === 0) {
    process.stdout.write(`nothing under ${folder} yet: harness compare --quick begins\n`);
    return;
  }
  const { textTable } = await import('../text/text-table.ts');
  const { coloursOf, paintState } = await import('../text/colour.ts');
  const { printableLine } = await import('../text/printable.ts');
  const rows = listed.map(({ name, state, done, runs, startedAt = '', command = '' }) => [
    name,
    state,
    `${done}/${runs}`,
    startedAt.slice(0, 16).replace('T', ' '),
    command,
  ]);
  const colours = coloursOf(process.stdout);
  const header = ['name', 'state', 'runs', 'started (UTC)', 'command'];
  const STATE = 1;
  process.stdout.write(
    `${textTable(
      header,
      rows.map((row) => row.map(printableLine)),
      (cell, row, column) =>
        row < 0 ? colours.bold(cell) : column === STATE ? paintState(listed[row].state, cell, colours) : cell,
    )}\n`,
  );
}
