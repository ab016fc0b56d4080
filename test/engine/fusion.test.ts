import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { expectSame, type Inputs, type Tensors, uniform } from './compare.ts';

/** The operations of the graph, after checking that it computes what the eager backend does. */
async function operations(name: string, fn: (all: Tensors) => Tensors, inputs: Inputs) {
  await expectSame(name, fn, inputs, { absolute: 3e-6 });
  let found: ReadonlyMap<string, number> = new Map();
  const engine = createEngine({
    dumpGraph: (traced) => {
      found = traced.operations;
    },
  });
  await engine.compile<Tensors, Tensors>(name, fn).prepare(inputs as never);
  await engine.dispose();
  return Object.fromEntries(found);
}

/** GELU by tanh (Hendrycks and Gimpel 2016), with the sigmoid that tanh is. */
function gelu(x: tf.Tensor): tf.Tensor {
  const slope = 2 * Math.sqrt(2 / Math.PI);
  const gate = tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), slope * 0.044715), slope)));
  return tf.mul(x, gate);
}

describe('groups of operations become one', () => {
  const x = uniform(1, [5, 8], -6, 6);
  const bias = uniform(2, [8]);

  it('GELU, with and without a bias before it', async () => {
    expect(await operations('gelu', ({ x }) => ({ y: gelu(x) }), { x })).toEqual({ FastGelu: 1 });
    const fn = ({ x, bias }: Tensors) => ({ y: gelu(tf.add(x, bias)) });
    expect(await operations('gelu of bias', fn, { x, bias })).toEqual({ FastGelu: 1 });
  });

  it('GELU stays in parts when a gradient needs them, or its constants are others', async () => {
    const both = ({ x }: Tensors) => ({ y: gelu(x), slope: tf.grad((v: tf.Tensor) => gelu(v))(x) });
    expect(await operations('gelu and gradient', both, { x })).not.toHaveProperty('FastGelu');
    const other = ({ x }: Tensors) => ({
      y: tf.mul(x, tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), 0.07), 1.6)))),
    });
    expect(await operations('not gelu', other, { x })).not.toHaveProperty('FastGelu');
  });

  it('the slope of a rectifier', async () => {
    const fn = ({ x }: Tensors) => ({ y: tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.relu(v))))(x) });
    const found = await operations('relu', fn, { x });
    expect(found).toMatchObject({ Step: 1 });
    expect(found).not.toHaveProperty('Cast');
    const values = { data: Float32Array.of(0, -0, 1e-30, -1e-30, 3e38, -3e38), shape: [6] };
    await operations('step', ({ x }) => ({ y: tf.step(x) }), { x: values });
  });
});
