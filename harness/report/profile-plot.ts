/** Performance profiles: the share of runs above every threshold. */
import * as Plot from '@observablehq/plot';
import type { TableRow } from '../results/tables.ts';
import { type Drawing, draw } from './drawing.ts';
import { shortName } from './html.ts';
import { share } from './numbers.ts';
import type { Series } from './series.ts';

/** @param size px; the same plot is drawn for wide and for narrow pages */
export function profilePlot(
  rows: readonly TableRow<'profiles'>[],
  series: readonly Series[],
  size: { readonly width: number; readonly height: number },
): Drawing {
  const curves = series.map((look) => ({
    series: look,
    points: rows
      .filter((row) => row.agent === look.agent)
      .map(({ tau, fraction, ci_low, ci_high }) => ({ tau, fraction, ci_low, ci_high })),
  }));
  const half = curves.map(({ series: { agent }, points }) => {
    const middle = points.find((point) => Number(point.tau) >= 0.5);
    return `${shortName(agent)} ${share(Number(middle?.fraction))}`;
  });
  return draw(
    {
      name: 'profiles',
      title: 'Performance profiles',
      description: `Fraction of runs that score above each threshold, with 95 % pointwise bands. Above 0.5: ${half.join('; ')}.`,
    },
    {
      ...size,
      marginLeft: 46,
      marginRight: 18,
      marginTop: 24,
      marginBottom: 38,
      x: { label: 'normalised score τ', labelArrow: 'none', labelAnchor: 'center', domain: [0, 1], ticks: 5 },
      y: {
        label: 'fraction of runs above τ',
        labelArrow: 'none',
        domain: [0, 1],
        ticks: 5,
        tickSize: 0,
        grid: true,
      },
      marks: [
        Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.35 }),
        ...curves.map(({ series: { colour, className }, points }) =>
          Plot.areaY(points, {
            x: 'tau',
            curve: 'step-after',
            y1: 'ci_low',
            y2: 'ci_high',
            fill: colour,
            fillOpacity: 0.14,
            className,
          }),
        ),
        ...curves.flatMap(({ series: { colour, className, dash, symbol }, points }) => [
          Plot.lineY(points, {
            x: 'tau',
            curve: 'step-after',
            y: 'fraction',
            stroke: colour,
            strokeWidth: 1.8,
            strokeDasharray: dash,
            className,
          }),
          Plot.dot(
            points.filter((_, i) => i % 20 === 10),
            { x: 'tau', y: 'fraction', fill: colour, symbol, r: 3, className },
          ),
        ]),
      ],
    },
  );
}
