/** What a report shows, gathered before anything is drawn. */

import { untrainedLines } from '../plan/untrained.ts';
import type { AnalysisOptions } from '../results/analysis.ts';
import type { Manifest, RunRecord } from '../results/manifest-reader.ts';
import type { Run } from '../results/runs.ts';
import { type Flag, flagsOf, mayRank, type TableRow, type Tables } from '../results/tables.ts';
import type { LoggedRun } from '../results/training.ts';
import type { Curve, ReferenceScore } from './curves.ts';
import { agentSeries, type Series } from './series.ts';

/** A directory, or a file of scores, that the report is made from. */
export interface Source {
  readonly name: string;
  readonly manifest: Manifest | undefined;
}

/** A run that is not in the numbers, or only in part. */
export interface TroubledRun extends RunRecord {
  readonly source: string;
}

export interface ReportModel {
  readonly title: string;
  readonly sources: readonly Source[];
  readonly runs: readonly Run[];
  /** What runs logged while they trained. */
  readonly logged: readonly LoggedRun[];
  readonly tables: Tables;
  readonly curves: readonly Curve[];
  readonly references: readonly ReferenceScore[];
  readonly troubled: readonly TroubledRun[];
  /** Those of them that have not ended, nor reached the step that is reported. */
  readonly unfinished: readonly TroubledRun[];
  /** Lines about agents whose runs do not belong together. */
  readonly mixed: readonly string[];
  /** Lines about agents whose runs were too short for an update. */
  readonly untrained: readonly string[];
  readonly options: AnalysisOptions;
  readonly tasks: readonly string[];
  /** By name; the looks do not depend on rank. */
  readonly series: readonly Series[];
  /** By interquartile mean, best first; after them those without a rank. */
  readonly ranked: readonly RankedAgent[];
  readonly flags: ReadonlySet<Flag>;
}

/** An agent with its place. */
export interface RankedAgent {
  readonly series: Series;
  /** By interquartile mean over all tasks; equal values share a rank. None where runs are missing. */
  readonly rank: number | undefined;
  /** The mean over tasks of its rank on the task, for agents that have a rank. */
  readonly meanRank: number | undefined;
  readonly flags: readonly Flag[];
}

export function reportModel(
  parts: Omit<ReportModel, 'tasks' | 'series' | 'ranked' | 'flags' | 'untrained'>,
): ReportModel {
  const { tables } = parts;
  const tasks = [...new Set(tables.summary.map((row) => String(row.task)))];
  const iqm = tables.aggregate.filter((row) => row.metric === 'iqm');
  const series = agentSeries(iqm.map((row) => String(row.agent)));
  const taskRanks = new Map(tasks.map((task) => [task, ranksOnTask(tables, task)]));
  const ranked = rankedRows(tables).map(({ row, rank }): RankedAgent => {
    const own = tasks.flatMap((task) => taskRanks.get(task)?.get(String(row.agent)) ?? []);
    return {
      series: series[iqm.indexOf(row)],
      rank,
      meanRank: rank === undefined ? undefined : own.reduce((sum, one) => sum + one, 0) / own.length,
      flags: flagsOf(row.flag),
    };
  });
  const flags = new Set(tables.aggregate.flatMap((row) => flagsOf(row.flag)));
  // Some agents may be in no table, since none of their runs is.
  if (parts.troubled.some((run) => run.status === 'failed')) flags.add('failed_runs');
  if (parts.unfinished.length > 0) flags.add('unfinished_runs');
  return { ...parts, untrained: untrainedIn(parts.sources), tasks, series, ranked, flags };
}

/** Of one comparison as it is; of several with the name of each. */
const untrainedIn = (sources: readonly Source[]): string[] =>
  sources.flatMap(({ name, manifest }) =>
    untrainedLines(manifest?.config).map((line) => (sources.length === 1 ? line : `${name}: ${line}`)),
  );

/** The rows that a rank can go to: one alone beside others that have none would be first of one. */
function rankable<Row extends { readonly flag?: unknown }>(rows: readonly Row[]): Row[] {
  const complete = rows.filter(({ flag }) => mayRank(flagsOf(flag)));
  return complete.length === 1 && rows.length > 1 ? [] : complete;
}

/** The rows of interquartile means, best first and with their ranks; after them those that have no rank, best first too. */
export function rankedRows({
  aggregate,
}: Pick<Tables, 'aggregate'>): { row: TableRow<'aggregate'>; rank: number | undefined }[] {
  const rows = aggregate
    .filter((row) => row.metric === 'iqm')
    .sort((a, b) => Number(b.value) - Number(a.value));
  const complete = rankable(rows);
  return [
    ...complete.map((row) => ({
      row,
      rank: 1 + complete.filter((other) => Number(other.value) > Number(row.value)).length,
    })),
    ...rows.filter((row) => !complete.includes(row)).map((row) => ({ row, rank: undefined })),
  ];
}

/** Each agent's rank on a task by its mean, where all of its runs have ended; equal means share the mean of their ranks. */
export function ranksOnTask(tables: Tables, task: string): Map<string, number> {
  const rows = rankable(tables.summary.filter((row) => row.task === task));
  return new Map(
    rows.map((row) => {
      const better = rows.filter((other) => Number(other.mean) > Number(row.mean)).length;
      const equal = rows.filter((other) => other.mean === row.mean).length;
      return [String(row.agent), better + (equal + 1) / 2];
    }),
  );
}
