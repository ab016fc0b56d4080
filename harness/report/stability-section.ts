/** The section on how steady agents are: between seeds, and along each run. */
import type { TableRow } from '../results/tables.ts';
import type { StabilityMetric } from '../statistics/index.ts';
import { agentName, name } from './figures.ts';
import { type Html, html } from './html.ts';
import type { RankedAgent, ReportModel } from './model.ts';
import { dagger } from './notes.ts';
import { interval, readable, share } from './numbers.ts';
import { type CellOf, dataTable, folded } from './table-html.ts';

const number = (title: string) => ({ title, numeric: true, sortable: true });

/** Undefined where no task has two runs and no run has a curve. */
export function stabilitySection(model: ReportModel): Html | undefined {
  const told = new Set(model.tables.aggregate.map((row) => row.metric));
  if (!told.has('seed_deviation') && !told.has('drawdown')) return undefined;
  const columns = [
    { title: 'Agent', sortable: true },
    ...['Deviation between seeds', 'Worst seed', 'Drawdown', 'Collapsed evaluations'].map(number),
  ];
  return html`<section id="stability"><h2>Stability</h2>
<p>How far the seeds of an agent differ, and how steadily each run learns; lower is better but for the worst seed. The deviation is the root of the mean variance of normalised scores within tasks. ${told.has('drawdown') && 'The drawdown is the largest fall of a run’s learning curve below its best so far, as a share of its best; collapsed are evaluations below half of the best before them. '}All are means over tasks, with 95 % intervals over seeds.</p>
${dataTable(
  'Stability over all tasks',
  columns,
  model.ranked.map((agent) => agentRow(model, agent)),
)}
${folded(`Stability by task (${model.tables.summary.length} rows)`, byTask(model))}</section>`;
}

function agentRow({ tables }: ReportModel, { series }: RankedAgent): CellOf[] {
  const rows = tables.aggregate.filter((row) => row.agent === series.agent);
  const cell = (metric: StabilityMetric): CellOf => {
    const row = rows.find((found) => found.metric === metric);
    if (row === undefined) return { content: '–', sort: '' };
    return {
      content: html`${share(Number(row.value))}${withInterval(row.ci_low, row.ci_high, share)}`,
      sort: Number(row.value),
    };
  };
  return [
    { content: html`${agentName(series)}${dagger(rows[0]?.flag)}`, sort: series.agent },
    cell('seed_deviation'),
    cell('worst_seed'),
    cell('drawdown'),
    cell('collapsed'),
  ];
}

function byTask({ tables, series }: ReportModel): Html {
  const columns = [
    { title: 'Task', sortable: true },
    { title: 'Agent', sortable: true },
    ...['SD', 'Worst seed', 'Drawdown', 'Collapsed'].map(number),
  ];
  const rows = tables.summary.map((row): CellOf[] => {
    const own = series.find(({ agent }) => agent === row.agent);
    const value = (cell: TableRow<'summary'>[keyof TableRow<'summary'>], format: typeof readable): CellOf =>
      typeof cell === 'number' ? { content: format(cell), sort: cell } : { content: '–', sort: '' };
    return [
      { content: name(row.task), sort: row.task },
      { content: own && agentName(own), sort: row.agent },
      {
        ...value(row.sd, readable),
        content: html`${value(row.sd, readable).content}${withInterval(row.sd_low, row.sd_high, readable)}`,
      },
      value(row.worst, readable),
      value(row.drawdown, (cell) => share(Number(cell))),
      value(row.collapsed, (cell) => share(Number(cell))),
    ];
  });
  return dataTable('Stability by task and agent', columns, rows);
}

const withInterval = (low: unknown, high: unknown, format: (value: number) => string): Html | undefined =>
  typeof low === 'number' && typeof high === 'number'
    ? html` <span class="range">${interval(low, high, format)}</span>`
    : undefined;
