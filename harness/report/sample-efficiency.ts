/**
 * Sample efficiency over tasks, as rliable draws it (Agarwal et al. 2021, figure 7): the interquartile mean of
 * normalised scores against environment steps.
 */
import { RandomStream } from '../../engine/random.ts';
import { type AnalysisOptions, rangeOf } from '../results/analysis.ts';
import type { Run } from '../results/runs.ts';
import {
  bootstrapIntervals,
  commonSteps,
  type Interval,
  interquartileMean,
  interquartileMeanInterval,
  type ScoresByTask,
  valueAt,
} from '../statistics/index.ts';
import type { Chart } from './chart.ts';
import { returnsOf, thin } from './curves.ts';
import { compact, share } from './numbers.ts';
import type { Series } from './series.ts';

/** Points of a curve at most; fewer where the comparison has many runs. */
const MOST_POINTS = 40;
const FEWEST_POINTS = 12;
const ALL_SCORES = 100_000;
/** A band needs fewer resamples than a number that is printed. */
const MOST_RESAMPLES = 500;

/** Undefined where fewer than two tasks with a known score range have evaluations. */
export function sampleEfficiencyChart(
  runs: readonly Run[],
  series: readonly Series[],
  options: AnalysisOptions,
): Chart | undefined {
  const counted = runs.filter(({ task, evaluations }) => {
    return evaluations.length > 0 && !options.unscaled?.has(task);
  });
  if (new Set(counted.map(({ task }) => task)).size < 2) return undefined;
  const most = Math.max(FEWEST_POINTS, Math.min(MOST_POINTS, Math.floor(ALL_SCORES / counted.length)));
  const lines = series.flatMap(({ agent, index }) => {
    const own = counted.filter((run) => run.agent === agent);
    if (own.length === 0) return [];
    const tasks = [...new Set(own.map(({ task }) => task))];
    const curves = tasks.map((task) => own.filter((run) => run.task === task).map(returnsOf));
    const steps = thin(commonSteps(curves.flat()).steps, most);
    const points = steps.map((step) => {
      const scores = curves.map((ofTask, i) => {
        const [low, high] = rangeOf(tasks[i], options);
        return ofTask.map((curve) => (valueAt(curve, step) - low) / (high - low));
      });
      const [low = null, high = null] = intervalOf(scores, agent, options) ?? [];
      return { y: interquartileMean(scores), low, high };
    });
    return [
      {
        series: index,
        x: steps,
        y: points.map(({ y }) => y),
        low: points.map(({ low }) => low),
        high: points.map(({ high }) => high),
        runs: own.length,
      },
    ];
  });
  const last = lines.flatMap(({ series: place, x, y }) =>
    x.length === 0
      ? []
      : [`${series[place].label} ${share(y[y.length - 1])} at step ${compact(x[x.length - 1])}`],
  );
  return {
    name: 'sample-efficiency',
    title: 'Sample efficiency',
    description: `Interquartile mean of normalised scores over all tasks against environment steps, with 95 % bands. Last: ${last.join('; ')}.`,
    x: { label: 'environment steps', unit: 'steps' },
    y: { label: 'IQM of normalised scores', unit: 'score' },
    lines,
  };
}

/** The same runs are drawn at every step, so that a band is as smooth as its curve. */
function intervalOf(
  scores: ScoresByTask,
  agent: string,
  { interval, resamples, seed }: AnalysisOptions,
): Interval | undefined {
  if (interval === 'student_t') return interquartileMeanInterval(scores);
  const random = RandomStream.fromSeed(seed).split('sample efficiency').split(agent);
  const drawing = { resamples: Math.min(resamples, MOST_RESAMPLES), random };
  return bootstrapIntervals(scores, (drawn) => [interquartileMean(drawn)], drawing)[0];
}
