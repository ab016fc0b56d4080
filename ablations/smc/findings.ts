/** What the rows of the samplers' comparison show, in words. */
import type { ProblemSamplerRow } from './experiment.ts';

type Row = Pick<
  ProblemSamplerRow,
  'problem' | 'sampler' | 'estimator' | 'evaluations' | 't' | 'mse_low' | 'mse_high'
>;

/** A sentence per kind of chains: where its interval lies below that of importance sampling, and where above. */
export function findings(rows: readonly Row[]): string[] {
  const keyOf = ({ problem, estimator, evaluations, t }: Row) =>
    JSON.stringify([problem, estimator, evaluations, t]);
  const snis = new Map(rows.filter((row) => row.sampler === 'snis').map((row) => [keyOf(row), row]));
  const chains = [...new Set(rows.map((row) => row.sampler))].filter((sampler) => sampler !== 'snis');
  if (snis.size === 0 || chains.length === 0) return [];
  const sentences = chains.map((sampler) => {
    const own = rows.filter((row) => row.sampler === sampler);
    const against = (apart: (row: Row, other: Row) => boolean) =>
      own.filter((row) => {
        const other = snis.get(keyOf(row));
        return other !== undefined && apart(row, other);
      });
    const below = against((row, other) => row.mse_high < other.mse_low);
    const above = against((row, other) => row.mse_low > other.mse_high);
    return `The interval of ${sampler} lies below that of snis in ${counted(below)} and above it in ${counted(above)} of ${own.length} cells.`;
  });
  return [
    [...sentences, 'A cell is a problem, an estimator, a number of evaluations and a time.', warning].join(
      ' ',
    ),
  ];
}

const warning = 'Intervals are ± 1.96 standard errors over y_t, which with few y_t are too narrow.';

/** How many, and at which times. */
function counted(rows: readonly Row[]): string {
  const times = [...new Set(rows.map(({ t }) => t))].sort((a, b) => a - b);
  return times.length === 0 ? 'none' : `${rows.length} (t = ${times.join(', ')})`;
}
