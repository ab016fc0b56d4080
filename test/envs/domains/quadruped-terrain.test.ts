import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { terrain } from '../../../envs/domains/quadruped-terrain.ts';
import { RandomState } from '../../../envs/random-state.ts';
import { splineZoom } from '../../../envs/spline-zoom.ts';

const recorded: { bumps: number[][]; data: number[] } = JSON.parse(
  gunzipSync(
    readFileSync(new URL('../../data/dmc/terrain/quadruped-escape-seed0.json.gz', import.meta.url)),
  ).toString('utf8'),
);

describe('the terrain of quadruped escape', () => {
  it('is the recorded height field of seed 0, bit for bit', () => {
    expect(terrain(new RandomState(0))).toEqual(Float32Array.from(recorded.data));
  });

  it('begins with the recorded random bumps', () => {
    expect([...new RandomState(0).uniforms(0.15, 1, 900)]).toEqual(recorded.bumps.flat());
  });
});

describe('enlarging a grid by cubic splines', () => {
  const grid = Float64Array.of(3, -1, 4, 1, 5, -9, 2, 6, 5, 3, 5, 8, 9, -7, 9, 3);

  it('passes through the points of the grid', () => {
    const zoomed = splineZoom(grid, 4, 13);
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        expect(zoomed[4 * row * 13 + 4 * column]).toBeCloseTo(grid[4 * row + column], 12);
      }
    }
  });

  it('keeps a constant grid constant and leaves its argument alone', () => {
    const before = Float64Array.from(grid);
    splineZoom(grid, 4, 9);
    expect(grid).toEqual(before);
    for (const height of splineZoom(new Float64Array(25).fill(2), 5, 17)) expect(height).toBeCloseTo(2, 12);
  });
});
