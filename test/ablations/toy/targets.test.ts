import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Points, slicedWasserstein } from '../../../ablations/toy/sample-distances.ts';
import { targetsOfFile } from '../../../ablations/toy/target-files.ts';
import { builtInTarget, drawExact, extent, targetNames } from '../../../ablations/toy/targets.ts';
import { float64Tensor } from '../../../agents/posterior/float64.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { RandomStream } from '../../../engine/random.ts';
import { UserError } from '../../../harness/text/errors.ts';

const mixtureOf = (name: string) => new GaussianMixture(builtInTarget(name).description);

function evaluate(mixture: GaussianMixture, points: Points) {
  const flat = Float64Array.from([...points.map(([x]) => x), ...points.map(([, y]) => y)]);
  return mixture.evaluate(float64Tensor(flat, [1, 2, points.length]));
}

const reference: { sets: Record<'target' | 'target_again', Points> } = JSON.parse(
  readFileSync(new URL('../../data/toy/metrics-dev.json', import.meta.url), 'utf8'),
);

/** Density of two moons about the origin by quadrature of the arcs at 4000 angles. */
function moonsByQuadrature([x, y]: readonly number[]): number {
  const angles = 4000;
  let total = 0;
  for (let k = 0; k < angles; k++) {
    const angle = (Math.PI * (k + 0.5)) / angles;
    for (const side of [1, -1]) {
      const u = x - side * (Math.cos(angle) - 0.5);
      const v = y - side * (Math.sin(angle) - 0.25);
      total += Math.exp(-(u * u + v * v) / (2 * 0.01));
    }
  }
  return total / (2 * angles * 2 * Math.PI * 0.01);
}

describe('two moons', () => {
  const mixture = mixtureOf('moons');
  const points = drawExact(builtInTarget('moons').description, 60, RandomStream.fromSeed(1));

  test('the density is that of noisy half circles', () => {
    const { logDensity } = evaluate(mixture, points);
    points.forEach((point, i) => {
      const wanted = moonsByQuadrature(point);
      // The midpoint rule of spacing h = π/32 errs by h²/24 of the integrand's slope at an arc's end, which is at most
      // (1/2π) (1/2πσ²) e^(-1/2)/σ = 15.4.
      expect(Math.abs(Math.exp(logDensity.data[i]) - wanted)).toBeLessThan(((Math.PI / 32) ** 2 / 24) * 15.4);
    });
  });

  test('the score is the gradient of the log density', () => {
    const { score } = evaluate(mixture, points);
    const h = 1e-5;
    for (const d of [0, 1]) {
      const moved = (by: number) =>
        evaluate(
          mixture,
          points.map((point) => point.map((value, i) => value + (i === d ? by : 0))),
        ).logDensity.data;
      const [up, down] = [moved(h), moved(-h)];
      points.forEach((_, i) => {
        const slope = (up[i] - down[i]) / (2 * h);
        expect(Math.abs(score.data[d * points.length + i] - slope)).toBeLessThan(
          1e-5 * (1 + Math.abs(slope)),
        );
      });
    }
  });

  test('the reference sets are as near to exact draws as those are to each other', () => {
    const { description } = builtInTarget('moons');
    const random = RandomStream.fromSeed(2);
    const draws = Array.from({ length: 30 }, (_, i) => drawExact(description, 500, random.split(`set ${i}`)));
    const own = draws.slice(1).map((set, i) => slicedWasserstein(set, draws[i]));
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const deviation = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length);
    for (const set of [reference.sets.target, reference.sets.target_again]) {
      const centred = set.map(([x, y]) => [x - 0.5, y - 0.25]);
      const found = draws.map((each) => slicedWasserstein(each, centred));
      expect(found.reduce((sum, value) => sum + value, 0) / found.length).toBeLessThan(mean + 2 * deviation);
    }
  });
});

test.each(targetNames)('%s: exact draws fall into cells as the density says (chi-square)', (name) => {
  const { description } = builtInTarget(name);
  const mixture = new GaussianMixture(description);
  const [reach, cells, fine, count] = [extent(description), 12, 20, 20_000];
  const side = (2 * reach) / cells;
  const centres = Array.from({ length: cells * fine }, (_, i) => -reach + (i + 0.5) * (side / fine));
  const grid = centres.flatMap((x) => centres.map((y) => [x, y]));
  const { logDensity } = evaluate(mixture, grid);
  const mass = new Float64Array(cells * cells);
  const cellOf = ([x, y]: readonly number[]) =>
    Math.floor((x + reach) / side) * cells + Math.floor((y + reach) / side);
  grid.forEach((point, i) => {
    mass[cellOf(point)] += Math.exp(logDensity.data[i]) * (side / fine) ** 2;
  });
  expect(mass.reduce((sum, m) => sum + m)).toBeCloseTo(1, 3);
  const found = new Float64Array(cells * cells);
  for (const point of drawExact(description, count, RandomStream.fromSeed(7))) found[cellOf(point)]++;
  let [chiSquare, degrees] = [0, -1];
  mass.forEach((m, i) => {
    if (m * count < 5) return;
    chiSquare += (found[i] - m * count) ** 2 / (m * count);
    degrees++;
  });
  // Beyond four standard deviations of a chi-square variable, by its normal approximation.
  expect(chiSquare).toBeLessThan(degrees + 4 * Math.sqrt(2 * degrees));
});

test('targets are centred and of order one', () => {
  for (const name of targetNames) {
    const draws = drawExact(builtInTarget(name).description, 4000, RandomStream.fromSeed(3));
    for (const d of [0, 1]) {
      const values = draws.map((point) => point[d]);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
      expect(Math.abs(mean)).toBeLessThan(0.3);
      expect(deviation).toBeGreaterThan(0.4);
      expect(deviation).toBeLessThan(1.3);
    }
  }
});

describe('problem files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'toy-'));
  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const plane = {
    dim: 2,
    weights: [1],
    means: [[0, 1]],
    covariances: [
      [
        [1, 0],
        [0, 1],
      ],
    ],
  };

  test('one mixture, or several with names', () => {
    expect(targetsOfFile(file('blob.json', plane))).toEqual([{ name: 'blob', description: plane }]);
    const several = file('several.json', { mixtures: { a: plane, b: plane } });
    expect(targetsOfFile(several).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('a mixture that is not of the plane ends with one line', () => {
    const line = file('line.json', { dim: 1, weights: [1], means: [[0]], covariances: [[[1]]] });
    expect(() => targetsOfFile(line)).toThrow(UserError);
    expect(() => targetsOfFile(line)).toThrow(/has 1 dimensions/);
  });
});
