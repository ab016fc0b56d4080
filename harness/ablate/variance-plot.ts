/** Pictures of the variance experiment: error against time, one picture per problem, one panel per N. */
import * as Plot from '@observablehq/plot';
import { type Drawing, draw, standaloneSvg } from '../report/drawing.ts';
import { seriesOf } from '../report/series.ts';
import type { Picture } from './page.ts';
import type { ProblemVarianceRow } from './variance-command.ts';

const panelWidth = 240;
const margins = { marginLeft: 56, marginRight: 16, marginTop: 28, marginBottom: 38 };
/** Errors below this are rounding, and would leave no room for the others. */
const floor = 1e-12;

/** Mean squared error with two standard errors to both sides, on a logarithmic axis. */
export function variancePictures(rows: readonly ProblemVarianceRow[]): Picture[] {
  const series = seriesOf([...new Set(rows.map((row) => row.estimator))]);
  const colourOf = new Map(series.map(({ agent, colour }) => [agent, colour]));
  const legend = series.map(({ agent, colour }) => ({ label: agent, colour }));
  return [...new Set(rows.map((row) => row.problem))].map((problem) => {
    const drawing = drawProblem(
      problem,
      rows.filter((row) => row.problem === problem),
      (estimator) => colourOf.get(estimator) ?? 'currentColor',
    );
    return {
      fileName: `${drawing.name}.svg`,
      title: drawing.title,
      svg: standaloneSvg(drawing, legend, 'bands: two standard errors over y_t'),
    };
  });
}

function drawProblem(
  problem: string,
  rows: readonly ProblemVarianceRow[],
  colour: (estimator: string) => string,
): Drawing {
  const panels = new Set(rows.map((row) => row.particles)).size;
  const points = rows.map((row) => ({
    ...row,
    panel: `N = ${row.particles}`,
    shown: Math.max(row.mse, floor),
    low: Math.max(row.mse - 2 * row.mse_se, row.mse / 10, floor),
    high: Math.max(row.mse + 2 * row.mse_se, floor),
  }));
  const about = {
    name: `variance-${problem.replace(/[^A-Za-z0-9_-]+/g, '-')}`,
    title: `Error of the posterior mean on ${problem}, ${rows[0].proposal} draws`,
    description: 'Mean squared error of E[y1 | y_t] against time, by estimator and number of draws.',
  };
  return draw(about, {
    ...margins,
    width: margins.marginLeft + margins.marginRight + panels * panelWidth,
    height: 300,
    x: { label: 't (0 noise, 1 data)', labelArrow: 'none', labelAnchor: 'center', domain: [0, 1] },
    y: {
      label: 'mean squared error',
      labelArrow: 'none',
      type: 'log',
      grid: true,
      tickFormat: '.0e',
      ticks: 6,
    },
    fx: { label: null, domain: [...new Set(points.map(({ panel }) => panel))] },
    marks: [
      Plot.areaY(points, {
        fx: 'panel',
        x: 't',
        y1: 'low',
        y2: 'high',
        z: 'estimator',
        fill: (row) => colour(row.estimator),
        fillOpacity: 0.15,
      }),
      Plot.lineY(points, {
        fx: 'panel',
        x: 't',
        y: 'shown',
        z: 'estimator',
        stroke: (row) => colour(row.estimator),
        strokeWidth: 1.6,
      }),
      Plot.dot(points, { fx: 'panel', x: 't', y: 'shown', fill: (row) => colour(row.estimator), r: 2.4 }),
    ],
  });
}
