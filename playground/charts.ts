/** The page's plots: learning curves as the report draws them, and the metrics of one run. */
import * as Plot from '@observablehq/plot';
import { curveNotes, learningCurves } from '../harness/report/curves.ts';
import { drawChart } from '../harness/report/draw-chart.ts';
import { type Drawing, draw, inlineSvg } from '../harness/report/drawing.ts';
import { shortName } from '../harness/report/html.ts';
import { learningCurveChart } from '../harness/report/learning-curve-chart.ts';
import { compact, readable } from '../harness/report/numbers.ts';
import { agentSeries, seriesOf } from '../harness/report/series.ts';
import type { TrainingRow } from '../harness/run/rows.ts';
import type { CurvePoint } from './messages.ts';

/** A run for the curves. */
export interface CurveRun {
  readonly label: string;
  readonly seed: number;
  readonly curve: readonly CurvePoint[];
}

export interface CurvesPlot {
  /** Empty without evaluations. */
  readonly svg: string;
  /** What a reader must know of the curves. */
  readonly notes: readonly string[];
}

/** @param runs without those that failed; @param width of the element that shows them, px */
export function curvesPlot(
  task: string,
  labels: readonly string[],
  runs: readonly CurveRun[],
  width: number,
): CurvesPlot {
  const series = agentSeries(labels);
  const groups = labels.map((label) => runs.filter((run) => run.label === label && run.curve.length > 0));
  const counted = groups.map(countedRuns);
  const measured = counted.flat().map(({ label, seed, curve }) => ({
    task,
    agent: label,
    seed: String(seed),
    score: curve[curve.length - 1].mean,
    evaluations: curve.map(({ step, episodes, mean }) => ({
      step,
      episodes,
      meanReturn: mean,
      wallSeconds: undefined,
    })),
    place: '',
  }));
  if (measured.length === 0) return { svg: '', notes: [] };
  const curves = learningCurves(measured, { resamples: 0, seed: 0, interval: 'student_t' });
  const shown = curves.map((curve) => ({ series: series[labels.indexOf(curve.agent)], curve }));
  const size = { width, height: Math.round(Math.max(250, Math.min(460, 0.72 * width))) };
  const left = groups.flatMap((group, i) => {
    const missing = group.filter((run) => !counted[i].includes(run)).map(({ seed }) => seed);
    if (missing.length === 0) return [];
    const seeds =
      missing.length === 1 ? `seed ${missing[0]}, which has` : `seeds ${missing.join(', ')}, which have`;
    return [`${shortName(labels[i])}: without ${seeds} fewer evaluations`];
  });
  return {
    svg: inlineSvg(drawChart(learningCurveChart(task, shown, [], 'curves'), series, size)),
    notes: [...curveNotes(curves), ...left],
  };
}

/**
 * The runs of an agent that its curve is the mean of. It covers the steps that all of them have: those count that have most
 * evaluations there together, so that a run that began later does not cut what the others have.
 */
export function countedRuns(runs: readonly CurveRun[]): CurveRun[] {
  const byLength = [...runs].sort((a, b) => b.curve.length - a.curve.length);
  const together = byLength.map(({ curve }, i) => (i + 1) * curve.length);
  const counted = new Set(byLength.slice(0, together.lastIndexOf(Math.max(...together)) + 1));
  return runs.filter((run) => counted.has(run));
}

interface MetricChart {
  readonly title: string;
  readonly about: string;
  /** The metrics' names; a group is the label of its line. */
  readonly metric: RegExp;
  readonly logarithmic?: boolean;
}

const charts: readonly MetricChart[] = [
  {
    title: 'Effective sample size by t',
    about: 'of the draws of a posterior mean, between t and the next',
    metric: /^ess_t(.+)$/,
  },
  {
    title: "Actor's loss by t",
    about: 'where the regression target is poor',
    metric: /^actor_loss_t(.+)$/,
    logarithmic: true,
  },
  {
    title: 'Coefficient of the control variate',
    about: '0: noise expectation, 1: gradient expectation',
    metric: /^cv_weight$/,
  },
  {
    title: 'Policy spread',
    about: 'deviation of the actions at a state; near 0 it has collapsed',
    metric: /^policy_spread$/,
  },
];

export interface MetricPlot {
  readonly title: string;
  readonly about: string;
  readonly svg: string;
  /** What each line is, where there are several; colours are those of series. */
  readonly lines: readonly { readonly label: string; readonly colour: string }[];
}

/** The plots that the rows have metrics for. */
export function metricPlots(rows: readonly TrainingRow[], width: number): MetricPlot[] {
  const names = new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)));
  return charts.flatMap((chart) => {
    const found = [...names].filter((name) => chart.metric.test(name));
    if (found.length === 0) return [];
    const labelOf = (name: string) => chart.metric.exec(name)?.[1];
    const sorted = found.sort((a, b) => Number(labelOf(a)) - Number(labelOf(b)));
    const lines = seriesOf(
      sorted.map((name) => (labelOf(name) === undefined ? chart.title : `t ≥ ${labelOf(name)}`)),
    );
    const points = sorted.map((name) =>
      rows.flatMap(({ step, metrics }) => {
        const value = metrics[name];
        return Number.isFinite(value) && !(chart.logarithmic && value <= 0) ? [{ step, value }] : [];
      }),
    );
    const drawing = drawMetric(chart, lines, points, width);
    const legend = lines.length > 1 ? lines.map(({ agent, colour }) => ({ label: agent, colour })) : [];
    return [{ title: chart.title, about: chart.about, svg: inlineSvg(drawing), lines: legend }];
  });
}

function drawMetric(
  { title, logarithmic }: MetricChart,
  lines: ReturnType<typeof seriesOf>,
  points: readonly (readonly { readonly step: number; readonly value: number }[])[],
  width: number,
): Drawing {
  const last = lines.map(({ agent }, i) => `${agent}: ${readable(points[i].at(-1)?.value)}`);
  return draw(
    { name: 'metric', title, description: `Against environment steps; last: ${last.join('; ')}.` },
    {
      width,
      height: 190,
      marginLeft: 52,
      marginRight: 14,
      marginTop: 14,
      marginBottom: 36,
      x: {
        label: 'environment steps',
        labelArrow: 'none',
        labelAnchor: 'center',
        ticks: 4,
        tickFormat: compact,
      },
      y: {
        label: null,
        type: logarithmic ? 'log' : 'linear',
        ...(logarithmic ? {} : { zero: true }),
        nice: true,
        ticks: 4,
        tickSize: 0,
        tickFormat: (value: number) => String(Number(value.toPrecision(3))),
        grid: true,
      },
      marks: lines.flatMap(({ colour, dash, symbol }, i) => [
        Plot.lineY(points[i], {
          x: 'step',
          y: 'value',
          stroke: colour,
          strokeDasharray: dash,
          strokeWidth: 1.6,
        }),
        Plot.dot(points[i].slice(-1), { x: 'step', y: 'value', fill: colour, symbol, r: 3 }),
      ]),
    },
  );
}
