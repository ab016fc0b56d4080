/** Learning curves of runs that were evaluated at different steps: every point is a mean over the same runs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curveNotes, learningCurves } from '../../../harness/report/curves.ts';
import { writeReport } from '../../../harness/report/write.ts';
import type { Run } from '../../../harness/results/runs.ts';
import { commonSteps, valueAt } from '../../../harness/statistics/index.ts';

const options = { resamples: 200, seed: 0, interval: 'rliable' } as const;

/** A run whose return is a straight line, evaluated at these steps. */
function straight(seed: number, steps: readonly number[], height: (step: number) => number): Run {
  const evaluations = steps.map((step) => ({
    step,
    episodes: 1,
    meanReturn: height(step),
    wallSeconds: undefined,
  }));
  const score = evaluations[evaluations.length - 1].meanReturn;
  return { task: 'hop', agent: 'sac', seed: String(seed), score, evaluations, place: `line ${seed}` };
}

const every = (distance: number, last: number, offset = 0): number[] =>
  Array.from({ length: Math.floor((last - offset) / distance) + 1 }, (_, i) => offset + i * distance);

describe('runs evaluated at different steps', () => {
  const even = [0, 1, 2].map((seed) => straight(seed, every(2000, 12_000), (step) => step / 40));
  const odd = [3, 4, 5].map((seed) => straight(seed, every(3000, 12_000), (step) => 200 + step / 40));

  it('are interpolated each by itself, so that the mean does not jump between sets of runs', () => {
    const [curve] = learningCurves([...even, ...odd], options);
    expect(curve.points.map(({ step, mean }) => [step, mean])).toEqual([
      [0, 100],
      [2000, 150],
      [3000, 175],
      [4000, 200],
      [6000, 250],
      [8000, 300],
      [9000, 325],
      [10_000, 350],
      [12_000, 400],
    ]);
    for (const { mean, low = mean, high = mean } of curve.points)
      expect(high - low, `${mean}`).toBeGreaterThan(50);
    expect(curveNotes([curve])).toEqual([
      expect.stringMatching(/^sac: .* interpolated between its own .* step 0 to 12\s000, .* all 6 runs$/),
    ]);
  });

  it('give the mean of their lines, whatever the steps, on the range that all of them cover', () => {
    const line = fc.record({
      steps: fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 12 }),
      slope: fc.integer({ min: -5, max: 5 }),
      start: fc.integer({ min: -100, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
        const sorted = lines.map((one) => ({ ...one, steps: [...one.steps].sort((a, b) => a - b) }));
        const runs = sorted.map(({ steps, slope, start }, seed) =>
          straight(seed, steps, (step) => start + slope * step),
        );
        const [{ points }] = learningCurves(runs, { ...options, resamples: 10 });
        const first = Math.max(...sorted.map(({ steps }) => steps[0]));
        const last = Math.min(...sorted.map(({ steps }) => steps[steps.length - 1]));
        const inside = new Set(sorted.flatMap(({ steps }) => steps.filter((s) => s >= first && s <= last)));
        expect(points.map(({ step }) => step)).toEqual([...inside].sort((a, b) => a - b));
        for (const { step, mean } of points) {
          const sum = sorted.reduce((total, { slope, start }) => total + start + slope * step, 0);
          expect(mean).toBeCloseTo(sum / sorted.length, 8);
        }
      }),
    );
  });

  it('have no curve where their ranges do not meet', () => {
    const [curve] = learningCurves(
      [straight(0, [0, 1000], (step) => step), straight(1, [2000, 3000], (step) => step)],
      options,
    );
    expect(curve.points).toEqual([]);
    expect(curveNotes([curve])).toEqual([
      'sac: no curve: the 2 runs were evaluated over ranges of steps that do not meet',
    ]);
  });

  it('end where the first of them does, which is no interpolation', () => {
    const runs = [8000, 12_000].map((last, seed) => straight(seed, every(2000, last), (step) => step));
    const [curve] = learningCurves(runs, options);
    expect(curve.points.map(({ step }) => step)).toEqual(every(2000, 8000));
    expect(curve).toMatchObject({ interpolated: false, cut: true, runs: 2 });
    expect(curveNotes([curve])).toEqual([
      expect.stringMatching(/^sac: drawn from step 0 to 8\s000, the range of all 2 runs$/),
    ]);
  });

  it('need no note where all were evaluated alike', () => {
    const [curve] = learningCurves(even, options);
    expect(curve).toMatchObject({ interpolated: false, cut: false });
    expect(curveNotes([curve])).toEqual([]);
  });
});

describe('a value between evaluations', () => {
  it('lies on the line between its neighbours, and outside there is none', () => {
    const curve = { steps: [10, 20, 40, 80], values: [1, 3, -1, 7] };
    expect([10, 15, 20, 30, 35, 40, 70, 80].map((step) => valueAt(curve, step))).toEqual([
      1, 2, 3, 1, 0, -1, 5, 7,
    ]);
    for (const step of [9, 81, Number.NaN])
      expect(() => valueAt(curve, step)).toThrow(/outside of the curve/);
    expect(valueAt({ steps: [5], values: [2] }, 5)).toBe(2);
  });

  it('is at a step of the common range, which one evaluation may be', () => {
    const curves = [
      { steps: [0, 5], values: [0, 1] },
      { steps: [5, 9], values: [0, 1] },
    ];
    expect(commonSteps(curves)).toEqual({ steps: [5], interpolated: false, cut: true });
  });
});

describe('a report', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'curves-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('flags runs that were evaluated at different steps, in tables, page and plot', () => {
    const folders = [2000, 3000].map((distance, i) => {
      const rows = [0, 1, 2].flatMap((seed) =>
        every(distance, 12_000).map((step) => `hop,sac,${3 * i + seed},${step},0,${200 * i + step / 40}`),
      );
      const folder = join(root, `every-${distance}`);
      mkdirSync(folder);
      writeFileSync(
        join(folder, 'evaluations.csv'),
        `task,agent,seed,step,episode,return\n${rows.join('\n')}\n`,
      );
      return folder;
    });
    const out = join(root, 'joined');
    const { tables, warnings } = writeReport({ directories: folders, out, resamples: 100 });
    expect(tables.summary.map((row) => row.flag)).toEqual(['unequal_evaluations']);
    expect(warnings.join()).toContain('runs were evaluated at different steps');
    const { document } = parseHTML(readFileSync(join(out, 'report.html'), 'utf8'));
    const notices = Array.from(
      document.querySelectorAll('#curves .notice'),
      (element) => element.textContent,
    );
    expect(notices).toEqual([expect.stringMatching(/^sac: .*interpolated/)]);
    const cells = Array.from(document.querySelectorAll('#curves tbody tr'), (row) => row.textContent ?? '');
    expect(cells.find((text) => /^3k/.test(text))).toContain('175');
    expect(readFileSync(join(out, 'plots', 'curve-hop.svg'), 'utf8')).toContain(
      'Runs evaluated at different steps are interpolated.',
    );
    // Each of them alone needs no flag.
    const alone = writeReport({ directories: [folders[0]], out: join(root, 'alone'), resamples: 100 });
    expect(alone.tables.summary.map((row) => row.flag)).toEqual(['']);
  });
});
