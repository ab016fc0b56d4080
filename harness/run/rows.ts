/** The rows that one run writes, and the tables that they make. */
import type { Metrics } from '../../agents/agent.ts';
import { type Columns, cellsOf, formatColumns } from '../files/columns.ts';
import { formatTable } from '../files/table.ts';
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

/** What a row belongs to, and the row. */
interface Of<Row> {
  readonly id: RunIdentity;
  readonly row: Row;
}

const identity = { unit: '', meaning: 'the run' } as const;
const identityColumns = {
  task: { type: 'name', ...identity, of: ({ id }: Of<unknown>) => id.task },
  agent: { type: 'name', ...identity, of: ({ id }: Of<unknown>) => id.agent },
  seed: { type: 'name', ...identity, of: ({ id }: Of<unknown>) => id.seed },
} as const;

/** The columns of evaluations.csv. */
export const evaluationColumns = {
  ...identityColumns,
  step: {
    type: 'count',
    unit: 'environment steps',
    meaning: 'training steps of this run before the evaluation',
    of: ({ row }) => row.step,
  },
  episode: {
    type: 'count',
    unit: '',
    meaning: 'number of the episode within the evaluation, from 0',
    of: ({ row }) => row.episode,
  },
  return: {
    type: 'number',
    unit: 'reward',
    meaning: 'undiscounted sum of rewards of the episode; 0 to 1000 on the control tasks',
    of: ({ row }) => row.return,
  },
  length: {
    type: 'count',
    optional: true,
    unit: 'environment steps',
    meaning: 'of the episode',
    of: ({ row }) => row.length,
  },
  wall_seconds: {
    type: 'number',
    optional: true,
    isTime: true,
    unit: 's',
    meaning: 'since the run began, pauses between resumed sessions left out; differs from machine to machine',
    of: ({ row }) => Number(row.wallSeconds.toFixed(3)),
  },
  unstable: {
    type: 'count',
    optional: true,
    unit: '',
    meaning:
      "1 if the episode ended because the simulation did not hold, which a task may allow (`onUnstable: 'terminate'`); else 0",
    of: ({ row }) => Number(row.unstable ?? false),
  },
} as const satisfies Columns<Of<EvaluationRow>>;

/** Among the metrics of a task with `onUnstable: 'terminate'`: training episodes that ended so, since the row before. */
export const UNSTABLE_EPISODES = 'unstable_episodes';

/** The columns of training.csv that every row has; the others are metrics. */
export const trainingColumns = {
  ...identityColumns,
  step: {
    type: 'count',
    unit: 'environment steps',
    meaning: 'training steps so far',
    of: ({ row }) => row.step,
  },
} as const satisfies Columns<Of<TrainingRow>>;

/** Every metric of the rows, in order of first appearance. */
export function metricColumns(rows: Iterable<TrainingRow>): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row.metrics)) names.add(name);
  return [...names];
}

/** The text of a run's tables, by the names of their files. */
export type RunTexts = Readonly<Record<'evaluations.csv' | 'training.csv', string>>;

/** The tables of a run's rows. */
export function runTexts(
  id: RunIdentity,
  evaluations: readonly EvaluationRow[],
  training: readonly TrainingRow[],
): RunTexts {
  const metrics = metricColumns(training);
  return {
    'evaluations.csv': formatColumns(
      evaluationColumns,
      evaluations.map((row) => ({ id, row })),
    ),
    'training.csv': formatTable(
      [...Object.keys(trainingColumns), ...metrics],
      training.map((row) => ({ ...row.metrics, ...cellsOf(trainingColumns, { id, row }) })),
    ),
  };
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
