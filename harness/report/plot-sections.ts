/** The sections that are plots, each with its numbers folded behind it. */
import type { TableName, TableRow } from '../results/tables.ts';
import { aggregatePlot, metricTitles } from './aggregate-plot.ts';
import { type Curve, curveNotes } from './curves.ts';
import type { Drawing } from './drawing.ts';
import { agentName, figure, legend } from './figures.ts';
import { type Html, html } from './html.ts';
import { improvementPlot } from './improvement-plot.ts';
import { learningCurvePlot } from './learning-curve-plot.ts';
import type { ReportModel } from './model.ts';
import { dagger } from './notes.ts';
import { compact, interval, readable, share } from './numbers.ts';
import { profilePlot } from './profile-plot.ts';
import type { Series } from './series.ts';
import { type CellOf, dataTable, folded } from './table-html.ts';

/** A section, and the plots in it as files. */
export interface PlotSection {
  readonly html: Html;
  readonly drawings: readonly Drawing[];
}

const WIDE = { width: 860, height: 380 };
const MIDDLE = { width: 540, height: 300 };
const PANEL = { width: 380, height: 250 };
const NARROW = { width: 380, height: 300 };
/** Rows of a curve that its table shows, so that the page stays small; the CSV has all. */
const CURVE_ROWS = 10;

export function aggregateSection(model: ReportModel): PlotSection {
  const ranked = model.ranked.map((agent) => agent.series);
  const metrics = ['iqm', 'mean', 'median', 'optimality_gap'] as const;
  const drawings = metrics.map((metric) =>
    aggregatePlot(metric, model.tables.aggregate, ranked, MIDDLE.width),
  );
  return {
    drawings,
    html: html`<section id="aggregates"><h2>Aggregate performance</h2>
<p>Point estimates with 95 % intervals over ${model.tasks.length} task${model.tasks.length === 1 ? '' : 's'}. The interquartile mean drops the best and the worst quarter of runs; the optimality gap is the average shortfall from a score of 1.</p>
${fewSeeds(model)}<div class="pair">${metrics.map((metric, i) =>
      figure(drawings[i], { narrow: aggregatePlot(metric, model.tables.aggregate, ranked, NARROW.width) }),
    )}</div>
${folded(
  'Numbers of these plots',
  dataTable(
    'Aggregates',
    [{ title: 'Agent', sortable: true }, { title: 'Metric', sortable: true }, ...intervalColumns('Value')],
    model.tables.aggregate.map((row) => [
      agentCell(model, row.agent, row.flag),
      { content: metricTitles[row.metric as keyof typeof metricTitles], sort: row.metric },
      ...intervalCells(row.value, row.ci_low, row.ci_high),
    ]),
  ),
)}</section>`,
  };
}

export function curvesSection(
  model: ReportModel,
  fileName: (task: string) => string,
): PlotSection | undefined {
  const tasks = model.tasks.filter((task) => model.curves.some((curve) => curve.task === task));
  if (tasks.length === 0) return undefined;
  const size = tasks.length === 1 ? WIDE : tasks.length === 2 ? MIDDLE : PANEL;
  const grid = size === MIDDLE ? 'pair' : size === PANEL ? 'plots' : '';
  const panels = tasks.map((task) => {
    const curves = model.series.flatMap((series) => {
      const curve = model.curves.find((c) => c.task === task && c.agent === series.agent);
      return curve === undefined ? [] : [{ series, curve }];
    });
    const references = model.references.filter((reference) => reference.task === task);
    const draw = (wide: typeof WIDE) => learningCurvePlot(task, curves, references, fileName(task), wide);
    const narrow = size === PANEL ? undefined : draw(PANEL);
    const notes = curveNotes(curves.map(({ curve }) => curve));
    return { task, curves, notes, drawing: draw(size), narrow };
  });
  return {
    drawings: panels.map((panel) => panel.drawing),
    html: html`<section id="curves"><h2>Learning curves</h2>
<p>Mean return of the evaluations during training, over seeds: every point is a mean of the same runs. Bands are 95 % intervals of the mean at each step. ${model.references.length > 0 && 'Dashed grey lines are published scores.'}</p>
${fewSeeds(model)}${legend(model.series)}
<div class="${grid}">${panels.map(({ drawing, narrow, curves, notes, task }) => {
      const below = html`${notes.map((line) => html`<p class="notice">${line}.</p>`)}${folded('Numbers', curveTable(task, curves))}`;
      return figure(drawing, { caption: task, narrow, below });
    })}</div></section>`,
  };
}

/** Steps as rows, agents as columns. */
function curveTable(task: string, curves: readonly { series: Series; curve: Curve }[]): Html {
  const steps = [...new Set(curves.flatMap(({ curve }) => curve.points.map((point) => point.step)))].sort(
    (a, b) => a - b,
  );
  const stride = Math.ceil(steps.length / CURVE_ROWS);
  const rows = steps
    .filter((_, i) => (steps.length - 1 - i) % stride === 0)
    .map((step): CellOf[] => [
      { content: compact(step) },
      ...curves.map(({ curve }): CellOf => {
        const point = curve.points.find((p) => p.step === step);
        if (point === undefined) return { content: '–' };
        return {
          content: html`${readable(point.mean)} <span class="range">${interval(point.low, point.high)}</span>`,
        };
      }),
    ]);
  return dataTable(
    `Learning curves on ${task}`,
    [
      { title: 'Step', numeric: true },
      ...curves.map(({ series }) => ({ title: agentName(series, 18), numeric: true })),
    ],
    rows,
  );
}

export function profileSection(model: ReportModel): PlotSection {
  const { profiles } = model.tables;
  const wide = profilePlot(profiles, model.series, WIDE);
  const tenths = profiles.filter((row) => Number.isInteger(Math.round(Number(row.tau) * 1e9) / 1e8));
  return {
    drawings: [wide],
    html: html`<section id="profiles"><h2>Performance profiles</h2>
<p>For every threshold τ, the fraction of runs over all tasks whose normalised score exceeds it. A curve above another everywhere is better at every level; bands are 95 % and pointwise.</p>
${fewSeeds(model)}${legend(model.series)}${figure(wide, { narrow: profilePlot(profiles, model.series, NARROW) })}
${folded(
  'Numbers of this plot',
  dataTable(
    'Performance profiles at every tenth',
    [
      { title: 'Agent', sortable: true },
      { title: 'τ', numeric: true, sortable: true },
      ...intervalColumns('Fraction'),
    ],
    tenths.map((row) => [
      agentCell(model, row.agent, row.flag),
      { content: Number(row.tau).toFixed(1), sort: row.tau },
      ...intervalCells(row.fraction, row.ci_low, row.ci_high),
    ]),
  ),
)}</section>`,
  };
}

export function improvementSection(model: ReportModel): PlotSection | undefined {
  const { pairwise } = model.tables;
  if (pairwise.length === 0) return undefined;
  const ranked = model.ranked.map((agent) => agent.series);
  const wide = improvementPlot(pairwise, ranked, WIDE.width);
  return {
    drawings: [wide],
    html: html`<section id="improvement"><h2>Probability of improvement</h2>
<p>How likely a run of X scores higher than a run of Y on a task that both ran, averaged over tasks; ties count one half. An interval that excludes 0.5 tells the two apart; one that holds it does not, however large the difference of their means.</p>
${fewSeeds(model)}${figure(wide, { narrow: improvementPlot(pairwise, ranked, NARROW.width) })}
${folded(
  'Numbers of all pairs',
  dataTable(
    'Probability of improvement',
    [{ title: 'X', sortable: true }, { title: 'Y', sortable: true }, ...intervalColumns('P(X > Y)')],
    pairwise.map((row) => [
      agentCell(model, row.agent_x, row.flag),
      agentCell(model, row.agent_y, ''),
      ...intervalCells(row.probability_of_improvement, row.ci_low, row.ci_high),
    ]),
  ),
)}</section>`,
  };
}

function fewSeeds(model: ReportModel): Html | undefined {
  if (!model.flags.has('fewer_than_3_seeds')) return undefined;
  return html`<p class="notice">† Fewer than three seeds: these intervals say little.</p>`;
}

type Cell = TableRow<TableName>[keyof TableRow<TableName>];

function agentCell(model: ReportModel, agent: Cell, flag: Cell): CellOf {
  const series = model.series.find((look) => look.agent === agent);
  return { content: html`${series && agentName(series)}${dagger(flag)}`, sort: agent };
}

const intervalColumns = (title: string) =>
  [title, 'from', 'to'].map((name) => ({ title: name, numeric: true, sortable: true }));

const intervalCells = (...cells: Cell[]): CellOf[] =>
  cells.map((cell) => ({ content: share(Number(cell)), sort: cell }));
