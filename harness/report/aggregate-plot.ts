/** The four aggregates, each a panel with one interval for every agent. */
import * as Plot from '@observablehq/plot';
import type { TableRow } from '../results/tables.ts';
import type { AggregateMetric } from '../statistics/index.ts';
import { type Drawing, draw, labelWidth } from './drawing.ts';
import { interval, share } from './numbers.ts';
import { type Series, shortAgents } from './series.ts';

export const metricTitles: Readonly<Record<AggregateMetric, string>> = {
  iqm: 'Interquartile mean',
  mean: 'Mean',
  median: 'Median',
  optimality_gap: 'Optimality gap (lower is better)',
};

const ROW = 26; // px
const LABEL = 18; // characters

/** @param series the agents in the order of the rows */
export function aggregatePlot(
  metric: AggregateMetric,
  rows: readonly TableRow<'aggregate'>[],
  series: readonly Series[],
  width: number,
): Drawing {
  const items = series.flatMap((look) => {
    const row = rows.find((r) => r.agent === look.agent && r.metric === metric);
    if (row === undefined) return [];
    const [value, low, high] = [Number(row.value), Number(row.ci_low), Number(row.ci_high)];
    return [{ series: look, key: String(look.index), value, low, high }];
  });
  const short = shortAgents(series, LABEL);
  const labels = new Map(items.map((item) => [item.key, short(item.series.agent)]));
  const marginLeft = 14 + Math.max(40, ...[...labels.values()].map(labelWidth));
  const sayings = new Map(
    items.map(({ series: { label }, key, value, low, high }) => [
      key,
      `${label} ${share(value)} ${interval(low, high, share)}`,
    ]),
  );
  return draw(
    {
      name: `aggregate-${metric.replaceAll('_', '-')}`,
      title: metricTitles[metric],
      description: `Normalised score over all tasks and runs with 95 % interval: ${[...sayings.values()].join('; ')}.`,
      labelled: true,
    },
    {
      width,
      height: 54 + ROW * items.length,
      marginLeft,
      marginRight: 48,
      marginTop: 6,
      marginBottom: 38,
      x: {
        label: 'normalised score',
        labelArrow: 'none',
        labelAnchor: 'center',
        ticks: 4,
        nice: true,
        grid: true,
      },
      y: {
        label: null,
        domain: items.map((item) => item.key),
        tickFormat: (key: string) => labels.get(key) ?? '',
        tickSize: 0,
      },
      marks: items.flatMap(({ series: look, key, value, low, high }) => {
        const { className, colour, symbol } = look;
        const title = () => sayings.get(key);
        return [
          Plot.link(low <= high ? [0] : [], {
            x1: () => low,
            x2: () => high,
            y1: () => key,
            y2: () => key,
            stroke: colour,
            strokeOpacity: 0.35,
            strokeWidth: 9,
            strokeLinecap: 'butt',
            title,
            className,
          }),
          Plot.dot([0], { x: () => value, y: () => key, fill: colour, symbol, r: 4, title, className }),
          Plot.text([share(value)], {
            y: () => key,
            frameAnchor: 'right',
            textAnchor: 'start',
            dx: 10,
            fontVariant: 'tabular-nums',
            className,
          }),
        ];
      }),
    },
  );
}
