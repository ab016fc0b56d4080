/** The sections that are tables of scores: the ranking over all tasks, and the final scores per task. */
import type { TableRow } from '../results/tables.ts';
import type { AggregateMetric } from '../statistics/index.ts';
import { agentName, name } from './figures.ts';
import { type Html, html, shortName } from './html.ts';
import { type RankedAgent, type ReportModel, ranksOnTask } from './model.ts';
import { dagger, noteText } from './notes.ts';
import { grouped, interval, readable, share } from './numbers.ts';
import { protocolLine } from './protocol.ts';
import { shortAgents } from './series.ts';
import { type CellOf, dataTable, folded } from './table-html.ts';
import { scoreTable } from './tables-text.ts';
import { verdictOf, verdictSentence } from './verdict.ts';

/** A table of more rows starts folded. */
const MOST_ROWS = 24;

export function rankingSection(model: ReportModel): Html {
  const columns = [
    { title: 'Agent', sortable: true },
    { title: 'Rank', numeric: true, sortable: true },
    { title: 'IQM', numeric: true, sortable: true },
    { title: 'Mean', numeric: true, sortable: true },
    { title: 'Median', numeric: true, sortable: true },
    { title: 'Optimality gap', numeric: true, sortable: true },
    { title: 'Mean rank', numeric: true, sortable: true },
    { title: 'Tasks', numeric: true, sortable: true },
    { title: 'Runs', numeric: true, sortable: true },
  ];
  const [low, high] = model.options.scoreRange;
  const verdict = verdictOf(model.tables);
  const apart = new Set(verdict && [...verdict.above, ...verdict.below]);
  return html`<section id="ranking"><h2>Ranking over all tasks</h2>
<p>Scores are ${model.sources.length === 0 ? 'those of the files' : 'the mean return of each run’s last evaluation'}, with ${grouped(low)} as 0 and ${grouped(high)} as 1${ownRanges(model)}. The rank is by interquartile mean; ranges are 95 % intervals over seeds. The mean rank averages each agent’s rank on every task. Shaded: the agent that ranks first, and those that it cannot be told from, since the interval of their probability of improvement holds 0.5.</p>
${verdict && html`<p class="verdict">${verdictSentence(verdict, shortAgents(model.series))}.</p>`}
${dataTable(
  'Aggregate scores',
  columns,
  model.ranked.map((agent) => rankingRow(model, agent, apart)),
)}</section>`;
}

/** The tasks that have another range. */
const ownRanges = ({ options }: ReportModel): string =>
  [...(options.taskRanges ?? [])]
    .map(([task, [low, high]]) => `; on ${shortName(task)} ${grouped(low)} and ${grouped(high)}`)
    .join('');

/** @param apart agents that the probabilities of improvement tell from the first one */
function rankingRow(
  model: ReportModel,
  { series, rank, meanRank }: RankedAgent,
  apart: ReadonlySet<string>,
): CellOf[] {
  const rows = model.tables.aggregate.filter((row) => row.agent === series.agent);
  const cell = (metric: AggregateMetric): CellOf => {
    const row = rows.find((r) => r.metric === metric);
    const [value, low, high] = [Number(row?.value), Number(row?.ci_low), Number(row?.ci_high)];
    return {
      content: html`${share(value)} <span class="range">${interval(low, high, share)}</span>`,
      sort: value,
      className: metric === 'iqm' && rank !== undefined && !apart.has(series.agent) ? 'best' : '',
    };
  };
  return [
    { content: html`${agentName(series)}${dagger(rows[0]?.flag)}`, sort: series.agent },
    { content: rank ?? '–', sort: rank },
    cell('iqm'),
    cell('mean'),
    cell('median'),
    cell('optimality_gap'),
    { content: meanRank?.toFixed(2) ?? '–', sort: meanRank },
    { content: rows[0]?.tasks, sort: rows[0]?.tasks },
    { content: rows[0]?.runs, sort: rows[0]?.runs },
  ];
}

export function finalScoresSection(model: ReportModel): Html {
  const { tables } = model;
  const complete = completeTable(model);
  const protocol = protocolLine(model);
  return html`<section id="scores"><h2>Final scores</h2>
<p>Mean return over seeds with its 95 % interval; the best mean of a task is shaded. † marks numbers that need care: hover over it, or see the notes in the complete table.</p>
${taskByAgent(model)}
${tables.summary.length > MOST_ROWS ? folded(`Complete table (${tables.summary.length} rows)`, complete) : complete}
${folded('Table for a paper: Markdown and LaTeX', [
  tableText('scores.md', 'Markdown', scoreTable(tables, protocol, 'markdown')),
  tableText('scores.tex', 'LaTeX', scoreTable(tables, protocol, 'latex')),
])}</section>`;
}

const tableText = (file: string, title: string, text: string): Html =>
  html`<h3>${title}</h3><pre tabindex="0" data-file="${file}">${text}</pre>`;

function taskByAgent(model: ReportModel): Html {
  const short = shortAgents(model.series, 18);
  const columns = [
    { title: 'Task', sortable: true },
    ...model.ranked.map(({ series }) => ({
      title: agentName(series, short(series.agent)),
      numeric: true,
      sortable: true,
    })),
  ];
  const rows = model.tasks.map((task) => {
    const ranks = ranksOnTask(model.tables, task);
    const best = Math.min(...ranks.values());
    const cells = model.ranked.map(({ series: { agent } }): CellOf => {
      const row = model.tables.summary.find((r) => r.task === task && r.agent === agent);
      if (row === undefined) return { content: '–', sort: '' };
      return {
        content: html`${readable(Number(row.mean))}${dagger(row.flag)} ${range(row)}`,
        sort: row.mean,
        className: ranks.get(agent) === best ? 'best' : '',
      };
    });
    return [{ content: name(task), sort: task }, ...cells];
  });
  return dataTable('Mean return, by task and agent', columns, rows);
}

function completeTable(model: ReportModel): Html {
  const noted = model.tables.summary.some((row) => row.flag !== '');
  const number = (title: string) => ({ title, numeric: true, sortable: true });
  const columns = [
    { title: 'Task', sortable: true },
    { title: 'Agent', sortable: true },
    ...['Rank', 'Mean', 'SD', 'Median', 'IQM', 'AUC', 'Seeds', 'Step', 'Steps/s'].map(number),
    ...(noted ? [{ title: 'Notes', sortable: true }] : []),
  ];
  const rows = model.tables.summary.map((row): CellOf[] => {
    const series = model.series.find(({ agent }) => agent === row.agent);
    const rank = ranksOnTask(model.tables, String(row.task)).get(String(row.agent));
    const value = (cell: unknown): CellOf => ({
      content: typeof cell === 'number' ? readable(cell) : '–',
      sort: typeof cell === 'number' ? cell : '',
    });
    return [
      { content: name(row.task), sort: row.task },
      { content: series && agentName(series), sort: row.agent },
      { content: rank ?? '–', sort: rank },
      { content: html`${readable(Number(row.mean))} ${range(row)}`, sort: row.mean },
      value(row.sd),
      value(row.median),
      value(row.iqm),
      value(row.auc),
      { content: row.seeds, sort: row.seeds },
      { content: typeof row.step === 'number' ? grouped(row.step) : '–', sort: row.step },
      {
        content: typeof row.steps_per_second === 'number' ? row.steps_per_second.toFixed(1) : '–',
        sort: row.steps_per_second,
      },
      ...(noted ? [{ content: noteText(row.flag), sort: noteText(row.flag), className: 'reason' }] : []),
    ];
  });
  return dataTable('Every task and agent', columns, rows);
}

const range = (row: TableRow<'summary'>): Html =>
  html`<span class="range">${interval(Number(row.ci_low), Number(row.ci_high))}</span>`;
