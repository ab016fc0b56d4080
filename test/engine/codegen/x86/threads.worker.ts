/** Runs a function natively in a thread of Node.js: see threads.test.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { createEngine } from '../../../../engine/index.ts';
import type { NdArray } from '../../../../engine/types.ts';

const { x, n, threads, repeats } = workerData as {
  x: Float32Array;
  n: number;
  threads: number;
  repeats: number;
};
const engine = createEngine({
  backend: 'native',
  threads,
  onFallback: (name, reason) => {
    throw new Error(`${name}: ${reason}`);
  },
});
const run = engine.compile<{ x: tf.Tensor }, { y: tf.Tensor }>('worker', (all) => {
  const y = tf.tanh(tf.matMul(all.x, all.x));
  return { y: tf.add(tf.matMul(y, all.x, false, true), tf.sum(y, 0)) };
});
let y: NdArray['data'] = new Float32Array();
for (let i = 0; i < repeats; i++) y = (await run({ x: { data: x, shape: [n, n] } })).y.data.slice();
await engine.dispose();
parentPort?.postMessage(y);
