/** What the tests of code generators share: engines, random graphs' numbers, distances in units of the last place. */
import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { whyUnavailable } from '../../../engine/codegen/x86/memory.ts';
import { createEngine, type EngineOptions } from '../../../engine/index.ts';
import { inputType, traceFunction } from '../../../engine/trace/trace.ts';
import type { NdArray } from '../../../engine/types.ts';
import { expectClose, type Inputs, type Tensors, type Tolerance } from '../compare.ts';

export const absent = whyUnavailable();
/** A suite's name with the reason why it is skipped, if it is. */
export const title = (name: string) => (absent === undefined ? name : `${name} (skipped: ${absent})`);

type Generator = 'native' | 'wasm';

/** An engine that fails where a function has no code. */
function engineOn(backend: Generator, options: EngineOptions = {}) {
  return createEngine({
    backend,
    onFallback: (name, reason) => {
      throw new Error(`${name} has no code on ${backend}: ${reason}`);
    },
    ...options,
  });
}

export const nativeEngine = (options: EngineOptions = {}) => engineOn('native', options);

/** The generator whose tests run. */
let current: Generator = 'wasm';
const shared = new Map<Generator, ReturnType<typeof createEngine>>();

/** A new engine on the generator whose tests run. */
export const newEngine = (options: EngineOptions = {}) => engineOn(current, options);

/** The same engine for all tests of a suite. */
export function suiteEngine() {
  let engine = shared.get(current);
  if (engine === undefined) {
    engine = newEngine();
    shared.set(current, engine);
  }
  return engine;
}

/** A suite for each code generator; those that do not run here are skipped with the reason. */
export function onEachGenerator(name: string, body: (backend: Generator) => void): void {
  for (const backend of ['native', 'wasm'] as const) {
    const reason = backend === 'native' ? absent : undefined;
    const label =
      reason === undefined ? `${name} on ${backend}` : `${name} on ${backend} (skipped: ${reason})`;
    describe.skipIf(reason !== undefined)(label, () => {
      beforeAll(() => {
        current = backend;
      });
      afterAll(async () => {
        await shared.get(backend)?.dispose();
        shared.delete(backend);
      });
      body(backend);
    });
  }
}

const eager = createEngine({ backend: 'cpu' });

export type Fn = (inputs: Tensors) => Tensors;

export function run(engine: ReturnType<typeof createEngine>, fn: Fn, inputs: Inputs) {
  return engine.compile<Tensors, Tensors>('test', fn)(inputs) as Promise<Inputs>;
}

export const eagerly = (fn: Fn, inputs: Inputs) => run(eager, fn, inputs);

/** The graph of a function. */
export function traced(fn: Fn, inputs: Inputs) {
  const specs = Object.entries(inputs).map(([path, array]) => ({
    leaf: { path, keys: [path] },
    shape: array.shape,
    type: inputType(array),
  }));
  return traceFunction('test', fn as (inputs: never) => unknown, specs);
}

/** Copies: what a compiled function returns is written again. */
export function copied(all: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(all).map(([key, { data, shape }]) => [key, { data: data.slice(), shape }]),
  );
}

/** Throws unless the bits are the same; expect's own comparison takes long for large arrays. */
export function expectBits(got: Inputs, expected: Inputs, label = 'bits'): void {
  const bytes = ({ data }: NdArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  for (const key of new Set([...Object.keys(got), ...Object.keys(expected)])) {
    const [a, b] = [got[key], expected[key]];
    if (a.shape.join() !== b.shape.join() || a.data.constructor !== b.data.constructor) {
      throw new Error(`${label}: ${key} is [${a.shape}], not [${b.shape}]`);
    }
    if (bytes(a).equals(bytes(b))) continue;
    const at = a.data.findIndex((x, i) => !Object.is(x, b.data[i]));
    throw new Error(`${label}: ${key}[${at}] of [${a.shape}] is ${a.data[at]}, not ${b.data[at]}`);
  }
}

/** Compiled code against TensorFlow.js's JavaScript; twice, so that a second run starts from used memory. */
export async function expectEager(fn: Fn, inputs: Inputs, tolerance: Tolerance = {}): Promise<void> {
  const engine = newEngine();
  const compiled = engine.compile<Tensors, Tensors>('test', fn);
  const first = copied((await compiled(inputs)) as Inputs);
  const second = copied((await compiled(inputs)) as Inputs);
  await engine.dispose();
  const expected = await eagerly(fn, inputs);
  for (const key of Object.keys(expected)) {
    expectClose(`${key}, first run`, first[key], expected[key], tolerance);
    expectClose(`${key}, second run`, second[key], first[key], { relative: 0, absolute: 0 });
  }
}

export const floats = (values: Iterable<number>, shape?: readonly number[]): NdArray => {
  const data = Float32Array.from(values);
  return { data, shape: shape ?? [data.length] };
};

export const LEAST = 2 ** -126;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** Distance of a float from a number in units of the last place; 0 where both are NaN, too large or too small. */
export function ulps(got: number, expected: number): number {
  if (Number.isNaN(expected)) return Number.isNaN(got) ? 0 : Number.POSITIVE_INFINITY;
  if (Object.is(got, expected) || got === expected) return 0;
  const size = Math.abs(expected);
  // Denormal numbers count as zero.
  if (size < LEAST) return Math.abs(got) <= LEAST ? 0 : Number.POSITIVE_INFINITY;
  const unit = 2 ** (Math.floor(Math.log2(size)) - 23);
  if (Math.abs(got) === Number.POSITIVE_INFINITY) {
    return Math.sign(got) === Math.sign(expected) && size >= LARGEST ? 0 : Number.POSITIVE_INFINITY;
  }
  return Math.abs(got - expected) / unit;
}

/** Numbers of every size and sign, thick around 1, without denormal ones. */
export function spread(low: number, high: number, count: number): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) {
    numbers.push(low + ((high - low) * (i + 0.5)) / count);
    const size = 2 ** (-126 + (253.9 * i) / count);
    for (const x of [size, -size]) if (x >= low && x <= high) numbers.push(x);
  }
  return numbers.map(Math.fround).filter((x) => x === 0 || Math.abs(x) >= LEAST);
}

/** A small generator for choices: Math.random would change from run to run. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }
}

export type Tensor = tf.Tensor;
