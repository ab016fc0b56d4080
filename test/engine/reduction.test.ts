import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { bools, expectGradient, expectSame, integers, type Tensors, uniform } from './compare.ts';

type Reduction = (x: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor;
const reductions: Record<string, Reduction> = {
  sum: tf.sum,
  mean: tf.mean,
  max: tf.max,
  min: tf.min,
  prod: tf.prod,
  logSumExp: tf.logSumExp,
  variance: (x, axis, keep) => tf.moments(x, axis, keep).variance,
};
const axes: (number | number[] | undefined)[] = [undefined, 0, 1, -1, [0, 2], [1, 2], [0, 1, 2]];

describe('reductions', () => {
  it.each(Object.entries(reductions))('%s along any axes is the same compiled', async (name, op) => {
    await expectSame(
      name,
      ({ x, scalar, one }) => ({
        ...Object.fromEntries(
          axes.flatMap((axis, i) => [
            [`y${i}`, op(x, axis)],
            [`kept${i}`, op(x, axis, true)],
          ]),
        ),
        scalar: op(scalar),
        one: op(one, 1),
      }),
      { x: uniform(1, [2, 3, 4]), scalar: uniform(2, []), one: uniform(3, [3, 1]) },
      { absolute: 1e-5 },
    );
  });

  it.each(Object.entries(reductions))('the gradient of %s equals differences', async (name, op) => {
    for (const axis of [undefined, 1, [0, 2]]) {
      await expectGradient(name, ({ x }) => op(x, axis), { x: uniform(1, [2, 3, 2]) }, { step: 4e-3 });
    }
  });

  it.each(['sum', 'prod', 'max', 'min'])('%s of integers is the same compiled', async (name) => {
    const op = reductions[name];
    await expectSame(name, ({ n }) => ({ y: op(n, 1), all: op(n) }), { n: integers(1, [3, 4], -4, 5) });
  });

  it('reduces nothing to the neutral element', async () => {
    await expectSame(
      'empty',
      ({ x, b }) => ({
        sum: tf.sum(x, 1),
        prod: tf.prod(x, 1),
        any: tf.any(b, 1),
        none: tf.sum(x, 0),
      }),
      { x: uniform(1, [2, 0]), b: bools(1, [2, 0]) },
    );
  });

  it('reduces bools', async () => {
    await expectSame(
      'bools',
      ({ b }) => ({ any: tf.any(b, 1), all: tf.all(b, 0, true), allOfAll: tf.all(b), sum: tf.sum(b, 1) }),
      { b: bools(2, [4, 3]) },
    );
  });

  it('finds extremes, the first of equal ones', async () => {
    await expectSame(
      'arg',
      ({ x, n }) => ({
        max0: tf.argMax(x, 0),
        max: tf.argMax(x, -1),
        min: tf.argMin(x, 1),
        ties: tf.argMax(n, 1),
        tiesMin: tf.argMin(n, 1),
      }),
      { x: uniform(1, [3, 4, 2]), n: integers(2, [5, 6], 0, 3) },
    );
  });

  it('gives the largest k with their places, and their gradient', async () => {
    const topk = (x: tf.Tensor, k: number) => tf.topk(x, k, true);
    await expectSame(
      'topk',
      ({ x, n }) => ({
        values: topk(x, 2).values,
        indices: topk(x, 2).indices,
        one: topk(x, 1).indices,
        integers: topk(n, 3).values,
      }),
      { x: uniform(1, [2, 3, 5]), n: integers(2, [4, 6], 0, 99) },
    );
    await expectGradient('topk', ({ x }) => topk(x, 2).values, { x: uniform(4, [2, 4], 0, 9) });
  });
});

describe('normalisation along the last axis', () => {
  const ops: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    softmax: (x) => tf.softmax(x),
    logSoftmax: (x) => tf.logSoftmax(x),
  };
  it.each(Object.entries(ops))('%s and its gradient', async (name, op) => {
    await expectSame(
      name,
      ({ x, wide, one }) => ({ x: op(x), wide: op(wide), one: op(one) }),
      { x: uniform(1, [2, 3, 4]), wide: uniform(2, [3, 5], -90, 90), one: uniform(3, [4]) },
      { absolute: 2e-6, relative: 2e-5 },
    );
    await expectGradient(name, ({ x }) => op(x), { x: uniform(1, [2, 3]) });
  });

  it('batch normalisation', async () => {
    await expectSame(
      'batchNorm',
      ({ x, mean, variance, offset, scale }) => ({
        full: tf.batchNorm2d(
          x as tf.Tensor2D,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-3,
        ),
        plain: tf.batchNorm2d(x as tf.Tensor2D, mean as tf.Tensor1D, variance as tf.Tensor1D),
      }),
      {
        x: uniform(1, [4, 3]),
        mean: uniform(2, [3]),
        variance: uniform(3, [3], 0.5, 2),
        offset: uniform(4, [3]),
        scale: uniform(5, [3]),
      },
    );
  });

  it('layer normalisation composed of moments, with gradients', async () => {
    const layerNorm = (x: tf.Tensor, scale: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, -1, true);
      return tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), scale);
    };
    const inputs = { x: uniform(1, [2, 5]), scale: uniform(2, [5]) };
    await expectSame('layerNorm', ({ x, scale }) => ({ y: layerNorm(x, scale) }), inputs);
    await expectGradient('layerNorm', ({ x, scale }) => layerNorm(x, scale), inputs);
  });
});

describe('scans', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('running sums and products, exclusive %s, reversed %s', async (exclusive, reverse) => {
    const inputs = { x: uniform(1, [2, 5, 3]), n: integers(2, [7], -3, 4) };
    await expectSame(
      'scan',
      ({ x, n }) => ({
        sum0: tf.cumsum(x, 0, exclusive, reverse),
        sum1: tf.cumsum(x, 1, exclusive, reverse),
        sum2: tf.cumsum(x, 2, exclusive, reverse),
        integers: tf.cumsum(n, 0, exclusive, reverse),
        product: tf.cumprod(x, 1, exclusive, reverse),
      }),
      inputs,
    );
    await expectGradient('cumsum', ({ x }) => tf.cumsum(x, 1, exclusive, reverse), { x: uniform(3, [2, 3]) });
    const zeros = { data: Float32Array.of(0.7, 0, -1.2, 0, 1.5, 2, -0.4, 1, 1.3, 0), shape: [2, 5] };
    await expectGradient('cumprod', ({ x }) => tf.cumprod(x, -1, exclusive, reverse), { x: zeros });
  });
});

describe('the gradients of batchNorm equal differences', () => {
  type Operands = Parameters<typeof tf.batchNorm2d>;
  it.each<[string, readonly ('offset' | 'scale')[]]>([
    ['of all operands', ['offset', 'scale']],
    ['without an offset', ['scale']],
    ['without a scale', ['offset']],
    ['of the statistics alone', []],
  ])('%s', async (name, more) => {
    const names = ['x', 'mean', 'variance', ...more] as const;
    const inputs = Object.fromEntries(
      names.map((key, i) => [key, uniform(i + 1, key === 'x' ? [4, 3] : [3], 0.5, 2)]),
    );
    const normalised = ({ x, mean, variance, offset, scale }: Tensors) =>
      tf.batchNorm2d(...([x, mean, variance, offset, scale, 0.01] as unknown as Operands));
    await expectGradient(name, normalised, inputs);
  });
});
