/** Stability: definitions by hand, the deviation's interval against scipy (small-samples.py has the script). */
import { describe, expect, it } from 'vitest';
import {
  boundedMeanInterval,
  chiSquareQuantile,
  collapsedShare,
  drawdown,
  seedDeviation,
  stability,
} from '../../../harness/statistics/index.ts';

describe('the deviation between seeds', () => {
  it("χ² has scipy's quantiles, also between whole degrees of freedom", () => {
    const table: [number, number, number][] = [
      [1, 9.82069117e-4, 5.02388619],
      [2, 0.05063562, 7.37775891],
      [2.7, 0.15415735, 8.78066503],
      [9, 2.7003895, 19.0227678],
      [40.25, 24.62815388, 59.64668007],
    ];
    for (const [degrees, low, high] of table) {
      expect(Math.abs(chiSquareQuantile(0.025, degrees) / low - 1)).toBeLessThan(1e-7);
      expect(Math.abs(chiSquareQuantile(0.975, degrees) / high - 1)).toBeLessThan(1e-7);
    }
    // -2 ln(1 - p) for two degrees.
    expect(chiSquareQuantile(0.5, 2)).toBeCloseTo(2 * Math.LN2, 12);
    expect(() => chiSquareQuantile(0.5, 0)).toThrow(RangeError);
    expect(() => chiSquareQuantile(1, 3)).toThrow(RangeError);
  });

  it('is the root of the mean variance within tasks, with the interval of numpy and scipy', () => {
    const scores = [
      [0.3, 0.41, 0.35],
      [0.62, 0.75, 0.7],
      [0.55, 0.2, 0.44],
      [0.93, 0.88, 1.08],
    ];
    const found = seedDeviation(scores);
    expect(found?.value).toBeCloseTo(0.11202678251204042, 12);
    expect(found?.interval?.[0]).toBeCloseTo(0.06804323, 7);
    expect(found?.interval?.[1]).toBeCloseTo(0.30452701, 7);
  });

  it('leaves tasks of one run out, and has no interval where no two runs differ', () => {
    expect(seedDeviation([[0.5], [0.1]])).toBeUndefined();
    expect(seedDeviation([[0.5], [0.1, 0.3]])?.value).toBeCloseTo(Math.SQRT2 / 10, 12);
    for (const equal of [0.5, 0.1]) // the mean of three times 0.1 is not 0.1
      expect(seedDeviation([[equal, equal, equal]])).toEqual({ value: 0, interval: undefined });
  });
});

describe('a curve', () => {
  it('has a drawdown: its largest fall below the best so far, over the best of all', () => {
    expect(drawdown([10, 100, 60, 200, 150])).toBe(50 / 200);
    expect(drawdown([100, 20, 400])).toBe(80 / 400);
    expect(drawdown([1, 2, 3])).toBe(0);
    expect(drawdown([100, -50])).toBe(1);
    expect(drawdown([0.5, -0.3, 1, 0.6])).toBe(0.5);
    expect(drawdown([100])).toBeUndefined();
    expect(drawdown([0, 0])).toBeUndefined();
    expect(drawdown([-2, -1])).toBeUndefined();
  });

  it('has collapsed evaluations: those below half of the best before them', () => {
    expect(collapsedShare([10, 100, 49, 50, 200, 99])).toBe(2 / 5);
    expect(collapsedShare([0, 0, 0])).toBe(0);
    expect(collapsedShare([-5, -4, -9, 0])).toBe(0);
    expect(collapsedShare([-5, 4, -9, 1])).toBe(2 / 3);
    expect(collapsedShare([5])).toBeUndefined();
  });
});

describe('over tasks', () => {
  it('means of task means; curves count where there are some', () => {
    const found = stability([
      {
        scores: [0.2, 0.4],
        curves: [
          [0.1, 0.4, 0.2],
          [0.2, 0.4, 0.4],
        ],
      },
      { scores: [0.5, 0.9], curves: [[], []] },
    ]);
    expect(found.worst_seed?.value).toBeCloseTo(0.35, 12);
    expect(found.worst_seed?.interval).toBeUndefined();
    expect(found.drawdown?.value).toBeCloseTo(0.25, 12);
    expect(found.collapsed?.value).toBe(0);
    expect(found.seed_deviation?.value).toBeCloseTo(Math.sqrt((0.02 + 0.08) / 2), 12);
    const scoresAlone = stability([{ scores: [0.5], curves: [[]] }]);
    expect(Object.keys(scoresAlone)).toEqual(['worst_seed']);
  });

  it('where no evaluation collapsed, the interval holds what so few runs cannot exclude', () => {
    // (1 - p)^k = 0.05 for the largest p.
    expect(boundedMeanInterval([[0, 0, 0]])?.[0]).toBe(0);
    expect(boundedMeanInterval([[0, 0, 0]])?.[1]).toBeCloseTo(1 - 0.05 ** (1 / 3), 12);
    const eight = Array.from({ length: 8 }, () => [0, 0, 0]);
    expect(boundedMeanInterval(eight)?.[1]).toBeCloseTo(1 - 0.05 ** (1 / 24), 12);
    expect(boundedMeanInterval([[0.25], [0.5]])).toBeUndefined();
  });
});
