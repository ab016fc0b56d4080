/**
 * How often 95 % intervals hold the truth: made-up score matrices with a known interquartile mean, mean and
 * probability of improvement, many experiments, few runs each. The table is in docs/statistics.md.
 *
 *     npx jiti bench/coverage.ts                    2,000 experiments × 2,000 resamples, both kinds
 *     npx jiti bench/coverage.ts bells 500 1000
 */
import { RandomStream } from '../engine/random.ts';
import {
  type AgentScores,
  bootstrapMeanInterval,
  compareScores,
  type Interval,
  interquartileMean,
  mean,
  probabilityOfImprovement,
  type ScoresByTask,
  studentInterval,
} from '../harness/statistics/index.ts';

const TASKS = 8;
const RUN_COUNTS = [3, 5, 10];
/** Runs per task from which the true values are computed. */
const POPULATION = 200_000;

/** `bells`: runs scatter around their task's level. `failures`: and on every third task some stay low. */
const kinds = ['bells', 'failures'] as const;
type Kind = (typeof kinds)[number];

/** The score of one run, within [0, 1]. Levels and scatters differ between tasks, as they do in benchmarks. */
function drawScore(kind: Kind, task: number, shift: number, random: RandomStream): number {
  const level = 0.15 + (0.75 * task) / (TASKS - 1) + shift;
  const scatter = 0.04 + (0.1 * ((task * 5) % TASKS)) / TASKS;
  const failing = kind === 'failures' && task % 3 === 0 ? 0.15 : 0;
  const normal = random.fillNormal(new Float32Array(1))[0];
  const score = random.uniform() < failing ? 0.3 * level + 0.03 * normal : level + scatter * normal;
  return Math.min(1, Math.max(0, score));
}

const drawMatrix = (kind: Kind, runs: number, shift: number, random: RandomStream): number[][] =>
  Array.from({ length: TASKS }, (_, task) =>
    Array.from({ length: runs }, () => drawScore(kind, task, shift, random)),
  );

interface Counter {
  hits: number;
  total: number;
}

function table(kind: Kind, experiments: number, resamples: number): void {
  const root = RandomStream.fromSeed(2108).split(kind);
  const population = [0, 0.05].map((shift) =>
    drawMatrix(kind, POPULATION, shift, root.split(`population ${shift}`)),
  );
  const truth = {
    iqm: interquartileMean(population[0]),
    mean: mean(population[0].map(mean)),
    tasks: population[0].map(mean),
    improvement: improvementOf(population[1], population[0]),
  };
  console.log(
    `${kind}: true IQM ${truth.iqm.toFixed(4)}, mean ${truth.mean.toFixed(4)}, P(X > Y) ${truth.improvement.toFixed(4)}`,
  );
  console.log(`${experiments} experiments, ${resamples} resamples, ${TASKS} tasks\n`);
  console.log('| runs | IQM | mean | P(X > Y) | one task, bootstrap | one task, Student t |');
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const runs of RUN_COUNTS) {
    const counters: Counter[] = Array.from({ length: 5 }, () => ({ hits: 0, total: 0 }));
    for (let e = 0; e < experiments; e++)
      experiment(kind, runs, resamples, truth, root.split(`${runs}/${e}`), counters);
    const cells = counters.map(({ hits, total }) => `${((100 * hits) / total).toFixed(1)} %`);
    console.log(`| ${[runs, ...cells].join(' | ')} |`);
  }
}

interface Truth {
  readonly iqm: number;
  readonly mean: number;
  readonly tasks: readonly number[];
  readonly improvement: number;
}

function experiment(
  kind: Kind,
  runs: number,
  resamples: number,
  truth: Truth,
  random: RandomStream,
  counters: Counter[],
): void {
  const tasks = Array.from({ length: TASKS }, (_, task) => `task${task}`);
  const agents = ['y', 'x'].map((agent, i): AgentScores => {
    return { agent, tasks, scores: drawMatrix(kind, runs, 0.05 * i, random.split(agent)) };
  });
  const estimates = compareScores(agents, {
    resamples,
    taus: [],
    random: (agent, task) => random.split(`resample ${agent} ${task}`),
  });
  const count = (counter: Counter, interval: Interval | undefined, value: number): void => {
    if (interval === undefined) return;
    counter.total++;
    if (interval[0] <= value && value <= interval[1]) counter.hits++;
  };
  const { iqm, mean: overall } = estimates.agents[0].aggregates;
  count(counters[0], iqm.interval, truth.iqm);
  count(counters[1], overall.interval, truth.mean);
  const pair = estimates.pairs.find(({ x }) => x === 'x');
  count(counters[2], pair?.interval, truth.improvement);
  agents[0].scores.forEach((scores, task) => {
    const single = { resamples: Math.min(resamples, 1000), random: random.split(`single ${task}`) };
    count(counters[3], bootstrapMeanInterval(scores, single), truth.tasks[task]);
    count(counters[4], studentInterval(scores), truth.tasks[task]);
  });
}

/** P(X > Y) of large populations, from a part small enough to compare in pairs. */
function improvementOf(x: ScoresByTask, y: ScoresByTask): number {
  const part = (scores: ScoresByTask) => scores.map((runs) => runs.slice(0, 3000));
  return probabilityOfImprovement(part(x), part(y));
}

const words = process.argv.slice(2);
const [experiments = 2000, resamples = 2000] = words.filter((word) => /^\d+$/.test(word)).map(Number);
const chosen = kinds.filter((kind) => words.includes(kind));
for (const kind of chosen.length > 0 ? chosen : kinds) table(kind, experiments, resamples);
