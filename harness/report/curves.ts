/** Learning curves: the mean over runs of each evaluation, with a band. */
import { RandomStream } from '../../engine/random.ts';
import type { IntervalMethod } from '../results/analysis.ts';
import type { Run } from '../results/runs.ts';
import { bootstrapMeanInterval, mean, percentileInterval, studentInterval } from '../statistics/index.ts';

export interface CurvePoint {
  /** Environment steps. */
  readonly step: number;
  /** Mean return over the runs that have an evaluation here. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export interface Curve {
  readonly task: string;
  readonly agent: string;
  readonly points: readonly CurvePoint[];
}

export interface CurveOptions {
  readonly resamples: number;
  readonly seed: number;
  readonly interval: IntervalMethod;
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
  const most = Math.min(MOST_POINTS, Math.max(FEWEST_POINTS, share));
  return [...groups.values()].map((group) => {
    const [{ task, agent }] = group;
    return { task, agent, points: pointsOf(group, most, options) };
  });
}

function pointsOf(runs: readonly Run[], most: number, options: CurveOptions): CurvePoint[] {
  const returnsAt = runs.map((run) => new Map(run.evaluations.map((e) => [e.step, e.meanReturn])));
  const steps = [...new Set(returnsAt.flatMap((at) => [...at.keys()]))].sort((a, b) => a - b);
  const resamples = Math.min(options.resamples, MOST_RESAMPLES);
  const random = RandomStream.fromSeed(options.seed).split('curves').split(runs[0].agent).split(runs[0].task);
  // One set of resampled runs for the whole curve: its band is then as smooth as the curves are.
  const drawn = random.fillIntegers(new Int32Array(resamples * runs.length), runs.length);
  return thin(steps, most).map((step) => {
    const found = returnsAt.flatMap((at) => at.get(step) ?? []);
    const student = options.interval === 'student_t' ? studentInterval(found) : undefined;
    const [low, high] =
      student ??
      (found.length === runs.length
        ? percentileInterval(resampledMeans(found, drawn))
        : bootstrapMeanInterval(found, { resamples, random: random.split(`step ${step}`) }));
    return { step, mean: mean(found), low, high, runs: found.length };
  });
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
function thin(steps: readonly number[], most: number): number[] {
  if (steps.length <= most) return [...steps];
  const picked = Array.from({ length: most }, (_, i) => Math.round((i * (steps.length - 1)) / (most - 1)));
  return picked.map((i) => steps[i]);
}
