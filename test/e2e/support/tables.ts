/** The bytes of a comparison's tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * evaluations.csv and training.csv, the tables made from them too, with the wall-clock columns emptied.
 */
export function tableBytes(folder: string): Record<string, string> {
  const tables: Record<string, string> = {};
  for (const name of ['evaluations', 'training', 'summary', 'aggregate', 'pairwise', 'profiles']) {
    const text = readFileSync(join(folder, `${name}.csv`), 'utf8');
    tables[name] = withoutColumns(text, ['wall_seconds', 'steps_per_second']);
  }
  return tables;
}

/** A table without the cells of some columns. */
export function withoutColumns(text: string, names: readonly string[]): string {
  const [header, ...lines] = text.split(/\r?\n/);
  const columns = header.split(',');
  const dropped = columns.map((column) => names.includes(column));
  return [
    header,
    ...lines.map((line) =>
      line
        .split(',')
        .filter((_, i) => !dropped[i])
        .join(','),
    ),
  ].join('\n');
}
