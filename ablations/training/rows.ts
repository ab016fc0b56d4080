/** The table of an ablation that trains: per variant and task its returns, speed and what its actor reported. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readColumns } from '../../harness/files/read-columns.ts';
import type { Cell } from '../../harness/files/table.ts';
import type { ComparisonPlan } from '../../harness/plan/plan.ts';
import { failedRuns } from '../../harness/results/manifest-reader.ts';
import { readEvaluations, readManifest, readTrainingRows } from '../../harness/results/read-files.ts';
import { type Run, runKey } from '../../harness/results/runs.ts';
import { summaryColumns } from '../../harness/results/summary.ts';
import type { TrainingMetrics } from '../../harness/results/training.ts';
import { degreesOf, mean, standardDeviation, studentQuantile } from '../../harness/statistics/index.ts';
import type { TrainingAblation } from './ablation.ts';

/** A comparison that has run. */
export interface FinishedComparison {
  readonly folder: string;
  readonly plan: ComparisonPlan;
}

export interface TrainingAblationRow {
  readonly variant: string;
  readonly task: string;
  /** Varied config key → value. */
  readonly varied: Readonly<Record<string, Cell>>;
  readonly seeds: number;
  /** Environment steps at the last evaluation. */
  readonly step: number;
  /** Mean return at the last evaluation, with a 95 % interval over seeds. */
  readonly return: number;
  readonly low: number;
  readonly high: number;
  /** Area under the learning curve over the range of steps. */
  readonly auc: number;
  readonly stepsPerSecond: number | undefined;
  /** Where the ablation asks for it: the return as a share of the unperturbed variant's. */
  readonly relative: { readonly value: number; readonly low: number; readonly high: number } | undefined;
  /** Means over seeds of what was logged over the last fifth of training. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Part of training whose logged metrics count as final. */
const FINAL_PART = 0.2;
/** Metrics that tell how the actor's regression fares, in the order of the columns. */
const reported = [
  'ess',
  'cv_weight',
  'actor_loss',
  'actor_loss_max',
  'policy_spread',
  'policy_endpoints',
  'entropy',
  'q_max_abs',
];
/** The same by t: metrics named after the lower edge of a bin. */
const byTime = /^(actor_loss|ess)_t([\d.]+)$/;

/** The runs of a comparison without those that failed. */
export function endedRuns(folder: string, failed = failedRuns(readManifest(folder))): Run[] {
  return readEvaluations(folder).filter((run) => !failed.has(runKey(run)));
}

/** Rows by task, then variant, in the plan's order; variants of which no run ended well are left out. */
export function trainingRows(
  ablation: TrainingAblation,
  comparisons: readonly FinishedComparison[],
): TrainingAblationRow[] {
  return comparisons.flatMap((comparison) => comparisonRows(ablation, comparison));
}

function comparisonRows(ablation: TrainingAblation, { folder, plan }: FinishedComparison) {
  const summaryFile = join(folder, 'summary.csv');
  if (!existsSync(summaryFile)) return [];
  const summary = readColumns(summaryFile, summaryColumns);
  const failed = failedRuns(readManifest(folder));
  const logged = readTrainingRows(folder);
  const runs = endedRuns(folder, failed);
  return plan.tasks.flatMap(({ name: task }) =>
    plan.agents.flatMap((agent): TrainingAblationRow[] => {
      const row = summary.find(({ cells }) => cells.task === task && cells.agent === agent.label);
      if (row === undefined) return [];
      const { line, cells } = row;
      return [
        {
          variant: agent.label,
          task,
          varied: Object.fromEntries(ablation.varied.map((key) => [key, cellOf(agent.config[key])])),
          seeds: cells.seeds,
          step: line.count('step'),
          return: cells.mean,
          low: cells.ci_low ?? cells.mean,
          high: cells.ci_high ?? cells.mean,
          auc: line.number('auc'),
          stepsPerSecond: cells.steps_per_second,
          relative: relativeReturn(ablation, plan, agent.label, task, runs),
          metrics: finalMetrics(
            plan.seeds.flatMap((seed) => {
              const key = runKey({ task, agent: agent.label, seed: String(seed) });
              const rows = logged.get(key);
              return rows === undefined || failed.has(key) ? [] : [rows];
            }),
            plan.steps,
          ),
        },
      ];
    }),
  );
}

const cellOf = (value: unknown): Cell =>
  typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value ?? undefined);

/** @param runs the logged rows of every seed */
function finalMetrics(
  runs: readonly (readonly TrainingMetrics[])[],
  steps: number,
): Readonly<Record<string, number>> {
  const perSeed = runs.flatMap((rows) => {
    const late = rows.filter((row) => row.step > (1 - FINAL_PART) * steps);
    return late.length > 0 || rows.length === 0 ? [late] : [rows.slice(-1)];
  });
  const names = new Set(perSeed.flatMap((rows) => rows.flatMap(({ values }) => Object.keys(values))));
  const means: Record<string, number> = {};
  for (const name of names) {
    if (!reported.includes(name) && !byTime.test(name)) continue;
    const ofSeeds = perSeed.flatMap((rows) => {
      const found = rows.flatMap(({ values }) => values[name] ?? []);
      return found.length === 0 ? [] : [mean(found)];
    });
    means[name] = mean(ofSeeds);
  }
  const losses = runs.flatMap((rows) => rows.flatMap(({ values }) => values.actor_loss ?? []));
  if (losses.length > 0) means.actor_loss_max = losses.reduce((most, loss) => Math.max(most, loss));
  return means;
}

/**
 * The ratio of the mean returns. Its interval is Student's t on the logarithm, whose variance is that of both relative errors (the delta
 * method); no width where either has one run.
 */
function relativeReturn(
  { relativeTo, varied }: TrainingAblation,
  plan: ComparisonPlan,
  label: string,
  task: string,
  runs: readonly Run[],
): TrainingAblationRow['relative'] {
  if (relativeTo === undefined) return undefined;
  const configOf = (name: string) => plan.agents.find((agent) => agent.label === name)?.config ?? {};
  const base = plan.agents.find(({ config }) =>
    varied.every((key) => config[key] === (key === relativeTo.key ? relativeTo.value : configOf(label)[key])),
  );
  const scoresOf = (agent: string) =>
    runs.filter((run) => run.task === task && run.agent === agent).map((run) => run.score);
  const scores = [scoresOf(label), base === undefined ? [] : scoresOf(base.label)];
  if (scores.some((own) => own.length === 0) || mean(scores[1]) <= 0) return undefined;
  const value = mean(scores[0]) / mean(scores[1]);
  if (base?.label === label) return { value, low: 1, high: 1 };
  if (value <= 0 || scores.some((own) => own.length < 2)) return { value, low: value, high: value };
  const errors = scores.map((own) => ({
    variance: ((standardDeviation(own) ?? 0) / mean(own)) ** 2 / own.length,
    degrees: own.length - 1,
  }));
  const error = Math.sqrt(errors.reduce((sum, { variance }) => sum + variance, 0));
  const reach = Math.exp(studentQuantile(0.975, degreesOf(errors)) * error);
  return { value, low: value / reach, high: value * reach };
}

/** The columns of NAME.csv: those that some row fills. */
export function trainingColumns(
  ablation: TrainingAblation,
  rows: readonly TrainingAblationRow[],
): readonly string[] {
  const relative = rows.some((row) => row.relative !== undefined);
  const metrics = new Set(rows.flatMap((row) => Object.keys(row.metrics)));
  return [
    'variant',
    ...ablation.varied,
    'task',
    'seeds',
    'step',
    'return',
    'ci_low',
    'ci_high',
    ...(relative ? ['relative_return', 'relative_ci_low', 'relative_ci_high'] : []),
    'auc',
    'steps_per_second',
    ...reported.filter((name) => metrics.has(name)),
    ...[...metrics].filter((name) => byTime.test(name)).sort(byStemAndEdge),
  ];
}

function byStemAndEdge(a: string, b: string): number {
  const [[, stemA = '', edgeA], [, stemB = '', edgeB]] = [a, b].map((name) => byTime.exec(name) ?? []);
  return stemA === stemB ? Number(edgeA) - Number(edgeB) : stemA < stemB ? -1 : 1;
}

/** Rows as the table has them: their cells in the order of the columns. */
export function trainingRecords(
  columns: readonly string[],
  rows: readonly TrainingAblationRow[],
): Readonly<Record<string, Cell>>[] {
  return rows.map((row) => {
    const cells: Record<string, Cell> = {
      ...row.metrics,
      ...row.varied,
      variant: row.variant,
      task: row.task,
      seeds: row.seeds,
      step: row.step,
      return: row.return,
      ci_low: row.low,
      ci_high: row.high,
      relative_return: row.relative?.value,
      relative_ci_low: row.relative?.low,
      relative_ci_high: row.relative?.high,
      auc: row.auc,
      steps_per_second: row.stepsPerSecond,
    };
    return Object.fromEntries(columns.map((column) => [column, cells[column]]));
  });
}
