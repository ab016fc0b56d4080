/** Learning curves: the mean over runs at steps that all of them reached, with a band. */
import { RandomStream } from '../../engine/random.ts';
import type { Run } from '../results/runs.ts';
import {
  commonSteps,
  type Interval,
  type IntervalMethod,
  mean,
  percentileInterval,
  type RunCurve,
  studentInterval,
  valueAt,
} from '../statistics/index.ts';
import { shortNames } from './html.ts';
import { grouped } from './numbers.ts';

export interface CurvePoint {
  /** Environment steps. */
  readonly step: number;
  /** Mean return over all runs of the curve. */
  readonly mean: number;
  /** Ends of the 95 % band; undefined where one run has none. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** Return of each run. */
  readonly each: readonly number[];
  /** Seconds since the runs began, their mean; undefined where one of them does not tell. */
  readonly seconds: number | undefined;
}

export interface Curve {
  readonly task: string;
  readonly agent: string;
  /** Ascending in steps; empty if the runs have no step in common. */
  readonly points: readonly CurvePoint[];
  /** Runs that every point is a mean of. */
  readonly runs: number;
  /** Whether runs were evaluated at different steps: each is then interpolated between its own evaluations. */
  readonly interpolated: boolean;
  /** Whether runs have evaluations before the first or after the last point, where others have none. */
  readonly cut: boolean;
}

export interface CurveOptions {
  readonly resamples: number;
  readonly seed: number;
  readonly interval: IntervalMethod;
  /** Points of a curve at most; default as many as a page has room for. */
  readonly points?: number;
}

/** A published score that is drawn as a line across. */
export interface ReferenceScore {
  readonly task: string;
  readonly agent: string;
  readonly score: number;
}

/** Points of one curve, and of all curves together, that are drawn and resampled at most. */
const MOST_POINTS = 120;
const ALL_POINTS = 8000;
/** No curve is thinned to fewer. */
const FEWEST_POINTS = 30;
/** A band needs fewer resamples than a number that is printed. */
const MOST_RESAMPLES = 2000;

/** The learning curve of every task and agent whose runs have evaluations, in the order of the runs. */
export function learningCurves(runs: readonly Run[], options: CurveOptions): Curve[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    if (run.evaluations.length === 0) continue;
    const key = JSON.stringify([run.task, run.agent]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const share = Math.floor(ALL_POINTS / groups.size);
  const most = options.points ?? Math.min(MOST_POINTS, Math.max(FEWEST_POINTS, share));
  return [...groups.values()].map((group) => curveOf(group, most, options));
}

function curveOf(runs: readonly Run[], most: number, options: CurveOptions): Curve {
  const [{ task, agent }] = runs;
  const curves = runs.map(returnsOf);
  const clocks = runs.map(({ evaluations }) => ({
    steps: evaluations.map((evaluation) => evaluation.step),
    values: evaluations.map((evaluation) => evaluation.wallSeconds ?? Number.NaN),
  }));
  const timed = clocks.every(({ values }) => values.every(Number.isFinite));
  const { steps, interpolated, cut } = commonSteps(curves);
  const band = options.interval === 'student_t' ? studentInterval : resampledBand(runs, options);
  const points = thin(steps, most).map((step) => {
    const returns = curves.map((curve) => valueAt(curve, step));
    const [low, high] = band(returns) ?? [];
    const seconds = timed ? mean(clocks.map((clock) => valueAt(clock, step))) : undefined;
    return { step, mean: mean(returns), low, high, each: returns, seconds };
  });
  return { task, agent, points, runs: runs.length, interpolated, cut };
}

/** The returns of a run's evaluations by step. */
export const returnsOf = ({ evaluations }: Run): RunCurve => ({
  steps: evaluations.map((evaluation) => evaluation.step),
  values: evaluations.map((evaluation) => evaluation.meanReturn),
});

/** What a reader must know of the curves of a task: agents whose runs were not all evaluated at the same steps. */
export function curveNotes(curves: readonly Curve[]): string[] {
  const agents = new Map<string, string[]>();
  const short = shortNames(curves.map(({ agent }) => agent));
  for (const curve of curves) {
    const text = noteOf(curve);
    if (text !== undefined) agents.set(text, [...(agents.get(text) ?? []), short(curve.agent)]);
  }
  return [...agents].map(([text, names]) => `${names.join(', ')}: ${text}`);
}

function noteOf({ points, runs, interpolated, cut }: Curve): string | undefined {
  if (points.length === 0)
    return `no curve: the ${runs} runs were evaluated over ranges of steps that do not meet`;
  const [first, last] = [points[0].step, points[points.length - 1].step].map(grouped);
  const range = `from step ${first} to ${last}, the range of all ${runs} runs`;
  if (interpolated) {
    return `the runs were evaluated at different steps; each is interpolated between its own evaluations, ${range}`;
  }
  return cut ? `drawn ${range}` : undefined;
}

/** Percentiles of resampled means, from one set of resampled runs for a whole curve: its band is as smooth as it is. */
function resampledBand(
  runs: readonly Run[],
  options: CurveOptions,
): (returns: readonly number[]) => Interval {
  const resamples = Math.min(options.resamples, MOST_RESAMPLES);
  const [{ task, agent }] = runs;
  const random = RandomStream.fromSeed(options.seed).split('curves').split(agent).split(task);
  const drawn = random.fillIntegers(new Int32Array(resamples * runs.length), runs.length);
  return (returns) => percentileInterval(resampledMeans(returns, drawn));
}

/** @param drawn run indices, [resamples, runs] */
function resampledMeans(sample: readonly number[], drawn: Int32Array): Float64Array {
  const size = sample.length;
  const means = new Float64Array(drawn.length / size);
  for (let b = 0; b < means.length; b++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += sample[drawn[b * size + i]];
    means[b] = sum / size;
  }
  return means;
}

/** Evenly thinned to at most `most`, with both ends. */
export function thin(steps: readonly number[], most: number): number[] {
  if (steps.length <= most) return [...steps];
  const picked = Array.from({ length: most }, (_, i) => Math.round((i * (steps.length - 1)) / (most - 1)));
  return picked.map((i) => steps[i]);
}
