import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { EagerRunner } from '../../engine/backends/eager.ts';
import { createEngine } from '../../engine/index.ts';
import { constant, orthogonal, zeros } from '../../engine/initialisers.ts';
import { adam, descend, polyak } from '../../engine/optimiser.ts';
import { ParameterLayout } from '../../engine/parameters.ts';
import { RandomStream } from '../../engine/random.ts';
import type { Arrays } from '../../engine/types.ts';
import { expectClose, type Tensors, uniform } from './compare.ts';
import { presentBackends, whyMissing } from './present-backends.ts';

const engine = createEngine();
afterAll(() => engine.dispose());

describe('compile', () => {
  it('builds one graph for each combination of shapes', async () => {
    const built: string[] = [];
    const local = createEngine({ dumpGraph: ({ inputs }) => built.push(String(inputs[0].value.shape)) });
    const double = local.compile<{ x: tf.Tensor }, { y: tf.Tensor }>('double', ({ x }) => ({
      y: tf.mul(x, 2),
    }));
    for (const shape of [[2], [3], [2], [1, 2]]) {
      const x = uniform(1, shape);
      const { y } = await double({ x });
      expect([...y.data]).toEqual([...x.data].map((v) => v * 2));
    }
    expect(built).toEqual(['2', '3', '1,2']);
    await local.dispose();
  });

  it('takes and gives nested trees, lone tensors and absent entries', async () => {
    type Nested = { a: { b: tf.Tensor; c?: tf.Tensor }; d: tf.Tensor };
    const nested = engine.compile<Nested, { s: { t: tf.Tensor }; u: tf.Tensor }>('nested', ({ a, d }) => ({
      s: { t: tf.add(a.b, d) },
      u: a.c === undefined ? tf.neg(d) : a.c,
    }));
    const [b, c, d] = [uniform(1, [2]), uniform(2, [2]), uniform(3, [2])];
    expect((await nested({ a: { b, c }, d })).u.data).toEqual(c.data);
    const without = await nested({ a: { b }, d });
    expect(without.u.data).toEqual((d.data as Float32Array).map((x) => -x));
    expect(without.s.t.data[0]).toBeCloseTo(b.data[0] + d.data[0], 6);
    const lone = engine.compile<tf.Tensor, tf.Tensor>('lone', (x) => tf.square(x));
    expect((await lone(b)).data[1]).toBeCloseTo(b.data[1] ** 2, 6);
  });

  it('returns the same value under several names, inputs and constants included', async () => {
    const fn = engine.compile<{ x: tf.Tensor }, Tensors>('names', ({ x }) => {
      const y = tf.exp(x);
      return { y, again: y, x, one: tf.ones([2]) };
    });
    const x = uniform(1, [3]);
    const { y, again, x: same, one } = await fn({ x });
    expect(again.data).toEqual(y.data);
    expect(again.data).not.toBe(y.data);
    expect(same.data).toEqual(x.data);
    expect(same.data).not.toBe(x.data);
    expect([...one.data]).toEqual([1, 1]);
  });

  it('does not overwrite an array that it reads', async () => {
    const half = engine.compile<{ x: tf.Tensor }, { y: tf.Tensor }>('half', ({ x }) => ({ y: tf.div(x, 2) }));
    const first = await half({ x: uniform(1, [4]) });
    const before = Float32Array.from(first.y.data);
    for (let i = 0; i < 3; i++) await half({ x: first.y });
    expect(first.y.data).toEqual(before);
  });

  it('takes a tensor made outside as a constant', async () => {
    await tf.setBackend('cpu');
    const outside = tf.tensor1d([1, 2]);
    const fn = engine.compile<{ x: tf.Tensor }, { y: tf.Tensor }>('outside', ({ x }) => ({
      y: tf.mul(x, outside),
    }));
    expect([...(await fn({ x: { data: Float32Array.of(3, 4), shape: [2] } })).y.data]).toEqual([3, 8]);
    expect([...outside.dataSync()]).toEqual([1, 2]);
  });

  it("leaves TensorFlow.js's backend and memory as they were", async () => {
    await tf.setBackend('cpu');
    const before = tf.memory().numTensors;
    const fn = engine.compile<{ x: tf.Tensor }, { y: tf.Tensor }>('tidy', ({ x }) => {
      const [gradient] = tf.grads((v: tf.Tensor) => tf.sum(tf.sin(v)))([x]);
      return { y: gradient };
    });
    await fn({ x: uniform(1, [4]) });
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.memory().numTensors).toBe(before);
    const failing = engine.compile('failing', () => {
      throw new Error('mine');
    });
    await expect(failing({ x: uniform(1, [1]) } as never)).rejects.toThrow('mine');
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.memory().numTensors).toBe(before);
  });
});

const noOnnx = await whyMissing('onnx');

describe('errors', () => {
  const x = uniform(1, [3]);
  const compiled = (fn: (x: tf.Tensor) => tf.Tensor) => engine.compile<tf.Tensor, tf.Tensor>('wrong', fn)(x);

  it('names an operation without a translation, and the line', async () => {
    const fft = compiled((v) => tf.real(tf.complex(v, v)));
    await expect(fft).rejects.toThrow(/'Complex' cannot be compiled at .*compile\.test\.ts:\d+:\d+/);
  });

  it.each<[string, string, (x: tf.Tensor) => tf.Tensor]>([
    ['multinomial', 'multinomial', (v) => tf.multinomial(v as tf.Tensor1D, 2)],
    ['randomNormal', 'randomNormal', (v) => tf.add(v, tf.randomNormal([3]))],
    ['randomNormal', 'randomStandardNormal', () => tf.randomStandardNormal([3])],
    ['randomUniform', 'randomUniform', (v) => tf.add(v, tf.randomUniform([3], 0, 1, 'float32', 7))],
    ['randomUniform', 'randomUniformInt', () => tf.randomUniformInt([3], 0, 9)],
    ['randomUniform', 'dropout', (v) => tf.dropout(v, 0.5)],
    ['randomGamma', 'randomGamma', () => tf.randomGamma([3], 1)],
    ['truncatedNormal', 'truncatedNormal', () => tf.truncatedNormal([3])],
    ['rand', 'rand', () => tf.rand([3], () => 0.5)],
    ['Math.random', 'Math.random', (v) => tf.mul(v, Math.random())],
  ])('refuses to draw by %s (%s) once for all calls, and names the line', async (operation, _, fn) => {
    const random = Math.random;
    const tensors = tf.memory().numTensors;
    await expect(compiled(fn)).rejects.toThrow(
      new RegExp(
        `'${operation}' cannot be compiled at .*compile\\.test\\.ts:\\d+:\\d+: draw noise on the host`,
      ),
    );
    expect(Math.random).toBe(random);
    expect(tf.randomNormal([2]).shape).toEqual([2]);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(tensors + 1);
  });

  it('says that values cannot be read, and the line', async () => {
    await expect(compiled((v) => tf.scalar(v.dataSync()[0]))).rejects.toThrow(
      /reads a tensor's values .* at .*compile\.test\.ts/,
    );
    await expect(compiled((v) => tf.scalar(v.arraySync() as unknown as number))).rejects.toThrow(/tf\.where/);
  });

  it('refuses a tensor of another compiled function', async () => {
    let leaked: tf.Tensor | undefined;
    await compiled((v) => {
      leaked = tf.keep(tf.exp(v));
      return leaked.clone();
    });
    await expect(compiled((v) => tf.add(v, leaked as tf.Tensor))).rejects.toThrow(
      /another compiled function/,
    );
  });

  it('refuses asynchronous functions, empty results and data of the wrong length', async () => {
    await expect(compiled((async (v: tf.Tensor) => v) as never)).rejects.toThrow(/asynchronous/);
    await expect(compiled((() => ({})) as never)).rejects.toThrow(/no tensors/);
    const identity = engine.compile<tf.Tensor, tf.Tensor>('identity', (v) => v);
    await expect(identity({ data: new Float32Array(2), shape: [3] })).rejects.toThrow(
      /2 values for the shape \[3\]/,
    );
  });

  it.each([0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s threads', (threads) => {
    expect(() => createEngine({ threads })).toThrow(
      `createEngine: threads is ${threads}; expected a whole number, at least 1`,
    );
  });

  it('names the input whose array is of another kind, or whose shape is no list', async () => {
    const wrong: [data: unknown, shape: unknown, problem: RegExp][] = [
      [
        new Float64Array(3),
        [3],
        /^'sum': input 'a\/b' is a Float64Array: give a Float32Array, an Int32Array or/,
      ],
      [new Uint32Array(3), [3], /^'sum': input 'a\/b' is a Uint32Array/],
      [new Int8Array(3), [3], /^'sum': input 'a\/b' is a Int8Array/],
      [new Uint8ClampedArray(3), [3], /^'sum': input 'a\/b' is a Uint8ClampedArray/],
      [
        new Float32Array(3),
        undefined,
        /^'sum': input 'a\/b' has the shape undefined; expected a list of whole/,
      ],
      [new Float32Array(3), 3, /^'sum': input 'a\/b' has the shape 3/],
      [new Float32Array(3), [-1, -3], /^'sum': input 'a\/b' has the shape \[-1,-3\]/],
    ];
    for (const backend of await presentBackends('native', 'wasm', 'onnx', 'eager')) {
      const local = createEngine({ backend });
      type In = { a: { b: tf.Tensor } };
      const compileSum = () => local.compile<In, tf.Tensor>('sum', ({ a }) => tf.sum(a.b));
      const used = compileSum();
      const right = { data: Float32Array.of(1, 2, 3), shape: [3] };
      for (const fn of [compileSum(), used]) {
        if (fn === used) expect((await fn({ a: { b: right } })).data[0]).toBe(6);
        for (const [data, shape, problem] of wrong) {
          await expect(fn({ a: { b: { data, shape } as never } }), backend).rejects.toThrow(problem);
        }
      }
      expect((await used({ a: { b: right } })).data[0]).toBe(6);
      await local.dispose();
    }
  });

  it('lets nothing be put into a returned tree, or taken out', async () => {
    for (const backend of await presentBackends('native', 'wasm', 'onnx', 'eager')) {
      const local = createEngine({ backend });
      type Out = { a: tf.Tensor; b: { c: tf.Tensor } };
      const fn = local.compile<tf.Tensor, Out>('kept', (v) => ({ a: tf.add(v, 1), b: { c: tf.neg(v) } }));
      for (let i = 0; i < 4; i++) {
        const result = await fn({ data: Float32Array.of(i), shape: [1] });
        expect(Object.keys(result), backend).toEqual(['a', 'b']);
        expect([...result.a.data, ...result.b.c.data, ...result.a.shape], backend).toEqual([i + 1, -i, 1]);
        const changed = result as unknown as Record<string, unknown>;
        expect(() => Object.assign(changed, { a: 'mine' }), backend).toThrow(TypeError);
        expect(() => delete changed.b, backend).toThrow(TypeError);
        expect(() => Object.assign(result.b.c, { data: new Float32Array(1) }), backend).toThrow(TypeError);
        expect(() => (result.a.shape as number[]).push(1), backend).toThrow(TypeError);
        result.a.data.fill(9); // numbers may be written: they are written again
      }
      await local.dispose();
    }
  });

  it.skipIf(noOnnx !== undefined)('names the execution providers that are there', async () => {
    const cuda = createEngine({ providers: ['abacus'] }).compile<tf.Tensor, tf.Tensor>('cuda', (v) =>
      tf.exp(v),
    );
    await expect(cuda(x)).rejects.toThrow(/no execution provider 'abacus'; it has: .*cpu/);
  });

  it('refuses lengths that are no whole numbers, whatever their product', async () => {
    const product = engine.compile('product', ({ x, y }: { x: tf.Tensor; y: tf.Tensor }) => ({
      z: tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D),
    }));
    const y = { data: new Float32Array(6), shape: [3, 2] };
    for (const shape of [
      [5 / 3, 3],
      [-1, -5],
      [Number.NaN, 3],
    ])
      await expect(product({ x: { data: new Float32Array(5), shape }, y })).rejects.toThrow(
        `'product': input 'x' has the shape [${shape}]; expected whole numbers`,
      );
  });

  it('names a backend that is not installed', async () => {
    const missing = new EagerRunner({ backend: 'tensorflow' });
    await expect(missing.build('e', ((v: tf.Tensor) => tf.exp(v)) as never, x)).rejects.toThrow(
      /'tensorflow' is not installed/,
    );
  });

  it('refuses overlapping calls', async () => {
    const fn = engine.compile<tf.Tensor, tf.Tensor>('overlap', (v) => tf.exp(v));
    await fn(x);
    await expect(Promise.all([fn(x), fn(x)])).rejects.toThrow(/overlap/);
  });
});

/** A small regression that has everything of an update: two networks, gradients, clipping, averaging. */
function regression() {
  const layout = ParameterLayout.of(
    {
      kernel: { shape: [3, 8], initialise: orthogonal() },
      bias: { shape: [8], initialise: zeros },
      out: { shape: [8, 1], initialise: constant(0.1) },
    },
    { ensemble: 2 },
  );
  const optimiser = adam({ learningRate: 1e-2, maxGradNorm: 1 });
  type State = { net: Parameters<typeof optimiser.step>[0]; target: tf.Tensor };
  const step = (state: State, { x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
    const net = descend(layout, optimiser, state.net, ({ kernel, bias, out }) => {
      const hidden = tf.relu(tf.add(tf.matMul(tf.expandDims(x, 0), kernel), tf.expandDims(bias, 1)));
      const values = tf.squeeze(tf.matMul(hidden, out), [2]);
      return { loss: tf.mean(tf.squaredDifference(values, tf.expandDims(y, 0)), 1), aux: { values } };
    });
    const target = polyak(state.target, net.state.params, 0.1);
    return {
      state: { net: net.state, target },
      outputs: { loss: net.loss, norm: net.gradNorm, values: net.aux.values },
    };
  };
  const params = layout.initialise(RandomStream.fromSeed(1));
  const initial = (): Arrays<State> => ({
    net: optimiser.init(layout, params.slice()),
    target: { data: params.slice(), shape: layout.shape },
  });
  const x = uniform(1, [16, 3]);
  const y = { data: Float32Array.from({ length: 16 }, (_, i) => Math.sin(x.data[3 * i])), shape: [16] };
  return { step, initial, inputs: { x, y } };
}

describe('compileStep', () => {
  it('learns, and gives what the eager backends give', async () => {
    const { step, initial, inputs } = regression();
    const results = [];
    for (const backend of await presentBackends('wasm', 'cpu', 'onnx', 'eager')) {
      const local = createEngine({ backend });
      const run = local.compileStep('regression', step);
      let state = initial();
      let losses: number[] = [];
      const first = [...(await run(initial(), inputs)).outputs.loss.data];
      for (let i = 0; i < 60; i++) {
        const result = await run(state, inputs);
        state = result.state;
        losses = [...result.outputs.loss.data];
      }
      results.push({ state, improved: losses.every((loss, i) => loss < first[i] / 2), losses });
      await local.dispose();
    }
    expect(results[0].improved, `losses ${results[0].losses}`).toBe(true);
    for (const other of results.slice(1)) {
      expectClose('params', results[0].state.net.params, other.state.net.params, {
        relative: 1e-4,
        absolute: 2e-5,
      });
      expectClose('target', results[0].state.target, other.state.target, { relative: 1e-4, absolute: 2e-5 });
      expect(other.state.net.count.data[0]).toBe(60);
    }
  });

  it.each([1, 2])('repeats bit for bit with %d threads', async (threads) => {
    const { step, initial, inputs } = regression();
    const runs = [];
    for (let repeat = 0; repeat < 2; repeat++) {
      const local = createEngine({ threads });
      const run = local.compileStep('regression', step);
      let state = initial();
      for (let i = 0; i < 50; i++) state = (await run(state, inputs)).state;
      runs.push(state);
      await local.dispose();
    }
    expect(runs[0].net.params.data).toEqual(runs[1].net.params.data);
    expect(runs[0].target.data).toEqual(runs[1].target.data);
  });
});
