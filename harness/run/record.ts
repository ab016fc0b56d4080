/** run.json: the mark that a run is complete, with the checksums of its CSVs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, writeDurably } from '../files/durable.ts';

export interface CompletedRun {
  readonly status: 'done';
  readonly step: number;
  readonly wallSeconds: number;
  readonly checkpointSeconds: number;
  /** File name → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
}

const FILES = ['evaluations.csv', 'training.csv'];

export function markComplete(folder: string, run: Omit<CompletedRun, 'status' | 'files'>): void {
  const files = Object.fromEntries(FILES.map((name) => [name, sha256(readFileSync(join(folder, name)))]));
  const record: CompletedRun = { status: 'done', ...run, files };
  writeDurably(join(folder, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
}

/** The record of a run that is complete and whose CSVs are whole; undefined otherwise. */
export function readComplete(folder: string): CompletedRun | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as CompletedRun;
    const whole = FILES.every((name) => sha256(readFileSync(join(folder, name))) === record.files[name]);
    return record.status === 'done' && whole ? record : undefined;
  } catch {
    return undefined;
  }
}
