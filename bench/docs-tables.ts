/**
 * Writes the tables of docs/ and README.md that come from records of the program or from published results, between `<!-- table: NAME -->` and
 * `<!-- end of table -->`. test/docs/tables.test.ts holds the pages to them.
 *
 *   npx jiti bench/docs-tables.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { estimators } from '../agents/posterior/estimators.ts';
import { backends } from '../engine/backends/records.ts';
import type { Columns } from '../harness/files/columns.ts';
import { summaryColumns } from '../harness/results/summary.ts';
import { evaluationColumns, trainingColumns, UNSTABLE_EPISODES } from '../harness/run/rows.ts';
import { curveHead, curveRows } from './compare-reference/curves.ts';
import {
  aggregateHead,
  aggregateRows,
  costHead,
  costRows,
  progressRows,
  scoreHead,
  scoreRows,
} from './score-table.ts';
import { toyHead, toyRows } from './toy-table.ts';
import { clipTrialHead, clipTrialRows, formTrialHead, formTrialRows } from './trials.ts';

/** A Markdown table. */
export interface DocsTable {
  /** From the repository's root. */
  readonly file: string;
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: () => string[][];
}

const code = (...names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** A row for each column; neighbours with one meaning share theirs. */
function columnRows(columns: Columns<never>): string[][] {
  const rows: { names: string[]; unit: string; meaning: string }[] = [];
  for (const [name, { unit, meaning }] of Object.entries(columns)) {
    const last = rows.at(-1);
    if (last !== undefined && meaning !== '' && last.unit === unit && last.meaning === meaning) {
      last.names.push(name);
    } else rows.push({ names: [name], unit, meaning });
  }
  return rows.map(({ names, unit, meaning }) => [code(...names), unit, meaning]);
}

const columnHead = ['column', 'unit', 'meaning'];
const metrics = [
  [
    'others',
    '',
    "the agent's metrics by name, means over the updates since the row before; empty where an agent has no such metric",
  ],
  [
    code(UNSTABLE_EPISODES),
    'episodes',
    'of training since the row before that ended because the simulation did not hold; of tasks that allow it alone',
  ],
];

export const docsTables: readonly DocsTable[] = [
  {
    file: 'docs/results.md',
    name: 'evaluations.csv',
    head: columnHead,
    rows: () => columnRows(evaluationColumns),
  },
  {
    file: 'docs/results.md',
    name: 'training.csv',
    head: columnHead,
    rows: () => [...columnRows(trainingColumns), ...metrics],
  },
  { file: 'docs/results.md', name: 'summary.csv', head: columnHead, rows: () => columnRows(summaryColumns) },
  {
    file: 'README.md',
    name: 'baselines',
    head: scoreHead('baselines'),
    rows: () => scoreRows('baselines'),
  },
  {
    file: 'results/README.md',
    name: 'baselines over both tasks',
    head: aggregateHead,
    rows: () => aggregateRows('baselines'),
  },
  {
    file: 'docs/benchmark.md',
    name: 'rfm8 progress',
    head: scoreHead('rfm8'),
    rows: () => progressRows('rfm8'),
  },
  { file: 'docs/benchmark.md', name: 'rfm8', head: scoreHead('rfm8'), rows: () => scoreRows('rfm8') },
  {
    file: 'docs/benchmark.md',
    name: 'rfm8 over all tasks',
    head: aggregateHead,
    rows: () => aggregateRows('rfm8'),
  },
  { file: 'README.md', name: 'rfm8', head: scoreHead('rfm8'), rows: () => scoreRows('rfm8') },
  { file: 'docs/benchmark.md', name: 'rfm8 cost', head: costHead, rows: () => costRows('rfm8') },
  { file: 'docs/fairness.md', name: 'curves', head: curveHead, rows: curveRows },
  { file: 'docs/fairness.md', name: 'clip trials', head: clipTrialHead, rows: clipTrialRows },
  { file: 'docs/fairness.md', name: 'form trials', head: formTrialHead, rows: formTrialRows },
  { file: 'docs/toy.md', name: 'toy', head: toyHead, rows: toyRows },
  {
    file: 'docs/engine.md',
    name: 'backends',
    head: ['backend', 'what runs', 'where', 'family of bits'],
    rows: () =>
      Object.entries(backends).map(([name, { what, where, bits }]) => [
        code(name),
        what,
        where,
        bits === undefined ? '–' : code(bits),
      ]),
  },
  {
    file: 'docs/estimators.md',
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
    const lines = [head, head.map(() => '---'), ...rows()].map(
      (cells) => `|${cells.map((cell) => (cell === '' ? ' |' : ` ${cell} |`)).join('')}`,
    );
    return page.replace(place, (_, before, after) => `${before}\n${lines.join('\n')}\n${after}`);
  }, text);
}

/** The pages that have such tables, as they should be. */
export function pages(): { readonly path: string; readonly text: string; readonly wanted: string }[] {
  return [...new Set(docsTables.map(({ file }) => file))].map((file) => {
    const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
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
