/** A report in the terminal: the aggregates, the notes, and what was written. */
import { relative } from 'node:path';
import { shortNames } from './html.ts';
import { rankedRows } from './model.ts';
import { interval, share } from './numbers.ts';
import { verdictOf, verdictSentence } from './verdict.ts';
import type { Report } from './write.ts';

/** Plain lines, agents by interquartile mean, those without a rank last. */
export function printReport({ tables, protocol, warnings, files }: Report): string {
  const agents = rankedRows(tables).map(({ row }) => row);
  const short = shortNames(
    agents.map((row) => String(row.agent)),
    40,
  );
  const name = (text: unknown) => short(String(text));
  const width = Math.max(5, ...agents.map((row) => name(row.agent).length));
  const lines = agents.map((row) => {
    const values = interval(Number(row.ci_low), Number(row.ci_high), share);
    const mark = row.flag === '' ? '' : `  (${row.flag})`;
    return `${name(row.agent).padEnd(width)}  ${share(Number(row.value))} ${values}  ${row.tasks} / ${row.runs}${mark}`;
  });
  const written = files.filter((file) => file.endsWith('.html')).map((file) => relative('', file) || file);
  const table = [`${'agent'.padEnd(width)}  IQM, 95 % interval     tasks / runs`, ...lines, protocol];
  const verdict = verdictOf(tables);
  return [
    ...(lines.length > 0 ? table : ['no run has ended well: there is nothing to compare']),
    ...(verdict === undefined ? [] : [`${verdictSentence(verdict, name)}.`]),
    ...warnings.map((warning) => `note: ${warning}`),
    ...written.map((file) => `report: ${file}`),
    '',
  ].join('\n');
}
