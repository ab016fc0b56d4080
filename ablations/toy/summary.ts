/** Means over seeds with their intervals, as tables. */
import { mean } from '../../harness/statistics/moments.ts';
import { studentInterval } from '../../harness/statistics/student.ts';
import { distanceNames, setSizes, type ToyRow } from './experiment.ts';

export const summaryColumns = [
  'target',
  'method',
  'updates',
  'seeds',
  'steps',
  'sliced_w2',
  'sliced_w2_low',
  'sliced_w2_high',
  'mmd2',
  'mmd2_low',
  'mmd2_high',
  'sinkhorn',
  'sinkhorn_low',
  'sinkhorn_high',
] as const;

export const seedColumns = ['target', 'method', 'seed', 'steps', ...distanceNames] as const;

/** Distances are means over seeds; low and high bound their 95 % interval (Student's t), empty for one seed. */
export type SummaryRow = Readonly<Record<(typeof summaryColumns)[number], string | number | undefined>> & {
  readonly target: string;
  readonly method: string;
  readonly steps: number | undefined;
};

export function summarise(rows: readonly ToyRow[], updates: number): SummaryRow[] {
  const cells = new Map<string, ToyRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.target, row.method, row.steps]);
    cells.set(key, [...(cells.get(key) ?? []), row]);
  }
  return [...cells.values()].map((cell) => {
    const { target, method, steps } = cell[0];
    const [sliced, mmd, sinkhorn] = distanceNames.map((name) => {
      const values = cell.map((row) => row[name]);
      const [low, high] = studentInterval(values) ?? [];
      return { mean: mean(values), low, high };
    });
    return {
      target,
      method,
      updates: steps === undefined ? undefined : updates,
      seeds: cell.length,
      steps,
      sliced_w2: sliced.mean,
      sliced_w2_low: sliced.low,
      sliced_w2_high: sliced.high,
      mmd2: mmd.mean,
      mmd2_low: mmd.low,
      mmd2_high: mmd.high,
      sinkhorn: sinkhorn.mean,
      sinkhorn_low: sinkhorn.low,
      sinkhorn_high: sinkhorn.high,
    };
  });
}

/** Sliced distance by target and method (rows) and integration steps (columns), with its interval's half width. */
export function toyTable(rows: readonly SummaryRow[]): string {
  const steps = [...new Set(rows.flatMap((row) => row.steps ?? []))];
  const head = ['target'.padEnd(12), 'method'.padEnd(14), ...steps.map((n) => `${n} steps`.padStart(16))];
  const lines = [head.join('  ')];
  const methods = new Map<string, SummaryRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.target, row.method]);
    methods.set(key, [...(methods.get(key) ?? []), row]);
  }
  for (const cell of methods.values()) {
    const { target, method } = cell[0];
    const values = steps.map((n) => {
      const row = cell.find((each) => each.steps === n || each.steps === undefined);
      return row === undefined ? '' : shown(row.sliced_w2, row.sliced_w2_high);
    });
    lines.push(
      [target.padEnd(12), method.padEnd(14), ...values.map((text) => text.padStart(16))].join('  ').trimEnd(),
    );
  }
  return `sliced Wasserstein-2 distance to ${setSizes.sliced} exact draws (exact: between two such sets)\n${lines.join('\n')}\n`;
}

function shown(mean: string | number | undefined, high: string | number | undefined): string {
  const digits = Number(mean).toFixed(4);
  return high === undefined ? digits : `${digits} ± ${(Number(high) - Number(mean)).toFixed(4)}`;
}
