import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { sameStructure, structureOf } from '../../engine/trace/structure.ts';
import { inputSpecs, traceFunction } from '../../engine/trace/trace.ts';

type Inputs = { x: tf.Tensor; y: tf.Tensor };
const arrays = (shape: number[]) => {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return { x: { data, shape }, y: { data, shape } };
};
const structure = (fn: (inputs: Inputs) => unknown, shape = [2, 3]) =>
  structureOf(traceFunction('f', fn as (inputs: never) => unknown, inputSpecs(arrays(shape))));

describe('the structure of a graph', () => {
  const table = [1, 2, 3];
  const fn = ({ x, y }: Inputs) => ({ sum: tf.sum(tf.mul(tf.sub(x, y), table), 1), last: tf.exp(y) });

  it('is the same for the same operations, whatever they are called', () => {
    const other = ({ x: a, y: b }: Inputs) => {
      tf.tanh(a); // which nothing reads
      return { p: tf.sum(tf.mul(tf.sub(a, b), table), 1), q: tf.exp(b) };
    };
    expect(sameStructure(structure(fn), structure(other))).toBe(true);
  });

  it.each<[string, (inputs: Inputs) => unknown]>([
    ['operands in another order', ({ x, y }) => [tf.sum(tf.mul(tf.sub(y, x), table), 1), tf.exp(y)]],
    ['another operand', ({ x, y }) => [tf.sum(tf.mul(tf.sub(x, y), table), 1), tf.exp(x)]],
    ['another operation', ({ x, y }) => [tf.sum(tf.mul(tf.sub(x, y), table), 1), tf.sin(y)]],
    ['another axis', ({ x, y }) => [tf.sum(tf.mul(tf.sub(x, y), table), 0), tf.exp(y)]],
    ['another constant', ({ x, y }) => [tf.sum(tf.mul(tf.sub(x, y), [1, 2, 4]), 1), tf.exp(y)]],
    ['results in another order', ({ x, y }) => [tf.exp(y), tf.sum(tf.mul(tf.sub(x, y), table), 1)]],
    ['a result less', ({ x, y }) => [tf.sum(tf.mul(tf.sub(x, y), table), 1)]],
  ])('differs with %s', (_, other) => {
    expect(sameStructure(structure(fn), structure(other))).toBe(false);
  });

  it('differs with the shape, the sign of a zero and the strides of a slice', () => {
    expect(sameStructure(structure(fn), structure(fn, [4, 3]))).toBe(false);
    const plus = (z: number) => structure(({ x }) => [tf.maximum(x, z)]);
    expect(sameStructure(plus(0), plus(0))).toBe(true);
    expect(sameStructure(plus(0), plus(-0))).toBe(false);
    const part = (begin: number) => structure(({ x }) => [tf.exp(tf.slice(x, [0, begin], [2, 1]))]);
    expect(sameStructure(part(0), part(1))).toBe(false);
  });
});

describe('programs of one structure', () => {
  it('keep their numbers apart', async () => {
    const engine = createEngine({ backend: 'wasm' });
    const counter = () =>
      engine.compileStep('count', (state: { n: tf.Tensor }, { by }: { by: tf.Tensor }) => {
        const n = tf.add(state.n, by);
        return { state: { n }, outputs: { twice: tf.mul(n, 2) } };
      });
    const number = (value: number) => ({ data: Float32Array.of(value), shape: [1] });
    const [a, b] = [counter(), counter()];
    let [left, right] = [{ n: number(0) }, { n: number(100) }];
    for (let i = 1; i <= 5; i++) {
      const first = await a(left, { by: number(1) });
      const second = await b(right, { by: number(10) });
      expect(first.outputs.twice.data[0]).toBe(2 * i);
      expect(second.outputs.twice.data[0]).toBe(200 + 20 * i);
      [left, right] = [first.state, second.state] as unknown as [typeof left, typeof right];
    }
    await a.dispose();
    expect((await b(right, { by: number(0) })).outputs.twice.data[0]).toBe(300);
    await engine.dispose();
  });
});
