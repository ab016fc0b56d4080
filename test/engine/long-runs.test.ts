/** Alone in its process, whose memory it measures. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { constant } from '../../engine/initialisers.ts';
import { adam, descend } from '../../engine/optimiser.ts';
import { ParameterLayout } from '../../engine/parameters.ts';
import type { Arrays } from '../../engine/types.ts';
import { uniform } from './compare.ts';

const engine = createEngine();
afterAll(() => engine.dispose());

it('a compiled step does not grow over 100,000 steps', async () => {
  const layout = ParameterLayout.of({ w: { shape: [4], initialise: constant(1) } });
  const optimiser = adam({ learningRate: 1e-3 });
  const run = engine.compileStep(
    'small',
    (state: { w: Parameters<typeof optimiser.step>[0] }, { x }: { x: tf.Tensor }) => {
      const w = descend(layout, optimiser, state.w, (p) => ({
        loss: tf.sum(tf.square(tf.sub(p.w, x))),
        aux: {},
      }));
      return { state: { w: w.state }, outputs: { loss: w.loss } };
    },
  );
  let state: Arrays<{ w: Parameters<typeof optimiser.step>[0] }> = {
    w: optimiser.init(layout, Float32Array.of(1, 2, 3, 4)),
  };
  const x = uniform(1, [4]);
  const buffers = new Set<unknown>();
  const steps = async (count: number) => {
    for (let i = 0; i < count; i++) state = (await run(state, { x })).state;
    return process.memoryUsage();
  };
  await steps(20_000);
  const before = await steps(1);
  for (let i = 0; i < 10; i++) {
    state = (await run(state, { x })).state;
    buffers.add(state.w.params.data);
  }
  const after = await steps(80_000);
  expect(buffers.size).toBe(2);
  expect(after.rss - before.rss).toBeLessThan(16 * 2 ** 20);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 20);
  expect(state.w.count.data[0]).toBe(100_011);
});
