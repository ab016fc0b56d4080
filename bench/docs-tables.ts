/**
 * Writes the tables of docs/ that come from records of the program, between `<!-- table: NAME -->` and
 * `<!-- end of table -->`. test/harness/docs-tables.test.ts holds the docs to them.
 *
 *   npx jiti bench/docs-tables.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { estimators } from '../agents/posterior/estimators.ts';

/** A Markdown table. */
export interface DocsTable {
  /** Of docs/. */
  readonly file: string;
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: () => string[][];
}

const code = (...names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

export const docsTables: readonly DocsTable[] = [
  {
    file: 'estimators.md',
    name: 'estimators',
    head: ['`estimator`', 'E', 'reads the score'],
    rows: () =>
      Object.entries(estimators).map(([name, { numbered, aliases = [], coefficient, readsScore }]) => [
        code(numbered ? `${name}=x` : name, ...aliases),
        coefficient,
        readsScore ? 'yes' : 'no',
      ]),
  },
];

/** The text of a page with its tables written anew. @throws Error if the place of a table is not there */
export function withTables(text: string, tables: readonly DocsTable[]): string {
  return tables.reduce((page, { name, head, rows }) => {
    const place = new RegExp(`(<!-- table: ${name} -->\n)[\\s\\S]*?(\n<!-- end of table -->)`);
    if (!place.test(page)) throw new Error(`no place for the table '${name}'`);
    const lines = [head, head.map(() => '---'), ...rows()].map((cells) =>
      `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |'),
    );
    return page.replace(place, (_, before, after) => `${before}\n${lines.join('\n')}\n${after}`);
  }, text);
}

/** The pages that have such tables, as they should be. */
export function pages(): { readonly path: string; readonly text: string; readonly wanted: string }[] {
  return [...new Set(docsTables.map(({ file }) => file))].map((file) => {
    const path = fileURLToPath(new URL(`../docs/${file}`, import.meta.url));
    const text = readFileSync(path, 'utf8');
    return {
      path,
      text,
      wanted: withTables(
        text,
        docsTables.filter((table) => table.file === file),
      ),
    };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text, wanted } of pages()) if (text !== wanted) writeFileSync(path, wanted);
}
