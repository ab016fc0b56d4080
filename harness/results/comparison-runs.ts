/** The runs of a comparison, from its tables, wherever these are read. */
import type { Manifest } from './manifest-reader.ts';
import { type ReadOptions, type Run, type RunName, runKey } from './runs.ts';
import type { TrainingMetrics } from './training.ts';

/** How tables of one comparison are read. */
export interface TableReader {
  /** The rows that the comparison's own table joins; undefined where it has none. @throws UserError with file and line */
  joined(options: ReadOptions): Run[] | undefined;
  /** Those that a run has written itself; none without such a table. @throws UserError with file and line */
  own(run: RunName): Run[];
}

/**
 * While a comparison is running, or where it was killed, its table is that of an earlier session: then what runs have
 * written themselves comes first.
 * @returns undefined without any table
 * @throws UserError with file and line
 */
export function comparisonRuns(
  manifest: Manifest | undefined,
  read: TableReader,
  options: ReadOptions = {},
): Run[] | undefined {
  if (manifest?.status !== 'running') return read.joined(options);
  const own = manifest.runs.flatMap((run) => read.own(run).filter((found) => runKey(found) === runKey(run)));
  if (own.length === 0) return read.joined(options);
  const known = new Set(own.map(runKey));
  const joined = read.joined({ mayBeEmpty: true }) ?? [];
  return [...own, ...joined.filter((run) => !known.has(runKey(run)))];
}

/** How the metrics of one comparison are read, each by the key of its run. */
export interface MetricsReader {
  /** What the comparison's own table joins; nothing where it has none. @throws UserError with file and line */
  joined(): Map<string, TrainingMetrics[]>;
  /** What a run has written itself; undefined without such a table. @throws UserError with file and line */
  own(run: RunName): ReadonlyMap<string, TrainingMetrics[]> | undefined;
}

/** The same of what runs logged. @throws UserError with file and line */
export function comparisonMetrics(
  manifest: Manifest | undefined,
  read: MetricsReader,
): Map<string, TrainingMetrics[]> {
  const rows = read.joined();
  if (manifest?.status !== 'running') return rows;
  for (const run of manifest.runs) {
    const own = read.own(run)?.get(runKey(run));
    if (own !== undefined) rows.set(runKey(run), own);
  }
  return rows;
}
