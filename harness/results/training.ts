/** training.csv: the metrics that runs logged. */
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
  /** In the order of the file. */
  readonly rows: readonly TrainingMetrics[];
}

/**
 * Rows by run, under their `runKey`.
 * @param file its name, for complaints
 * @throws UserError with file and line
 */
export function parseTrainingRows(file: string, text: string): Map<string, TrainingMetrics[]> {
  const runs = new Map<string, TrainingMetrics[]>();
  for (const { line, cells } of parseColumns(file, text, trainingColumns)) {
    const key = runKey(cells);
    const values = Object.fromEntries(
      line.columns.flatMap((name) => {
        const value = Object.hasOwn(trainingColumns, name) ? undefined : line.optionalNumber(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const row = { step: cells.step, values };
    const rows = runs.get(key);
    if (rows === undefined) runs.set(key, [row]);
    else rows.push(row);
  }
  return runs;
}

/** The same run by run. @throws UserError with file and line */
export function parseLoggedRuns(file: string, text: string): LoggedRun[] {
  return [...parseTrainingRows(file, text)].map(([key, rows]) => {
    const [task, agent, seed] = JSON.parse(key) as [string, string, string];
    return { task, agent, seed, rows };
  });
}
