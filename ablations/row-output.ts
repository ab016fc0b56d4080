/** How experiments on estimators print their rows, and what they have in common beside that. */

import { makeFolder } from '../harness/files/durable.ts';
import { formatTable, type Row } from '../harness/files/table.ts';
import { UserError } from '../harness/text/errors.ts';
import { shellWord } from '../harness/text/shell-word.ts';
import { builtInProblems, type Problem, readProblems } from './problems.ts';

export interface RowFormat {
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** @throws UserError for both at once */
export function checkFormat({ json, csv }: RowFormat): void {
  if (json && csv) throw new UserError('--json and --csv exclude each other');
}

/** The folder of `--out`, a name under results/ or a path; made before anything is computed for it. */
export async function outputFolder(out: string | undefined): Promise<string | undefined> {
  if (out === undefined) return undefined;
  const { resultsFolder } = await import('../harness/comparison/comparison.ts');
  const folder = resultsFolder(out);
  makeFolder(folder);
  return folder;
}

/** As JSON, as CSV, or the table that people read. */
export function printRows<Column extends string>(
  format: RowFormat,
  columns: readonly Column[],
  rows: readonly Row<Column>[],
  table: () => string,
): void {
  if (format.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
  else if (format.csv) process.stdout.write(formatTable(columns, rows));
  else process.stdout.write(table());
}

/** A line of progress on standard error: rewritten on a terminal, one below the other in a file. */
export function printProgress(done: number, total: number, what: string): void {
  const bar = process.stderr.isTTY ? '\r' : '\n';
  process.stderr.write(`${bar}${done}/${total} ${what.padEnd(20)}${done === total ? '\n' : ''}`);
}

/** The problems of the files, or the named built-in ones. @throws UserError for a file that cannot be used, or two problems of one name */
export function problemsOf(files: readonly string[], builtIn: readonly string[]): Problem[] {
  if (files.length === 0) return builtInProblems(builtIn);
  const problems = files.flatMap((file) => readProblems(file));
  checkNames('problem', problems);
  return problems;
}

/** Rows and random streams are told apart by the name. @throws UserError for a name that is there twice */
export function checkNames(what: string, named: readonly { readonly name: string }[]): void {
  const names = named.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`${what} '${twice}' is there twice`);
}

/** Lists but for that of files without what they repeat, which would be the same rows twice. */
export function withoutRepeats<S extends { readonly problem: readonly string[] }>(settings: S): S {
  const lists = Object.entries(settings).map(([key, value]) => [
    key,
    Array.isArray(value) && key !== 'problem' ? [...new Set(value)] : value,
  ]);
  return Object.fromEntries(lists);
}

/** What repeats an experiment: all settings that are not left to the mode, whatever the rows were printed as. */
export function commandLine(name: string, settings: object): string {
  const words = Object.entries({ ...settings, out: undefined, json: undefined, csv: undefined }).flatMap(
    ([key, value]) => {
      const option = `--${key}`;
      if (value === undefined || value === false) return [];
      if (value === true) return [option];
      if (key === 'problem') return (value as string[]).map((file) => `${option} ${shellWord(file)}`);
      return [`${option} ${shellWord(String(value))}`]; // lists are joined by commas
    },
  );
  return ['harness ablate', name, ...words, '--out DIR'].join(' ');
}

/**
 * A mean squared error ± 1.96 standard errors over y_t, not below 0: a 95 % interval for many y_t alone, since errors are heavy-tailed
 * (docs/ablations.md).
 */
export function interval({ mse, mse_se }: { mse: number; mse_se: number }): {
  mse_low: number;
  mse_high: number;
} {
  return { mse_low: Math.max(0, mse - 1.96 * mse_se), mse_high: mse + 1.96 * mse_se };
}
