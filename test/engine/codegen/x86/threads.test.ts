import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openNative } from '../../../../engine/codegen/x86/memory.ts';
import { NativeProgram } from '../../../../engine/codegen/x86/program.ts';
import type { NdArray } from '../../../../engine/types.ts';
import { expectClose, type Inputs, type Tensors, uniform } from '../../compare.ts';
import { randomGraph } from '../graphs.ts';
import { absent, copied, eagerly, expectBits, type Fn, nativeEngine, title, traced } from '../support.ts';

const exact = { relative: 0, absolute: 0 };

/** A program on as many threads as asked for, however little work there is. */
function programOf(fn: Fn, inputs: Inputs, threads: number) {
  const native = openNative();
  const graph = traced(fn, inputs);
  const program = new NativeProgram(native, graph, { threads, profile: false });
  const results = program.allocate();
  for (const [i, { data }] of Object.values(inputs).entries()) program.feed(i, data, true);
  return {
    results: results.tree as Record<string, NdArray>,
    run: () => program.run(results),
    free: () => program.free(),
  };
}

/** Products, element-wise operations and reductions large enough to be handed out, with small steps between. */
const mixed: Fn = ({ x, w, v }) => {
  const hidden = tf.tanh(tf.add(tf.matMul(x, w), tf.sum(v)));
  const mean = tf.mean(hidden, 1, true);
  const centred = tf.sub(hidden, mean);
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-3));
  const normal = tf.mul(centred, scale);
  const back = tf.matMul(normal, w, false, true);
  const gradient = tf.matMul(x, back, true);
  const total = tf.sum(gradient);
  return { normal, gradient, total, columns: tf.max(back, 0), rest: tf.div(v, tf.add(tf.abs(total), 1)) };
};
const inputs: Inputs = {
  x: uniform(1, [150, 130], -1, 1),
  w: uniform(2, [130, 170], -1, 1),
  v: uniform(3, [7], -1, 1),
};

describe.skipIf(absent !== undefined)(title('threads'), () => {
  it.each([2, 3, 4])('%d give the same bits at each of 50 runs, and what one gives', async (threads) => {
    const one = programOf(mixed, inputs, 1);
    one.run();
    const many = programOf(mixed, inputs, threads);
    many.run();
    const first = copied(many.results);
    for (let i = 0; i < 49; i++) {
      for (const { data } of Object.values(many.results)) data.fill(i);
      many.run();
      expectBits(many.results, first);
    }
    for (const key of Object.keys(first)) {
      expectClose(key, first[key], one.results[key], { relative: 1e-6, absolute: 0 });
    }
    const expected = await eagerly(mixed, inputs);
    for (const key of Object.keys(first)) {
      expectClose(key, first[key], expected[key], { relative: 1e-4, absolute: 3e-4 });
    }
    one.free();
    many.free();
  });

  it('compute random graphs', async () => {
    const weights = {
      unary: 3,
      binary: 8,
      choice: 1,
      reduce: 3,
      product: 3,
      transpose: 1,
      reshape: 1,
      concat: 1,
      slice: 1,
      split: 1,
    };
    for (let seed = 0; seed < 12; seed++) {
      const shapes = [
        [[130, 90], [90], [130, 1]],
        [
          [33, 20, 17],
          [20, 17],
          [33, 1, 1],
        ],
        [[9000], [1], []],
      ][seed % 3];
      const options = { steps: 30, weights, shapes, most: 20_000, recent: 0.4 };
      const graph = randomGraph(40 + seed, options);
      const expected = await eagerly(graph.fn, graph.inputs);
      for (const threads of [2, 3]) {
        const program = programOf(graph.fn, graph.inputs, threads);
        for (let i = 0; i < 3; i++) {
          program.run();
          for (const key of Object.keys(expected)) {
            expectClose(
              `seed ${seed}, ${threads} threads, ${key}`,
              program.results[key],
              expected[key],
              exact,
            );
          }
        }
        program.free();
      }
    }
  });

  it('share every number of rows, columns and elements', async () => {
    for (const n of [1, 2, 3, 5, 31, 64, 65]) {
      const all: Inputs = { a: uniform(n, [n, 600], -1, 1), b: uniform(n + 1, [600, 900], -1, 1) };
      const fn: Fn = ({ a, b }) => ({
        product: tf.matMul(a, b),
        turned: tf.matMul(b, a, true, true),
        sums: tf.sum(tf.mul(b, tf.slice(a, [0, 0], [1, 1])), 1),
        columns: tf.min(b, 0),
        flat: tf.add(tf.reshape(tf.slice(b, [0, 0], [20 + n, 450]), [-1]), 1),
      });
      const one = programOf(fn, all, 1);
      one.run();
      for (const threads of [2, 3, 4]) {
        const many = programOf(fn, all, threads);
        many.run();
        for (const key of Object.keys(one.results)) {
          expectClose(`${n} ${threads} ${key}`, many.results[key], one.results[key], {
            relative: 1e-6,
            absolute: 3e-5,
          });
        }
        many.free();
      }
      one.free();
    }
  });

  it('wait for each other at 2,000 runs', () => {
    const { results, run, free } = programOf(mixed, inputs, 2);
    run();
    const first = copied(results);
    for (let i = 0; i < 2000; i++) run();
    expectBits(results, first);
    free();
  });

  it('sleep between runs and wake again', async () => {
    const { results, run, free } = programOf(mixed, inputs, 3);
    run();
    const first = copied(results);
    for (let i = 0; i < 60; i++) {
      await new Promise((resolve) => setTimeout(resolve, i % 4));
      results.normal.data.fill(0);
      run();
    }
    expectBits(results, first);
    free();
  });

  it('serve several engines of a process, in turns', async () => {
    const big: Fn = ({ x, w }) => {
      const y = tf.tanh(tf.matMul(x, w));
      return { z: tf.matMul(y, w, false, true), sum: tf.sum(y, 0) };
    };
    const all = { x: uniform(1, [256, 200], -1, 1), w: uniform(2, [200, 256], -1, 1) };
    const engines = [1, 2, 4, 2].map((threads) => nativeEngine({ threads }));
    const runs = engines.map((engine) => engine.compile<Tensors, Tensors>('big', big));
    const first = [];
    for (const each of runs) first.push(copied((await each(all)) as Inputs));
    for (const key of ['z', 'sum']) {
      for (const other of first.slice(1)) {
        expectClose(key, other[key], first[0][key], { relative: 1e-6, absolute: 3e-5 });
      }
    }
    for (let i = 0; i < 30; i++) {
      for (const [k, each] of runs.entries()) expectBits((await each(all)) as Inputs, first[k]);
    }
    const [, second] = await Promise.all([runs[1](all), runs[3](all)]);
    expectBits(second as Inputs, first[3]);
    await engines[1].dispose();
    expectBits((await runs[3](all)) as Inputs, first[3]);
    for (const engine of engines) await engine.dispose();
  });

  it('are 64 at most: of more asked for so many run', async () => {
    const x = uniform(1, [224, 224], -0.2, 0.2);
    const engine = nativeEngine({ threads: 65 });
    const { y } = (await engine.compile<Tensors, Tensors>('many', ({ x }) => ({ y: tf.matMul(x, x) }))({
      x,
    })) as Inputs;
    expectClose('product', y, (await eagerly(({ x }) => ({ y: tf.matMul(x, x) }), { x })).y, {
      absolute: 1e-5,
    });
    await engine.dispose();
  });

  it('programs are built, run and freed while their threads go on', () => {
    const small: Fn = ({ x }) => ({ y: tf.add(x, 1) });
    const x = uniform(1, [10]);
    for (let i = 0; i < 200; i++) {
      const { results, run, free } = programOf(small, { x }, 2 + (i % 3));
      run();
      expect(results.y.data[9]).toBe(Math.fround(x.data[9] + 1));
      free();
    }
  });

  it('of Node.js run their own programs at the same time', async () => {
    const n = 224;
    const { data } = uniform(5, [n, n], -0.2, 0.2);
    const script = `
      const { createJiti } = require('jiti');
      createJiti(${JSON.stringify(import.meta.url)}).import('./threads.worker.ts').catch((error) => {
        setImmediate(() => { throw error; });
      });`;
    const answer = (threads: number) =>
      new Promise<Float32Array>((resolve, reject) => {
        const workerData = { x: data, n, threads, repeats: 40 };
        const worker = new Worker(script, { eval: true, workerData, execArgv: [] });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    const fn: Fn = ({ x }) => {
      const y = tf.tanh(tf.matMul(x, x));
      return { y: tf.add(tf.matMul(y, x, false, true), tf.sum(y, 0)) };
    };
    const engine = nativeEngine({ threads: 2 });
    const run = engine.compile<Tensors, Tensors>('here', fn);
    const answers = Promise.all([answer(2), answer(2), answer(1)]);
    const x = { data, shape: [n, n] };
    const here = copied((await run({ x } as never)) as Inputs).y;
    for (let i = 0; i < 50; i++) {
      expectBits((await run({ x } as never)) as Inputs, { y: here });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const [a, b, c] = await answers;
    for (const each of [a, b]) expectBits({ y: { data: each, shape: [n, n] } }, { y: here });
    expectClose('one thread', { data: c, shape: [n, n] }, here, { relative: 1e-6, absolute: 1e-6 });
    expectClose('eager', here, (await eagerly(fn, { x })).y, { relative: 1e-5, absolute: 1e-5 });
    await engine.dispose();
  });
});
