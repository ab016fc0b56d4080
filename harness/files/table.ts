/** Writes tables as CSV (RFC 4180) with a header row. */
import { stringify } from 'csv-stringify/sync';

/** A value of a written table; undefined is an empty cell. */
export type Cell = string | number | undefined;
export type Row<Column extends string> = Readonly<Record<Column, Cell>>;

/** The bytes of a table: a header row, then the rows; numbers as the shortest text that reads back the same. */
export function formatTable<Column extends string>(
  columns: readonly Column[],
  rows: readonly Row<Column>[],
): string {
  return stringify([
    columns,
    ...rows.map((row) =>
      columns.map((column) => formatCell(Object.hasOwn(row, column) ? row[column] : undefined)),
    ),
  ]);
}

function formatCell(cell: Cell): string {
  if (cell === undefined) return '';
  return typeof cell === 'number' ? String(cell) : cell;
}
