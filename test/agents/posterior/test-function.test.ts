import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { trainTestFunction } from '../../../ablations/test-function/training.ts';
import { float64Algebra, float64Tensor } from '../../../agents/posterior/float64.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { createSchedule, scheduleNames } from '../../../agents/posterior/schedules.ts';
import { createTestFunction } from '../../../agents/posterior/test-function.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { posteriorMixture, samples } from './exact-draws.ts';
import { pointColumns, variance } from './reference.ts';

type Inputs = Record<'params' | 'alpha' | 'beta' | 'yt' | 'y0' | 'stein', tf.Tensor>;
const testFunction = createTestFunction({ dim: 2, units: 16, width: 16 });
const compiled = (engine = createEngine({ backend: 'wasm' })) =>
  engine.compile('controlVariate', ({ params, ...inputs }: Inputs) => ({
    value: testFunction.controlVariate(testFunction.layout.unflatten(params), inputs),
  }));

/** Parameters at which every part of Φ counts. */
function parameters(seed: number): Float32Array {
  const random = RandomStream.fromSeed(seed);
  const flat = testFunction.layout.initialise(random);
  const noise = random.split('noise').fillNormal(new Float32Array(flat.length));
  return flat.map((value, i) => value + 0.3 * noise[i]);
}

const array = (data: ArrayLike<number>, shape: number[]) => ({ data: Float32Array.from(data), shape });

/** Exact posterior draws y0 with their Stein terms, rows of D. */
function exactDraws(
  description: (typeof variance)[string],
  path: { alpha: number; beta: number },
  yt: readonly number[],
  count: number,
) {
  const { alpha, beta } = path;
  const y1 = samples(posteriorMixture(description, alpha, beta, yt), count, RandomStream.fromSeed(5));
  const { score } = new GaussianMixture(description).evaluate(pointColumns(y1));
  const slopes = float64Algebra.transpose(score).data;
  const y0 = y1.map((point) => point.map((value, d) => (yt[d] - alpha * value) / beta));
  const stein = y0.map((point, i) => point.map((value, d) => value + (beta / alpha) * slopes[2 * i + d]));
  return { y0: y0.flat(), stein: stein.flat() };
}

/** Mean and standard error per dimension of rows of two. */
function moments(values: ArrayLike<number>) {
  return [0, 1].map((d) => {
    const column = Array.from(values).filter((_, i) => i % 2 === d);
    const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
    const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (column.length - 1);
    return { mean, error: Math.sqrt(variance / column.length), variance };
  });
}

describe('a network as the test function', () => {
  test.each(scheduleNames)('%s: its Stein term has mean zero on exact posterior draws', async (name) => {
    const engine = createEngine({ backend: 'wasm' });
    const value = compiled(engine);
    const path = createSchedule(name).at(0.6);
    for (const mixture of Object.values(variance))
      for (const seed of [1, 2]) {
        const yt = mixture.y_t['0.5'][seed];
        const count = 20_000;
        const { y0, stein } = exactDraws(mixture, path, yt, count);
        const found = await value({
          params: array(parameters(seed), [testFunction.layout.size]),
          alpha: array([path.alpha], [1, 1, 1]),
          beta: array([path.beta], [1, 1, 1]),
          yt: array(yt, [1, 2]),
          y0: array(y0, [1, count, 2]),
          stein: array(stein, [1, count, 2]),
        });
        for (const { mean, error } of moments(found.value.data)) {
          expect(error).toBeGreaterThan(0);
          expect(Math.abs(mean)).toBeLessThan(4 * error);
        }
      }
    await engine.dispose();
  });

  test('its divergence is the one that differences of Φ show', async () => {
    const engine = createEngine({ backend: 'wasm' });
    const value = compiled(engine);
    const step = 0.02;
    const point = [0.3, -0.4];
    const moved = [0, 1].flatMap((j) =>
      [step, -step].map((by) => point.map((x, d) => x + (d === j ? by : 0))),
    );
    const at = async (points: number[][], stein: number[][]) => {
      const shape = [1, points.length, 2];
      const found = await value({
        params: array(parameters(3), [testFunction.layout.size]),
        alpha: array([0.6], [1, 1, 1]),
        beta: array([0.4], [1, 1, 1]),
        yt: array([0.2, 0.1], [1, 2]),
        y0: array(points.flat(), shape),
        stein: array(stein.flat(), shape),
      });
      return Array.from({ length: points.length }, (_, i) => [
        ...found.value.data.subarray(2 * i, 2 * i + 2),
      ]);
    };
    const zero = moved.map(() => [0, 0]);
    const withoutScore = await at(moved, zero); // -∇·Φ
    const columns: number[][][] = [];
    for (const j of [0, 1]) {
      const applied = await at(
        moved,
        moved.map(() => [j === 0 ? 1 : 0, j === 1 ? 1 : 0]),
      );
      columns.push(applied.map((row, i) => row.map((x, d) => x - withoutScore[i][d]))); // Φ e_j
    }
    const [exact] = await at([point], [[0, 0]]);
    for (const i of [0, 1]) {
      const differences = [0, 1].reduce(
        (sum, j) => sum + (columns[j][2 * j][i] - columns[j][2 * j + 1][i]) / (2 * step),
        0,
      );
      expect(-exact[i]).toBeCloseTo(differences, 2);
      expect(Math.abs(differences)).toBeGreaterThan(0.05);
    }
    await engine.dispose();
  });

  test('training leaves less variance on exact posterior draws, and the mean at zero', async () => {
    const description = variance.circle8;
    const trained = await trainTestFunction({
      mixture: new GaussianMixture(description),
      schedule: createSchedule('linear'),
      times: [0.4, 0.6],
      updates: 150,
      random: RandomStream.fromSeed(1),
    });
    const path = createSchedule('linear').at(0.5);
    const yt = description.y_t['0.5'][0];
    const count = 4000;
    const { y0, stein } = exactDraws(description, path, yt, count);
    const value = await trained.controlled({
      ...path,
      yt: float64Tensor(Float64Array.from(yt), [1, 2, 1]),
      prior: float64Algebra.transpose(float64Tensor(Float64Array.from(y0), [1, count, 2])),
      stein: float64Algebra.transpose(float64Tensor(Float64Array.from(stein), [1, count, 2])),
    });
    const controlled = moments(float64Algebra.transpose(value).data);
    const plain = moments(y0);
    controlled.forEach(({ mean, error, variance: left }, d) => {
      expect(Math.abs(mean - plain[d].mean)).toBeLessThan(4 * Math.hypot(error, plain[d].error));
      expect(left).toBeLessThan(plain[d].variance);
    });
    await trained.dispose();
  });
});
