/** Pictures of the course of training: returns against steps and seconds, loss and sample size by t. */
import * as Plot from '@observablehq/plot';
import { type Curve, learningCurves } from '../../harness/report/curves.ts';
import { type Drawing, draw, standaloneSvg } from '../../harness/report/drawing.ts';
import { compact } from '../../harness/report/numbers.ts';
import { type Series, seriesOf } from '../../harness/report/series.ts';
import type { Run } from '../../harness/results/runs.ts';
import { mean, valueAt } from '../../harness/statistics/index.ts';
import type { Picture } from '../page.ts';
import type { TrainingAblation } from './ablation.ts';
import { panelSize, sideBySide } from './panels.ts';
import type { TrainingAblationRow } from './rows.ts';

const margins = { marginLeft: 60, marginRight: 16, marginTop: 26, marginBottom: 38 };

const looks = (variants: readonly string[]): Map<string, Series> =>
  new Map(seriesOf(variants).map((series) => [series.agent, series]));

const legend = (series: Map<string, Series>) =>
  [...series.values()].map(({ agent, colour }) => ({ label: agent, colour }));

/** Returns against environment steps and against wall-clock seconds, side by side; a row per task. */
export function secondsPicture(
  ablation: TrainingAblation,
  variants: readonly string[],
  runs: readonly Run[],
): Picture {
  const series = looks(variants);
  const curves = learningCurves(runs, { resamples: 2000, seed: 0, interval: 'student_t' });
  const name = `${ablation.name}-curves`;
  const title = `${ablation.title}: returns against steps and against time`;
  const grid = [...new Set(runs.map((run) => run.task))].map((task) => {
    const own = curves.filter((curve) => curve.task === task);
    return [
      drawCurves(
        own,
        series,
        { name, title: `${task}, by steps`, x: 'environment steps' },
        ({ step }) => step,
      ),
      drawCurves(
        own,
        series,
        { name, title: `${task}, by time`, x: 'wall-clock seconds' },
        ({ step }, agent) =>
          secondsAt(
            runs.filter((run) => run.task === task && run.agent === agent),
            step,
          ),
      ),
    ];
  });
  const description = 'Mean evaluation return of every variant, with 95 % bands over seeds.';
  const drawing = sideBySide({ name, title, description }, grid);
  return {
    fileName: `${name}.svg`,
    title,
    svg: standaloneSvg(drawing, legend(series), 'bands: 95 % intervals over seeds'),
  };
}

/** Mean over runs of the seconds until this step, between the evaluations around it. */
const secondsAt = (runs: readonly Run[], step: number): number =>
  mean(
    runs.flatMap(({ evaluations }) => {
      const timed = evaluations.filter((e) => e.wallSeconds !== undefined);
      if (timed.length < evaluations.length || timed.length === 0) return [];
      const curve = { steps: timed.map((e) => e.step), values: timed.map((e) => e.wallSeconds ?? 0) };
      return valueAt(curve, step);
    }),
  );

function drawCurves(
  curves: readonly Curve[],
  series: Map<string, Series>,
  { name, title, x }: { name: string; title: string; x: string },
  position: (point: Curve['points'][number], agent: string) => number,
): Drawing {
  const lines = curves.flatMap(({ agent, points }) => {
    const look = series.get(agent);
    const placed = points.map((point) => ({ ...point, x: position(point, agent) }));
    return look === undefined ? [] : [{ look, points: placed }];
  });
  const values = lines.flatMap(({ points }) =>
    points.flatMap(({ mean, low = mean, high = mean }) => [low, high]),
  );
  return draw(
    { name, title, description: '' },
    {
      ...panelSize,
      ...margins,
      x: { label: x, labelArrow: 'none', labelAnchor: 'center', ticks: 5, tickFormat: compact },
      y: {
        label: 'evaluation return',
        labelArrow: 'none',
        domain: [Math.min(0, ...values), Math.max(...values, Number.MIN_VALUE)],
        nice: true,
        grid: true,
        ticks: 5,
      },
      marks: lines.flatMap(({ look: { colour, dash, symbol }, points }) => [
        Plot.areaY(points, { x: 'x', y1: 'low', y2: 'high', fill: colour, fillOpacity: 0.14 }),
        Plot.lineY(points, { x: 'x', y: 'mean', stroke: colour, strokeWidth: 1.8, strokeDasharray: dash }),
        Plot.dot(points.slice(-1), { x: 'x', y: 'mean', fill: colour, symbol, r: 3.5 }),
      ]),
    },
  );
}

/** The actor's loss (logarithmic) and the effective sample size against bins of t, late in training. */
export function byTimePicture(
  ablation: TrainingAblation,
  rows: readonly TrainingAblationRow[],
): Picture | undefined {
  const series = looks([...new Set(rows.map((row) => row.variant))]);
  const name = `${ablation.name}-by-time`;
  const title = `${ablation.title}: loss and effective sample size by t`;
  const grid = [...new Set(rows.map((row) => row.task))].flatMap((task) => {
    const own = rows.filter((row) => row.task === task);
    const panels = [
      drawBins(own, series, 'actor_loss', { name, title: `${task}, actor loss`, y: 'loss', log: true }),
      drawBins(own, series, 'ess', { name, title: `${task}, ESS`, y: 'effective sample size', log: false }),
    ].flatMap((panel) => panel ?? []);
    return panels.length === 0 ? [] : [panels];
  });
  if (grid.length === 0) return undefined;
  const description = 'Means over the last fifth of training in bins of t, by variant.';
  return {
    fileName: `${name}.svg`,
    title,
    svg: standaloneSvg(
      sideBySide({ name, title, description }, grid),
      legend(series),
      'means over the last fifth of training and over seeds, in bins of t (0 noise, 1 data)',
    ),
  };
}

function drawBins(
  rows: readonly TrainingAblationRow[],
  series: Map<string, Series>,
  stem: 'actor_loss' | 'ess',
  { name, title, y, log }: { name: string; title: string; y: string; log: boolean },
): Drawing | undefined {
  const start = `${stem}_t`;
  const edges = [
    ...new Set(
      rows.flatMap(({ metrics }) =>
        Object.keys(metrics).flatMap((key) =>
          key.startsWith(start) ? [Number(key.slice(start.length))] : [],
        ),
      ),
    ),
  ].sort((a, b) => a - b);
  if (edges.length === 0) return undefined;
  const labels = edges.map((edge, i) => `${edge}–${edges[i + 1] ?? 1}`);
  const lines = rows.flatMap(({ variant, metrics }) => {
    const look = series.get(variant);
    const points = edges.flatMap((edge, i) => {
      const value = metrics[`${start}${edge}`];
      return value === undefined || (log && value <= 0) ? [] : [{ bin: labels[i], value }];
    });
    return look === undefined ? [] : [{ look, points }];
  });
  return draw(
    { name, title, description: '' },
    {
      ...panelSize,
      ...margins,
      x: { type: 'point', domain: labels, label: 't', labelArrow: 'none', labelAnchor: 'center' },
      y: {
        label: y,
        labelArrow: 'none',
        grid: true,
        ...(log ? { type: 'log', tickFormat: '.0e', ticks: 5 } : { zero: true, nice: true, ticks: 5 }),
      },
      marks: lines.flatMap(({ look: { colour, dash, symbol }, points }) => [
        Plot.lineY(points, { x: 'bin', y: 'value', stroke: colour, strokeWidth: 1.6, strokeDasharray: dash }),
        Plot.dot(points, { x: 'bin', y: 'value', fill: colour, symbol, r: 3 }),
      ]),
    },
  );
}
