/**
 * The time of single operations in the compiled backends, behind the table of docs/engine.md.
 *
 *   npx jiti bench/engine-operations.ts [threads]
 */
import * as tf from '@tensorflow/tfjs-core';
import { whyUnavailable } from '../engine/codegen/x86/memory.ts';
import { createEngine, type Engine } from '../engine/index.ts';
import { RandomStream } from '../engine/random.ts';

type Operation = (x: tf.Tensor, y: tf.Tensor) => tf.Tensor;

const row = (x: tf.Tensor) => tf.slice(x, [0, 0], [1, -1]);
const column = (x: tf.Tensor) => tf.slice(x, [0, 0], [-1, 1]);
const slope = 2 * Math.sqrt(2 / Math.PI);

const operations: Readonly<Record<string, Operation>> = {
  add: tf.add,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  'mul by a number': (x) => tf.mul(x, 0.3),
  'add a row': (x, y) => tf.add(x, row(y)),
  'mul by a column': (x, y) => tf.mul(x, column(y)),
  relu: tf.relu,
  'relu mask': (x) => tf.step(x),
  exp: tf.exp,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  erf: tf.erf,
  sqrt: (x) => tf.sqrt(tf.abs(x)),
  log: (x) => tf.log(tf.abs(x)),
  sin: tf.sin,
  softplus: tf.softplus,
  gelu: (x) => tf.mul(x, tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), slope * 0.044715), slope)))),
  'sum of columns': (x) => tf.sum(x, 0),
  'sum of rows': (x) => tf.sum(x, 1),
  softmax: (x) => tf.softmax(x),
  transpose: (x) => tf.transpose(x),
  'product with [128, 128]': (x, y) => tf.matMul(x, tf.slice(y, [0, 0], [128, 128])),
};

/** Copies in one graph, so that the call itself hardly counts. */
const COPIES = 8;
const SHAPE = [1024, 128];

const threads = Number(process.argv[2] ?? 1);
const backends = whyUnavailable() === undefined ? (['native', 'onnx'] as const) : (['onnx'] as const);
const engines = backends.map((backend) => createEngine({ backend, threads }));
const random = RandomStream.fromSeed(0);
const array = () => ({ data: random.fillNormal(new Float32Array(SHAPE[0] * SHAPE[1])), shape: SHAPE });
const inputs = Array.from({ length: COPIES }, () => ({ x: array(), y: array() }));
console.log(`µs for [${SHAPE}]`.padEnd(26), ...backends.map((backend) => backend.padStart(8)));
for (const [name, operation] of Object.entries(operations)) {
  const times: string[] = [];
  for (const engine of engines) times.push((await measure(engine, name, operation)).toFixed(1).padStart(8));
  console.log(name.padEnd(26), ...times);
}
for (const engine of engines) await engine.dispose();

/** Microseconds of one operation: the twentieth percentile of a half second of calls. */
async function measure(engine: Engine, name: string, operation: Operation): Promise<number> {
  const run = engine.compile<{ x: tf.Tensor; y: tf.Tensor }[], { results: tf.Tensor[] }>(name, (pairs) => ({
    results: Object.values(pairs).map(({ x, y }) => operation(x, y)),
  }));
  await run(inputs);
  const times: number[] = [];
  const begin = performance.now();
  while (performance.now() - begin < 500) {
    const start = performance.now();
    await run(inputs);
    times.push(performance.now() - start);
  }
  await run.dispose();
  times.sort((a, b) => a - b);
  return (1000 * times[Math.floor(times.length / 20)]) / COPIES;
}
