/** The files of a run: its CSVs, and run.json, the mark that it is complete, with its job and their checksums. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256, writeDurably } from '../files/durable.ts';
import { UserError } from '../text/errors.ts';
import { rowsFault } from './check-rows.ts';
import { isShorter, jobDifference, jobSchema, type RunJob } from './job.ts';
import { type EvaluationRow, runTexts, type TrainingRow } from './rows.ts';
import type { RunIdentity } from './streams.ts';

const TABLES = ['evaluations.csv', 'training.csv'] as const;
export const RUN_FILES = [...TABLES, 'run.json'] as const;

/** File name → text; those that were not written are absent. */
export type RunFiles = Partial<Record<(typeof RUN_FILES)[number], string>>;

const completedRun = z.object({
  status: z.literal('done'),
  job: jobSchema,
  step: z.number(),
  wallSeconds: z.number().min(0),
  checkpointSeconds: z.number().min(0),
  /** File name → SHA-256. */
  files: z.record(z.string(), z.string()),
});

export type CompletedRun = z.infer<typeof completedRun>;

/** A folder that holds another run than the one that is asked for. */
export class ForeignRun extends UserError {
  override readonly name = 'ForeignRun';
}

/** Rewrites a run's own CSVs whole; they are small, and a torn one is never left behind. */
export function writeRunRows(
  folder: string,
  id: RunIdentity,
  evaluations: readonly EvaluationRow[],
  training: readonly TrainingRow[],
): void {
  for (const [name, text] of Object.entries(runTexts(id, evaluations, training))) {
    writeDurably(join(folder, name), text);
  }
}

export function markComplete(
  folder: string,
  run: Pick<CompletedRun, 'job' | 'step' | 'wallSeconds' | 'checkpointSeconds'>,
): void {
  const files = Object.fromEntries(TABLES.map((name) => [name, sha256(readFileSync(join(folder, name)))]));
  writeDurably(join(folder, 'run.json'), `${JSON.stringify({ status: 'done', ...run, files }, null, 2)}\n`);
}

/** What a run has written so far. */
export function readRunFiles(folder: string): RunFiles {
  const files: RunFiles = {};
  for (const name of RUN_FILES) {
    try {
      files[name] = readFileSync(join(folder, name), 'utf8');
    } catch {
      // not written yet
    }
  }
  return files;
}

/**
 * The record of a run that is complete and whose CSVs are whole; undefined otherwise, and where fewer steps were asked
 * for then.
 * @param mixed whether users' files may have been changed meanwhile
 * @throws ForeignRun if it is another run than the job
 */
export function readComplete(folder: string, job: RunJob, mixed = false): CompletedRun | undefined {
  const files = readRunFiles(folder);
  const run = parseComplete(files);
  if (run === undefined || isShorter(run.job, job, mixed)) return undefined;
  const fault = foreignness(run, files, job, mixed);
  if (fault === undefined) return run;
  throw new ForeignRun(`${folder} holds another run: ${fault}; remove that folder to begin the run anew`);
}

/** Why files are not those of a job that is complete; undefined if they are. */
export function completionFault(files: RunFiles, job: RunJob): string | undefined {
  const run = parseComplete(files);
  if (run === undefined) return 'run.json is missing, or is not that of the tables';
  return foreignness(run, files, job, false);
}

function parseComplete(files: RunFiles): CompletedRun | undefined {
  try {
    const run = completedRun.parse(JSON.parse(files['run.json'] ?? ''));
    return TABLES.every((name) => sha256(files[name] ?? '') === run.files[name]) ? run : undefined;
  } catch {
    return undefined;
  }
}

function foreignness(run: CompletedRun, files: RunFiles, job: RunJob, mixed: boolean): string | undefined {
  const difference = jobDifference(run.job, job, mixed);
  if (difference !== undefined) return difference;
  if (run.step !== job.steps) return `it ended at step ${run.step} of ${job.steps}`;
  return rowsFault(job, files, true);
}
