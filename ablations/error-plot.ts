/** Pictures of errors against exact answers: mean squared error against time, a panel for each setting. */
import * as Plot from '@observablehq/plot';
import { fileNames } from '../harness/files/file-names.ts';
import { type Drawing, draw, standaloneSvg } from '../harness/report/drawing.ts';
import { seriesOf } from '../harness/report/series.ts';
import type { Picture } from './page.ts';

export interface ErrorPoint {
  /** Titles of the panel's column and, if there is more than one row of panels, of its row. */
  readonly column: string;
  readonly row?: string;
  readonly series: string;
  readonly t: number;
  readonly mse: number;
  readonly mse_se: number;
}

const panelWidth = 240;
const panelHeight = 230;
const margins = { marginLeft: 56, marginRight: 16, marginTop: 28, marginBottom: 38 };
/** Room beside the panels for the titles of rows. */
const rowTitle = 90;
/** Errors below this are rounding, and would leave no room for the others. */
const floor = 1e-12;

interface AboutErrors {
  readonly fileName: string;
  readonly title: string;
  readonly description: string;
}

/**
 * Mean squared error with two standard errors to both sides, on a logarithmic axis.
 * @param allSeries all series of all pictures, so that each has one colour throughout
 */
export function errorPicture(
  about: AboutErrors,
  points: readonly ErrorPoint[],
  allSeries: readonly string[],
): Picture {
  const legend = seriesOf(allSeries).map(({ agent, colour }) => ({ label: agent, colour }));
  const drawing = errorDrawing(about, points, allSeries);
  return {
    fileName: about.fileName,
    title: about.title,
    svg: standaloneSvg(drawing, legend, 'bands: two standard errors over y_t'),
  };
}

/** The same without legend, for a page. @param width of each panel, px */
export function errorDrawing(
  about: AboutErrors,
  points: readonly ErrorPoint[],
  allSeries: readonly string[],
  width = panelWidth,
): Drawing {
  const series = seriesOf(allSeries);
  const colours = new Map(series.map(({ agent, colour }) => [agent, colour]));
  const colour = (point: ErrorPoint) => colours.get(point.series) ?? 'currentColor';
  const columns = [...new Set(points.map(({ column }) => column))];
  const rows = [...new Set(points.flatMap(({ row }) => (row === undefined ? [] : [row])))];
  const shown = points.map((point) => ({
    ...point,
    shown: Math.max(point.mse, floor),
    low: Math.max(point.mse - 2 * point.mse_se, point.mse / 10, floor),
    high: Math.max(point.mse + 2 * point.mse_se, floor),
  }));
  const panel = { fx: 'column', ...(rows.length > 0 && { fy: 'row' }) };
  const marginRight = margins.marginRight + (rows.length > 0 ? rowTitle : 0);
  return draw(
    { name: about.fileName.replace(/\.svg$/, ''), title: about.title, description: about.description },
    {
      ...margins,
      marginRight,
      width: margins.marginLeft + marginRight + columns.length * width,
      height: margins.marginTop + margins.marginBottom + Math.max(1, rows.length) * panelHeight,
      x: { label: 't (0 noise, 1 data)', labelArrow: 'none', labelAnchor: 'center', domain: [0, 1] },
      y: {
        label: 'mean squared error',
        labelArrow: 'none',
        type: 'log',
        grid: true,
        tickFormat: '.0e',
        ticks: 6,
      },
      fx: { label: null, domain: columns },
      ...(rows.length > 0 && { fy: { label: null, domain: rows } }),
      marks: [
        Plot.areaY(shown, {
          ...panel,
          x: 't',
          y1: 'low',
          y2: 'high',
          z: 'series',
          fill: colour,
          fillOpacity: 0.15,
        }),
        Plot.lineY(shown, {
          ...panel,
          x: 't',
          y: 'shown',
          z: 'series',
          stroke: colour,
          strokeWidth: 1.6,
        }),
        Plot.dot(shown, { ...panel, x: 't', y: 'shown', fill: colour, r: 2.4 }),
      ],
    },
  );
}

/** Each problem's name as part of a file's name; no two share one. */
export const problemFileNames = (problems: readonly string[]): ((problem: string) => string) =>
  fileNames(problems, (problem) => problem.replace(/[^A-Za-z0-9_-]+/g, '-'));
