import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { avx512 } from '../../../engine/codegen/x86/avx512.ts';
import { fuse } from '../../../engine/kernels/fusion.ts';
import { readsOf, writesOf } from '../../../engine/kernels/kernels.ts';
import { lower } from '../../../engine/kernels/lowering.ts';
import { type Tensors, uniform } from '../compare.ts';
import { randomGraph } from './graphs.ts';
import { Dice, expectEager, type Fn, onEachGenerator, type Tensor, traced } from './support.ts';

const exact = { relative: 0, absolute: 0 };

/** Smooth functions that stay in a bounded interval, so that errors do not grow along a chain. */
function smooth(dice: Dice, values: readonly Tensor[], recent: number): Tensor {
  const draw = () =>
    dice.next() < recent
      ? values[values.length - 1 - dice.below(Math.min(3, values.length))]
      : dice.of(values);
  const [x, y] = [draw(), draw()];
  return dice.of<() => Tensor>([
    () => tf.mul(tf.tanh(x), 1.5),
    () => tf.sigmoid(tf.add(x, y)),
    () => tf.mul(tf.sin(x), tf.cos(y)),
    () => tf.exp(tf.neg(tf.abs(x))),
    () => tf.log(tf.add(tf.square(x), 1.5)),
    () => tf.div(x, tf.add(tf.abs(y), 1)),
    () => tf.mul(tf.add(x, y), 0.5),
    () => tf.sqrt(tf.add(tf.mul(x, x), tf.abs(y))),
    () => tf.where(tf.greater(x, y), tf.mul(x, 0.5), tf.sub(0.25, y)),
    () => tf.softplus(tf.sub(x, y)),
    () => tf.atanh(tf.mul(tf.clipByValue(x, -1, 1), 0.7)),
  ])();
}

onEachGenerator('operations in one loop', () => {
  const elements = { unary: 3, binary: 8, choice: 1 };
  const shapes = [
    [[5, 16], [16], [5, 1]],
    [
      [3, 7, 11],
      [7, 11],
      [3, 1, 11],
    ],
    [[33], [], [1]],
    [
      [40, 40],
      [40, 1],
      [40, 40],
    ],
    [
      [2, 17],
      [2, 17],
    ],
  ];

  it.each(shapes.map((all, i) => [i, all] as const))('chains on shapes %d', async (i, all) => {
    for (const [k, steps] of [50, 100, 200].entries()) {
      for (const recent of [0.9, 0.3, 0]) {
        const options = { steps, weights: elements, shapes: all, recent, outputs: 6 };
        const { fn, inputs } = randomGraph(100 * i + 10 * k + 10 * recent, options);
        await expectEager(fn, inputs, exact);
      }
    }
  });

  it('between reductions and products', async () => {
    const weights = { unary: 3, binary: 8, choice: 1, reduce: 2, product: 1, expand: 1 };
    for (const [i, all] of shapes.entries()) {
      for (const steps of [40, 80, 150]) {
        for (let seed = 0; seed < 2; seed++) {
          const options = { steps, weights, shapes: all, outputs: 5, recent: [0.2, 0.6][seed % 2] };
          const { fn, inputs } = randomGraph(1000 + 100 * i + steps + seed, options);
          await expectEager(fn, inputs, exact);
        }
      }
    }
  });

  it('with every kind of operation between', async () => {
    const weights = {
      unary: 4,
      binary: 10,
      choice: 2,
      reduce: 2,
      product: 1,
      transpose: 1,
      reshape: 1,
      slice: 1,
      concat: 1,
      split: 1,
      expand: 1,
    };
    for (let seed = 0; seed < 25; seed++) {
      const { fn, inputs } = randomGraph(5000 + seed, { steps: 30 + 5 * seed, weights, recent: 0.3 });
      await expectEager(fn, inputs, exact);
    }
  });

  it('with functions that need registers of their own', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const fn: Fn = ({ x, row, column }) => {
        const dice = new Dice(seed);
        const values = [x, row, column];
        for (let i = 0; i < 50 + 5 * seed; i++) values.push(smooth(dice, values, seed % 2 === 0 ? 0.8 : 0.1));
        return {
          last: values[values.length - 1],
          some: dice.of(values),
          sum: tf.mean(tf.stack(spreadOut(values))),
        };
      };
      const spreadOut = (values: readonly Tensor[]) =>
        values.map((value) => tf.broadcastTo(value, [4, 19])).slice(-20);
      const inputs = {
        x: uniform(seed, [4, 19]),
        row: uniform(seed + 1, [19]),
        column: uniform(seed + 2, [4, 1]),
      };
      await expectEager(fn, inputs, { relative: 2e-5, absolute: 5e-6 });
    }
  });

  it('with forty values alive at once', async () => {
    for (const n of [1, 16, 17, 50]) {
      const fn: Fn = ({ x, y }) => {
        const alive = Array.from({ length: 40 }, (_, i) => tf.tanh(tf.add(tf.mul(x, 0.1 * i - 2), y)));
        let forth = alive[0];
        for (const value of alive) forth = tf.add(tf.mul(forth, 0.75), value);
        let back = alive[39];
        for (const value of [...alive].reverse()) back = tf.sub(value, tf.mul(back, 0.5));
        return { forth, back, middle: alive[20] };
      };
      await expectEager(fn, { x: uniform(1, [n]), y: uniform(2, [n]) }, { relative: 1e-5, absolute: 3e-6 });
    }
  });

  it('with more results than registers, each stored', async () => {
    const fn: Fn = ({ x }) => {
      const results: Tensors = {};
      let value = x;
      for (let i = 0; i < 70; i++) {
        value = tf.sub(tf.mul(value, 0.5), tf.add(x, i));
        results[`y${i}`] = value;
      }
      return results;
    };
    await expectEager(fn, { x: uniform(1, [37]) });
  });

  it('does not join what a reduction stands between', async () => {
    const cycles: Record<string, Fn> = {
      mean: ({ x }) => {
        const y = tf.exp(x);
        const centred = tf.sub(y, tf.mean(y, -1, true));
        return { z: tf.mul(centred, y) };
      },
      // a feeds a sum, whose result and a feed the end; b joins both ends.
      both: ({ x }) => {
        const [a, b] = [tf.tanh(x), tf.mul(x, 2)];
        const c = tf.add(a, tf.sum(b));
        const d = tf.add(b, tf.sum(a));
        return { y: tf.mul(c, d), e: tf.sub(a, b) };
      },
      chain: ({ x }) => {
        let y = x;
        let all = x;
        for (let i = 0; i < 8; i++) {
          const z = tf.add(tf.mul(y, 0.5), x);
          all = tf.add(all, tf.sub(z, tf.max(z)));
          y = tf.div(tf.sub(z, tf.mean(z)), tf.add(tf.max(tf.abs(all)), 1));
        }
        return { y, all };
      },
      crossed: ({ x }) => {
        const a = tf.add(x, 1);
        const b = tf.sub(x, 1);
        const sums = [tf.sum(a, 0, true), tf.sum(b, 0, true)];
        const c = tf.mul(a, sums[1]);
        const d = tf.mul(b, sums[0]);
        const e = tf.add(tf.sum(c, 0, true), tf.sum(d, 0, true));
        return { f: tf.add(tf.mul(a, d), tf.mul(b, tf.add(c, e))), a, d };
      },
      product: ({ x }) => {
        const a = tf.tanh(x);
        const b = tf.matMul(a, a, false, true);
        const c = tf.matMul(b, a);
        return { y: tf.add(tf.mul(c, a), tf.tanh(tf.sub(c, x))), b: tf.add(b, 1) };
      },
      concatenation: ({ x }) => {
        const a = tf.tanh(x);
        const both = tf.concat([a, tf.neg(a)], 1);
        const [left, right] = tf.split(tf.mul(both, 0.5), 2, 1);
        return { y: tf.add(tf.mul(left, a), right), both };
      },
      turned: ({ x }) => {
        const a = tf.tanh(x);
        const square = tf.matMul(a, a, true);
        const b = tf.add(square, 1);
        return { y: tf.add(tf.sub(b, tf.transpose(b)), tf.mul(b, 2)) };
      },
    };
    for (const [name, fn] of Object.entries(cycles)) {
      for (const shape of [
        [4, 9],
        [20, 33],
      ]) {
        try {
          await expectEager(fn, { x: uniform(3, shape) }, { relative: 2e-5, absolute: 2e-5 });
        } catch (error) {
          throw new Error(name, { cause: error });
        }
      }
    }
  });

  it('runs what writes a tensor before what reads it', () => {
    const weights = {
      unary: 3,
      binary: 8,
      choice: 1,
      reduce: 2,
      product: 1,
      concat: 1,
      slice: 1,
      transpose: 1,
    };
    for (let seed = 0; seed < 40; seed++) {
      const { fn, inputs } = randomGraph(7000 + seed, { steps: 60, weights, recent: 0.3 });
      const { kernels } = lower(traced(fn, inputs), avx512.target);
      const steps = fuse(kernels, (storage) => storage.slot !== undefined, avx512.target);
      const place = new Map(steps.flatMap((step) => step.kernels).map((kernel, i) => [kernel, i]));
      expect(place.size).toBe(steps.reduce((sum, step) => sum + step.kernels.length, 0));
      for (const [i, reader] of kernels.entries()) {
        const at = place.get(reader);
        if (at === undefined) continue;
        const read = new Set(readsOf(reader));
        for (const writer of kernels.slice(0, i)) {
          if (read.has(writesOf(writer))) expect(place.get(writer), `seed ${seed}`).toBeLessThan(at);
        }
      }
      for (const { kernels: together, group } of steps) {
        expect(together.length === 1 || group !== undefined).toBe(true);
        if (group === undefined) continue;
        expect(new Set(together.map((kernel) => kernel.kind))).toEqual(new Set(['element']));
      }
    }
  });
});
