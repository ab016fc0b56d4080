/** What a report shows, gathered before anything is drawn. */

import type { AnalysisOptions } from '../results/analysis.ts';
import type { Manifest, RunRecord } from '../results/manifest-reader.ts';
import type { Run } from '../results/runs.ts';
import type { Flag, Tables } from '../results/tables.ts';
import { flagsOf } from '../results/tables.ts';
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
  /** Lines about agents whose runs do not belong together. */
  readonly mixed: readonly string[];
  readonly options: AnalysisOptions;
  readonly tasks: readonly string[];
  /** By name; the looks do not depend on rank. */
  readonly series: readonly Series[];
  /** By interquartile mean, best first. */
  readonly ranked: readonly RankedAgent[];
  readonly flags: ReadonlySet<Flag>;
}

/** An agent with its place. */
export interface RankedAgent {
  readonly series: Series;
  /** By interquartile mean over all tasks; equal values share a rank. */
  readonly rank: number;
  /** The mean over tasks of its rank on the task. */
  readonly meanRank: number;
  readonly flags: readonly Flag[];
}

export function reportModel(parts: Omit<ReportModel, 'tasks' | 'series' | 'ranked' | 'flags'>): ReportModel {
  const { tables } = parts;
  const tasks = [...new Set(tables.summary.map((row) => String(row.task)))];
  const iqm = tables.aggregate.filter((row) => row.metric === 'iqm');
  const series = agentSeries(iqm.map((row) => String(row.agent)));
  const taskRanks = new Map(tasks.map((task) => [task, ranksOnTask(tables, task)]));
  const ranked = iqm
    .map((row, i): RankedAgent => {
      const own = tasks.flatMap((task) => taskRanks.get(task)?.get(String(row.agent)) ?? []);
      return {
        series: series[i],
        rank: 1 + iqm.filter((other) => Number(other.value) > Number(row.value)).length,
        meanRank: own.reduce((sum, rank) => sum + rank, 0) / own.length,
        flags: flagsOf(row.flag),
      };
    })
    .sort((a, b) => a.rank - b.rank || a.series.index - b.series.index);
  const flags = new Set(tables.aggregate.flatMap((row) => flagsOf(row.flag)));
  return { ...parts, tasks, series, ranked, flags };
}

/** Each agent's rank on a task by its mean; equal means share the mean of their ranks. */
export function ranksOnTask(tables: Tables, task: string): Map<string, number> {
  const rows = tables.summary.filter((row) => row.task === task);
  return new Map(
    rows.map((row) => {
      const better = rows.filter((other) => Number(other.mean) > Number(row.mean)).length;
      const equal = rows.filter((other) => other.mean === row.mean).length;
      return [String(row.agent), better + (equal + 1) / 2];
    }),
  );
}
