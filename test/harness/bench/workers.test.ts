import { describe, expect, it } from 'vitest';
import { scaling, scalingTable } from '../../../harness/bench/workers.ts';

describe('bench workers', () => {
  it('compares within each round, and gives the median, the least and the most', () => {
    // A machine that is twice as slow in the second round and four times in the third.
    const seconds = [
      [10, 20, 40],
      [6, 11, 20],
    ];
    expect(scaling([1, 2], 8, seconds)).toEqual([
      { workers: 1, runs: 8, seconds: 20, ratio: 1, ratios: [1, 1] },
      { workers: 2, runs: 8, seconds: 11, ratio: 0.55, ratios: [0.5, 0.6] },
    ]);
    expect(scalingTable(scaling([1, 2], 8, seconds))).toMatch(/2 +8 +11\.0 +0\.55 +0\.50 to 0\.60/);
  });
});
