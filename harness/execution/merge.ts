/** The CSVs of a comparison from the CSVs of its runs, in the plan's order, whoever ended first. */
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { writeDurably } from '../files/durable.ts';
import { formatTable } from '../files/table.ts';
import { type RunTables, rowsFault } from '../run/check-rows.ts';
import { type RunJob, runName } from '../run/job.ts';
import { readRunFiles } from '../run/record.ts';
import { evaluationColumns, trainingColumns } from '../run/rows.ts';

/** Folder of one run. */
export function runFolder(folder: string, { identity }: Pick<RunJob, 'identity'>): string {
  return join(folder, 'runs', runName(identity));
}

/**
 * Writes evaluations.csv and training.csv. training.csv has the metrics of all agents, in order of first
 * appearance; a cell is empty where an agent has no such metric. Runs without rows are passed over.
 */
export function mergeRuns(folder: string, jobs: readonly RunJob[]): void {
  const tables = jobs.map((job) => tablesOf(runFolder(folder, job), job));
  const evaluations = tables.flatMap((table) => records(table['evaluations.csv']));
  const training = tables.flatMap((table) => records(table['training.csv']));
  const metrics = new Set(training.flatMap((record) => Object.keys(record)));
  const keys = Object.keys(trainingColumns);
  for (const key of keys) metrics.delete(key);
  writeDurably(join(folder, 'evaluations.csv'), formatTable(Object.keys(evaluationColumns), evaluations));
  writeDurably(join(folder, 'training.csv'), formatTable([...keys, ...metrics], training));
}

/** What a run has written; nothing where it is not of the job: then the run has failed, with that reason. */
function tablesOf(folder: string, job: RunJob): RunTables {
  const { 'run.json': _, ...tables } = readRunFiles(folder);
  return rowsFault(job, tables, false) === undefined ? tables : {};
}

/** The rows of a run's CSV as text, so that no number is written twice. */
function records(text: string | undefined): Record<string, string>[] {
  return text === undefined ? [] : parse(text, { columns: true });
}
