/** Products of every shape around a tile, against sums in double precision. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { NdArray } from '../../../../engine/types.ts';
import { type Tensors, uniform } from '../../compare.ts';
import { newEngine } from '../support.ts';

/** Products of floats, summed in doubles. */
function exact(
  a: NdArray,
  b: NdArray,
  left: boolean,
  right: boolean,
): { sums: Float64Array; sizes: Float64Array } {
  const [m, k] = left ? [a.shape[1], a.shape[0]] : a.shape;
  const n = right ? b.shape[0] : b.shape[1];
  const sums = new Float64Array(m * n);
  const sizes = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let q = 0; q < k; q++) {
        const product = a.data[left ? q * m + i : i * k + q] * b.data[right ? j * k + q : q * n + j];
        sums[i * n + j] += product;
        sizes[i * n + j] += Math.abs(product);
      }
    }
  }
  return { sums, sizes };
}

describe('products in WebAssembly', () => {
  const shapes = [
    [1, 1, 2],
    [1, 9, 5],
    [2, 17, 3],
    [3, 8, 7],
    [4, 8, 8],
    [5, 33, 12],
    [7, 1, 33],
    [12, 1, 6],
    [16, 6, 64],
    [13, 65, 130],
    [30, 24, 129],
    [64, 64, 64],
    [9, 100, 600],
    [40, 130, 1100],
  ];
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('have the sums that they should, transposed %s %s', async (left, right) => {
    const engine = newEngine();
    for (const [m, n, k] of shapes) {
      const a = uniform(m, left ? [k, m] : [m, k]);
      const b = uniform(n + 1, right ? [n, k] : [k, n]);
      const run = engine.compile<Tensors, Tensors>('product', (t) => ({
        plain: tf.matMul(t.a, t.b, left, right),
        inside: tf.add(tf.matMul(tf.neg(t.a), t.b, left, right), 0),
      }));
      const { plain, inside } = (await run({ a, b })) as Record<string, NdArray>;
      const { sums, sizes } = exact(a, b, left, right);
      // A sum of k roundings each of the product and of the sum.
      for (let i = 0; i < sums.length; i++) {
        const limit = 2 * k * 2 ** -24 * sizes[i];
        expect(Math.abs(plain.data[i] - sums[i]), `${m} ${n} ${k}: ${i}`).toBeLessThanOrEqual(limit);
        expect(inside.data[i]).toBe(-plain.data[i]);
      }
      await run.dispose();
    }
    await engine.dispose();
  });

  it('of reversed and of repeated operands', async () => {
    const engine = newEngine();
    const [a, b] = [uniform(1, [10, 20]), uniform(2, [20, 30])];
    const third = { data: Float32Array.from({ length: 20 }, (_, i) => b.data[30 * i + 3]), shape: [20, 1] };
    const run = engine.compile<Tensors, Tensors>('views', (t) => ({
      reversed: tf.matMul(tf.reverse(t.a, 0), t.b),
      turned: tf.matMul(tf.reverse(t.a, 1), t.b),
      right: tf.matMul(t.a, tf.reverse(t.b, 0)),
      repeated: tf.matMul(tf.broadcastTo(tf.slice(t.a, [3, 0], [1, 20]), [10, 20]), t.b),
      column: tf.matMul(t.a, tf.broadcastTo(tf.slice(t.b, [0, 3], [20, 1]), [20, 30])),
      reversedColumn: tf.matMul(tf.reverse(t.a, 0), t.third),
    }));
    const got = (await run({ a, b, third })) as Record<string, NdArray>;
    const { sums } = exact(a, b, false, false);
    const near = (x: number, y: number) => expect(Math.abs(x - y)).toBeLessThan(1e-4);
    for (let i = 0; i < 10; i++) {
      near(got.reversedColumn.data[i], sums[30 * (9 - i) + 3]);
      for (let j = 0; j < 30; j++) {
        near(got.reversed.data[30 * i + j], sums[30 * (9 - i) + j]);
        near(got.turned.data[30 * i + j], got.right.data[30 * i + j]);
        near(got.repeated.data[30 * i + j], sums[90 + j]);
        near(got.column.data[30 * i + j], sums[30 * i + 3]);
      }
    }
    await engine.dispose();
  });
});
