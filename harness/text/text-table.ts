/** Tables for the terminal. */

/**
 * Columns as wide as their widest cell, two spaces apart; numbers to the right, words to the left.
 * @param paint what a cell, filled up to its width, looks like; row -1 is the header
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const right = header.map((_, column) => rows.every((row) => /^[-+]?[\d.]/.test(String(row[column]))));
  const lines = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line, row) =>
      line
        .map((cell, column) => (right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .map((cell, column) => paint(cell, row - 1, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
