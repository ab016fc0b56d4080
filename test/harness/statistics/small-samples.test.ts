/** Intervals for few runs against numpy and scipy (small-samples.py has the script) and closed forms. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../engine/random.ts';
import {
  type AgentScores,
  compareScores,
  improvementInterval,
  interquartileMeanInterval,
  meanInterval,
  medianInterval,
  optimalityGapInterval,
  shareInterval,
  studentInterval,
  studentQuantile,
} from '../../../harness/statistics/index.ts';

const scores = [
  [0.3, 0.41, 0.35],
  [0.62, 0.75, 0.7],
  [0.55, 0.2, 0.44],
  [0.93, 0.88, 1.08],
];
const streams = (tasks: number) =>
  Array.from({ length: tasks }, (_, i) => RandomStream.fromSeed(3).split(`${i}`));
const close = (found: readonly number[] | undefined, expected: readonly number[], digits = 10) => {
  expect(found).toHaveLength(2);
  expected.forEach((end, i) => void expect(found?.[i]).toBeCloseTo(end, digits));
};

describe('aggregates', () => {
  it("Student's t has scipy's quantiles between whole degrees of freedom", () => {
    const table = [
      [1.5, 6.016663104427929],
      [2.7, 3.3921483831737507],
      [7.3, 2.345066736547703],
      [40.25, 2.0206844244252826],
      [1e6, 1.959966356814107],
    ];
    for (const [degrees, t] of table)
      expect(Math.abs(studentQuantile(0.975, degrees) / t - 1)).toBeLessThan(1e-9);
  });

  it('the mean, the optimality gap and the interquartile mean of a matrix equal numpy and scipy', () => {
    close(meanInterval(scores), [0.5134871646821687, 0.688179501984498]);
    close(optimalityGapInterval(scores), [0.317428258174778, 0.49423840849188877]);
    close(interquartileMeanInterval(scores), [0.4949553452022949, 0.6617113214643716]);
  });

  it("for two tasks the mean's is Welch's, for one the interquartile mean's is Yuen's", () => {
    const two = [
      [0.3, 0.5, 0.9],
      [0.1, 0.2, 0.15, 0.6],
    ];
    close(meanInterval(two), [0.1098819147101402, 0.7192847519565266]);
    const one = [[0.1, 0.35, 0.4, 0.42, 0.5, 0.55, 0.9, 0.2]];
    close(interquartileMeanInterval(one), [0.24738665976419266, 0.5876133402358072]);
  });

  it("for one task the mean's, the median's and that of three scores' interquartile mean are Student's t", () => {
    const [one] = scores;
    const expected = studentInterval(one);
    for (const found of [
      meanInterval([one]),
      medianInterval([one], streams(1)),
      interquartileMeanInterval([one]),
    ]) {
      close(found, expected ?? []);
    }
  });

  it('the median of tasks far apart is that of the middle one', () => {
    const apart = [scores[0], scores[1].map((score) => score + 10), scores[2].map((score) => score + 20)];
    const expected = studentInterval(apart[1]) ?? [0, 0];
    const found = medianInterval(apart, streams(3)) ?? [0, 0];
    // The variance of 2,000 normal draws has a relative error of √(2/2000), its root one of half that.
    const tolerance = (5 * Math.sqrt(2 / 2000)) / 2;
    expect(Math.abs((found[1] - found[0]) / (expected[1] - expected[0]) - 1)).toBeLessThan(tolerance);
    expect((found[0] + found[1]) / 2).toBeCloseTo((expected[0] + expected[1]) / 2, 10);
  });

  it('one run on every task has no interval; one run on some is as variable as the others', () => {
    for (const interval of [meanInterval, interquartileMeanInterval, optimalityGapInterval])
      expect(interval([[0.3], [0.6]])).toBeUndefined();
    expect(medianInterval([[0.3], [0.6]], streams(2))).toBeUndefined();
    const [low, high] = meanInterval([[0.2, 0.4], [0.5]]) ?? [];
    // s² = 0.02 for both: (0.02 / 2 + 0.02 / 1) / 4, and 1 degree of freedom each.
    const degrees = (0.01 + 0.02) ** 2 / (0.01 ** 2 + 0.02 ** 2);
    const half = studentQuantile(0.975, degrees) * Math.sqrt(0.03 / 4);
    close([low, high] as number[], [0.4 - half, 0.4 + half]);
  });
});

describe('probability of improvement', () => {
  it("has scipy's standard error and degrees of freedom (Brunner and Munzel), on the scale of asin √P", () => {
    const [x, y] = [
      [3.1, 2.5, 4, 3.3, 2.2, 3.9],
      [2, 3, 1.5, 2.6, 3.2],
    ];
    close(improvementInterval([x], [y]), [0.36454865864454417, 0.9926740543780337], 9);
    close(improvementInterval([y], [x]), [1 - 0.9926740543780337, 1 - 0.36454865864454417], 9);
  });

  // 0.05^(1/k) for k independent pairs: scipy.stats.binomtest(k, k, alternative='greater').
  it.each([
    [1, 1, 0.05],
    [3, 1, 0.3684031498640387],
    [5, 1, 0.5492802716530591],
    [3, 2, 0.6069622310029174],
    [3, 8, 0.8826538438450512],
  ])('%d runs all above %d times as many: exact, not without width', (runs, tasks, low) => {
    const matrix = (from: number) =>
      Array.from({ length: tasks }, () => Array.from({ length: runs }, (_, i) => from + i));
    close(improvementInterval(matrix(100), matrix(0)), [low, 1]);
    close(improvementInterval(matrix(0), matrix(100)), [0, 1 - low]);
  });

  it('all runs equal says nothing for either side', () => {
    const zeros = [[0, 0, 0]];
    const reach = (1 - 0.3684031498640387) / 2;
    close(improvementInterval(zeros, zeros), [0.5 - reach, 0.5 + reach]);
  });

  it('with one run of X, tasks are trials (Wilson): 6 of 8', () => {
    const x = Array.from({ length: 8 }, () => [2]);
    const y = Array.from({ length: 8 }, (_, task) => (task < 4 ? [1, 3] : [0, 1]));
    close(improvementInterval(x, y), [0.40927543031016883, 0.9285207872478909], 6);
  });
});

it('a profile is not certain where all runs are above', () => {
  const above = { runs: 3, above: 3 };
  close(shareInterval([above]), [0.3684031498640387, 1]);
  close(shareInterval(Array.from({ length: 8 }, () => above)), [0.8826538438450512, 1]);
  // p (1 - p) / (n - 1) = 1/9 at 2 of 3, with 2 degrees of freedom: beyond both ends.
  close(shareInterval([{ runs: 3, above: 2 }]), [0, 1]);
  // At 5 of 10: 0.25 / 9.
  const half = studentQuantile(0.975, 9) * Math.sqrt(0.25 / 9);
  close(shareInterval([{ runs: 10, above: 5 }]), [0.5 - half, 0.5 + half]);
});

it('intervals of three normal runs hold the truth in 93 to 97 % of experiments, for one task and for eight', () => {
  const experiments = 1500;
  const root = RandomStream.fromSeed(11);
  for (const count of [1, 8]) {
    const tasks = Array.from({ length: count }, (_, task) => `task${task}`);
    const hits = { iqm: 0, mean: 0 };
    for (let e = 0; e < experiments; e++) {
      const random = root.split(`${count}/${e}`);
      const matrix = tasks.map((_, task) =>
        Array.from(random.fillNormal(new Float32Array(3)), (normal) => 0.5 + (0.05 + 0.02 * task) * normal),
      );
      const agent: AgentScores = { agent: 'a', tasks, scores: matrix };
      const { agents } = compareScores([agent], { resamples: 1, taus: [], random: () => random });
      for (const metric of ['iqm', 'mean'] as const) {
        const [low, high] = agents[0].aggregates[metric].interval ?? [0, 0];
        if (low <= 0.5 && 0.5 <= high) hits[metric]++;
      }
    }
    for (const metric of ['iqm', 'mean'] as const) {
      expect(hits[metric] / experiments, `${metric}, ${count}`).toBeGreaterThan(0.93);
      expect(hits[metric] / experiments, `${metric}, ${count}`).toBeLessThan(0.97);
    }
  }
}, 60_000);
