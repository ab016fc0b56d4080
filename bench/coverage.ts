/**
 * How often 95 % intervals hold the truth: made-up score matrices with known values, many experiments, few runs each.
 * The tables are in docs/statistics.md.
 *
 *     npx jiti bench/coverage.ts                        2,000 experiments of every shape, number of tasks and of runs
 *     npx jiti bench/coverage.ts rliable                the same for rliable's bootstrap, 1,000 resamples
 *     npx jiti bench/coverage.ts candidates             other small-sample remedies of the bootstrap
 *     npx jiti bench/coverage.ts tasks=8 normal 500     fewer tasks, shapes or experiments
 */
import { RandomStream } from '../engine/random.ts';
import {
  type AgentScores,
  aggregateMean,
  aggregateMedian,
  aggregateMetrics,
  compareScores,
  type Interval,
  type IntervalMethod,
  interquartileMean,
  mean,
  optimalityGap,
  percentileInterval,
  type ScoresByTask,
  seedDeviation,
  standardDeviation,
} from '../harness/statistics/index.ts';

const RUN_COUNTS = [3, 5, 10];
const TASK_COUNTS = [1, 2, 8];
const TAUS = [0.1, 0.3, 0.5, 0.7, 0.9];
/** How far above Y the scores of X are: P(X > Y) about 0.65 and 0.97. */
const SHIFTS = [0.05, 0.3];
/** Runs per task from which the true values are computed. */
const POPULATION = 100_000;

/** Of mean 0 and standard deviation 1. */
const shapes = {
  normal: (normal: () => number) => normal(),
  /** Most runs near the best, a tail below: a Gamma distribution of shape 2 turned around, skewness -1.41. */
  skewed: (_: () => number, uniform: () => number) =>
    (2 + Math.log(1 - uniform()) + Math.log(1 - uniform())) / Math.SQRT2,
  /** Three runs of ten fail: they scatter around a level four of their own deviations lower. */
  'two-humped': (normal: () => number, uniform: () => number) =>
    (normal() - (uniform() < 0.3 ? 4 : 0) + 1.2) / Math.sqrt(1 + 16 * 0.21),
} as const;
type Shape = keyof typeof shapes | 'sparse';
const shapeNames: readonly Shape[] = ['normal', 'skewed', 'two-humped', 'sparse'];

/** Numbers from a stream, drawn in blocks. */
class Source {
  readonly #random: RandomStream;
  #normals: Float32Array = new Float32Array(0);
  #at = 0;

  constructor(random: RandomStream) {
    this.#random = random;
  }

  readonly uniform = (): number => this.#random.uniform();

  readonly normal = (): number => {
    if (this.#at === this.#normals.length) {
      this.#normals = this.#random.fillNormal(new Float32Array(256));
      this.#at = 0;
    }
    return this.#normals[this.#at++];
  };
}

/** Levels from 0.15 to 0.9 and scatters from 0.04 to 0.13 differ between tasks, as they do in benchmarks. */
function drawMatrix(
  shape: Shape,
  tasks: number,
  runs: number,
  shift: number,
  random: RandomStream,
): number[][] {
  const source = new Source(random);
  return Array.from({ length: tasks }, (_, task) => {
    const level = (tasks === 1 ? 0.5 : 0.15 + (0.75 * task) / (tasks - 1)) + shift;
    const scatter = 0.04 + (0.1 * ((task * 5) % 8)) / 8;
    if (shape === 'sparse') return Array.from({ length: runs }, () => sparse(level, source.uniform));
    return Array.from({ length: runs }, () => level + scatter * shapes[shape](source.normal, source.uniform));
  });
}

/** A task that is solved or not: of the runs beyond the two tenths that lie anywhere, the share `level` has 1 and the others 0. */
function sparse(level: number, uniform: () => number): number {
  if (uniform() < 0.2) return uniform();
  return uniform() < level ? 1 : 0;
}

interface Truth {
  readonly mean: number;
  readonly median: number;
  readonly iqm: number;
  readonly optimality_gap: number;
  readonly profile: readonly number[];
  readonly improvement: readonly number[];
  readonly deviation: number;
}

function truthOf(shape: Shape, tasks: number, random: RandomStream): Truth {
  const scores = drawMatrix(shape, tasks, POPULATION, 0, random);
  return {
    mean: aggregateMean(scores),
    median: aggregateMedian(scores),
    iqm: interquartileMean(scores),
    optimality_gap: optimalityGap(scores),
    profile: TAUS.map((tau) => mean(scores.map((runs) => mean(runs.map((score) => (score > tau ? 1 : 0)))))),
    improvement: SHIFTS.map((shift) => {
      const better = drawMatrix(shape, tasks, POPULATION, shift, random.split(`above ${shift}`));
      return mean(better.map((runs, task) => shareAbove(runs, scores[task])));
    }),
    deviation: Math.sqrt(mean(scores.map((runs) => (standardDeviation(runs) ?? 0) ** 2))),
  };
}

/** P(x > y) of two large samples, equal ones one half. */
function shareAbove(xs: readonly number[], ys: readonly number[]): number {
  const ordered = Float64Array.from(ys).sort();
  const count = (isBelow: (value: number) => boolean) => {
    let [low, high] = [0, ordered.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBelow(ordered[middle])) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const won = (score: number) => count((value) => value < score) + count((value) => value <= score);
  return mean(xs.map((score) => won(score) / 2 / ordered.length));
}

class Tally {
  #hits = 0;
  #total = 0;

  count(interval: Interval | undefined, truth: number): void {
    this.#total++;
    if (interval !== undefined && interval[0] <= truth && truth <= interval[1]) this.#hits++;
  }

  toString(): string {
    return this.#total === 0 ? '–' : ((100 * this.#hits) / this.#total).toFixed(1);
  }
}

const names = (tasks: number) => Array.from({ length: tasks }, (_, task) => `task${task}`);

/** One row: the coverage of every estimate of `compareScores`, and of the deviation between seeds. */
function measure(
  shape: Shape,
  tasks: number,
  runs: number,
  truth: Truth,
  experiments: number,
  interval: IntervalMethod,
) {
  const root = RandomStream.fromSeed(2108).split(`${shape}/${tasks}/${runs}`);
  const tallies = Array.from({ length: 8 }, () => new Tally());
  for (let e = 0; e < experiments; e++) {
    const random = root.split(String(e));
    const agents = ['y', 'close', 'far'].map((agent, i): AgentScores => {
      const shift = i === 0 ? 0 : SHIFTS[i - 1];
      return {
        agent,
        tasks: names(tasks),
        scores: drawMatrix(shape, tasks, runs, shift, random.split(agent)),
      };
    });
    const found = compareScores(agents, {
      interval,
      resamples: 1000,
      taus: TAUS,
      random: (agent, task) => random.split(`resample ${agent} ${task}`),
    });
    const [{ aggregates, profile }] = found.agents;
    aggregateMetrics.forEach((metric, m) => {
      tallies[m].count(aggregates[metric].interval, truth[metric]);
    });
    profile.forEach((estimate, i) => {
      tallies[4].count(estimate.interval, truth.profile[i]);
    });
    ['close', 'far'].forEach((agent, i) => {
      const pair = found.pairs.find(({ x, y }) => x === agent && y === 'y');
      tallies[5 + i].count(pair?.interval, truth.improvement[i]);
    });
    tallies[7].count(seedDeviation(agents[0].scores)?.interval, truth.deviation);
  }
  return tallies;
}

/** Remedies of the bootstrap for few runs, for the mean and the interquartile mean. */
const RESAMPLES = 500;
function measureCandidates(
  shape: Shape,
  tasks: number,
  runs: number,
  truth: Truth,
  experiments: number,
): Tally[] {
  const root = RandomStream.fromSeed(2108).split(`${shape}/${tasks}/${runs}`);
  const tallies = Array.from({ length: 7 }, () => new Tally());
  for (let e = 0; e < experiments; e++) {
    const random = root.split(String(e));
    const scores = drawMatrix(shape, tasks, runs, 0, random.split('y'));
    const draw = (own: readonly number[], count: number): number[] =>
      Array.from(random.fillIntegers(new Int32Array(count), own.length), (i) => own[i]);
    const stretch = Math.sqrt(runs / (runs - 1));
    const kinds: ((own: readonly number[]) => number[])[] = [
      (own) => draw(own, own.length),
      (own) => draw(own, own.length - 1),
      (own) => {
        const centre = mean(own);
        return draw(own, own.length).map((score) => centre + stretch * (score - centre));
      },
    ];
    kinds.forEach((kind, k) => {
      const [means, middles] = [new Float64Array(RESAMPLES), new Float64Array(RESAMPLES)];
      for (let b = 0; b < RESAMPLES; b++) {
        const resampled = scores.map(kind);
        means[b] = aggregateMean(resampled);
        middles[b] = interquartileMean(resampled);
      }
      tallies[k].count(percentileInterval(means), truth.mean);
      tallies[3 + k].count(percentileInterval(middles), truth.iqm);
    });
    tallies[6].count(bootstrapT(scores, kinds[0]), truth.mean);
  }
  return tallies;
}

const errorOf = (scores: ScoresByTask): number =>
  Math.sqrt(scores.reduce((sum, runs) => sum + (standardDeviation(runs) ?? 0) ** 2 / runs.length, 0)) /
  scores.length;

/** The bootstrap-t of the mean: quantiles of (resampled mean - mean) / its own standard error. */
function bootstrapT(scores: ScoresByTask, resample: (own: readonly number[]) => number[]): Interval {
  const [centre, error] = [aggregateMean(scores), errorOf(scores)];
  const ratios = Float64Array.from({ length: RESAMPLES }, () => {
    const resampled = scores.map(resample);
    const difference = aggregateMean(resampled) - centre;
    // Runs that are all drawn alike have no error: their ratio is beyond every other.
    return difference / Math.max(errorOf(resampled), 1e-12);
  });
  const [low, high] = percentileInterval(ratios);
  return [centre - high * error, centre - low * error];
}

const words = process.argv.slice(2);
const experiments = Number(words.find((word) => /^\d+$/.test(word)) ?? 2000);
const candidates = words.includes('candidates');
const method: IntervalMethod = words.includes('rliable') ? 'rliable' : 'student_t';
const chosen = shapeNames.filter((shape) => words.includes(shape));
const taskCounts = words.flatMap((word) => /^tasks=(\d+)$/.exec(word)?.slice(1).map(Number) ?? []);
const columns = candidates
  ? [
      'mean: percentile',
      'n - 1 draws',
      'stretched',
      'IQM: percentile',
      'n - 1 draws',
      'stretched',
      'mean: bootstrap-t',
    ]
  : [
      'mean',
      'median',
      'IQM',
      'optimality gap',
      'profile',
      'P(X > Y) ≈ 0.65',
      'P(X > Y) ≈ 0.97',
      'deviation between seeds',
    ];
console.log(
  `${experiments} experiments, ${candidates ? 'candidates' : method}: share of intervals that hold the truth, %\n`,
);
console.log(`| tasks | scores | runs | ${columns.join(' | ')} |`);
console.log(`| ---: | --- | ---: |${' ---: |'.repeat(columns.length)}`);
for (const tasks of taskCounts.length > 0 ? taskCounts : TASK_COUNTS) {
  for (const shape of chosen.length > 0 ? chosen : shapeNames) {
    const truth = truthOf(shape, tasks, RandomStream.fromSeed(77).split(`${shape}/${tasks}`));
    for (const runs of RUN_COUNTS) {
      const tallies = candidates
        ? measureCandidates(shape, tasks, runs, truth, experiments)
        : measure(shape, tasks, runs, truth, experiments, method);
      console.log(`| ${[tasks, shape, runs, ...tallies].join(' | ')} |`);
    }
  }
}
