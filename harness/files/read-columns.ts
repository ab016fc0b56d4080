/** Reads files of the tables that are described by their columns. */
import type { Columns } from './columns.ts';
import { readText } from './csv.ts';
import { parseColumns, type ReadRow } from './parse-columns.ts';

/** @throws UserError with file and line for a column that is missing or a cell that is not of its type */
export const readColumns = <Table extends Columns<never>>(file: string, columns: Table): ReadRow<Table>[] =>
  parseColumns(file, readText(file), columns);
