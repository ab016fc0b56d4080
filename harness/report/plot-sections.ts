/** The sections that are plots, each with its numbers folded behind it. */
import type { TableName, TableRow } from '../results/tables.ts';
import { aggregatePlot, metricTitles } from './aggregate-plot.ts';
import { type Chart, MANY_LINES } from './chart.ts';
import { curveNotes } from './curves.ts';
import { drawChart, type Size } from './draw-chart.ts';
import type { Drawing } from './drawing.ts';
import { agentName, figure, legend } from './figures.ts';
import { type Html, html } from './html.ts';
import { improvementPlot } from './improvement-plot.ts';
import { learningCurveChart, type SeriesCurve } from './learning-curve-chart.ts';
import { metricCharts } from './metric-charts.ts';
import type { ReportModel } from './model.ts';
import { dagger } from './notes.ts';
import { compact, interval, readable, share } from './numbers.ts';
import { profileChart } from './profile-chart.ts';
import { sampleEfficiencyChart } from './sample-efficiency.ts';
import { shortAgents } from './series.ts';
import { type CellOf, dataTable, folded } from './table-html.ts';

/** A section, the plots in it as files, and the charts that the page draws anew as its reader wishes. */
export interface PlotSection {
  readonly html: Html;
  readonly drawings: readonly Drawing[];
  readonly charts?: readonly Chart[];
}

const WIDE = { width: 860, height: 380 };
const MIDDLE = { width: 540, height: 300 };
const PANEL = { width: 380, height: 250 };
const NARROW = { width: 380, height: 300 };
/** More tasks of many agents are drawn at one size, for wide and for narrow pages. */
const MOST_WIDE_TASKS = 12;
/** Rows of a curve that its table shows, so that the page stays small; the CSV has all. */
const CURVE_ROWS = 10;

export function aggregateSection(model: ReportModel): PlotSection {
  const ranked = model.ranked.map((agent) => agent.series);
  const metrics = ['iqm', 'mean', 'median', 'optimality_gap'] as const;
  const scaled = model.tasks.length - (model.options.unscaled?.size ?? 0);
  const drawings = metrics.map((metric) =>
    aggregatePlot(metric, model.tables.aggregate, ranked, MIDDLE.width),
  );
  return {
    drawings,
    html: html`<section id="aggregates"><h2>Aggregate performance</h2>
<p>Point estimates with 95 % intervals over ${scaled} task${scaled === 1 ? '' : 's'}. The interquartile mean drops the best and the worst quarter of runs; the optimality gap is the average shortfall from a score of 1.</p>
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
  const many = model.series.length >= MANY_LINES;
  const few = tasks.length === 2 || (many && tasks.length <= MOST_WIDE_TASKS);
  const size = tasks.length === 1 ? WIDE : few ? MIDDLE : PANEL;
  const grid = size === MIDDLE ? 'pair' : size === PANEL ? 'plots' : '';
  const panels = tasks.map((task, i) => {
    const curves = model.series.flatMap((series): SeriesCurve[] => {
      const curve = model.curves.find((c) => c.task === task && c.agent === series.agent);
      return curve === undefined ? [] : [{ series, curve }];
    });
    const references = model.references.filter((reference) => reference.task === task);
    const chart = learningCurveChart(task, curves, references, fileName(task));
    const draw = (wide: Size, id: string) => drawChart(chart, model.series, wide, {}, `${id}-${i}`);
    const narrow = size === PANEL ? undefined : draw(PANEL, 'narrow-curve');
    const notes = curveNotes(curves.map(({ curve }) => curve));
    return { task, curves, notes, chart, drawing: draw(size, 'curve'), narrow };
  });
  return {
    drawings: panels.map((panel) => panel.drawing),
    charts: panels.map((panel) => panel.chart),
    html: html`<section id="curves"><h2>Learning curves</h2>
<p>Mean return of the evaluations during training, over seeds: every point is a mean of the same runs. Bands are 95 % intervals of the mean at each step, cut where they leave the range of the runs far behind. ${many && 'Where each agent has a panel, the curves of the others are grey. '}${model.references.length > 0 && 'Dashed grey lines are published scores.'}</p>
${fewSeeds(model)}${legend(model.series)}
<div class="${grid}">${panels.map(({ drawing, narrow, curves, notes, task }) => {
      const below = html`${notes.map((line) => html`<p class="notice">${line}.</p>`)}${folded('Numbers', curveTable(task, curves))}`;
      return figure(drawing, { caption: task, narrow, below });
    })}</div></section>`,
  };
}

/** Undefined where there are fewer than two tasks. */
export function efficiencySection(model: ReportModel): PlotSection | undefined {
  const chart = sampleEfficiencyChart(model.runs, model.series, model.options);
  if (chart === undefined) return undefined;
  const draw = (size: Size, id: string) => drawChart(chart, model.series, size, {}, id);
  const drawing = draw(WIDE, 'efficiency');
  return {
    drawings: [drawing],
    charts: [chart],
    html: html`<section id="efficiency"><h2>Sample efficiency</h2>
<p>The interquartile mean of normalised scores over all tasks, as training goes on: what an agent has learned by each step. Every point counts all runs of an agent; bands are 95 % intervals.</p>
${fewSeeds(model)}${legend(model.series)}${figure(drawing, { narrow: draw(NARROW, 'narrow-efficiency') })}
${folded('Numbers of this plot', efficiencyTable(model, chart))}</section>`,
  };
}

function efficiencyTable(model: ReportModel, { lines, y }: Chart): Html {
  const rows = lines.flatMap((line) => {
    const stride = Math.ceil(line.x.length / CURVE_ROWS);
    return line.x.flatMap((step, i): CellOf[][] =>
      (line.x.length - 1 - i) % stride === 0
        ? [
            [
              agentCell(model, model.series[line.series].agent, ''),
              { content: compact(step), sort: step },
              ...intervalCells(line.y[i], line.low[i] ?? undefined, line.high[i] ?? undefined),
            ],
          ]
        : [],
    );
  });
  return dataTable(
    'Sample efficiency',
    [
      { title: 'Agent', sortable: true },
      { title: 'Step', numeric: true, sortable: true },
      ...intervalColumns(y.label),
    ],
    rows,
  );
}

/** What the page's script draws when a metric is chosen. Undefined where nothing was logged. */
export function trainingSection(model: ReportModel): PlotSection | undefined {
  if (model.logged.length === 0) return undefined;
  const charts = metricCharts(model.logged, model.series, model.options);
  if (charts?.length === 0) return undefined;
  const metrics = [...new Set(charts?.map(({ y }) => y.label))];
  const about =
    charts === undefined
      ? html`<p>The metrics of this comparison are too many for one page; <code>training.csv</code> has them, and <code>harness report --tensorboard</code> gives them to TensorBoard.</p>`
      : html`<p>Means of what the agents logged while they trained, over seeds, with 95 % bands. <span class="still">The script of this page draws them; <code>training.csv</code> has the numbers.</span></p>
${legend(model.series)}<div class="choices" hidden><label>Metric <select data-metrics><option value="">choose one</option>${metrics.map((metric) => html`<option>${metric}</option>`)}</select></label></div>
<div class="${model.series.length >= MANY_LINES ? 'pair' : 'plots'}" data-metric-plots></div>`;
  return {
    drawings: [],
    charts,
    html: html`<section id="training"><h2>Training metrics</h2>\n${about}</section>`,
  };
}

/** Steps as rows, agents as columns. */
function curveTable(task: string, curves: readonly SeriesCurve[]): Html {
  const steps = [...new Set(curves.flatMap(({ curve }) => curve.points.map((point) => point.step)))].sort(
    (a, b) => a - b,
  );
  const stride = Math.ceil(steps.length / CURVE_ROWS);
  const short = shortAgents(
    curves.map(({ series }) => series),
    18,
  );
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
      ...curves.map(({ series }) => ({ title: agentName(series, short(series.agent)), numeric: true })),
    ],
    rows,
  );
}

export function profileSection(model: ReportModel): PlotSection {
  const { profiles } = model.tables;
  const runs = (agent: string) =>
    Number(model.tables.aggregate.find((row) => row.agent === agent)?.runs ?? 0);
  const chart = profileChart(profiles, model.series, runs);
  const draw = (size: Size, id: string) => drawChart(chart, model.series, size, {}, id);
  const wide = draw(WIDE, 'profile');
  const tenths = profiles.filter((row) => Number.isInteger(Math.round(Number(row.tau) * 1e9) / 1e8));
  return {
    drawings: [wide],
    charts: [chart],
    html: html`<section id="profiles"><h2>Performance profiles</h2>
<p>For every threshold τ, the fraction of runs over all tasks whose normalised score exceeds it. A curve above another everywhere is better at every level; bands are 95 % and pointwise.</p>
${fewSeeds(model)}${legend(model.series)}${figure(wide, { narrow: draw(NARROW, 'narrow-profile') })}
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
