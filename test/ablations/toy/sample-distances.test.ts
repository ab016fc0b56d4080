import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  entropicTransport,
  medianDistance,
  type Points,
  slicedWasserstein,
  squaredMmd,
} from '../../../ablations/toy/sample-distances.ts';

interface Pair {
  x: string;
  y: string;
  sliced_w2: number;
  mmd2_unbiased: number;
  bandwidth: number;
  sinkhorn: { divergence: number };
}
const reference: { sets: Record<string, Points>; pairs: Pair[] } = JSON.parse(
  readFileSync(new URL('../../data/toy/metrics-dev.json', import.meta.url), 'utf8'),
);

/** Debiased entropic transport OT(x, y) - OT(x, x)/2 - OT(y, y)/2 with ε = 0.1 (Feydy et al. 2019). */
function sinkhornDivergence(x: Points, y: Points): number {
  const transport = (a: Points, b: Points) => entropicTransport(a, b, 0.1);
  return transport(x, y) - transport(x, x) / 2 - transport(y, y) / 2;
}

describe.each(reference.pairs)('$x against $y', (pair) => {
  const [x, y] = [reference.sets[pair.x], reference.sets[pair.y]];
  const close = (found: number, wanted: number) => expect(Math.abs(found - wanted)).toBeLessThan(1e-9);

  test('sliced Wasserstein to 1e-9', () => close(slicedWasserstein(x, y), pair.sliced_w2));

  test('unbiased MMD² and its bandwidth to 1e-9', () => {
    close(medianDistance(x, y), pair.bandwidth);
    close(squaredMmd(x, y), pair.mmd2_unbiased);
  });

  test('Sinkhorn divergence to 1e-9', () => {
    close(sinkhornDivergence(x, y), pair.sinkhorn.divergence);
  });
});

test('Sinkhorn stays finite where the sets are far apart', () => {
  const far = [
    [0, 0],
    [1, 0],
  ].map(([a, b]) => [a + 100, b]);
  expect(
    sinkhornDivergence(
      [
        [0, 0],
        [1, 0],
      ],
      far,
    ),
  ).toBeCloseTo(10_000, 0);
});

test('sets of different sizes have no sliced distance', () => {
  expect(() => slicedWasserstein([[0, 0]], [])).toThrow(RangeError);
});
