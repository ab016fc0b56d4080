/** Tables described by their columns: each is one record, from which writing, reading and the docs come. */
import { type Cell, formatTable } from './table.ts';

export interface Column<Source> {
  /** What a cell holds: a name is never empty, a text may be, a count is a whole number from 0. */
  readonly type: 'name' | 'text' | 'count' | 'number';
  /** Whether the column may be absent, or a cell of it empty, where the table is read. */
  readonly optional?: boolean;
  /** Whether a run that is repeated has other values there. */
  readonly isTime?: boolean;
  /** For docs/results.md. */
  readonly unit: string;
  /** For docs/results.md, as Markdown. */
  readonly meaning: string;
  /** The cell of a row that is written. */
  of(source: Source): Cell;
}

/** By name, in the order of the file. */
export type Columns<Source> = Readonly<Record<string, Column<Source>>>;

/** The cells of a row by the columns' names. */
export const cellsOf = <Source>(columns: Columns<Source>, source: Source): Record<string, Cell> =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.of(source)]));

/** The bytes of a table. */
export const formatColumns = <Source>(columns: Columns<Source>, sources: readonly Source[]): string =>
  formatTable(
    Object.keys(columns),
    sources.map((source) => cellsOf(columns, source)),
  );
