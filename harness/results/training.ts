/** training.csv: the metrics that runs logged. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readColumns } from '../files/read-columns.ts';
import { trainingColumns } from '../run/rows.ts';

/** The metrics of one run at one step; those that the row leaves empty are absent. */
export interface TrainingMetrics {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * Rows by run, under the key JSON [task, agent, seed]; nothing if the directory has no training.csv.
 * @throws UserError with file and line
 */
export function readTrainingRows(directory: string): Map<string, TrainingMetrics[]> {
  const runs = new Map<string, TrainingMetrics[]>();
  const file = join(directory, 'training.csv');
  if (!existsSync(file)) return runs;
  for (const { line, cells } of readColumns(file, trainingColumns)) {
    const key = JSON.stringify([cells.task, cells.agent, cells.seed]);
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
