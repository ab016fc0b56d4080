/** Probability of improvement, one interval for every two agents. */
import * as Plot from '@observablehq/plot';
import type { TableRow } from '../results/tables.ts';
import { type Drawing, draw, labelWidth } from './drawing.ts';
import { interval, share } from './numbers.ts';
import { type Series, shortAgents } from './series.ts';

const ROW = 24; // px
const LABEL = 16; // characters
/** With more pairs, only the best agent is drawn against the others; the table has every pair. */
const MOST_PAIRS = 30;

/** @param ranked the agents, best first */
export function improvementPlot(
  rows: readonly TableRow<'pairwise'>[],
  ranked: readonly Series[],
  width: number,
): Drawing {
  const pairs = pairsToDraw(rows, ranked);
  const short = shortAgents(ranked, LABEL);
  const label = ({ agent }: Series) => short(agent);
  const left = 12 + Math.max(40, ...pairs.map(({ x }) => labelWidth(label(x))));
  const right = 12 + Math.max(40, ...pairs.map(({ y }) => labelWidth(label(y))));
  const sayings = new Map(
    pairs.map(({ key, x, y, value, low, high }) => [
      key,
      `${x.label} over ${y.label} ${share(value)} ${interval(low, high, share)}`,
    ]),
  );
  return draw(
    {
      name: 'improvement',
      title: 'Probability of improvement, P(X > Y)',
      description: `How likely a run of X beats a run of Y on a task, with 95 % intervals: ${[...sayings.values()].join('; ')}.`,
      labelled: true,
    },
    {
      width,
      height: 64 + ROW * Math.max(1, pairs.length),
      marginLeft: left,
      marginRight: right,
      marginTop: 22,
      marginBottom: 38,
      x: {
        label: 'P(X > Y)',
        labelArrow: 'none',
        labelAnchor: 'center',
        domain: [0, 1],
        ticks: width < 500 ? 3 : 5,
        grid: true,
      },
      y: { domain: pairs.map((pair) => pair.key), axis: null, label: null },
      marks: [
        Plot.ruleX([0.5], { stroke: 'currentColor', strokeOpacity: 0.5, strokeDasharray: '3,3' }),
        Plot.text(['X'], { frameAnchor: 'top-left', textAnchor: 'end', dx: -10, dy: -16, fontWeight: 600 }),
        Plot.text(['Y'], { frameAnchor: 'top-right', textAnchor: 'start', dx: 10, dy: -16, fontWeight: 600 }),
        ...pairs.flatMap(({ key, x, y, value, low, high }) => [
          Plot.link([0], {
            x1: () => low,
            x2: () => high,
            y1: () => key,
            y2: () => key,
            stroke: x.colour,
            strokeOpacity: 0.35,
            strokeWidth: 9,
            strokeLinecap: 'butt',
            title: () => sayings.get(key),
          }),
          Plot.dot([0], {
            x: () => value,
            y: () => key,
            fill: x.colour,
            symbol: x.symbol,
            r: 4,
            title: () => sayings.get(key),
          }),
          Plot.text([label(x)], { y: () => key, frameAnchor: 'left', textAnchor: 'end', dx: -10 }),
          Plot.text([label(y)], { y: () => key, frameAnchor: 'right', textAnchor: 'start', dx: 10 }),
        ]),
      ],
    },
  );
}

function pairsToDraw(rows: readonly TableRow<'pairwise'>[], ranked: readonly Series[]) {
  const all = ranked.flatMap((x, i) =>
    ranked.slice(i + 1).flatMap((y) => {
      const row = rows.find((r) => r.agent_x === x.agent && r.agent_y === y.agent);
      if (row === undefined) return [];
      return [
        {
          key: `${x.index}/${y.index}`,
          x,
          y,
          value: Number(row.probability_of_improvement),
          low: Number(row.ci_low),
          high: Number(row.ci_high),
        },
      ];
    }),
  );
  return all.length > MOST_PAIRS ? all.filter(({ x }) => x === ranked[0]) : all;
}
