import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../engine/random.ts';
import {
  type AgentScores,
  aggregate,
  aggregateMetrics,
  areaUnderCurve,
  compareScores,
  interquartileMean,
  intervalMethods,
  percentileInterval,
  percentileOfSorted,
  probabilityOfImprovement,
  resample,
  scoreDistribution,
  studentInterval,
  studentQuantile,
  trimmedMean,
} from '../../../harness/statistics/index.ts';

const root = RandomStream.fromSeed(7);
const random = (agent: string, task: string) => root.split(agent).split(task);
const score = fc.double({ min: -2, max: 2, noNaN: true });
const matrix = fc.array(fc.array(score, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });
const named = (agent: string, scores: number[][]): AgentScores => ({
  agent,
  tasks: scores.map((_, task) => `task${task}`),
  scores,
});

describe('definitions', () => {
  it('a trimmed mean drops int(n / 4) values at each end', () => {
    expect(trimmedMean([5])).toBe(5);
    expect(trimmedMean([100, 1, 3])).toBeCloseTo(104 / 3, 12);
    expect(trimmedMean([100, 1, 3, -50])).toBe(2);
    expect(trimmedMean([9, 1, 2, 3, 4, 5, 6])).toBe(4);
  });

  it('unequal numbers of runs: tasks weigh alike in the mean and median, runs in the other two', () => {
    const scores = [[0.1, 0.3, 0.2, 0.2], [0.8]];
    const found = aggregate(scores);
    expect(found.mean).toBeCloseTo(0.5, 12);
    expect(found.median).toBeCloseTo(0.5, 12);
    expect(found.iqm).toBeCloseTo(0.7 / 3, 12); // 0.2, 0.2, 0.3 are left of the five
    expect(found.optimality_gap).toBeCloseTo(1 - 1.6 / 5, 12);
  });

  it('ties count one half, whoever comes first', () => {
    expect(probabilityOfImprovement([[1, 2]], [[2, 3]])).toBe(0.125);
    expect(probabilityOfImprovement([[2, 3]], [[1, 2]])).toBe(0.875);
    expect(probabilityOfImprovement([[4, 4]], [[4]])).toBe(0.5);
  });

  it("Student's t has its tabulated quantiles", () => {
    // NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, upper 0.025.
    const table = [
      [1, 12.706],
      [2, 4.303],
      [3, 3.182],
      [4, 2.776],
      [9, 2.262],
      [30, 2.042],
      [100, 1.984],
    ];
    for (const [degrees, t] of table) expect(studentQuantile(0.975, degrees)).toBeCloseTo(t, 3);
    expect(studentQuantile(0.025, 4)).toBeCloseTo(-2.776, 3);
    expect(studentInterval([3])).toBeUndefined();
  });

  it('percentiles interpolate between order statistics', () => {
    expect(percentileOfSorted([1, 2, 4], 50)).toBe(2);
    expect(percentileOfSorted([1, 2, 4], 75)).toBe(3);
    expect(percentileOfSorted([1], 2.5)).toBe(1);
  });

  it('the area under a curve is its mean height over steps', () => {
    expect(areaUnderCurve([0, 10, 30], [0, 100, 100])).toBeCloseTo(2500 / 30, 12);
    expect(areaUnderCurve([50], [7])).toBe(7);
    expect(() => areaUnderCurve([], [])).toThrow(RangeError);
  });
});

describe('resampled comparison in one pass', () => {
  it('a single run has an interval without width', () => {
    const { agents, pairs } = compareScores([named('a', [[0.4]]), named('b', [[0.5, 0.5]])], {
      interval: 'rliable',
      resamples: 100,
      random,
    });
    expect(agents[0].aggregates.iqm).toEqual({ value: 0.4, interval: [0.4, 0.4] });
    expect(pairs.map((pair) => [pair.x, pair.value, ...pair.interval])).toEqual([
      ['a', 0, 0, 0],
      ['b', 1, 1, 1],
    ]);
  });

  it('the interquartile mean and its interval never leave the range of the scores', () => {
    fc.assert(
      fc.property(matrix, (scores) => {
        const { agents } = compareScores([named('a', scores)], {
          interval: 'rliable',
          resamples: 200,
          random,
        });
        const flat = scores.flat();
        const [low, high] = agents[0].aggregates.iqm.interval ?? [Number.NaN, Number.NaN];
        expect(low).toBeGreaterThanOrEqual(Math.min(...flat) - 1e-12);
        expect(high).toBeLessThanOrEqual(Math.max(...flat) + 1e-12);
        expect(low).toBeLessThanOrEqual(high);
        expect(interquartileMean(scores)).toBeGreaterThanOrEqual(Math.min(...flat) - 1e-12);
      }),
    );
  });

  it('an agent’s intervals do not depend on who else is compared', () => {
    const a = named('a', [
      [0.1, 0.5, 0.7],
      [0.2, 0.9],
    ]);
    const b = named('b', [
      [0.3, 0.2],
      [0.4, 0.5, 0.6],
    ]);
    for (const interval of intervalMethods) {
      const options = { interval, resamples: 1000, random };
      const alone = compareScores([a], options).agents[0];
      expect(compareScores([b, a], options).agents[1]).toEqual(alone);
    }
  });

  it('equals resampling one by one, with ties, unequal numbers of runs and any thresholds', () => {
    const few = fc.integer({ min: -2, max: 6 }).map((value) => value / 4);
    const ragged = fc.array(fc.array(few, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 4 });
    const taus = [-0.5, 0, 0.25, 0.3, 1.5];
    const resamples = 300; // more than are drawn at a time
    fc.assert(
      fc.property(ragged, ragged, (first, second) => {
        const agents = [named('a', first), named('b', second.slice(0, first.length))];
        const found = compareScores(agents, {
          interval: 'rliable',
          resamples,
          random,
          taus,
          gamma: 0.75,
        });
        const shared = Math.min(first.length, second.length);
        const drawn = agents.map(({ agent, tasks, scores }) => {
          const streams = tasks.map((task) => random(agent, task));
          return Array.from({ length: resamples }, () =>
            resample(
              scores,
              scores.map((runs, t) => streams[t].fillIntegers(new Int32Array(runs.length), runs.length)),
            ),
          );
        });
        const interval = (values: number[]) => percentileInterval(Float64Array.from(values));
        const near = (got: readonly number[] = [], expected: readonly number[]) =>
          expected.forEach((end, i) => void expect(got[i]).toBeCloseTo(end, 12));
        agents.forEach((_, i) => {
          for (const metric of aggregateMetrics) {
            const values = drawn[i].map((scores) => aggregate(scores, 0.75)[metric]);
            near(found.agents[i].aggregates[metric].interval, interval(values));
          }
          taus.forEach((_tau, t) => {
            const values = drawn[i].map((scores) => scoreDistribution(scores, taus)[t]);
            near(found.agents[i].profile[t].interval, interval(values));
          });
        });
        const wins = drawn[0].map((x, b) =>
          probabilityOfImprovement(x.slice(0, shared), drawn[1][b].slice(0, shared)),
        );
        near(found.pairs[0].interval, interval(wins));
      }),
      { numRuns: 25 },
    );
  });

  it('only shared tasks are compared', () => {
    const a: AgentScores = { agent: 'a', tasks: ['hop', 'run'], scores: [[0.9], [0.1]] };
    const b: AgentScores = { agent: 'b', tasks: ['run', 'walk'], scores: [[0.2], [0.3]] };
    const c: AgentScores = { agent: 'c', tasks: ['spin'], scores: [[0.2]] };
    const { pairs } = compareScores([a, b, c], { resamples: 10, random });
    expect(pairs.map(({ x, y, value, tasks }) => [x, y, value, tasks])).toEqual([
      ['a', 'b', 0, ['run']],
      ['b', 'a', 1, ['run']],
    ]);
  });
});
