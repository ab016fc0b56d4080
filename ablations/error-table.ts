/** Tables of mean squared errors for the terminal. */

/** What a line of the table begins with. */
export interface Heading<R> {
  readonly title: string;
  readonly width: number;
  of(row: R): string;
  /** A remark on the line's first row that does not tell lines apart. */
  readonly remark?: boolean;
}

/** Errors by `headings` (lines) and by `column` (columns); a cell without a row stays empty. */
export function errorTable<R extends { readonly mse: number }>(
  rows: readonly R[],
  headings: readonly Heading<R>[],
  column: (row: R) => string,
): string {
  const names = [...new Set(rows.map(column))];
  const widths = names.map((name) => Math.max(10, name.length));
  const line = (start: readonly string[], cells: readonly string[]) =>
    [
      ...start.map((text, i) =>
        i === 0 ? text.padEnd(headings[i].width) : text.padStart(headings[i].width),
      ),
      ...cells.map((cell, i) => cell.padStart(widths[i])),
    ].join('  ');
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const key = JSON.stringify(headings.filter(({ remark }) => !remark).map((heading) => heading.of(row)));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups.values()].map((group) =>
    line(
      headings.map((heading) => heading.of(group[0])),
      names.map((name) => group.find((row) => column(row) === name)?.mse.toPrecision(4) ?? ''),
    ),
  );
  const titles = line(
    headings.map(({ title }) => title),
    names,
  );
  return `mean squared error of E[y1 | y_t]\n${[titles, ...lines].join('\n')}\n`;
}

/** The lines' first heading. */
export const problemHeading: Heading<{ readonly problem: string }> = {
  title: 'problem',
  width: 18,
  of: ({ problem }) => problem,
};

export const timeHeading: Heading<{ readonly t: number }> = {
  title: 't',
  width: 5,
  of: ({ t }) => String(t),
};
