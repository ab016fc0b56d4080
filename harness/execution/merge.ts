/** The CSVs of a comparison from the CSVs of its runs, in the plan's order, whoever ended first. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { formatTable } from '../files/csv.ts';
import { writeDurably } from '../files/durable.ts';
import { type RunJob, runName } from '../run/job.ts';
import { evaluationColumns, trainingKeys } from '../run/rows.ts';

/** Folder of one run. */
export function runFolder(folder: string, job: RunJob): string {
  return join(folder, 'runs', runName(job.identity));
}

/**
 * Writes evaluations.csv and training.csv. training.csv has the metrics of all agents, in order of first
 * appearance; a cell is empty where an agent has no such metric. Runs without rows are passed over.
 */
export function mergeRuns(folder: string, jobs: readonly RunJob[]): void {
  const evaluations = jobs.flatMap((job) => records(join(runFolder(folder, job), 'evaluations.csv')));
  const training = jobs.flatMap((job) => records(join(runFolder(folder, job), 'training.csv')));
  const metrics = new Set(training.flatMap((record) => Object.keys(record)));
  for (const key of trainingKeys) metrics.delete(key);
  writeDurably(join(folder, 'evaluations.csv'), formatTable(evaluationColumns, evaluations));
  writeDurably(join(folder, 'training.csv'), formatTable([...trainingKeys, ...metrics], training));
}

/** The rows of a run's CSV as text, so that no number is written twice. */
function records(path: string): Record<string, string>[] {
  if (!existsSync(path)) return [];
  return parse(readFileSync(path, 'utf8'), { columns: true });
}
