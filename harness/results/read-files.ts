/** Reads the runs and the manifest of a comparison directory, and files of scores. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../files/csv.ts';
import { pathWithin } from '../files/within.ts';
import { UserError } from '../text/errors.ts';
import { shellWord } from '../text/shell-word.ts';
import { comparisonMetrics, comparisonRuns, type TableReader } from './comparison-runs.ts';
import { type Manifest, parseManifest } from './manifest-reader.ts';
import { parseEvaluations, parseScores, type ReadOptions, type Run } from './runs.ts';
import { parseTrainingRows, type TrainingMetrics } from './training.ts';

/** The runs in DIR/evaluations.csv, which a comparison has from its end on. @throws UserError with file and line */
export function readEvaluations(directory: string, options: ReadOptions = {}): Run[] {
  const file = join(directory, 'evaluations.csv');
  if (!existsSync(file) && existsSync(join(directory, 'manifest.json')))
    throw new UserError(
      `${file}: no such file; no run has been evaluated yet; until then: harness view ${shellWord(directory)}`,
    );
  return parseEvaluations(file, readText(file), options);
}

/**
 * The runs of a comparison, also of one that is running or was killed.
 * @throws UserError with file and line
 */
export function readRuns(
  directory: string,
  manifest: Manifest | undefined,
  options: ReadOptions = {},
): Run[] {
  const reader: TableReader = {
    joined: (options) =>
      existsSync(join(directory, 'evaluations.csv')) ? readEvaluations(directory, options) : undefined,
    own({ task, agent, seed }) {
      const file = pathWithin(directory, 'runs', task, agent, seed, 'evaluations.csv');
      return file === undefined ? [] : parseEvaluations(file, readText(file), { mayBeEmpty: true });
    },
  };
  return comparisonRuns(manifest, reader, options) ?? readEvaluations(directory, options);
}

/** The runs in a file with columns task, agent, seed, score. @throws UserError with file and line */
export const readScores = (file: string): Run[] => parseScores(file, readText(file));

/**
 * Rows of DIR/training.csv by run, under the key JSON [task, agent, seed]; nothing if there is none.
 * @throws UserError with file and line
 */
export function readTrainingRows(directory: string): Map<string, TrainingMetrics[]> {
  const file = join(directory, 'training.csv');
  return existsSync(file) ? parseTrainingRows(file, readText(file)) : new Map();
}

/** The same of a comparison, also of one that is running or was killed. @throws UserError with file and line */
export const readRunMetrics = (
  directory: string,
  manifest: Manifest | undefined,
): Map<string, TrainingMetrics[]> =>
  comparisonMetrics(manifest, {
    joined: () => readTrainingRows(directory),
    own({ task, agent, seed }) {
      const file = pathWithin(directory, 'runs', task, agent, seed, 'training.csv');
      return file === undefined ? undefined : parseTrainingRows(file, readText(file));
    },
  });

/** The manifest of a comparison directory; undefined if there is none or it cannot be read. */
export function readManifest(directory: string): Manifest | undefined {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file)) return undefined;
  try {
    return parseManifest(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
