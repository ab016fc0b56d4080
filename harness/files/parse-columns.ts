/** Parses the tables that are described by their columns. */
import type { Column, Columns } from './columns.ts';
import { type Line, parseTable } from './csv-text.ts';

/** What a line that was read holds. */
export type Cells<Table extends Columns<never>> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly type: 'name' | 'text' }
    ? string
    : Table[Name] extends { readonly optional: true }
      ? number | undefined
      : number;
};

export interface ReadRow<Table extends Columns<never>> {
  readonly line: Line;
  readonly cells: Cells<Table>;
}

/**
 * @param file its name, for complaints
 * @throws UserError with file and line for a column that is missing or a cell that is not of its type
 */
export function parseColumns<Table extends Columns<never>>(
  file: string,
  text: string,
  columns: Table,
): ReadRow<Table>[] {
  const all = Object.entries(columns);
  const required = all.filter(([, { optional }]) => !optional).map(([name]) => name);
  return parseTable(file, text, required).map((line) => ({
    line,
    cells: Object.fromEntries(all.map(([name, column]) => [name, read(line, name, column)])) as Cells<Table>,
  }));
}

function read(line: Line, name: string, { type, optional }: Column<never>): string | number | undefined {
  if (type === 'text') return line.optionalText(name);
  if (type === 'name') return line.text(name);
  if (optional && line.optionalNumber(name) === undefined) return undefined;
  return type === 'count' ? line.count(name) : line.number(name);
}
