/** Tensors that end before they are used, that share their numbers, and functions that keep none; on every backend. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import type { Engine } from '../../engine/types.ts';
import { whyMissing } from './present-backends.ts';

type In = { x: tf.Tensor };
type Out = { y: tf.Tensor };
const backends = ['native', 'wasm', 'onnx', 'eager', 'cpu'] as const;
const array = (...values: number[]) => ({ data: Float32Array.from(values), shape: [values.length] });
const whole = (...values: number[]) => ({ data: Int32Array.from(values), shape: [values.length] });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(backends)('on %s', async (backend) => {
  const unavailable = await whyMissing(backend);
  let engine: Engine;
  beforeAll(() => {
    if (unavailable === undefined) engine = createEngine({ backend });
  });
  afterAll(() => engine?.dispose());
  const test = it.skipIf(unavailable !== undefined);
  const compiled = it.skipIf(unavailable !== undefined || backend === 'eager' || backend === 'cpu');
  const call = (
    fn: (inputs: In) => Out,
    x: { data: Float32Array | Int32Array; shape: number[] } = array(1, 2),
  ) => engine.compile<In, Out>('fn', fn)({ x });

  test('the gradient of logSigmoid passes through what its operand was computed from', async () => {
    const slope = (x: number) => 2 / (1 + Math.exp(2 * x));
    const gradient = (v: tf.Tensor) => tf.grad((w: tf.Tensor) => tf.sum(tf.logSigmoid(tf.mul(w, 2))))(v);
    const { y } = await call(({ x }) => ({ y: gradient(x) }));
    [1, 2].forEach((x, i) => {
      expect(y.data[i]).toBeCloseTo(slope(x), 6);
    });
    // Its own derivative: -4 σ(2x) σ(-2x).
    const second = await call(({ x }) => ({ y: tf.grad((v: tf.Tensor) => tf.sum(gradient(v)))(x) }));
    [1, 2].forEach((x, i) => {
      const away = 1 / (1 + Math.exp(2 * x));
      expect(second.y.data[i]).toBeCloseTo(-4 * away * (1 - away), 6);
    });
  });

  test('a gradient of its own is given what it has saved, and no more', async () => {
    const counts: number[] = [];
    const cube = tf.customGrad((...given: unknown[]) => {
      const [x, save] = given as [tf.Tensor, (tensors: tf.Tensor[]) => void];
      save([x]);
      const value = tf.mul(x, tf.square(x));
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
        counts.push(saved.length);
        return tf.mul(dy, tf.mul(3, tf.square(saved[0])));
      };
      return { value, gradFunc };
    });
    const { y } = await call(({ x }) => ({ y: tf.grad((v: tf.Tensor) => tf.sum(cube(tf.add(v, 1))))(x) }));
    expect([...y.data]).toEqual([12, 27]);
    expect(counts).toEqual([1]);
    const slope = (v: tf.Tensor) => tf.grad((w: tf.Tensor) => tf.sum(cube(tf.add(w, 1))))(v);
    const second = await call(({ x }) => ({ y: tf.grad((v: tf.Tensor) => tf.sum(slope(v)))(x) }));
    expect([...second.y.data]).toEqual([12, 18]);
  });

  test('the gradient of gatherND of one place is there alone', async () => {
    const taken = (v: tf.Tensor, place: number[]) =>
      tf.sum(tf.mul(3, tf.gatherND(v, tf.tensor1d(place, 'int32'))));
    const x = { data: new Float32Array(8), shape: [4, 2] };
    const one = await call(({ x }) => ({ y: tf.grad((v: tf.Tensor) => taken(v, [2, 1]))(x) }), x);
    expect([...one.y.data]).toEqual([0, 0, 0, 0, 0, 3, 0, 0]);
    const row = await call(({ x }) => ({ y: tf.grad((v: tf.Tensor) => taken(v, [1]))(x) }), x);
    expect([...row.y.data]).toEqual([0, 0, 3, 3, 0, 0, 0, 0]);
  });

  test('whole numbers are finite and no NaN, and functions of theirs are of their values', async () => {
    const ofWhole = async (fn: (x: tf.Tensor) => tf.Tensor) => [
      ...(await call(({ x }) => ({ y: fn(x) }), whole(-1, 2139095040, 5))).y.data,
    ];
    expect(await ofWhole(tf.isNaN)).toEqual([0, 0, 0]);
    expect(await ofWhole(tf.isInf)).toEqual([0, 0, 0]);
    expect(await ofWhole(tf.isFinite)).toEqual([1, 1, 1]);
    expect(await ofWhole(tf.neg)).toEqual([1, -2139095040, -5]);
    expect(await ofWhole((x) => tf.where(tf.greater(x, 0), x, -7))).toEqual([-7, 2139095040, 5]);
    expect(await ofWhole((x) => tf.oneHot(tf.slice(x, 2), 6, 2.5, -1.5, 'float32'))).toEqual([
      ...[-1.5, -1.5, -1.5, -1.5, -1.5, 2.5],
    ]);
  });

  test('an asynchronous function is refused, and nothing of it is left over', async () => {
    const late = async ({ x }: In) => ({ y: tf.mul(x, (await x.data())[0]) });
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    await expect(call(late as never)).rejects.toThrow("'fn' is asynchronous");
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    await expect(call((() => ({})) as never)).rejects.toThrow("'fn' returns no tensors");
  });

  test('steps may have no inputs, no outputs and no state', async () => {
    type Step = Record<string, tf.Tensor>;
    const keys = (tree: object) => tf.scalar(Object.keys(tree).length);
    const counted = engine.compileStep<Step, Step, Step>('counted', (state, inputs) => ({
      state: { w: tf.add(state.w, 1) },
      outputs: { n: keys(inputs) },
    }));
    const { outputs } = await counted({ w: array(1) }, {});
    expect([...outputs.n.data]).toEqual([0]);
    const silent = engine.compileStep<Step, Step, Step>('silent', ({ w }) => ({
      state: { w: tf.neg(w) },
      outputs: {},
    }));
    expect((await silent({ w: array(1) }, { x: array(2) })).outputs).toEqual({});
    const stateless = engine.compileStep<Step, Step, Step>('stateless', (state, { x }) => ({
      state: {},
      outputs: { x: tf.neg(x), n: keys(state) },
    }));
    const found = await stateless({}, { x: array(2) });
    expect(found.state).toEqual({});
    expect([found.outputs.x.data[0], found.outputs.n.data[0]]).toEqual([-2, 0]);
  });

  test('tensors that share numbers with one that was taken in keep them', async () => {
    const taken = tf.tensor([1, 2]);
    const [shaped, clone] = [tf.reshape(taken, [2, 1]), taken.clone()];
    expect([...(await call(({ x }) => ({ y: tf.add(x, taken) }))).y.data]).toEqual([2, 4]);
    taken.dispose();
    expect([...shaped.dataSync()]).toEqual([1, 2]);
    expect([...(await call(({ x }) => ({ y: tf.add(x, clone) }))).y.data]).toEqual([2, 4]);
    const before = tf.memory().numDataBuffers;
    shaped.dispose();
    expect(tf.memory().numDataBuffers).toBe(before);
    clone.dispose();
    expect(tf.memory().numDataBuffers).toBe(before - 1);
  });

  compiled('a tensor that has ended is named, with the line', async () => {
    const ended = tf.tensor([1, 2]);
    ended.dispose();
    const line = /has been disposed of at .*lifecycle\.test\.ts:\d+:\d+/;
    await expect(call(({ x }) => ({ y: tf.add(x, ended) }))).rejects.toThrow(line);
    await expect(
      call(({ x }) => {
        x.dispose();
        return { y: tf.neg(x) };
      }),
    ).rejects.toThrow(line);
    await expect(
      call(({ x }) => {
        let y = x;
        tf.tidy(() => {
          y = tf.neg(x);
        });
        return { y };
      }),
    ).rejects.toThrow(/has been disposed of: return from tf\.tidy what is used after it/);
  });
});
