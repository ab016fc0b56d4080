import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createEngine } from '../../../engine/index.ts';
import { constant, orthogonal, zeros } from '../../../engine/initialisers.ts';
import { adam, descend, polyak } from '../../../engine/optimiser.ts';
import { ParameterLayout } from '../../../engine/parameters.ts';
import { RandomStream } from '../../../engine/random.ts';
import type { Arrays, Engine, NdArray } from '../../../engine/types.ts';
import { expectClose, type Inputs, type Tensors, uniform } from '../compare.ts';
import { copied, expectBits, type Fn, floats, newEngine, onEachGenerator, suiteEngine } from './support.ts';

const affine: Fn = ({ x }) => ({ y: tf.add(tf.mul(x, 2), 1), sum: tf.sum(x) });
const numbers = (n: number, first = 0) => floats(Array.from({ length: n }, (_, i) => first + i));

onEachGenerator('compiled functions', (backend) => {
  const compile = (fn: Fn, name = 'test') => suiteEngine().compile<Tensors, Tensors>(name, fn);
  const call = (run: ReturnType<typeof compile>, inputs: Inputs) => run(inputs) as Promise<Inputs>;

  it('return arrays that hold until the call after the next', async () => {
    const run = compile(affine);
    const first = await call(run, { x: numbers(40) });
    const kept = copied(first);
    const second = await call(run, { x: numbers(40, 100) });
    expectBits(first, kept);
    expect(second.y.data).not.toBe(first.y.data);
    const third = await call(run, { x: numbers(40, 200) });
    expect(third.y.data[39]).toBe(2 * 239 + 1);
    expect(second.y.data[39]).toBe(2 * 139 + 1);
  });

  it('do not write what they read, whichever results that is', async () => {
    const fn: Fn = ({ a, b }) => ({ y: tf.add(tf.reverse(a, [0]), b), z: tf.sub(a, b) });
    const run = compile(fn);
    const results: Inputs[] = [];
    let [a, b]: NdArray[] = [numbers(70), numbers(70, 5)];
    for (let i = 0; i < 12; i++) {
      const before = copied({ a, b });
      const { y, z } = await call(run, { a, b });
      expectBits({ a, b }, before, `operands of call ${i}`);
      for (let k = 0; k < 70; k++) {
        expect(y.data[k]).toBe(Math.fround(before.a.data[69 - k] + before.b.data[k]));
        expect(z.data[k]).toBe(Math.fround(before.a.data[k] - before.b.data[k]));
      }
      results.push({ y, z });
      // Results of this call, or of this and the one before.
      [a, b] = i % 3 === 0 ? [y, z] : i % 3 === 1 ? [z, results[i - 1].y] : [y, y];
      if (i % 4 === 3) [a, b] = [numbers(70, i), numbers(70, -i)];
    }
  });

  it('read parts of their own results', async () => {
    const run = compile(({ x }) => ({ y: tf.add(tf.reverse(x, [0]), 0.5) }));
    let y = (await call(run, { x: numbers(64) })).y.data as Float32Array;
    for (let i = 0; i < 5; i++) {
      const before = y.slice();
      y = (await call(run, { x: { data: y.subarray(0, 64), shape: [64] } })).y.data as Float32Array;
      expect([...y]).toEqual([...before].reverse().map((value) => value + 0.5));
    }
  });

  it('leave their results readable when they are disposed', async () => {
    const local = newEngine();
    const results: Inputs[] = [];
    for (let i = 0; i < 20; i++) {
      const run = local.compile<Tensors, Tensors>('gone', affine);
      results.push((await run({ x: numbers(1000, i) } as never)) as Inputs);
      await run.dispose();
    }
    await local.dispose();
    const other = newEngine();
    await other.compile<Tensors, Tensors>('else', affine)({ x: numbers(5000) } as never);
    for (const [i, { y }] of results.entries()) {
      expect([y.data[0], y.data[999]]).toEqual([2 * i + 1, 2 * (i + 999) + 1]);
    }
    await other.dispose();
  });

  it('take arrays whose contents change, and others, at any call', async () => {
    const run = compile(affine);
    const x = numbers(33);
    for (let i = 0; i < 5; i++) {
      (x.data as Float32Array).fill(i);
      expect((await call(run, { x })).y.data[32]).toBe(2 * i + 1);
      expect((await call(run, { x: numbers(33, i) })).y.data[32]).toBe(2 * (32 + i) + 1);
    }
    // Small arrays are kept elsewhere by the engine of JavaScript, and move when it collects garbage.
    const small = compile(affine, 'small');
    for (let i = 0; i < 300; i++) {
      const data = Float32Array.of(i, i + 1);
      const garbage = Array.from({ length: 100 }, () => new Float32Array(8));
      expect((await call(small, { x: { data, shape: [2] } })).y.data[1]).toBe(2 * (i + 1) + 1);
      expect(garbage.length).toBe(100);
    }
  });

  it('have a graph for each combination of shapes', async () => {
    const run = compile(affine);
    for (const n of [1, 20, 3, 20, 1, 400]) {
      const { y, sum } = await call(run, { x: numbers(n) });
      expect(y.shape).toEqual([n]);
      expect(y.data[n - 1]).toBe(2 * n - 1);
      expect(sum.data[0]).toBe((n * (n - 1)) / 2);
    }
  });

  it.each([
    ['whole numbers', Int32Array.of(1, 2, 3)],
    ['bytes', Uint8Array.of(1, 1, 1)],
  ] as const)('take or refuse %s where they first had floats', async (_, data) => {
    const run = compile(affine, 'types');
    await call(run, { x: numbers(3) });
    const outcome = await call(run, { x: { data, shape: [3] } }).then(
      ({ y }) => String(y.data),
      () => 'refused',
    );
    expect(['refused', String([...data].map((x) => 2 * x + 1))]).toContain(outcome);
  });
  it('refuse an array that is too short for its shape', async () => {
    const run = compile(affine, 'short');
    await call(run, { x: numbers(3) });
    await expect(call(run, { x: { data: new Float32Array(2), shape: [3] } })).rejects.toThrow();
  });

  it('tell when another backend takes a function', async () => {
    const told: string[] = [];
    const local = createEngine({ backend, onFallback: (name) => told.push(name) });
    await local.compile<Tensors, Tensors>('mine', affine)({ x: numbers(3) } as never);
    expect(told).toEqual([]);
    expect(local.backend).toBe(backend);
    await local.dispose();
  });

  it('throw what the function throws, and go on', async () => {
    const run = compile(({ x }) => {
      if (x.shape[0] === 7) throw new Error('mine');
      return { y: tf.neg(x) };
    });
    await expect(call(run, { x: numbers(7) })).rejects.toThrow('mine');
    expect((await call(run, { x: numbers(2) })).y.data[1]).toBe(-1);
  });
});

/** Two networks, gradients, clipping, Adam, averaging: everything of an update. */
function regression() {
  const layout = ParameterLayout.of(
    {
      kernel: { shape: [3, 40], initialise: orthogonal() },
      bias: { shape: [40], initialise: zeros },
      out: { shape: [40, 1], initialise: constant(0.1) },
    },
    { ensemble: 2 },
  );
  const optimiser = adam({ learningRate: 1e-2, maxGradNorm: 1 });
  type State = { net: Parameters<typeof optimiser.step>[0]; target: tf.Tensor };
  const step = (state: State, { x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
    const net = descend(layout, optimiser, state.net, ({ kernel, bias, out }) => {
      const hidden = tf.tanh(tf.add(tf.matMul(tf.expandDims(x, 0), kernel), tf.expandDims(bias, 1)));
      const values = tf.squeeze(tf.matMul(hidden, out), [2]);
      return { loss: tf.mean(tf.squaredDifference(values, tf.expandDims(y, 0)), 1), aux: { values } };
    });
    const target = polyak(state.target, net.state.params, 0.1);
    return { state: { net: net.state, target }, outputs: { loss: net.loss, norm: net.gradNorm } };
  };
  const params = layout.initialise(RandomStream.fromSeed(1));
  const initial = (): Arrays<State> => ({
    net: optimiser.init(layout, params.slice()),
    target: { data: params.slice(), shape: layout.shape },
  });
  const x = uniform(1, [16, 3]);
  const y = { data: Float32Array.from({ length: 16 }, (_, i) => Math.sin(x.data[3 * i])), shape: [16] };
  const train = async (engine: Engine, steps: number) => {
    const run = engine.compileStep('regression', step);
    let state = initial();
    let loss = Number.NaN;
    const buffers = new Set<unknown>();
    for (let i = 0; i < steps; i++) {
      const result = await run(state, { x, y });
      state = result.state;
      loss = Math.max(...result.outputs.loss.data);
      if (i > 2) buffers.add(state.net.params.data);
    }
    return {
      params: { ...state.net.params, data: state.net.params.data.slice() },
      target: state.target,
      loss,
      buffers,
    };
  };
  return { train };
}

onEachGenerator('compiled steps', () => {
  it('learn in two sets of arrays, bit for bit again, and as eager', async () => {
    const { train } = regression();
    const engines = [newEngine(), newEngine(), createEngine({ backend: 'cpu' })];
    const [a, b, eager] = [
      await train(engines[0], 100),
      await train(engines[1], 100),
      await train(engines[2], 100),
    ];
    expect(a.buffers.size).toBe(2);
    expect(a.loss).toBeLessThan(0.02);
    expectBits({ params: a.params, target: a.target }, { params: b.params, target: b.target });
    expectClose('params', a.params, eager.params, { relative: 1e-4, absolute: 2e-5 });
    expectClose('target', a.target, eager.target, { relative: 1e-4, absolute: 2e-5 });
    // The same engine once more: nothing is left of the first time.
    const again = await train(engines[0], 100);
    expectBits({ params: again.params }, { params: a.params });
    for (const engine of engines) await engine.dispose();
  });

  it('do not grow over 30,000 steps', async () => {
    const engine = newEngine();
    type State = { w: tf.Tensor };
    const run = engine.compileStep('decay', ({ w }: State, { x }: { x: tf.Tensor }) => {
      const next = tf.add(tf.mul(w, 0.5), x);
      return { state: { w: next }, outputs: { sum: tf.sum(next) } };
    });
    let state: Arrays<State> = { w: numbers(100) };
    const x = numbers(100, 1);
    const steps = async (count: number) => {
      for (let i = 0; i < count; i++) state = (await run(state, { x })).state;
      return process.memoryUsage();
    };
    await steps(10_000);
    const before = await steps(1);
    const after = await steps(20_000);
    expect(after.rss - before.rss).toBeLessThan(16 * 2 ** 20);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 20);
    expect(state.w.data[99]).toBeCloseTo(200, 3);
    await engine.dispose();
  });
});

onEachGenerator('many programs', () => {
  it('built and disposed do not grow memory', async () => {
    const x = uniform(1, [64, 64]);
    const round = async (i: number) => {
      const engine = newEngine();
      const run = engine.compile<Tensors, Tensors>('round', ({ x }) => {
        const y = tf.tanh(tf.matMul(x, x));
        return {
          z: tf.add(tf.mul(y, i), tf.sum(y, 0)),
          large: tf.add(tf.tile(y, [16, 4]), tf.concat([tf.tile(y, [8, 4]), tf.tile(tf.neg(y), [8, 4])], 0)),
        };
      });
      const { z } = (await run({ x } as never)) as Inputs;
      expect(z.data.length).toBe(4096);
      await engine.dispose();
    };
    const rounds = async (count: number) => {
      for (let i = 0; i < count; i++) await round(i);
      return process.memoryUsage().rss;
    };
    const before = await rounds(40);
    const after = await rounds(120);
    // Each has results of 2 MB and memory of its own: 120 of them would take 250 MB.
    expect((after - before) / 2 ** 20).toBeLessThan(100);
  }, 300_000);

  it('exist side by side', async () => {
    const engine = newEngine();
    const x = uniform(2, [10, 10]);
    const runs = Array.from({ length: 150 }, (_, i) =>
      engine.compile<Tensors, Tensors>('side', ({ x }) => ({ y: tf.add(tf.matMul(x, x), i) })),
    );
    const first: Inputs[] = [];
    for (const run of runs) first.push(copied((await run({ x } as never)) as Inputs));
    for (const [i, run] of runs.entries()) expectBits((await run({ x } as never)) as Inputs, first[i]);
    for (const [i, { y }] of first.entries()) {
      expect(y.data[0]).toBeCloseTo(first[0].y.data[0] + i, 4);
      if (i % 2 === 0) await runs[i].dispose();
    }
    for (const [i, run] of runs.entries()) {
      if (i % 2 === 0) await expect(run({ x } as never)).rejects.toThrow(/'side' was disposed/);
      else expectBits((await run({ x } as never)) as Inputs, first[i]);
    }
    await engine.dispose();
  });
});
