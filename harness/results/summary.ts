/** summary.csv: the columns of a row for one task and agent. */
import type { Columns } from '../files/columns.ts';
import {
  areaUnderCurve,
  collapsedShare,
  drawdown,
  mean,
  median,
  smallest,
  standardDeviation,
  trimmedMean,
} from '../statistics/index.ts';
import type { Run } from './runs.ts';

/** What a row is made from. */
export interface SummarySource {
  /** All runs of the agent on the task; one at least. */
  readonly runs: readonly Run[];
  /** The mean returns of their last evaluations. */
  readonly scores: readonly number[];
  /** 95 % interval of the scores' mean; undefined where one run cannot have one. */
  readonly interval: readonly [low: number, high: number] | undefined;
  readonly method: 'bootstrap' | 'student_t';
  /** 95 % interval of the scores' standard deviation; undefined where no two differ. */
  readonly deviation: readonly [low: number, high: number] | undefined;
  /** The return that is the lowest possible: 0 of the score range; undefined where nobody knows it. */
  readonly floor: number | undefined;
  /** As in the cell. */
  readonly flag: string;
}

export const summaryColumns = {
  task: { type: 'name', unit: '', meaning: '', of: ({ runs }) => runs[0].task },
  agent: { type: 'name', unit: '', meaning: '', of: ({ runs }) => runs[0].agent },
  seeds: {
    type: 'count',
    unit: 'runs',
    meaning: 'that the row is made from',
    of: ({ runs }) => runs.length,
  },
  step: {
    type: 'count',
    optional: true,
    unit: 'environment steps',
    meaning: 'of the last evaluation; of the run that ended first, if they differ',
    of: ({ runs }) => {
      const ends = evaluated(runs).map((run) => lastStep(run) ?? 0);
      return ends.length === 0 ? undefined : smallest(ends);
    },
  },
  mean: {
    type: 'number',
    unit: 'return',
    meaning: 'mean score over seeds',
    of: ({ scores }) => mean(scores),
  },
  sd: {
    type: 'number',
    optional: true,
    unit: 'return',
    meaning: 'standard deviation over seeds, with n - 1; empty for one seed',
    of: ({ scores }) => standardDeviation(scores),
  },
  sd_low: {
    type: 'number',
    optional: true,
    unit: 'return',
    meaning: 'lower end of the 95 % interval of `sd`; empty where no two seeds differ',
    of: ({ deviation }) => deviation?.[0],
  },
  sd_high: {
    type: 'number',
    optional: true,
    unit: 'return',
    meaning: 'upper end',
    of: ({ deviation }) => deviation?.[1],
  },
  worst: {
    type: 'number',
    unit: 'return',
    meaning: 'lowest score of a seed',
    of: ({ scores }) => smallest(scores),
  },
  median: { type: 'number', unit: 'return', meaning: 'of the scores', of: ({ scores }) => median(scores) },
  iqm: {
    type: 'number',
    unit: 'return',
    meaning: 'interquartile mean of the scores: a quarter of the runs, rounded down, is dropped at each end',
    of: ({ scores }) => trimmedMean(scores),
  },
  ci_low: {
    type: 'number',
    optional: true,
    unit: 'return',
    meaning: 'lower end of the 95 % interval of `mean`; empty for one seed by `student_t`',
    of: ({ interval }) => interval?.[0],
  },
  ci_high: {
    type: 'number',
    optional: true,
    unit: 'return',
    meaning: 'upper end',
    of: ({ interval }) => interval?.[1],
  },
  ci_method: {
    type: 'text',
    optional: true,
    unit: '',
    meaning:
      '`student_t`, or `bootstrap` (percentile) with `--interval rliable`; see [statistics.md](statistics.md)',
    of: ({ interval, method }) => interval && method,
  },
  auc: {
    type: 'number',
    optional: true,
    unit: 'return',
    meaning:
      'mean over seeds of the area under the curve of evaluation returns, divided by the range of steps',
    of: ({ runs }) => averageOrNone(evaluated(runs).map(area)),
  },
  drawdown: {
    type: 'number',
    optional: true,
    unit: 'share',
    meaning:
      'largest fall of a run’s curve below its best so far, divided by its best; mean over seeds; empty where no score range is known, or no run was ever above its lower end; see [statistics.md](statistics.md)',
    of: ({ runs, floor }) => averageOrNone(runs.flatMap((run) => ofCurve(drawdown, run, floor))),
  },
  collapsed: {
    type: 'number',
    optional: true,
    unit: 'share',
    meaning:
      'of a run’s evaluations after the first, those below half of its best so far; mean over seeds; empty where `drawdown` is',
    of: ({ runs, floor }) => averageOrNone(runs.flatMap((run) => ofCurve(collapsedShare, run, floor))),
  },
  steps_per_second: {
    type: 'number',
    optional: true,
    unit: 'environment steps / s',
    meaning: 'mean over seeds of last step / `wall_seconds` there',
    of: ({ runs }) => averageOrNone(evaluated(runs).flatMap(speed)),
  },
  flag: { type: 'text', optional: true, unit: '', meaning: 'see below', of: ({ flag }) => flag },
} as const satisfies Columns<SummarySource>;

export const lastStep = (run: Run): number | undefined => run.evaluations[run.evaluations.length - 1]?.step;

/** A measure of a run's evaluation returns, `floor` taken away. */
function ofCurve(
  measure: (curve: readonly number[]) => number | undefined,
  { evaluations }: Run,
  floor: number | undefined,
): number[] {
  if (floor === undefined) return [];
  const found = measure(evaluations.map(({ meanReturn }) => meanReturn - floor));
  return found === undefined ? [] : [found];
}

/** Scores from elsewhere have no evaluations. */
const evaluated = (runs: readonly Run[]): Run[] => runs.filter((run) => run.evaluations.length > 0);

const averageOrNone = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : mean(values);

const area = ({ evaluations }: Run): number =>
  areaUnderCurve(
    evaluations.map((evaluation) => evaluation.step),
    evaluations.map((evaluation) => evaluation.meanReturn),
  );

function speed({ evaluations }: Run): number[] {
  const last = evaluations[evaluations.length - 1];
  return last.wallSeconds ? [last.step / last.wallSeconds] : [];
}
