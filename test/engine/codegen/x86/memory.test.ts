import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { avx512 } from '../../../../engine/codegen/x86/avx512.ts';
import { NativeMemory, openNative } from '../../../../engine/codegen/x86/memory.ts';
import { NativeProgram } from '../../../../engine/codegen/x86/program.ts';
import { fuse, type ProgramStep } from '../../../../engine/kernels/fusion.ts';
import { readsOf, writesOf } from '../../../../engine/kernels/kernels.ts';
import { lower } from '../../../../engine/kernels/lowering.ts';
import { planMemory } from '../../../../engine/kernels/memory-plan.ts';
import type { Storage, View } from '../../../../engine/kernels/views.ts';
import { traceFunction } from '../../../../engine/trace/trace.ts';
import { type Inputs, type Tensors, uniform } from '../../compare.ts';
import { type GraphOptions, randomGraph } from '../graphs.ts';
import { absent, copied, eagerly, expectBits, type Fn, nativeEngine, title, traced } from '../support.ts';

const weights: GraphOptions['weights'] = {
  unary: 4,
  binary: 8,
  choice: 1,
  reduce: 2,
  product: 2,
  transpose: 1,
  reshape: 1,
  slice: 1,
  concat: 2,
  split: 1,
  expand: 1,
};
const LINE = 64;
const bytesOf = ({ elements }: Storage) => Math.ceil((4 * elements) / LINE) * LINE;

/** First and last step that reads or writes each tensor, whatever the step keeps in registers. */
function lifetimes(steps: readonly ProgramStep[]): Map<number, [number, number]> {
  const times = new Map<number, [number, number]>();
  for (const [at, { kernels }] of steps.entries()) {
    for (const { id } of kernels.flatMap((kernel) => [...readsOf(kernel), writesOf(kernel)])) {
      const known = times.get(id);
      if (known === undefined) times.set(id, [at, at]);
      else known[1] = at;
    }
  }
  return times;
}

/** Whether a loop reads each element of `old` at the element of `next` it writes, and not after the write. */
function isWrittenOver({ group }: ProgramStep, old: Storage, next: Storage): boolean {
  const operations = group?.operations ?? [];
  const at = operations.findIndex(({ store }) => store?.storage === next);
  const place = operations[at]?.store;
  const walk = (view: View) => `${view.offset} ${view.strides} ${view.selectedRows ?? false}`;
  const reads = operations.flatMap(({ operands }, i) =>
    operands.flatMap((operand) =>
      'view' in operand && operand.view.storage === old ? [{ i, view: operand.view }] : [],
    ),
  );
  const writes = operations.filter(({ store }) => store?.storage === next || store?.storage === old);
  return (
    place !== undefined &&
    writes.length === 1 &&
    reads.every(({ i, view }) => i <= at && walk(view) === walk(place))
  );
}

describe.skipIf(absent !== undefined)(title('memory of programs'), () => {
  it('is shared by tensors that do not live at the same time, and by no others', () => {
    let [saved, checked, written] = [0, 0, 0];
    for (let seed = 0; seed < 80; seed++) {
      const { fn, inputs } = randomGraph(seed, { steps: 20 + seed, weights, recent: 0.2 + (seed % 7) / 10 });
      const { kernels, storages } = lower(traced(fn, inputs), avx512.target);
      const steps = fuse(kernels, (storage) => storage.slot !== undefined, avx512.target);
      const plan = planMemory(steps, storages);
      const times = lifetimes(steps);
      const placed = storages.filter(({ id }) => plan.offsets.has(id));
      let total = 0;
      for (const [i, a] of placed.entries()) {
        const start = plan.offsets.get(a.id) as number;
        expect(a.slot).toBeUndefined();
        expect(start % LINE).toBe(0);
        expect(start + bytesOf(a)).toBeLessThanOrEqual(plan.bytes);
        total += bytesOf(a);
        for (const b of placed.slice(0, i)) {
          const other = plan.offsets.get(b.id) as number;
          if (start >= other + bytesOf(b) || other >= start + bytesOf(a)) continue;
          checked++;
          const message = `seed ${seed}: tensors ${a.id} and ${b.id}`;
          // Constants are written once, before the first run.
          expect(a.constant === undefined && b.constant === undefined, message).toBe(true);
          const [[fromA, toA], [fromB, toB]] = [a, b].map(({ id }) => times.get(id) ?? [-1, -1]);
          const over =
            (toA === fromB && isWrittenOver(steps[toA], a, b)) ||
            (toB === fromA && isWrittenOver(steps[toB], b, a));
          if (over) written++;
          expect(toA < fromB || toB < fromA || over, `${message} at ${[fromA, toA, fromB, toB]}`).toBe(true);
        }
      }
      saved += total - plan.bytes;
      for (const step of steps) {
        for (const kernel of step.group === undefined ? step.kernels : []) {
          for (const storage of [...readsOf(kernel), writesOf(kernel)]) {
            expect(storage.slot !== undefined || plan.offsets.has(storage.id)).toBe(true);
          }
        }
        for (const { operands, store } of step.group?.operations ?? []) {
          const views = operands.flatMap((operand) => ('view' in operand ? [operand.view] : []));
          for (const { storage } of store === undefined ? views : [...views, store]) {
            expect(storage.slot !== undefined || plan.offsets.has(storage.id)).toBe(true);
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(500);
    expect(saved).toBeGreaterThan(0);
    expect(written).toBeGreaterThan(20);
  });

  it('keeps nothing from one run for the next', async () => {
    for (let seed = 0; seed < 15; seed++) {
      const { fn, inputs } = randomGraph(300 + seed, { steps: 60, weights, recent: 0.4 });
      const moved = (by: number): Inputs =>
        Object.fromEntries(
          Object.entries(inputs).map(([key, { data, shape }]) => [
            key,
            { data: (data as Float32Array).map((x, i) => ((x * 7 + by * i) % 19) - by), shape },
          ]),
        );
      const odd = Object.fromEntries(
        Object.entries(inputs).map(([key, { data, shape }]) => [
          key,
          { data: new Float32Array(data.length).fill(Number.NaN), shape },
        ]),
      );
      const engine = nativeEngine();
      const used = engine.compile<Tensors, Tensors>('used', fn);
      for (const now of [inputs, moved(3), odd, moved(5), inputs]) {
        const got = copied((await used(now)) as Inputs);
        const fresh = nativeEngine();
        const expected = (await fresh.compile<Tensors, Tensors>('fresh', fn)(now)) as Inputs;
        expectBits(got, expected, `seed ${seed}`);
        await fresh.dispose();
      }
      await engine.dispose();
    }
  });

  it('reads of its operands what they are, at any alignment', async () => {
    const engine = nativeEngine();
    const { fn, inputs } = randomGraph(77, { steps: 40, weights });
    const run = engine.compile<Tensors, Tensors>('aligned', fn);
    const expected = await eagerly(fn, inputs);
    for (const shift of [0, 1, 3, 7, 15]) {
      const shifted = Object.fromEntries(
        Object.entries(inputs).map(([key, { data, shape }]) => {
          const buffer = new Float32Array(data.length + 64).fill(Number.NaN);
          buffer.set(data, shift);
          return [key, { data: buffer.subarray(shift, shift + data.length), shape }];
        }),
      );
      expect(copied((await run(shifted)) as Inputs)).toEqual(expected);
    }
    await engine.dispose();
  });

  describe('beyond an operand', () => {
    const native = absent === undefined ? openNative() : (undefined as never);
    const PAGE = 4096;
    const pages: NativeMemory[] = [];
    afterAll(() => {
      for (const memory of pages) memory.free();
    });
    /** An array that ends where nothing may be read or written. */
    const guarded = (length: number) => {
      const memory = new NativeMemory(native, 4 * length + PAGE);
      pages.push(memory);
      const end = memory.size - PAGE;
      native.protect(BigInt(memory.address + end), PAGE, 0);
      return new Float32Array(memory.buffer, end - 4 * length, length);
    };

    it('nothing is read', async () => {
      const engine = nativeEngine();
      const everything: GraphOptions['weights'] = { ...weights, stride: 2, expand: 2 };
      for (let seed = 0; seed < 30; seed++) {
        const { fn, inputs } = randomGraph(600 + seed, { steps: 25, weights: everything, recent: 0.1 });
        const at = Object.fromEntries(
          Object.entries(inputs).map(([key, { data, shape }]) => {
            const copy = guarded(data.length);
            copy.set(data);
            return [key, { data: copy, shape }];
          }),
        );
        expect(await engine.compile<Tensors, Tensors>('guarded', fn)(at)).toEqual(await eagerly(fn, inputs));
      }
      await engine.dispose();
    });
  });

  it('refuses what does not fit below 2 GiB, and gives back what it took', () => {
    const native = openNative();
    expect(() => new NativeMemory(native, 3 * 2 ** 30)).toThrow(/no \d+ bytes of memory below 2 GiB/);
    for (let i = 0; i < 40; i++) {
      const memory = new NativeMemory(native, 2 ** 28);
      expect(memory.address).toBeGreaterThan(0);
      expect(memory.address + memory.size).toBeLessThanOrEqual(2 ** 31);
      memory.free();
    }
  });

  it('refuses offsets beyond 2 GiB into an array', () => {
    const leaf = { path: 'x', keys: ['x'] };
    const specs = [{ leaf, shape: [2 ** 29 + 64], type: 'float32' as const }];
    const fn = ({ x }: Tensors) => ({ y: tf.add(tf.slice(x, [2 ** 29], [64]), 1) });
    const graph = traceFunction('far', fn as (inputs: never) => unknown, specs);
    expect(() => new NativeProgram(openNative(), graph, { threads: 1, profile: false })).toThrow(/2 GiB/);
  });

  it('of a function is freed once, and it runs no more', async () => {
    const engine = nativeEngine();
    const fn: Fn = ({ x }) => ({ y: tf.mul(tf.add(x, 1), x) });
    const run = engine.compile<Tensors, Tensors>('again', fn);
    const x = uniform(1, [100]);
    await run({ x } as never);
    await run.dispose();
    await run.dispose();
    await expect(run({ x } as never)).rejects.toThrow(/'again' was disposed/);
    await expect(run.prepare({ x } as never)).rejects.toThrow(/'again' was disposed/);
    await engine.dispose();
    await engine.dispose();
  });
});
