/** Performance profiles: the share of runs above every threshold. */
import type { TableRow } from '../results/tables.ts';
import type { Chart } from './chart.ts';
import { share } from './numbers.ts';
import type { Series } from './series.ts';

/** @param runs of each agent, over all tasks */
export function profileChart(
  rows: readonly TableRow<'profiles'>[],
  series: readonly Series[],
  runs: (agent: string) => number,
): Chart {
  const own = series.map(({ agent }) => rows.filter((row) => row.agent === agent));
  const half = series.map(({ label }, i) => {
    const middle = own[i].find((row) => Number(row.tau) >= 0.5);
    return `${label} ${share(Number(middle?.fraction))}`;
  });
  const ends = (column: (string | number | undefined)[]) =>
    column.map((end) => (typeof end === 'number' ? end : null));
  return {
    name: 'profiles',
    title: 'Performance profiles',
    description: `Fraction of runs that score above each threshold, with 95 % pointwise bands. Above 0.5: ${half.join('; ')}.`,
    x: { label: 'normalised score τ', unit: 'share', domain: [0, 1] },
    y: { label: 'fraction of runs above τ', unit: 'share', domain: [0, 1] },
    stepped: true,
    lines: series.map(({ agent, index }, i) => ({
      series: index,
      x: own[i].map((row) => Number(row.tau)),
      y: own[i].map((row) => Number(row.fraction)),
      low: ends(own[i].map((row) => row.ci_low)),
      high: ends(own[i].map((row) => row.ci_high)),
      runs: runs(agent),
    })),
  };
}
