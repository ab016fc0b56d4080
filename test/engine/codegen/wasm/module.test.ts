/** The binary format, against the specification's examples and the engine of JavaScript itself. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { findAgent } from '../../../../agents/registry.ts';
import { Code, Module } from '../../../../engine/codegen/wasm/assembler.ts';
import { Memory, S, Type, V, VectorMemory } from '../../../../engine/codegen/wasm/opcodes.ts';
import { writeProgram } from '../../../../engine/codegen/wasm/program.ts';
import { createEngine, type TracedFunction } from '../../../../engine/index.ts';
import { RandomStream } from '../../../../engine/random.ts';
import { uniform } from '../../compare.ts';
import { randomGraph } from '../graphs.ts';
import { traced } from '../support.ts';

/** Calls a function of one module. */
function run(
  parameters: (typeof Type)[keyof typeof Type][],
  write: (code: Code) => void,
  ...values: number[]
) {
  const module = new Module();
  const code = new Code(parameters);
  write(code);
  module.add(code, parameters, [Type.i32], 'f');
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = module.finish(1);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const result = (instance.exports.f as (...numbers: number[]) => number)(...values);
  return { result, bytes, memory };
}

describe('a module', () => {
  it('writes numbers in LEB128 as the specification does', () => {
    for (const value of [
      0,
      1,
      63,
      64,
      127,
      128,
      -1,
      -64,
      -65,
      -128,
      624485,
      -123456,
      2 ** 31 - 1,
      -(2 ** 31),
    ]) {
      expect(run([], (code) => code.i32(value)).result).toBe(value);
    }
    // The examples of DWARF, which the format is from: 624485 and -123456.
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    expect(hex(run([], (code) => code.i32(624485)).bytes)).toContain('41e58e26');
    expect(hex(run([], (code) => code.i32(-123456)).bytes)).toContain('41c0bb78');
  });

  it('runs loops as often as they say, and reuses locals', () => {
    const twice = (code: Code) => {
      const sum = code.take();
      code.repeat(5, () => code.repeat(7, () => code.advance(sum, 3)));
      code.get(sum);
      code.release(sum);
      expect(code.take()).toBe(sum);
    };
    expect(run([], twice).result).toBe(105);
  });

  it('reads and writes lanes where they are', () => {
    const { memory } = run([], (code) => {
      const vector = code.take(Type.v128);
      code.splat(7);
      code.splat(9);
      code.shuffle([0, 4, 1, 5]);
      code.set(vector);
      code.i32(16);
      code.get(vector);
      code.vectorMemory(VectorMemory.store, 4);
      code.i32(0);
      code.get(vector);
      code.vectorMemory(VectorMemory.storeLane32, 100, 1);
      code.i32(0);
      code.memory(Memory.i32Load, 100);
    });
    expect([...new Int32Array(memory.buffer, 20, 4)]).toEqual([7, 9, 7, 9]);
    expect(new Int32Array(memory.buffer, 100, 1)[0]).toBe(9);
  });

  it('has deterministic instructions alone: none of the relaxed ones, whose codes begin at 256', () => {
    const codes = [...Object.values(V), ...Object.values(VectorMemory).map(([code]) => code)];
    expect(codes.filter((code) => code >= 256)).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
    expect(new Set(Object.values(S)).size).toBe(Object.values(S).length);
  });
});

describe('programs', () => {
  const check = (graph: TracedFunction) => {
    const { bytes } = writeProgram(graph);
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    return bytes;
  };

  it('of random graphs are valid and import their memory alone', () => {
    const weights = {
      unary: 3,
      binary: 4,
      choice: 2,
      transpose: 2,
      reshape: 2,
      slice: 2,
      stride: 2,
      concat: 2,
      product: 2,
    };
    for (let seed = 0; seed < 40; seed++) {
      const { fn, inputs } = randomGraph(seed, { steps: 25, weights });
      check(traced(fn, inputs));
    }
  });

  it.each(['rfm-flow', 'sac', 'td3', 'qsm', 'dqs', 'qvpo', 'maxentdp'])(
    'of %s are valid, import their memory alone, and are the same when they are written again',
    async (name) => {
      const factory = findAgent(name);
      if (factory === undefined) throw new Error(`no agent '${name}'`);
      const graphs: TracedFunction[] = [];
      const told: string[] = [];
      const engine = createEngine({
        backend: 'wasm',
        dumpGraph: (graph) => graphs.push(graph),
        onFallback: (graph, reason) => told.push(`${graph}: ${reason}`),
      });
      const agent = await factory.create({
        observation: { size: 5 },
        action: { size: 2 },
        config: factory.presets.smoke,
        random: RandomStream.fromSeed(1),
        engine,
      });
      await agent.act(new Float32Array(5), 1, 'explore');
      expect(told).toEqual([]);
      expect(graphs.length).toBeGreaterThan(0);
      for (const graph of graphs) expect(check(graph)).toEqual(check(graph));
      await engine.dispose();
    },
  );

  it('give a caller who keeps both sets of results a third', async () => {
    const engine = createEngine({ backend: 'wasm' });
    const add = engine.compile<{ a: tf.Tensor; b: tf.Tensor }, { c: tf.Tensor }>('add', ({ a, b }) => ({
      c: tf.add(a, b),
    }));
    const x = uniform(1, [37]);
    const first = await add({ a: x, b: x });
    const second = await add({ a: first.c, b: x });
    const third = await add({ a: first.c, b: second.c });
    const fourth = await add({ a: third.c, b: second.c });
    x.data.forEach((value, i) => {
      expect(fourth.c.data[i]).toBeCloseTo(8 * value, 4);
    });
    await engine.dispose();
  });

  it('leave what they have no code for to another backend, with the reason', async () => {
    const told: string[] = [];
    const engine = createEngine({
      backend: 'wasm',
      onFallback: (name, reason) => told.push(`${name}: ${reason}`),
    });
    const inner = (v: tf.Tensor) => tf.einsum('ii->i', v);
    const diagonal = engine.compile<tf.Tensor, tf.Tensor>('diagonal', inner);
    const got = diagonal({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
    // Without ONNX Runtime it goes to TensorFlow.js.
    expect([...(await got).data]).toEqual([1, 4]);
    expect(told).toEqual(['diagonal: Einsum ii->i']);
    await engine.dispose();
  });
});
