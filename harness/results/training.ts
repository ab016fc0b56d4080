/** training.csv: the metrics that runs logged. */
import type { Line } from '../files/csv-text.ts';
import { parseColumns } from '../files/parse-columns.ts';
import { trainingColumns } from '../run/rows.ts';
import { runKey } from './runs.ts';

/** The metrics of one run at one step; those that the row leaves empty are absent. */
export interface TrainingMetrics {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** The rows of one run. */
export interface LoggedRun {
  readonly task: string;
  readonly agent: string;
  readonly seed: string;
  /** Ascending in steps. */
  readonly rows: readonly TrainingMetrics[];
}

/**
 * Rows by run, under their `runKey`, ascending in steps.
 * @param file its name, for complaints
 * @throws UserError with file and line
 */
export function parseTrainingRows(file: string, text: string): Map<string, TrainingMetrics[]> {
  const runs = new Map<string, (TrainingMetrics & { readonly line: Line })[]>();
  for (const { line, cells } of parseColumns(file, text, trainingColumns)) {
    const key = runKey(cells);
    const values = Object.fromEntries(
      line.columns.flatMap((name) => {
        const value = Object.hasOwn(trainingColumns, name) ? undefined : line.optionalNumber(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const row = { step: cells.step, values, line };
    const rows = runs.get(key);
    if (rows === undefined) runs.set(key, [row]);
    else rows.push(row);
  }
  return new Map([...runs].map(([key, rows]) => [key, inOrder(rows)]));
}

function inOrder(rows: readonly (TrainingMetrics & { readonly line: Line })[]): TrainingMetrics[] {
  const sorted = [...rows].sort((a, b) => a.step - b.step);
  sorted.forEach(({ step, line }, i) => {
    if (i > 0 && step === sorted[i - 1].step) throw line.error(`step ${step} of this run is there twice`);
  });
  return sorted.map(({ step, values }) => ({ step, values }));
}

/** The same run by run. */
export function loggedRuns(rowsByRun: ReadonlyMap<string, readonly TrainingMetrics[]>): LoggedRun[] {
  return [...rowsByRun].map(([key, rows]) => {
    const [task, agent, seed] = JSON.parse(key) as [string, string, string];
    return { task, agent, seed, rows };
  });
}
