/** What a comparison's files hold, for scripts. */
import { existsSync } from 'node:fs';
import { namedFolder } from '../files/named-folder.ts';
import { UserError } from '../text/errors.ts';
import type { Manifest } from './manifest-reader.ts';
import { readManifest, readRunMetrics, readRuns } from './read-files.ts';
import { type Run, runKey } from './runs.ts';
import type { TrainingMetrics } from './training.ts';

/** A run with what it logged. */
export interface RunResults extends Run {
  /** Rows of training.csv, ascending in steps: means of metrics since the row before. */
  readonly training: readonly TrainingMetrics[];
}

/** A comparison as its files tell it. */
export interface Results {
  /** manifest.json; undefined where there is none that can be read. */
  readonly manifest?: Manifest;
  /** In the order of evaluations.csv; of a comparison that runs in that of its manifest. */
  readonly runs: readonly RunResults[];
}

/**
 * Reads evaluations.csv, training.csv and manifest.json of a results directory; nothing is computed or run.
 * @param name a name under results/, or a path
 * @throws UserError for files that cannot be read, with file and line
 */
export function readResults(name: string): Results {
  const directory = namedFolder(name);
  if (!existsSync(directory)) throw new UserError(`${directory}: no such directory`);
  const manifest = readManifest(directory);
  const training = readRunMetrics(directory, manifest);
  const runs = readRuns(directory, manifest, { mayBeEmpty: true }).map((run) => {
    return { ...run, training: training.get(runKey(run)) ?? [] };
  });
  return { manifest, runs };
}
