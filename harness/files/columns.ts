/** Tables described by their columns: each is one record, from which writing, reading and the docs come. */
import { type Cell, formatTable, type Line, readTable } from './csv.ts';

export interface Column<Source> {
  /** What a cell holds: a name is never empty, a text may be, a count is a whole number from 0. */
  readonly type: 'name' | 'text' | 'count' | 'number';
  /** Whether the column may be absent, or a cell of it empty, where the table is read. */
  readonly optional?: boolean;
  /** For docs/results.md. */
  readonly unit: string;
  /** For docs/results.md, as Markdown. */
  readonly meaning: string;
  /** The cell of a row that is written. */
  of(source: Source): Cell;
}

/** By name, in the order of the file. */
export type Columns<Source> = Readonly<Record<string, Column<Source>>>;

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

/** The cells of a row by the columns' names. */
export const cellsOf = <Source>(columns: Columns<Source>, source: Source): Record<string, Cell> =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.of(source)]));

/** The bytes of a table. */
export const formatColumns = <Source>(columns: Columns<Source>, sources: readonly Source[]): string =>
  formatTable(
    Object.keys(columns),
    sources.map((source) => cellsOf(columns, source)),
  );

/** @throws UserError with file and line for a column that is missing or a cell that is not of its type */
export function readColumns<Table extends Columns<never>>(file: string, columns: Table): ReadRow<Table>[] {
  const all = Object.entries(columns);
  const required = all.filter(([, { optional }]) => !optional).map(([name]) => name);
  return readTable(file, required).map((line) => ({
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
