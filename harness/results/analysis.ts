/** From runs to tables: scores, intervals, aggregates, pairs, profiles. */
import { RandomStream } from '../../engine/random.ts';
import { cellsOf } from '../files/columns.ts';
import {
  type AgentScores,
  aggregateMetrics,
  bootstrapMeanInterval,
  type ComparisonEstimates,
  compareScores,
  type Estimate,
  type IntervalMethod,
  largest,
  type StabilityMetric,
  seedDeviation,
  smallest,
  stability,
  stabilityMetrics,
  studentInterval,
  type TaskRuns,
} from '../statistics/index.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { compareNames, type Run, type RunName, rankNames } from './runs.ts';
import { lastStep, type SummarySource, summaryColumns } from './summary.ts';
import { type Flag, flagCell, type TableRow, type Tables } from './tables.ts';

/** Scores that become 0 and 1. */
export type ScoreRange = readonly [low: number, high: number];

export interface AnalysisOptions {
  /** Bootstrap resamples. */
  readonly resamples: number;
  /** Seed of the bootstrap. */
  readonly seed: number;
  /** Scores that become 0 and 1 in aggregates and profiles. */
  readonly scoreRange: ScoreRange;
  /** The same for single tasks, by name, before `scoreRange`. */
  readonly taskRanges?: ReadonlyMap<string, ScoreRange>;
  /** Tasks that are in no aggregate and no profile, since nobody knows what counts as 0 and 1 there. */
  readonly unscaled?: ReadonlySet<string>;
  /** How all intervals are made. */
  readonly interval: IntervalMethod;
}

/** Runs that did not end well. */
export interface TroubledRuns {
  /** Left out. */
  readonly failed: readonly RunName[];
  /** Left out too, or counted with their last evaluation. */
  readonly unfinished: readonly RunName[];
}

const FEW_SEEDS = 3;

/** All tables of these runs; the same runs in any order give the same tables. */
export function analyse(
  runs: readonly Run[],
  { failed, unfinished }: TroubledRuns,
  options: AnalysisOptions,
): Tables {
  const tasks = [...new Set(runs.map((run) => run.task))].sort(compareNames);
  const agents = [...new Set(runs.map((run) => run.agent))].sort(compareNames);
  const groups = new Map<string, Run[]>();
  const group = (task: string, agent: string): Run[] => groups.get(JSON.stringify([task, agent])) ?? [];
  const rank = rankNames(runs.map((run) => run.seed));
  for (const run of [...runs].sort((a, b) => rank(a.seed) - rank(b.seed))) {
    const key = JSON.stringify([run.task, run.agent]);
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [run]);
    else own.push(run);
  }
  /** The last step of any run, by task. */
  const longest = new Map(
    tasks.map((task) => [
      task,
      largest(agents.flatMap((agent) => group(task, agent).map((run) => lastStep(run) ?? 0))),
    ]),
  );
  const flagsFor = (agent: string, only?: string): Set<Flag> => {
    const found = new Set<Flag>();
    for (const task of only === undefined ? tasks : [only]) {
      const own = group(task, agent);
      if (own.length === 0) found.add('missing_tasks');
      else if (own.length < FEW_SEEDS) found.add('fewer_than_3_seeds');
      const isShort = (run: Run) => (lastStep(run) ?? Number.POSITIVE_INFINITY) < (longest.get(task) ?? 0);
      if (new Set(own.map(lastStep)).size > 1 || own.some(isShort)) found.add('unequal_steps');
      if (evaluatedApart(own)) found.add('unequal_evaluations');
    }
    const isOwn = (run: RunName) => run.agent === agent && (only === undefined || run.task === only);
    if (failed.some(isOwn)) found.add('failed_runs');
    if (unfinished.some(isOwn)) found.add('unfinished_runs');
    return found;
  };
  const normalised = (value: number, task: string): number => {
    const [low, high] = rangeOf(task, options);
    return (value - low) / (high - low);
  };
  const matricesOf = (among: readonly string[]) =>
    agents.map((agent): AgentScores => {
      const own = among.filter((task) => group(task, agent).length > 0);
      const scores = own.map((task) => group(task, agent).map((run) => normalised(run.score, task)));
      return { agent, tasks: own, scores };
    });
  const matrices = matricesOf(tasks.filter((task) => !options.unscaled?.has(task)));
  const root = RandomStream.fromSeed(options.seed);
  const comparing = {
    interval: options.interval,
    resamples: options.resamples,
    random: (agent: string, task: string) => root.split('comparison').split(agent).split(task),
  };
  const scaled = compareScores(matrices, comparing);
  // Which run of a task is the better one does not depend on its range.
  const { pairs } = options.unscaled?.size ? compareScores(matricesOf(tasks), comparing) : scaled;
  const estimates = { ...scaled, pairs };
  const steadiness = matrices.map(({ agent, tasks: own, scores }) =>
    stability(
      own.map((task, i): TaskRuns => {
        const curve = ({ evaluations }: Run) =>
          evaluations.map(({ meanReturn }) => normalised(meanReturn, task));
        return { scores: scores[i], curves: group(task, agent).map(curve) };
      }),
    ),
  );
  const flagged = new Map(agents.map((agent) => [agent, flagsFor(agent)]));
  return {
    summary: tasks.flatMap((task) =>
      agents.flatMap((agent) => {
        const own = group(task, agent);
        if (own.length === 0) return [];
        const random = root.split('summary').split(agent).split(task);
        return [summaryRow(own, flagCell(flagsFor(agent, task)), options, random)];
      }),
    ),
    ...comparisonRows(estimates, steadiness, matrices, flagged),
  };
}

/** The scores of a task that become 0 and 1. */
export const rangeOf = (
  task: string,
  { taskRanges, scoreRange }: Pick<AnalysisOptions, 'taskRanges' | 'scoreRange'>,
): ScoreRange => taskRanges?.get(task) ?? scoreRange;

function summaryRow(
  runs: readonly Run[],
  flag: string,
  options: AnalysisOptions,
  random: RandomStream,
): TableRow<'summary'> {
  const scores = runs.map((run) => run.score);
  const { resamples } = options;
  const [interval, method] =
    options.interval === 'student_t'
      ? ([studentInterval(scores), 'student_t'] as const)
      : ([bootstrapMeanInterval(scores, { resamples, random }), 'bootstrap'] as const);
  const { task } = runs[0];
  const floor = options.unscaled?.has(task) ? undefined : rangeOf(task, options)[0];
  const deviation = seedDeviation([scores])?.interval;
  const source: SummarySource = { runs, scores, flag, interval, method, deviation, floor };
  return cellsOf(summaryColumns, source) as TableRow<'summary'>;
}

/** Whether runs were evaluated at different steps, other than by some of them ending earlier. */
function evaluatedApart(runs: readonly Run[]): boolean {
  const curves = runs.filter((run) => run.evaluations.length > 0);
  if (curves.length < 2) return false;
  const end = smallest(curves.map((run) => lastStep(run) ?? 0));
  const steps = curves.map((run) =>
    run.evaluations.flatMap(({ step }) => (step <= end ? [step] : [])).join(),
  );
  return new Set(steps).size > 1;
}

function comparisonRows(
  estimates: ComparisonEstimates,
  steadiness: readonly Partial<Record<StabilityMetric, Estimate>>[],
  matrices: readonly AgentScores[],
  flagged: ReadonlyMap<string, ReadonlySet<Flag>>,
): Omit<Tables, 'summary'> {
  const flag = (...agents: string[]): string =>
    flagCell(new Set(agents.flatMap((agent) => [...(flagged.get(agent) ?? [])])));
  return {
    aggregate: estimates.agents.flatMap(({ agent, aggregates }, i) => {
      const found: Partial<Record<string, Estimate>> = { ...aggregates, ...steadiness[i] };
      const { tasks, scores } = matrices[i];
      const runs = scores.flat().length;
      return [...aggregateMetrics, ...stabilityMetrics].flatMap((metric) => {
        const estimate = found[metric];
        if (estimate === undefined) return [];
        const [ci_low, ci_high] = estimate.interval ?? [];
        const { value } = estimate;
        return [{ agent, metric, value, ci_low, ci_high, tasks: tasks.length, runs, flag: flag(agent) }];
      });
    }),
    pairwise: [...estimates.pairs]
      .sort((a, b) => compareNames(a.x, b.x) || compareNames(a.y, b.y))
      .map(({ x, y, value, interval: [ci_low, ci_high] }) => ({
        agent_x: x,
        agent_y: y,
        probability_of_improvement: value,
        ci_low,
        ci_high,
        flag: flag(x, y),
      })),
    profiles: estimates.agents.flatMap(({ agent, profile }) =>
      profile.map(({ value, interval }, i) => {
        const [ci_low, ci_high] = interval ?? [];
        const tau = estimates.taus[i];
        return { agent, tau, fraction: value, ci_low, ci_high, flag: flag(agent) };
      }),
    ),
  };
}

/**
 * The tasks whose runs leave the range that was assumed for them: their rewards are not in [0, 1], and what counts as 0
 * and 1 is not known. None where some agent would have no task left.
 * @param assumed the ranges that nobody stated, by task
 */
export function unscaledTasks(
  runs: readonly Run[],
  assumed: ReadonlyMap<string, ScoreRange>,
): ReadonlySet<string> {
  const leaves = ({ task, score, evaluations }: Run) => {
    const [low, high] = assumed.get(task) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    return [score, ...evaluations.map(({ meanReturn }) => meanReturn)].some(
      (value) => value < low || value > high,
    );
  };
  const found = new Set(runs.filter(leaves).map(({ task }) => task));
  const kept = new Set(runs.filter(({ task }) => !found.has(task)).map(({ agent }) => agent));
  return runs.every(({ agent }) => kept.has(agent)) ? found : new Set();
}

/** @throws UserError for the range of a task that is not there */
export function checkRanges(
  ranges: Readonly<Record<string, ScoreRange>> = {},
  tasks: readonly string[],
): void {
  for (const task of Object.keys(ranges)) {
    if (!tasks.includes(task))
      throw new UserError(`--score-range: ${unknownName('task', task, tasks).message}`);
  }
}
