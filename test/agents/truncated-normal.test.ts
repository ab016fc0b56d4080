import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { inverseErf, truncatedNormal } from '../../agents/truncated-normal.ts';
import { RandomStream } from '../../engine/random.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('inverseErf', () => {
  // erf(x) = level, tabulated values of the inverse error function
  const table = [
    [1e-3, 0.0008862271574665521],
    [0.5, 0.4769362762044699],
    [0.9, 1.1630871536766743],
    [0.99, 1.8213863677184496],
    [0.9999, 2.751063905712061],
  ] as const;

  it('agrees with tables to float32 and is odd', () => {
    for (const [level, expected] of table) {
      const [plus, minus] = inverseErf(tf.tensor1d([level, -level])).dataSync();
      // Near 1 the level's own rounding, 2^-25, moves the answer by √π/2 exp(x²) as much.
      const rounding = 2 ** -25 * (Math.sqrt(Math.PI) / 2) * Math.exp(expected ** 2);
      expect(Math.abs(plus - expected)).toBeLessThan(2e-6 * expected + 2 * rounding);
      expect(minus).toBe(-plus);
    }
  });

  it('is finite at ±1', () => {
    const [plus, minus] = inverseErf(tf.tensor1d([1, -1])).dataSync();
    expect(plus).toBeGreaterThan(3.7);
    expect(minus).toBe(-plus);
  });
});

describe('truncatedNormal', () => {
  const draws = 20_000;

  it.each([
    [-1, 2],
    [-30, 0.5],
    [1.5, 2.5],
    [-4, -3],
  ])('has the moments of a normal cut off to [%d, %d]', (low, high) => {
    const uniform = RandomStream.fromSeed(4).fillUniform(new Float32Array(draws));
    const found = truncatedNormal(tf.tensor1d(uniform), tf.scalar(low), tf.scalar(high)).dataSync();
    const exact = momentsByQuadrature(Math.max(low, -10), high);
    let [mean, square] = [0, 0];
    for (const x of found) {
      expect(x >= Math.fround(low) && x <= Math.fround(high)).toBe(true);
      mean += x / draws;
      square += (x - exact.mean) ** 2 / draws;
    }
    expect(Math.abs(mean - exact.mean)).toBeLessThan(5 * Math.sqrt(exact.variance / draws));
    expect(Math.abs(square / exact.variance - 1)).toBeLessThan(0.05);
  });

  it('gives the nearer end of an interval far in a tail, and never a non-number', () => {
    const uniform = tf.tensor1d([0, 0.5, 0.999]);
    const above = truncatedNormal(uniform, tf.scalar(9), tf.scalar(40)).dataSync();
    const below = truncatedNormal(uniform, tf.scalar(-40), tf.scalar(-9)).dataSync();
    expect([...above]).toEqual([9, 9, 9]);
    expect([...below]).toEqual([-9, -9, -9]);
  });
});

/** Mean and variance by Simpson's rule. */
function momentsByQuadrature(low: number, high: number): { mean: number; variance: number } {
  const cells = 4000;
  const h = (high - low) / cells;
  let [mass, first, second] = [0, 0, 0];
  for (let i = 0; i <= cells; i++) {
    const x = low + i * h;
    const weight = (i === 0 || i === cells ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-0.5 * x * x);
    mass += weight;
    first += weight * x;
    second += weight * x * x;
  }
  const mean = first / mass;
  return { mean, variance: second / mass - mean * mean };
}
