/** Whether a comparison's rows come out again: its runs are trained once more and compared as they go. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { backends } from '../../engine/backends/records.ts';
import { runFolder } from '../execution/merge.ts';
import { readTable } from '../files/csv.ts';
import type { Line } from '../files/csv-text.ts';
import { jobsOf } from '../plan/plan.ts';
import type { AgentSource, TaskSource } from '../plugins/source.ts';
import { trusted } from '../plugins/trust.ts';
import { loadRecipe, type Recipe } from '../results/manifest.ts';
import { readManifest } from '../results/read-files.ts';
import { ownVersions, versionDifference } from '../results/versions.ts';
import { runAgainWithFiles } from '../run/again.ts';
import { type RunJob, runName } from '../run/job.ts';
import {
  type EvaluationRow,
  evaluationColumns,
  runTexts,
  type TrainingRow,
  trainingColumns,
} from '../run/rows.ts';
import { unknownName } from '../text/errors.ts';

export interface VerifyOptions {
  /** One run, as TASK/AGENT/SEED; all, if undefined. */
  readonly run?: string;
  /** The last evaluation up to this step is the last that is compared. */
  readonly until?: number;
  /** Absolute paths of users' files that may be loaded though no comparison of this user recorded them. */
  readonly named?: readonly string[];
  /** Called after every evaluation that came out the same. */
  readonly progress?: (verdict: Verdict) => void;
}

/** How far a run came out the same. */
export interface Verdict {
  readonly run: string;
  /** Evaluations that are the same, and all that there are: none where the run failed or has not begun. */
  readonly same: number;
  readonly recorded: number;
  /** Control steps up to the last evaluation that is the same; -1 before the first. */
  readonly step: number;
  readonly difference?: Difference;
}

/** The first cell that came out otherwise. */
export interface Difference {
  readonly file: 'evaluations.csv' | 'training.csv';
  readonly step: number;
  /** Of an evaluation. */
  readonly episode?: string;
  readonly column: string;
  readonly here: string;
  readonly there: string;
}

/**
 * @throws UserError for a folder without what a repetition needs, a run that is not in it, or a file that may not be
 *   loaded
 */
export async function* verify(folder: string, options: VerifyOptions = {}): AsyncGenerator<Verdict> {
  const recipe = loadRecipe(folder);
  const jobs = jobsOf(recipe.config);
  const names = jobs.map(({ identity }) => runName(identity));
  const { run, named = [] } = options;
  const known = <S extends AgentSource | TaskSource>(source: S): S =>
    source.file !== undefined && named.includes(source.file)
      ? source
      : trusted(source, folder, (file) => `--plugins ${file} loads it all the same`);
  if (run !== undefined && !names.includes(run)) throw unknownName('run', run, names);
  for (const [i, job] of jobs.entries())
    if (run === undefined || run === names[i]) {
      const sources = { agent: known(job.agent), task: known(job.task) };
      yield await verifyRun(folder, { ...job, ...sources }, options);
    }
}

async function verifyRun(folder: string, job: RunJob, { until, progress }: VerifyOptions): Promise<Verdict> {
  const run = runName(job.identity);
  const recorded = {
    'evaluations.csv': recordedRows(folder, job, 'evaluations.csv'),
    'training.csv': recordedRows(folder, job, 'training.csv'),
  };
  const steps = [...new Set(recorded['evaluations.csv'].map(({ step }) => step))];
  let verdict: Verdict = { run, same: 0, recorded: steps.length, step: -1 };
  if (steps.length === 0) return verdict;
  const seen = { 'evaluations.csv': 0, 'training.csv': 0 };

  /** The first difference among rows that have come since. */
  const compare = (
    file: Difference['file'],
    rows: readonly Record<string, string>[],
  ): Difference | undefined => {
    while (seen[file] < rows.length) {
      const found = rowDifference(file, rows[seen[file]], recorded[file][seen[file]]?.line);
      if (found !== undefined) return found;
      seen[file]++;
    }
    return undefined;
  };

  /** The first row up to a step that was recorded, and has not come. */
  const surplus = (file: Difference['file'], until: number): Difference | undefined => {
    const row = recorded[file].slice(seen[file]).find(({ step }) => step <= until);
    if (row === undefined) return undefined;
    const episode = file === 'evaluations.csv' ? row.line.text('episode') : undefined;
    return {
      ...{ file, step: row.step, column: 'step', here: '', there: String(row.step) },
      ...(episode !== undefined && { episode }),
    };
  };

  await runAgainWithFiles(job, {
    rows(evaluations: readonly EvaluationRow[], training: readonly TrainingRow[]): boolean {
      const tables = runTexts(job.identity, evaluations, training);
      const here = (file: Difference['file']) =>
        parse(tables[file], { columns: true }) as Record<string, string>[];
      const { step } = evaluations[evaluations.length - 1];
      const difference =
        compare('training.csv', here('training.csv')) ??
        compare('evaluations.csv', here('evaluations.csv')) ??
        surplus('evaluations.csv', step);
      if (difference !== undefined) {
        verdict = { ...verdict, difference };
        return false;
      }
      const same = steps.indexOf(step) + 1;
      verdict = { ...verdict, same, step };
      progress?.(verdict);
      const next = steps[same];
      return next !== undefined && (until === undefined || next <= until);
    },
  });
  if (verdict.difference === undefined) {
    const difference =
      surplus('evaluations.csv', until ?? Number.POSITIVE_INFINITY) ??
      surplus('training.csv', verdict.step - 1); // a row of the same step may come after the evaluation
    if (difference !== undefined) verdict = { ...verdict, difference };
  }
  return verdict;
}

interface RecordedRow {
  readonly step: number;
  readonly line: Line;
}

/** A run's rows in the comparison's table, or in its own while the comparison runs, or where it was killed. */
function recordedRows(folder: string, job: RunJob, file: Difference['file']): RecordedRow[] {
  const { task, agent, seed } = job.identity;
  const merged = join(folder, file);
  const own = join(runFolder(folder, job), file);
  const ownFirst = !existsSync(merged) || (readManifest(folder)?.status === 'running' && existsSync(own));
  const place = ownFirst ? own : merged;
  if (!existsSync(place)) return [];
  const ofRun = (line: Line) =>
    line.text('task') === task && line.text('agent') === agent && line.text('seed') === String(seed);
  return readTable(place, ['task', 'agent', 'seed', 'step'])
    .filter(ofRun)
    .map((line) => ({ line, step: line.count('step') }));
}

const timeless = (file: Difference['file'], name: string): boolean => {
  const columns = file === 'evaluations.csv' ? evaluationColumns : trainingColumns;
  const column = (columns as Record<string, { isTime?: boolean }>)[name];
  return column?.isTime !== true;
};

/** @param there undefined for a row that has not been recorded */
function rowDifference(
  file: Difference['file'],
  here: Readonly<Record<string, string>>,
  there: Line | undefined,
): Difference | undefined {
  // A table of many agents has metrics that this one has not; an older one may lack a column.
  const columns = there === undefined ? ['step'] : there.columns.filter((name) => timeless(file, name));
  const column = columns.find((name) => (here[name] ?? '') !== (there?.optionalText(name) ?? ''));
  if (column === undefined) return undefined;
  return {
    file,
    step: Number(here.step),
    ...(file === 'evaluations.csv' && { episode: here.episode }),
    column,
    here: here[column] ?? '',
    there: there?.optionalText(column) ?? '',
  };
}

/** What may explain that rows are others, in words: bits, code, packages, or nothing that is known. */
export function explanations(folder: string): string[] {
  const recipe = loadRecipe(folder);
  return [...bitsExplanation(recipe), ...codeExplanation(recipe), ...(recipe.changes ?? []).map(mixed)];
}

const mixed = (change: string): string => `the comparison went on although ${change}`;

function bitsExplanation({ bits: there, config: { backend } }: Recipe): string[] {
  const here = backends[backend].bits;
  if (here === undefined) return [`the backend '${backend}' promises no bits: it rounds as the machine does`];
  if (here === there) return [];
  return [`the family of bits is ${here} here and ${there ?? 'not recorded'} there`];
}

function codeExplanation({ versions: { backend: _, ...there } }: Recipe): string[] {
  const here = ownVersions();
  if (there.code === undefined) return ['the code that made it is not recorded'];
  if (there.code !== here.code)
    return ['the code of rfm-harness is another (another commit, or changed files)'];
  const version = versionDifference(there, here);
  return version === undefined ? [] : [version];
}
