import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { inBlocks } from '../../engine/blocks.ts';
import { avx512 } from '../../engine/codegen/x86/avx512.ts';
import { createEngine } from '../../engine/index.ts';
import { planProgram } from '../../engine/kernels/plan.ts';
import { traced } from './codegen/support.ts';
import { expectSame, type Tensors, uniform } from './compare.ts';

describe('blocks of rows', () => {
  const inputs = { x: uniform(1, [12, 3]), noise: uniform(2, [2, 12]), w: uniform(3, [3, 5]) };
  /** Rows and, of each block, how many rows it had. */
  const inPieces = (rowBytes: number, seen: number[]) => {
    return ({ x, noise, w }: Tensors) => {
      const [y, s] = inBlocks([{ tensor: x }, { tensor: noise, axis: 1 }], rowBytes, (rows, n) => {
        seen.push(rows.shape[0]);
        const h = tf.tanh(tf.matMul(rows, w));
        return [tf.add(h, tf.expandDims(tf.sum(n, 0), 1)), tf.sum(h, 1)];
      });
      return { y, s };
    };
  };

  it.each([
    [1, [12]],
    [2 ** 18, [6, 6]],
    [2 ** 30, Array(12).fill(1)],
  ])('of %d bytes a row are as large as the cache allows, and change nothing', async (rowBytes, expected) => {
    const seen: number[] = [];
    await expectSame('blocks', inPieces(rowBytes, seen), inputs);
    expect(seen.slice(0, expected.length)).toEqual(expected);
    const engine = createEngine();
    const whole = await engine.compile<Tensors, Tensors>('whole', inPieces(1, []))(inputs);
    const pieces = await engine.compile<Tensors, Tensors>('pieces', inPieces(rowBytes, []))(inputs);
    pieces.y.data.forEach((value, i) => {
      expect(Math.abs(value - whole.y.data[i])).toBeLessThan(1e-6);
    });
    await engine.dispose();
  });

  it('keep one block at a time, though one of two results is asked for first', () => {
    const [rows, width, blocks] = [64, 512, 8];
    const seen: number[] = [];
    const weighed = ({ x, w }: Tensors) => {
      const [value, slope] = inBlocks([{ tensor: x }], 2 ** 20 / blocks, (some) => {
        seen.push(some.shape[0]);
        const hidden = tf.relu(tf.matMul(some, w));
        return [tf.sum(hidden, 1), tf.matMul(tf.step(hidden), w, false, true)];
      });
      return { y: tf.matMul(tf.softmax(tf.reshape(value, [1, rows])), slope) };
    };
    const graph = traced(weighed, { x: uniform(1, [rows, 8]), w: uniform(2, [8, width]) });
    const hidden = (4 * rows * width) / seen.length;
    expect(seen).toEqual(Array(seen.length).fill(rows / seen.length));
    expect(seen.length).toBeGreaterThan(4);
    expect(planProgram(graph, avx512.target).bytes).toBeLessThan(4 * hidden);
  });

  it('let gradients through', async () => {
    await expectSame(
      'gradient',
      ({ x, noise, w }) => ({
        g: tf.grad((v: tf.Tensor) => tf.sum(inPieces(2 ** 18, [])({ x: v, noise, w }).y))(x),
      }),
      inputs,
    );
  });
});
