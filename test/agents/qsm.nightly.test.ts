import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { expectChain } from './qsm-bandit.ts';

const engine = createEngine({ backend: 'wasm' });
beforeAll(async () => {
  await tf.setBackend('cpu');
});
afterAll(() => engine.dispose());

it("qsm samples what the chain gives with the critics' own gradient, in five steps", async () => {
  expect.hasAssertions();
  await expectChain(engine, { gradientScale: 1, diffusionSteps: 5 }, 1);
});
