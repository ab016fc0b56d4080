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
  seedDeviation,
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
    const ties = [[0, 0, 0, 0.2, 0.5, 1, 1, 1]];
    close(interquartileMeanInterval(ties), [-0.7293224539491583, 1.5793224539491584]);
  });

  it('has no interval for the interquartile mean where what is kept is alike and the runs are not', () => {
    expect(
      interquartileMeanInterval([
        [0.1, 0.2],
        [0.7, 0.9],
      ]),
    ).toBeUndefined();
    close(
      interquartileMeanInterval([
        [0.5, 0.5],
        [0.5, 0.5],
      ]),
      [0.5, 0.5],
    );
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

  it('with one run of either, tasks are trials: the interval of Clopper and Pearson', () => {
    const one = (value: number, tasks: number) => Array.from({ length: tasks }, () => [value]);
    const won = (wins: number, tasks: number) =>
      improvementInterval(one(1, tasks), [...one(0, wins), ...one(2, tasks - wins)]);
    close(won(1, 1), [0.025, 1]);
    close(won(6, 8), [0.3491442055871758, 0.9681459737500557]);
    close(won(8, 8), [0.6305833524471808, 1]);
    close(won(17, 28), [0.40576820648754597, 0.784957170839039]);
    close(
      shareInterval(Array.from({ length: 8 }, (_, task) => ({ runs: 1, above: task < 6 ? 1 : 0 }))),
      won(6, 8),
    );
    // A run between two others has won half a trial.
    const between = Array.from({ length: 8 }, (_, task) => (task < 1 ? [1, 3] : task < 5 ? [0, 1] : [3, 4]));
    close(improvementInterval(one(2, 8), between), [0.1989656112814958, 0.8809608198458341]);
  });

  it('trials and tasks of several runs are joined by the squares of their distances', () => {
    const x = [[5], [5], [5, 6, 7], [5, 6, 7]];
    const y = [[1], [1], [1, 2, 3], [1, 2, 3]];
    close(improvementInterval(x, y), [0.535443512088851, 1]);
    const above = [
      { runs: 1, above: 1 },
      { runs: 1, above: 1 },
      { runs: 1, above: 1 },
    ];
    // Runs weigh alike: three trials and a task of three, half of all runs each.
    const low = 1 - Math.hypot(0.5 * (1 - 0.025 ** (1 / 3)), 0.5 * (1 - 0.05 ** (1 / 3)));
    close(shareInterval([...above, { runs: 3, above: 3 }]), [low, 1]);
  });
});

describe('exact coverage', () => {
  /** P(0 … n tasks are won), of tasks that are won with these probabilities. */
  const wins = (tasks: readonly number[]): number[] => {
    let found = [1];
    for (const p of tasks)
      found = Array.from(
        { length: found.length + 1 },
        (_, k) => (found[k] ?? 0) * (1 - p) + (found[k - 1] ?? 0) * p,
      );
    return found;
  };
  const won = (tasks: number, number: number) => [
    Array.from({ length: tasks }, () => [1]),
    Array.from({ length: tasks }, (_, task) => [task < number ? 0 : 2]),
  ];

  it('of one run against one: 95 % at least, whatever the tasks are', () => {
    for (const tasks of [1, 2, 5, 8, 20, 28])
      for (const truth of [0.05, 0.3, 0.5, 0.65, 0.9])
        for (const spread of [0, 0.5, 1]) {
          // Tasks that are alike, or half of them easier than the others.
          const apart = spread * Math.min(truth, 1 - truth);
          const chances = Array.from({ length: tasks }, (_, task) =>
            tasks % 2 === 0 ? truth + (task % 2 === 0 ? apart : -apart) : truth,
          );
          const coverage = wins(chances).reduce((sum, probability, number) => {
            const [x, y] = won(tasks, number);
            const [low, high] = improvementInterval(x, y);
            return sum + (low <= truth && truth <= high ? probability : 0);
          }, 0);
          expect(coverage, `${tasks} tasks, ${truth}, ${spread}`).toBeGreaterThan(0.95);
        }
  });

  it.each([1, 2, 3, 4])('of a task always won in 10 runs and one without a difference in %d', (runs) => {
    // Every order of the runs of X and Y is as likely: the places of X among them.
    const places = (from: number, left: number): number[][] =>
      left === 0
        ? [[]]
        : Array.from({ length: 2 * runs - from }, (_, i) => from + i).flatMap((first) =>
            places(first + 1, left - 1).map((rest) => [first, ...rest]),
          );
    const orders = places(0, runs);
    const [high, low] = [100, 0].map((start) => Array.from({ length: 10 }, (_, i) => start + i));
    const held = orders.filter((x) => {
      const y = Array.from({ length: 2 * runs }, (_, i) => i).filter((place) => !x.includes(place));
      const [from, to] = improvementInterval([high, x], [low, y]);
      return from <= 0.75 && 0.75 <= to;
    });
    expect(held.length / orders.length).toBeGreaterThan(0.94);
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

it.each([1e90, 1e-90])('intervals of scores times %s are theirs times as much', (factor) => {
  const scaled = scores.map((own) => own.map((score) => score * factor));
  const times = (ends: readonly number[] | undefined) => (ends ?? []).map((end) => end / factor);
  close(times(meanInterval(scaled)), meanInterval(scores) ?? [], 9);
  close(times(seedDeviation(scaled)?.interval), seedDeviation(scores)?.interval ?? [], 9);
});

it('the intervals of three normal runs hold the truth in 93 to 97 % of experiments, for one task and for eight', () => {
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
