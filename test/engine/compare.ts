/** Runs the same function compiled and eagerly on TensorFlow.js's JavaScript backend, and compares. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import type { NdArray } from '../../engine/types.ts';
import { presentBackends } from './present-backends.ts';

/** Functions that have no native code and ran on ONNX Runtime instead, with the reason. */
export const fallbacks = new Map<string, string>();

/** Every way of compiling that this machine has. */
const compiled = (await presentBackends('onnx', 'wasm', 'native')).map((backend) =>
  createEngine({
    backend,
    onFallback: (name, reason) => fallbacks.set(backend === 'wasm' ? `wasm ${name}` : name, reason),
  }),
);
const eager = createEngine({ backend: 'cpu' });

export type Tensors = Record<string, tf.Tensor>;
export type Inputs = Record<string, NdArray>;

export interface Tolerance {
  readonly relative?: number;
  readonly absolute?: number;
}

/** Every output of both, element by element; NaN and infinities must be in the same places. */
export async function expectSame(
  name: string,
  fn: (inputs: Tensors) => Tensors,
  inputs: Inputs,
  tolerance: Tolerance = {},
): Promise<void> {
  const functions = compiled.map((engine) => engine.compile<Tensors, Tensors>(name, fn));
  // Eager kernels come last: some write into their operands.
  const all = [];
  for (const fast of functions) all.push(await fast(inputs));
  const expected = await eager.compile<Tensors, Tensors>(name, fn)(inputs);
  for (const [i, got] of all.entries()) {
    expect(Object.keys(got)).toEqual(Object.keys(expected));
    for (const key of Object.keys(expected)) {
      expectClose(`${compiled[i].backend} ${name}.${key}`, got[key], expected[key], tolerance);
    }
    await functions[i].dispose();
  }
}

export function expectClose(
  name: string,
  got: NdArray,
  expected: NdArray,
  { relative = 1e-5, absolute = 1e-6 }: Tolerance = {},
): void {
  expect([...got.shape], `${name}: shape`).toEqual([...expected.shape]);
  expect(got.data.constructor, `${name}: type`).toBe(expected.data.constructor);
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [got.data[i], expected.data[i]];
    if (Object.is(a, b) || a === b) continue;
    const close = Math.abs(a - b) <= absolute + relative * Math.abs(b);
    if (!close) throw new Error(`${name}[${i}] of [${expected.shape}] is ${a}, expected ${b}`);
  }
}

/** Central differences of Σ w · fn, computed eagerly, against the compiled gradient. */
export async function expectGradient(
  name: string,
  fn: (inputs: Tensors) => tf.Tensor,
  inputs: Inputs,
  { step = 1e-2, relative = 2e-2, absolute = 4e-3 } = {},
): Promise<void> {
  const keys = Object.keys(inputs).filter((key) => inputs[key].data instanceof Float32Array);
  const weigh = (y: tf.Tensor) => {
    const weights = Float32Array.from({ length: y.size }, (_, i) => Math.cos(1.7 * i) + 0.3);
    return tf.sum(tf.mul(y, tf.tensor(weights, y.shape)));
  };
  const gradientOf = (all: Tensors): Tensors => {
    const gradients = tf.grads((...values: tf.Tensor[]) =>
      weigh(fn({ ...all, ...Object.fromEntries(keys.map((key, i) => [key, values[i]])) })),
    )(keys.map((key) => all[key]));
    return Object.fromEntries(keys.map((key, i) => [key, gradients[i]]));
  };
  const eagerGradient = await eager.compile<Tensors, Tensors>(`${name}/gradient`, gradientOf)(inputs);
  let got = eagerGradient;
  for (const engine of compiled) {
    const fast = engine.compile<Tensors, Tensors>(`${name}/gradient`, gradientOf);
    got = await fast(inputs);
    for (const key of keys) {
      expectClose(`${name}: ${engine.backend} and eager gradient of ${key}`, got[key], eagerGradient[key], {
        relative: 1e-4,
        absolute: 1e-5,
      });
    }
    await fast.dispose();
  }
  const value = eager.compile<Tensors, tf.Tensor>(name, (all) => weigh(fn(all)));
  for (const key of keys) {
    const { data, shape } = inputs[key];
    for (let i = 0; i < data.length; i++) {
      const at = async (delta: number) => {
        const moved = Float32Array.from(data);
        moved[i] += delta;
        return (await value({ ...inputs, [key]: { data: moved, shape } })).data[0];
      };
      const difference = ((await at(step)) - (await at(-step))) / (2 * step);
      const error = Math.abs(got[key].data[i] - difference);
      if (!(error <= absolute + relative * Math.abs(difference))) {
        throw new Error(`${name}: d/d${key}[${i}] is ${got[key].data[i]}, by differences ${difference}`);
      }
    }
  }
}

/** Uniform numbers in [low, high). */
export function uniform(seed: number, shape: readonly number[], low = -2, high = 2): NdArray {
  const size = shape.reduce((product, n) => product * n, 1);
  return { data: RandomStream.fromSeed(seed).fillUniform(new Float32Array(size), low, high), shape };
}

/** Integers in [low, high). */
export function integers(seed: number, shape: readonly number[], low: number, high: number): NdArray {
  const size = shape.reduce((product, n) => product * n, 1);
  const data = RandomStream.fromSeed(seed).fillIntegers(new Int32Array(size), high - low);
  return { data: data.map((x) => x + low), shape };
}

/** Random truth values. */
export function bools(seed: number, shape: readonly number[]): NdArray {
  return { data: Uint8Array.from(integers(seed, shape, 0, 2).data), shape };
}
