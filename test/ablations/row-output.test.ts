import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type SmcSettings, samplerRows } from '../../ablations/smc/command.ts';
import { type TestFunctionSettings, testFunctionRows } from '../../ablations/test-function/command.ts';
import { type VarianceSettings, varianceRows } from '../../ablations/variance/command.ts';
import { GaussianMixture } from '../../agents/posterior/mixture.ts';
import { UserError } from '../../harness/text/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'ablate-'));
const identity = [
  [1, 0],
  [0, 1],
];
const mixture = { dim: 2, weights: [1], means: [[0, 0]], covariances: [identity] };
const fileIn = (place: string) => {
  mkdirSync(join(folder, place), { recursive: true });
  const file = join(folder, place, 'p.json');
  writeFileSync(file, JSON.stringify(mixture));
  return file;
};

const common = { schedule: 'linear', seed: 0, points: 2, repetitions: 2 } as const;
const variance = (given: Pick<VarianceSettings, 'problem'> & Partial<VarianceSettings>) =>
  varianceRows({ ...common, proposal: 'prior', particles: [8], ...given });
const smc = (given: Pick<SmcSettings, 'problem'> & Partial<SmcSettings>) =>
  samplerRows({ ...common, evaluations: [40], ...given });
const testFunction = (given: Pick<TestFunctionSettings, 'problem'> & Partial<TestFunctionSettings>) =>
  testFunctionRows({ ...common, particles: [8], updates: 2, ...given });

describe.each([
  ['variance', async (given: Parameters<typeof variance>[0]) => variance(given)],
  ['smc', async (given: Parameters<typeof smc>[0]) => smc(given)],
  ['test-function', testFunction],
])(
  '%s',
  (_, rowsOf: (given: { problem: string[]; times: number[]; estimators: string[] }) => Promise<object[]>) => {
    afterEach(() => void vi.restoreAllMocks());

    test('refuses two problems of one name', async () => {
      const problem = [fileIn('a'), fileIn('b c')];
      await expect(rowsOf({ problem, times: [0.5], estimators: ['noise'] })).rejects.toThrow(
        new UserError("problem 'p' is there twice"),
      );
    });

    test('has one row of what a list repeats', async () => {
      const problem = [fileIn('a')];
      const untimed = (rows: readonly object[]) =>
        rows.map((row) => ({ ...row, seconds_per_estimate: 0, training_seconds: 0 }));
      const once = await rowsOf({ problem, times: [0.5], estimators: ['noise'] });
      const twice = await rowsOf({ problem, times: [0.5, 0.5], estimators: ['noise', 'noise'] });
      expect(untimed(twice)).toEqual(untimed(once));
    });

    test('counts the time of the score only for estimators that read it', async () => {
      // A clock that goes on by 1 ms for every set of values, and by 1000 ms for one with the score.
      let clock = 0;
      const { evaluate, logDensity } = GaussianMixture.prototype;
      vi.spyOn(performance, 'now').mockImplementation(() => clock);
      vi.spyOn(GaussianMixture.prototype, 'evaluate').mockImplementation(function (this: GaussianMixture, y) {
        clock += 1000;
        return evaluate.call(this, y);
      });
      vi.spyOn(GaussianMixture.prototype, 'logDensity').mockImplementation(function (
        this: GaussianMixture,
        y,
      ) {
        clock += 1;
        return logDensity.call(this, y);
      });
      const rows = await rowsOf({ problem: [fileIn('a')], times: [0.5], estimators: ['noise', 'gradient'] });
      const seconds = (name: string) =>
        (rows as { estimator: string; sampler?: string; seconds_per_estimate: number }[]).find(
          ({ estimator, sampler = 'snis' }) => estimator === name && sampler === 'snis',
        )?.seconds_per_estimate;
      expect(seconds('noise')).toBeCloseTo(0.001 / common.repetitions, 10);
      expect(seconds('gradient')).toBeCloseTo(1 / common.repetitions, 10);
    });
  },
);
