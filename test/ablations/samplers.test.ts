import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runSmc, samplerRows } from '../../ablations/smc/command.ts';
import {
  evaluationsOf,
  type SamplerName,
  samplerNames,
  samplerPlan,
} from '../../ablations/smc/experiment.ts';
import { findings } from '../../ablations/smc/findings.ts';
import { runTestFunction, testFunctionRows } from '../../ablations/test-function/command.ts';
import { readTable } from '../../harness/files/csv.ts';
import { UserError } from '../../harness/text/errors.ts';

const problem = new URL('../data/posterior/variance-dev.json', import.meta.url).pathname;
const folder = () => mkdtempSync(join(tmpdir(), 'ablate-'));

describe('samplers at equal budgets', () => {
  test.each(samplerNames)('%s makes no more evaluations than the budget, and most of them', (sampler) => {
    for (const budget of [25, 50, 100, 333, 1000, 3000]) {
      const made = evaluationsOf(samplerPlan(sampler, budget));
      expect(made).toBeLessThanOrEqual(budget);
      expect(made).toBeGreaterThan(0.7 * budget);
    }
  });

  test('chains win at small t, importance sampling near the data', () => {
    const rows = samplerRows({
      problem: [problem],
      schedule: 'linear',
      seed: 1,
      evaluations: [500],
      times: [0.02, 0.9],
      estimators: ['noise'],
      points: 30,
      repetitions: 3,
    });
    for (const name of new Set(rows.map((row) => row.problem))) {
      const cell = (sampler: string, t: number) => {
        const found = rows.find((row) => row.problem === name && row.sampler === sampler && row.t === t);
        if (found === undefined) throw new Error(`no row for ${sampler}, t = ${t}`);
        return found;
      };
      // Their intervals do not touch.
      expect(cell('smc', 0.02).mse_high).toBeLessThan(cell('snis', 0.02).mse_low);
      expect(cell('snis', 0.9).mse_high).toBeLessThan(cell('smc', 0.9).mse_low);
    }
    for (const row of rows) {
      expect(row.mse_low).toBeLessThanOrEqual(row.mse);
      expect(row.mse_high).toBeGreaterThan(row.mse);
      expect(row.evaluations_made).toBeLessThanOrEqual(row.evaluations);
    }
  });

  test('the report says where chains and importance sampling are apart, as far as the rows do', () => {
    const row = (sampler: SamplerName, t: number, mse_low: number, mse_high: number) => ({
      ...{ problem: 'p', estimator: 'noise', evaluations: 100 },
      ...{ sampler, t, mse_low, mse_high },
    });
    const snis = [row('snis', 0.1, 4, 5), row('snis', 0.5, 4, 5), row('snis', 0.9, 4, 5)];
    const smc = [row('smc', 0.1, 1, 2), row('smc', 0.5, 3, 4.5), row('smc', 0.9, 6, 7)];
    const mala = [row('mala', 0.1, 6, 7), row('mala', 0.5, 6, 7), row('mala', 0.9, 4, 5)];
    const [text] = findings([...snis, ...smc, ...mala]);
    expect(text).toContain(
      'of smc lies below that of snis in 1 (t = 0.1) and above it in 1 (t = 0.9) of 3 cells.',
    );
    expect(text).toContain('of mala lies below that of snis in none and above it in 2 (t = 0.1, 0.5) of 3');
    expect(findings(smc)).toEqual([]);
    expect(findings(snis)).toEqual([]);
  });

  test('a budget too small for chains is refused with what is needed', () => {
    const settings = { problem: [problem], schedule: 'linear', seed: 0, times: [0.5] } as const;
    expect(() => samplerRows({ ...settings, evaluations: [100, 24] })).toThrow(
      new UserError('--evaluations 24: chains need 25 evaluations or more'),
    );
  });

  test('the command writes table, pictures and report, and prints JSON', async () => {
    const out = folder();
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await runSmc({
      problem: [problem],
      schedule: 'linear',
      seed: 0,
      evaluations: [50],
      times: [0.3, 0.7],
      points: 3,
      repetitions: 1,
      json: true,
      out,
    });
    const rows = JSON.parse(String(printed.mock.calls[0][0]));
    printed.mockRestore();
    expect(rows).toHaveLength(2 * 2 * 3 * 3);
    expect(readTable(join(out, 'smc.csv'), ['sampler', 'mse_low', 'mse_high'])).toHaveLength(rows.length);
    const report = readFileSync(join(out, 'report.html'), 'utf8');
    expect(report).toContain('<section id="smc">');
    expect(report).not.toContain('orders of magnitude');
    expect(existsSync(join(out, 'smc-circle8.svg'))).toBe(true);
  });
});

describe('constant and learned test functions', () => {
  const settings = {
    problem: [problem],
    schedule: 'linear',
    seed: 2,
    particles: [30],
    times: [0.3, 0.7],
    updates: 150,
    points: 40,
    repetitions: 5,
  } as const;

  test('a trained network lowers the error of the noise expectation, with and without a constant beside it', async () => {
    const rows = await testFunctionRows({ ...settings, estimators: ['noise'] });
    for (const name of new Set(rows.map((row) => row.problem)))
      for (const t of settings.times) {
        const mse = (estimator: string) =>
          rows.find((row) => row.problem === name && row.t === t && row.estimator === estimator)?.mse ??
          Number.NaN;
        expect(mse('network')).toBeLessThan(mse('noise'));
        expect(mse('network+adaptive')).toBeLessThan(mse('noise'));
      }
  });

  test('the command writes table, pictures and report', async () => {
    const out = folder();
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await runTestFunction({ ...settings, updates: 3, points: 2, repetitions: 1, csv: true, out });
    const text = String(printed.mock.calls[0][0]);
    printed.mockRestore();
    expect(text).toBe(readFileSync(join(out, 'test-function.csv'), 'utf8'));
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<section id="test-function">');
    expect(existsSync(join(out, 'test-function-anisotropic2.svg'))).toBe(true);
  });

  test('an unknown estimator and two formats at once are refused before any work', async () => {
    await expect(testFunctionRows({ ...settings, estimators: ['best'] })).rejects.toThrow(
      /unknown estimator/,
    );
    await expect(runTestFunction({ ...settings, json: true, csv: true })).rejects.toThrow(UserError);
  });
});
