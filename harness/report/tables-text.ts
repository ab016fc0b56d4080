/** The scores of a report as a table for a paper: tasks as rows, agents as columns, and the interquartile mean below. */
import type { Tables } from '../results/tables.ts';
import { rankedRows, ranksOnTask } from './model.ts';
import { interval, readable, share } from './numbers.ts';

export const tableFormats = ['markdown', 'latex'] as const;
export type TableFormat = (typeof tableFormats)[number];

interface Cell {
  readonly text: string;
  /** Whether it is the best of its row. */
  readonly best: boolean;
}

interface TableRow {
  readonly name: string;
  readonly cells: readonly Cell[];
}

/**
 * Agents by name; the best of each row in bold, whether or not others can be told from it.
 * @param protocol what was run, for the caption
 */
export function scoreTable(tables: Tables, protocol: string, format: TableFormat): string {
  const agents = tables.aggregate.filter((row) => row.metric === 'iqm').map((row) => String(row.agent));
  const tasks = [...new Set(tables.summary.map((row) => String(row.task)))];
  const number = (cell: unknown) => (typeof cell === 'number' ? cell : undefined);
  const rows = tasks.map((task): TableRow => {
    const ranks = ranksOnTask(tables, task);
    const best = Math.min(...ranks.values());
    return {
      name: task,
      cells: agents.map((agent) => {
        const row = tables.summary.find((found) => found.task === task && found.agent === agent);
        if (row === undefined) return { text: '–', best: false };
        const ends = interval(number(row.ci_low), number(row.ci_high));
        return { text: withEnds(readable(number(row.mean)), ends), best: ranks.get(agent) === best };
      }),
    };
  });
  const iqm = agents.map((agent) =>
    tables.aggregate.find((row) => row.metric === 'iqm' && row.agent === agent),
  );
  const best = rankedRows(tables)
    .filter(({ rank }) => rank === 1)
    .map(({ row }) => row);
  const last: TableRow = {
    name: 'IQM, normalised',
    cells: iqm.map((row) => ({
      text: withEnds(share(Number(row?.value)), interval(number(row?.ci_low), number(row?.ci_high), share)),
      best: row !== undefined && best.includes(row),
    })),
  };
  const counted = Math.max(0, ...iqm.map((row) => Number(row?.tasks)));
  const caption = captionOf(protocol, counted < tasks.length ? `${counted} of the ${tasks.length}` : 'all');
  return format === 'latex' ? latex(agents, rows, last, caption) : markdown(agents, [...rows, last], caption);
}

/** What both tables say of themselves. */
const captionOf = (protocol: string, which: string): string =>
  `Mean return over seeds with its 95 % interval, and the interquartile mean of normalised scores over ${which} tasks${protocol === '' ? '' : `: ${protocol}`}.`;

const withEnds = (value: string, ends: string): string => (ends === '–' ? value : `${value} ${ends}`);

function markdown(agents: readonly string[], rows: readonly TableRow[], caption: string): string {
  const quoted = (text: string) => text.replace(/[\\`*_[\]<>|]/g, '\\$&').replace(/\s+/g, ' ');
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[
    line(['task', ...agents.map(quoted)]),
    line(['---', ...agents.map(() => '---:')]),
    ...rows.map(({ name, cells }) =>
      line([quoted(name), ...cells.map(({ text, best }) => (best ? `**${quoted(text)}**` : quoted(text)))]),
    ),
  ].join('\n')}\n\n${caption}\n`;
}

const latexCharacters: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '−': '$-$',
  '–': '--',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
};

/** A table of the package booktabs. */
function latex(
  agents: readonly string[],
  rows: readonly TableRow[],
  last: TableRow,
  caption: string,
): string {
  const quoted = (text: string) =>
    text
      .replace(/[\\~^−–<>|]|[&%$#_{}]/g, (found) => latexCharacters[found] ?? `\\${found}`)
      .replace(/\s+/g, ' ');
  const line = ({ name, cells }: TableRow) => {
    const words = cells.map(({ text, best }) => (best ? `\\textbf{${quoted(text)}}` : quoted(text)));
    // After \\ of the row before, [ and * would be its arguments.
    return `  ${[quoted(name).replace(/^[[*]/, '{}$&'), ...words].join(' & ')} \\\\`;
  };
  return [
    '% needs \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${quoted(caption)}}`,
    `  \\begin{tabular}{l${'r'.repeat(agents.length)}}`,
    '  \\toprule',
    line({ name: 'task', cells: agents.map((text) => ({ text, best: false })) }),
    '  \\midrule',
    ...rows.map(line),
    '  \\midrule',
    line(last),
    '  \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}
