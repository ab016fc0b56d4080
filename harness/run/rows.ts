/** The rows that one run writes, and the files they go to. */
import { join } from 'node:path';
import type { Metrics } from '../../agents/agent.ts';
import { formatTable, type Row } from '../files/csv.ts';
import { writeDurably } from '../files/durable.ts';
import type { RunIdentity } from './streams.ts';

/** One evaluation episode: a row of evaluations.csv. */
export interface EvaluationRow {
  readonly step: number;
  readonly episode: number;
  readonly return: number;
  readonly length: number;
  /** Wall-clock seconds since the run began, pauses between resumed sessions left out. */
  readonly wallSeconds: number;
  /** Whether the episode ended because the simulation did not hold (a task's `onUnstable: 'terminate'`). */
  readonly unstable?: boolean;
}

/** Means over the updates since the row before: a row of training.csv. */
export interface TrainingRow {
  readonly step: number;
  readonly metrics: Metrics;
}

export const evaluationColumns = [
  'task',
  'agent',
  'seed',
  'step',
  'episode',
  'return',
  'length',
  'wall_seconds',
  'unstable',
];
/** Among the metrics of a task with `onUnstable: 'terminate'`: training episodes that ended so, since the row before. */
export const UNSTABLE_EPISODES = 'unstable_episodes';
export const trainingKeys = ['task', 'agent', 'seed', 'step'];

/** Every metric of the rows, in order of first appearance. */
export function metricColumns(rows: Iterable<TrainingRow>): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row.metrics)) names.add(name);
  return [...names];
}

export function evaluationCells(id: RunIdentity, row: EvaluationRow): Row<string> {
  const { step, episode, length } = row;
  return {
    ...id,
    step,
    episode,
    return: row.return,
    length,
    wall_seconds: Number(row.wallSeconds.toFixed(3)),
    unstable: Number(row.unstable ?? false),
  };
}

export function trainingCells(id: RunIdentity, row: TrainingRow): Row<string> {
  return { ...row.metrics, ...id, step: row.step };
}

/** Rewrites a run's own CSVs whole; they are small, and a torn one is never left behind. */
export function writeRunRows(
  folder: string,
  id: RunIdentity,
  evaluations: readonly EvaluationRow[],
  training: readonly TrainingRow[],
): void {
  const evaluationTable = formatTable(
    evaluationColumns,
    evaluations.map((row) => evaluationCells(id, row)),
  );
  const trainingTable = formatTable(
    [...trainingKeys, ...metricColumns(training)],
    training.map((row) => trainingCells(id, row)),
  );
  writeDurably(join(folder, 'evaluations.csv'), evaluationTable);
  writeDurably(join(folder, 'training.csv'), trainingTable);
}

/** Running means of the metrics of many updates; plain JSON between checkpoints. */
export class MetricMeans {
  /** A map, as names are an agent's: a plain object has inherited entries, `constructor` say. */
  readonly #sums: Map<string, { sum: number; count: number }>;

  constructor(state: Record<string, { sum: number; count: number }> = {}) {
    this.#sums = new Map(Object.entries(structuredClone(state)));
  }

  add(metrics: Metrics): void {
    for (const [name, value] of Object.entries(metrics)) {
      const entry = this.#sums.get(name) ?? { sum: 0, count: 0 };
      entry.sum += value;
      entry.count++;
      this.#sums.set(name, entry);
    }
  }

  get empty(): boolean {
    return this.#sums.size === 0;
  }

  /** The means so far; starts anew. */
  take(): Metrics {
    const means = Object.fromEntries([...this.#sums].map(([name, { sum, count }]) => [name, sum / count]));
    this.#sums.clear();
    return means;
  }

  state(): Record<string, { sum: number; count: number }> {
    return structuredClone(Object.fromEntries(this.#sums));
  }
}
