import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Access, type Nest, simplify } from '../../../engine/kernels/nests.ts';
import { type Inputs, integers, type Tensors } from '../compare.ts';
import { Dice, expectEager, type Fn, onEachGenerator } from './support.ts';

/** What each access reads or writes at each round of the loops, as text; in no order. */
function rounds({ sizes, accesses }: Nest): string[] {
  const all = sizes.reduce<number[][]>(
    (tuples, n, axis) =>
      tuples.flatMap((tuple) =>
        Array.from({ length: n }, (_, i) => tuple.map((at, k) => at + i * accesses[k].strides[axis])),
      ),
    [accesses.map(({ place }) => place.offset)],
  );
  return all.map((tuple) => tuple.join()).sort();
}

describe('loops over tensors', () => {
  const nest = fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(1000), fc.nat(31), fc.boolean(), fc.nat(4)), { minLength: 1, maxLength: 4 }),
    )
    .map(([sizes, drawn]): Nest => {
      const accesses = drawn.map(([offset, spread, store, turn]): Access => {
        const strides = new Array<number>(sizes.length).fill(0);
        let stride = 1 + (offset % 2);
        for (let i = sizes.length - 1; i >= 0; i--) {
          const axis = (i + turn) % sizes.length;
          if ((spread >> axis) % 2 === 0) continue;
          strides[axis] = offset % 7 === 0 ? -stride : stride;
          stride *= sizes[axis];
        }
        return { place: { offset }, strides, store };
      });
      return { sizes, accesses };
    });

  it('are the same with axes reordered and merged', () => {
    fc.assert(
      fc.property(nest, (before) => {
        const after = simplify(before);
        expect(after.sizes.every((n) => n > 1)).toBe(true);
        expect(after.sizes.length).toBeLessThanOrEqual(before.sizes.length);
        expect(rounds(after)).toEqual(rounds(before));
      }),
      { numRuns: 2000, seed: 3 },
    );
  });

  it('over contiguous memory are one', () => {
    const strides = [60, 20, 5, 1];
    const accesses = [{ place: { offset: 0 }, strides }];
    expect(simplify({ sizes: [2, 3, 4, 5], accesses })).toEqual({
      sizes: [120],
      accesses: [{ place: { offset: 0 }, strides: [1] }],
    });
  });
});

/** Shapes that broadcast to the given one. */
function narrowed(dice: Dice, shape: readonly number[]): number[] {
  const narrow = shape.map((n) => (dice.below(3) === 0 ? 1 : n));
  return narrow.slice(dice.below(3) === 0 ? dice.below(shape.length + 1) : 0);
}

const exact = { relative: 0, absolute: 0 };
const wholeNumbers = (seed: number, shape: readonly number[]) => ({
  data: Float32Array.from(integers(seed, shape, -20, 21).data),
  shape,
});

onEachGenerator('broadcasting', () => {
  it.each([1, 2, 3, 4, 5])('of random shapes with %d axes', async (rank) => {
    const dice = new Dice(rank);
    const inputs: Inputs = {};
    const cases = 30;
    for (let i = 0; i < cases; i++) {
      let shape: number[];
      do {
        shape = Array.from({ length: rank }, () => dice.of([1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 40]));
      } while (shape.reduce((n, x) => n * x, 1) > 4000);
      for (const name of ['a', 'b', 'c']) inputs[`${name}${i}`] = wholeNumbers(i, narrowed(dice, shape));
    }
    const fn: Fn = (all) => {
      const results: Tensors = {};
      for (let i = 0; i < cases; i++) {
        const [a, b, c] = ['a', 'b', 'c'].map((name) => all[`${name}${i}`]);
        results[`y${i}`] = tf.add(tf.mul(a, b), tf.sub(b, c));
        results[`z${i}`] = tf.maximum(tf.neg(c), a);
        results[`t${i}`] = tf.sub(tf.transpose(tf.add(a, tf.add(b, c))), 1);
      }
      return results;
    };
    await expectEager(fn, inputs, exact);
  });

  it('of four tensors that walk through memory in different ways', async () => {
    for (const n of [2, 3, 5, 16, 17]) {
      const shape = [n, 3, 4, 5];
      const inputs = {
        a: wholeNumbers(1, shape),
        b: wholeNumbers(2, [5, 4, 3, n]),
        c: wholeNumbers(3, [4, 1]),
      };
      const fn: Fn = ({ a, b, c }) => {
        const turned = tf.transpose(b);
        const d = tf.transpose(b, [3, 2, 1, 0]);
        const e = tf.transpose(a, [1, 0, 3, 2]);
        return {
          y: tf.where(tf.greater(a, turned), tf.add(a, c), tf.sub(d, c)),
          z: tf.transpose(tf.add(e, tf.transpose(turned, [1, 0, 3, 2])), [3, 2, 0, 1]),
          odd: tf.add(tf.stridedSlice(a, [0, 0, 0, 0], shape, [1, 1, 2, 2]), 1),
          backwards: tf.mul(tf.reverse(a, [0, 3]), tf.reverse(turned, [1])),
        };
      };
      await expectEager(fn, inputs, exact);
    }
  });

  it('of many tensors at once: more than a loop has registers for', async () => {
    const shape = [3, 4, 5];
    const inputs: Inputs = {};
    for (let i = 0; i < 24; i++) inputs[`x${i}`] = wholeNumbers(i, i % 3 === 0 ? shape : [4, 5].slice(i % 2));
    const fn: Fn = (all) => {
      const values = Object.values(all);
      const turned = values.map((x) => tf.transpose(tf.broadcastTo(x, shape as [number]), [2, 0, 1]));
      return {
        sum: tf.addN(values.map((x) => tf.broadcastTo(x, shape as [number]))),
        turned: turned.reduce((sum, x, i) => (i % 2 === 0 ? tf.add(sum, x) : tf.maximum(sum, x))),
      };
    };
    await expectEager(fn, inputs, exact);
  });

  it('of views with six axes and holes', async () => {
    const shape = [3, 3, 3, 3, 3, 3];
    const inputs = { a: wholeNumbers(1, shape), b: wholeNumbers(2, shape), c: wholeNumbers(3, shape) };
    const fn: Fn = ({ a, b, c }) => {
      const part = (x: tf.Tensor) => tf.slice(x, [0, 1, 0, 1, 0, 1], [2, 2, 2, 2, 2, 2]);
      const turned = tf.transpose(part(b), [5, 3, 1, 4, 2, 0]);
      return { y: tf.where(tf.less(part(a), turned), part(c), tf.sub(part(a), tf.transpose(part(c)))) };
    };
    await expectEager(fn, inputs, exact);
  });
});
