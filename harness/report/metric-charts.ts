/** Charts of the metrics that runs logged in training.csv: one for each metric and task. */
import type { Run } from '../results/runs.ts';
import type { LoggedRun } from '../results/training.ts';
import type { Chart } from './chart.ts';
import { type CurveOptions, learningCurves } from './curves.ts';
import { shortName } from './html.ts';
import { chartLine } from './learning-curve-chart.ts';
import type { Series } from './series.ts';

/** Numbers of all charts at most, so that the page stays small; without room for them there are none. */
const MOST_NUMBERS = 45_000;
const POINTS = { most: 60, fewest: 10 };
/** Columns of a point: step, mean and both ends. */
const COLUMNS = 4;

/** @returns undefined where there are too many to keep in a page */
export function metricCharts(
  logged: readonly LoggedRun[],
  series: readonly Series[],
  options: CurveOptions,
): Chart[] | undefined {
  const names = [...new Set(logged.flatMap(({ rows }) => rows.flatMap(({ values }) => Object.keys(values))))];
  const tasks = [...new Set(logged.map(({ task }) => task))];
  const places = new Map(series.map((look) => [look.agent, look]));
  const curves = (metric: string) =>
    logged.flatMap(({ task, agent, seed, rows }): Run[] => {
      const evaluations = rows.flatMap(({ step, values }) =>
        Number.isFinite(values[metric])
          ? [{ step, episodes: 1, meanReturn: values[metric], wallSeconds: undefined }]
          : [],
      );
      return evaluations.length === 0 || !places.has(agent)
        ? []
        : [{ task, agent, seed, evaluations, score: 0, place: '' }];
    });
  const all = names.map((metric) => ({ metric, runs: curves(metric) }));
  const count = all.reduce(
    (sum, { runs }) => sum + new Set(runs.map(({ task, agent }) => JSON.stringify([task, agent]))).size,
    0,
  );
  const room = Math.floor(MOST_NUMBERS / COLUMNS / Math.max(1, count));
  if (room < POINTS.fewest) return undefined;
  const points = Math.min(POINTS.most, room);
  return all.flatMap(({ metric, runs }) => {
    const drawn = learningCurves(runs, { ...options, points });
    return tasks.flatMap((task) => {
      const lines = drawn.flatMap((curve) => {
        const look = places.get(curve.agent);
        return curve.task !== task || look === undefined || curve.points.length === 0
          ? []
          : [chartLine(look, curve)];
      });
      return lines.length === 0 ? [] : [metricChart(metric, task, lines)];
    });
  });
}

const metricChart = (metric: string, task: string, lines: Chart['lines']): Chart => ({
  name: `${metric}-${task}`.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80),
  title: `${shortName(metric, 32)} on ${shortName(task, 32)}`,
  description: `${shortName(metric, 32)} against environment steps, mean over seeds with 95 % bands.`,
  x: { label: 'environment steps', unit: 'steps' },
  y: { label: shortName(metric, 60), unit: 'metric' },
  lines,
});
