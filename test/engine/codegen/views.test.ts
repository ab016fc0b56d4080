import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contiguousStrides,
  expandView,
  reshapeView,
  sliceView,
  transposeView,
  type View,
  wholeView,
} from '../../../engine/kernels/views.ts';
import { type Inputs, integers, uniform } from '../compare.ts';
import { randomGraph } from './graphs.ts';
import { expectEager, type Fn, onEachGenerator } from './support.ts';

const exact = { relative: 0, absolute: 0 };
const sizeOf = (shape: readonly number[]) => shape.reduce((n, x) => n * x, 1);

/** Where each element is, in row-major order. */
function addresses({ offset, shape, strides }: View): number[] {
  return shape.reduce<number[]>(
    (all, n, axis) => all.flatMap((at) => Array.from({ length: n }, (_, i) => at + i * strides[axis])),
    [offset],
  );
}

const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 });

/** Views of views of views. */
const view = fc
  .tuple(
    lengths,
    fc.array(fc.tuple(fc.nat(3), fc.nat(1000), fc.nat(1000), fc.constantFrom(1, 2, -1)), { maxLength: 5 }),
  )
  .map(([shape, moves]) => {
    let at: View = wholeView({ id: 0, elements: sizeOf(shape) }, shape);
    for (const [kind, a, b, step] of moves) {
      const rank = at.shape.length;
      if (rank === 0) continue;
      const axis = a % rank;
      const n = at.shape[axis];
      if (kind === 0) {
        const order = at.shape.map((_, i) => (i + b) % rank);
        if (rank > 1) [order[0], order[axis]] = [order[axis], order[0]];
        at = transposeView(at, order);
      } else if (kind === 1 && step > 0) {
        const begin = b % n;
        at = sliceView(at, axis, begin, 1 + (a % Math.ceil((n - begin) / step)), step);
      } else if (kind === 1) {
        at = sliceView(at, axis, n - 1, 1 + (b % n), -1);
      } else if (kind === 2 && sizeOf(at.shape) < 2000) {
        at = expandView(
          at,
          at.shape.map((length) => (length === 1 ? 1 + (b % 3) : length)),
        );
      } else if (kind === 3) {
        at = reshapeView(at, [1, ...at.shape.slice(0, axis), 1, ...at.shape.slice(axis)].slice(-6)) ?? at;
        if (sizeOf(at.shape) === 0) throw new Error('empty');
      }
    }
    return at;
  });

/** A shape with as many elements. */
function reshaped(size: number, choices: readonly number[]): number[] {
  const shape: number[] = [];
  let rest = size;
  for (const choice of choices) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((n) => rest % n === 0);
    const n = divisors[choice % divisors.length];
    shape.push(n);
    rest /= n;
  }
  if (rest > 1) shape.push(rest);
  return shape;
}

describe('views of memory', () => {
  it('a reshaped view addresses the same elements, and exists where strides for it do', () => {
    fc.assert(
      fc.property(view, fc.array(fc.nat(50), { maxLength: 4 }), (before, choices) => {
        const shape = reshaped(sizeOf(before.shape), choices);
        const expected = addresses(before);
        const after = reshapeView(before, shape);
        if (after !== undefined) {
          expect(after.shape).toEqual(shape);
          expect(addresses(after)).toEqual(expected);
          return;
        }
        const plain = contiguousStrides(shape);
        const strides = shape.map((n, i) => (n === 1 ? 0 : expected[plain[i]] - expected[0]));
        expect(addresses({ ...before, shape, strides })).not.toEqual(expected);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('slices, transposes and spreads what a copy would', () => {
    fc.assert(
      fc.property(view, fc.nat(1000), (before, n) => {
        const rank = before.shape.length;
        if (rank === 0) return;
        const all = addresses(before);
        const plain = contiguousStrides(before.shape);
        const axis = n % rank;
        const begin = n % before.shape[axis];
        const part = sliceView(before, axis, begin, before.shape[axis] - begin);
        const copied = { ...part, offset: begin * plain[axis], strides: plain };
        expect(addresses(part)).toEqual(addresses(copied).map((at) => all[at]));
        const order = before.shape.map((_, i) => (i + n) % rank);
        const moved = transposeView(before, order);
        const copy = { ...moved, offset: 0, strides: order.map((i) => plain[i]) };
        expect(addresses(moved)).toEqual(addresses(copy).map((at) => all[at]));
        const spread = expandView(before, [2, ...before.shape]);
        expect(addresses(spread)).toEqual([...all, ...all]);
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});

onEachGenerator('what moves and repeats data', () => {
  const moves = {
    unary: 1,
    binary: 3,
    transpose: 3,
    reshape: 3,
    slice: 3,
    stride: 2,
    concat: 3,
    split: 2,
    expand: 2,
    reduce: 1,
  };

  it.each(Array.from({ length: 10 }, (_, i) => i))('random graphs, %d', async (block) => {
    for (let seed = 0; seed < 12; seed++) {
      const { fn, inputs } = randomGraph(1000 * block + 10 * seed, { steps: 4 + 2 * seed, weights: moves });
      try {
        await expectEager(fn, inputs, exact);
      } catch (error) {
        throw new Error(`block ${block}, seed ${seed}`, { cause: error });
      }
    }
  });

  it('random graphs whose results are others in another shape', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const { fn, inputs } = randomGraph(seed, { steps: 4 + (seed % 20), weights: moves, plain: true });
      await expectEager(fn, inputs, exact);
    }
  });

  const x = uniform(1, [2, 3, 4]);
  const cases: Record<string, [Fn, Inputs]> = {
    'concatenations of concatenations': [
      ({ x }) => {
        const y = tf.exp(x);
        const inner = tf.concat([y, x, tf.neg(y)], 2);
        const middle = tf.concat([inner, tf.mul(inner, 2)], 1);
        return { z: tf.concat([middle, middle, tf.abs(middle)], 0), inner };
      },
      { x },
    ],
    'a concatenation in another shape, its parts used elsewhere': [
      ({ x }) => {
        const y = tf.mul(x, 2);
        const z = tf.reshape(tf.concat([tf.reshape(y, [6, 4]), tf.reshape(tf.neg(y), [6, 4])], 0), [48]);
        return { z, y, sum: tf.sum(y), twice: tf.mul(z, 2) };
      },
      { x },
    ],
    'splits that several read': [
      ({ x }) => {
        const [a, b] = tf.split(tf.add(x, 1), 2, 2);
        const [c, d, e] = tf.split(a, 3, 1);
        return { ab: tf.mul(a, b), cd: tf.add(c, d), e, b, all: tf.concat([e, d, c], 1) };
      },
      { x },
    ],
    'outputs that are views of inputs': [
      ({ x }) => ({
        x,
        again: x,
        part: tf.slice(x, [0, 1, 1], [2, 2, 2]),
        turned: tf.transpose(x),
        flat: tf.reshape(x, [24]),
        wide: tf.broadcastTo(tf.expandDims(x, 0), [2, 2, 3, 4]),
        backwards: tf.reverse(x, [0, 2]),
      }),
      { x },
    ],
    'outputs that are operands': [
      ({ x }) => {
        const y = tf.add(x, 1);
        const z = tf.mul(y, y);
        const w = tf.sub(z, y);
        return { y, z, w, y2: y, v: tf.sum(w, 1), u: tf.reshape(w, [4, 6]) };
      },
      { x },
    ],
    'constants, alone and in parts': [
      ({ x }) => ({
        one: tf.ones([3]),
        many: tf.tensor([1, 2, 3, 4, 5, 6], [2, 3]),
        joined: tf.concat([x, tf.ones([2, 3, 1])], 2),
        turned: tf.add(tf.transpose(x), tf.tensor([1, 2])),
      }),
      { x },
    ],
    'padding, tiling and stacks': [
      ({ x }) => ({
        stack: tf.stack([x, tf.neg(x)], 1),
        unstacked: tf.unstack(x, 1)[2],
        padded: tf.pad(
          tf.transpose(x),
          [
            [1, 0],
            [0, 2],
            [3, 1],
          ],
          7,
        ),
        mirrored: tf.mirrorPad(
          x,
          [
            [0, 1],
            [2, 0],
            [1, 3],
          ],
          'reflect',
        ),
        tiled: tf.tile(tf.exp(x), [2, 1, 3]),
        tiledOften: tf.tile(tf.slice(x, [0, 1, 1], [2, 1, 3]), [3, 17, 2]),
        squeezed: tf.squeeze(tf.slice(x, [0, 2, 0], [2, 1, 4])),
      }),
      { x },
    ],
    'scans and gathering': [
      ({ x, n }) => ({
        sums: tf.cumsum(x, 1),
        exclusive: tf.cumsum(tf.transpose(x), 2, true),
        reverse: tf.cumsum(x, 0, false, true),
        rows: tf.gather(x, tf.tensor1d([2, 0, 0, 1], 'int32'), 1),
        found: tf.gather(tf.transpose(x), n),
        hot: tf.oneHot(n, 5),
        largest: tf.topk(x, 2).values,
        sum: tf.einsum('abc,dbc->ad', x, tf.exp(x)),
      }),
      { x, n: integers(5, [3, 2], 0, 4) },
    ],
    'a column times a row': [
      ({ x }) => {
        const rows = tf.reshape(x, [24, 1]);
        return { outer: tf.matMul(rows, tf.transpose(rows)), y: tf.add(rows, tf.reshape(x, [1, 24])) };
      },
      { x },
    ],
    scalars: [
      ({ x }) => {
        const s = tf.sum(x);
        return { s, t: tf.add(s, 1), u: tf.stack([s, tf.neg(s), s]), v: tf.mul(tf.reshape(s, [1, 1, 1]), x) };
      },
      { x },
    ],
    'whole numbers and bools that move': [
      ({ n }) => {
        const yes = tf.greater(n, 2);
        const turned = tf.transpose(tf.concat([yes, tf.logicalNot(yes)], 0));
        return {
          m: tf.transpose(n),
          yes: tf.cast(turned, 'int32'),
          where: tf.where(tf.slice(yes, [0, 0], [1, 5]), n, tf.neg(n)),
        };
      },
      { n: integers(1, [4, 5], 0, 6) },
    ],
  };
  it.each(Object.entries(cases))('%s', async (_, [fn, inputs]) => {
    await expectEager(fn, inputs);
  });

  const value = (x: tf.Tensor) => tf.add(x, 1);
  const flat = (y: tf.Tensor) => tf.reshape(y, [24]);
  it('a value and then another shape of it', async () => {
    await expectEager(({ x }) => ({ y: value(x), z: flat(value(x)), w: tf.reshape(value(x), [4, 6]) }), {
      x,
    });
  });

  it('another shape of a value and then the value', async () => {
    await expectEager(({ x }) => ({ z: flat(value(x)), y: value(x) }), { x });
  });

  it('two other shapes of a value and then the value', async () => {
    await expectEager(({ x }) => ({ z: flat(value(x)), w: tf.reshape(value(x), [4, 6]), y: value(x) }), {
      x,
    });
  });

  it('sums over axes that do not follow each other', async () => {
    const shapes = [
      [2, 3, 4, 5],
      [3, 2, 9, 4, 2],
      [2, 3, 2, 3, 2, 3],
    ];
    for (const shape of shapes) {
      const rank = shape.length;
      const fn: Fn = ({ x }) => {
        const turned = tf.transpose(x);
        const even = shape.map((_, i) => i).filter((i) => i % 2 === 0);
        return { turned: tf.sum(turned, even), max: tf.max(x, even), last: tf.sum(turned, [rank - 1, 0]) };
      };
      await expectEager(fn, { x: integersAsFloats(shape) }, exact);
    }
  });

  it('sums of everything in another order', async () => {
    for (const shape of [
      [2, 3, 4, 5],
      [3, 2, 9, 4, 2],
      [2, 3, 2, 3, 2, 3],
      [40, 50],
    ]) {
      await expectEager(({ x }) => ({ y: tf.sum(tf.transpose(x)) }), { x: integersAsFloats(shape) }, exact);
    }
  });

  function integersAsFloats(shape: readonly number[]) {
    return { data: Float32Array.from(integers(3, shape, -9, 10).data), shape };
  }
});
