import { describe, expect, it } from 'vitest';
import { type CurveRun, countedRuns, curvesPlot } from '../../playground/charts.ts';

/** A run with so many evaluations, the first at step 0. */
const run = (label: string, seed: number, evaluations: number): CurveRun => ({
  label,
  seed,
  curve: Array.from({ length: evaluations }, (_, i) => ({
    step: 1000 * i,
    episodes: 2,
    mean: 100 * i + seed,
  })),
});

const counted = (...evaluations: number[]): number[] =>
  countedRuns(evaluations.map((count, seed) => run('sac', seed, count))).map(({ seed }) => seed);

describe('the runs that a curve is the mean of', () => {
  it('are those that have most evaluations together: one that begins later does not cut the others', () => {
    expect(counted(6, 1)).toEqual([0]);
    expect(counted(6, 3)).toEqual([0, 1]);
    expect(counted(5, 6)).toEqual([0, 1]);
    expect(counted(6, 6, 1)).toEqual([0, 1]);
    expect(counted(1, 6, 6)).toEqual([1, 2]);
    expect(counted(1, 1)).toEqual([0, 1]);
    expect(counted()).toEqual([]);
  });

  it('are told, where they are not all', () => {
    const labels = ['sac', 'td3'];
    const runs = [run('sac', 0, 6), run('sac', 1, 1), run('td3', 0, 4), run('td3', 1, 3)];
    const { svg, notes } = curvesPlot('walker-walk', labels, runs, 400);
    expect(svg).toContain('sac 500.0 at step 5k; td3 200.5 at step 2k');
    expect(notes).toEqual([
      'td3: drawn from step 0 to 2\u202f000, the range of all 2 runs',
      'sac: without seed 1, which has fewer evaluations',
    ]);
    expect(curvesPlot('walker-walk', labels, [run('sac', 0, 0)], 400)).toEqual({ svg: '', notes: [] });
  });
});
