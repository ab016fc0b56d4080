/** Second derivatives, against differences of the same functions in double precision, or closed forms. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import type { Tensors } from './compare.ts';
import { presentBackends } from './present-backends.ts';

const engines = (await presentBackends('native', 'wasm', 'cpu')).map((backend) => createEngine({ backend }));

type Numbers = readonly number[];
type Double = (x: Numbers) => Numbers;
type Op = (x: tf.Tensor) => tf.Tensor;

const weight = (i: number) => Math.cos(1.7 * i) + 0.3;
const direction = (i: number) => Math.sin(2.3 * i + 1);

/** ∇(c · ∇ Σ w f), on every backend. */
async function curvature(
  name: string,
  fn: Op,
  x: Numbers,
  shape: Numbers,
  check: (i: number) => number,
): Promise<void> {
  const sum: Op = (v) => {
    const y = fn(v);
    return tf.sum(
      tf.mul(
        y,
        tf.tensor(
          Array.from({ length: y.size }, (_, i) => weight(i)),
          y.shape,
        ),
      ),
    );
  };
  const c = () =>
    tf.tensor(
      x.map((_, i) => direction(i)),
      [...shape],
    );
  const along: Op = (v) => tf.sum(tf.mul(c(), tf.grad(sum)(v)));
  for (const engine of engines) {
    const compiled = engine.compile<tf.Tensor, Tensors>(name, (v) => ({ y: tf.grad(along)(v) }));
    const { y } = await compiled({ data: Float32Array.from(x), shape: [...shape] });
    x.forEach((_, i) => {
      const error = Math.abs(y.data[i] - check(i)) / (1 + Math.abs(check(i)));
      if (!(error < 2e-4))
        throw new Error(`${engine.backend} ${name}[${i}] is ${y.data[i]}, not ${check(i)}`);
    });
  }
}

/** The same by differences, in double precision, of numbers as they are in single. */
function byDifferences(fn: Double, x: Numbers): (i: number) => number {
  const at = Array.from(Float32Array.from(x));
  const h = 1e-4;
  const value = (i: number, s: number, t: number) =>
    fn(at.map((v, k) => v + (k === i ? s * h : 0) + t * h * direction(k))).reduce(
      (total, y, k) => total + weight(k) * y,
      0,
    );
  return (i) => (value(i, 1, 1) - value(i, 1, -1) - value(i, -1, 1) + value(i, -1, -1)) / (4 * h * h);
}

const each =
  (f: (x: number) => number): Double =>
  (x) =>
    x.map(f);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const selu = (x: number) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x));
/** Abramowitz and Stegun 7.1.5. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 40; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
const total = (x: Numbers) => x.reduce((sum, v) => sum + v, 0);
const normaliser = (x: Numbers) => Math.log(total(x.map(Math.exp)));

const [mixed, positive, inner, large] = [
  [-1.3, -0.4, 0.3, 0.7, 1.4],
  [0.3, 0.5, 0.9, 1.4, 2.2],
  [-0.7, -0.3, 0.1, 0.4, 0.6],
  [1.2, 1.5, 1.9, 2.4, 3.1],
];

const functions: Record<string, [fn: Op, double: Double, x: Numbers]> = {
  abs: [(x) => tf.abs(x), each(Math.abs), mixed],
  acos: [(x) => tf.acos(x), each(Math.acos), inner],
  acosh: [(x) => tf.acosh(x), each(Math.acosh), large],
  asin: [(x) => tf.asin(x), each(Math.asin), inner],
  asinh: [(x) => tf.asinh(x), each(Math.asinh), mixed],
  atan: [(x) => tf.atan(x), each(Math.atan), mixed],
  atanh: [(x) => tf.atanh(x), each(Math.atanh), inner],
  clipByValue: [
    (x) => tf.clipByValue(tf.square(x), 0.2, 1.5),
    each((v) => Math.min(1.5, Math.max(0.2, v * v))),
    mixed,
  ],
  cos: [(x) => tf.cos(x), each(Math.cos), mixed],
  cosh: [(x) => tf.cosh(x), each(Math.cosh), mixed],
  elu: [(x) => tf.elu(x), each((v) => (v > 0 ? v : Math.expm1(v))), mixed],
  erf: [(x) => tf.erf(x), each(erf), mixed],
  exp: [(x) => tf.exp(x), each(Math.exp), mixed],
  expm1: [(x) => tf.expm1(x), each(Math.expm1), mixed],
  leakyRelu: [(x) => tf.square(tf.leakyRelu(x, 0.3)), each((v) => (v > 0 ? v : 0.3 * v) ** 2), mixed],
  log: [(x) => tf.log(x), each(Math.log), positive],
  log1p: [(x) => tf.log1p(x), each(Math.log1p), positive],
  logSigmoid: [(x) => tf.logSigmoid(x), each((v) => Math.log(sigmoid(v))), mixed],
  prelu: [(x) => tf.square(tf.prelu(x, tf.scalar(0.3))), each((v) => (v > 0 ? v : 0.3 * v) ** 2), mixed],
  reciprocal: [(x) => tf.reciprocal(x), each((v) => 1 / v), positive],
  relu: [(x) => tf.square(tf.relu(x)), each((v) => Math.max(0, v) ** 2), mixed],
  relu6: [(x) => tf.square(tf.relu6(x)), each((v) => Math.max(0, v) ** 2), mixed],
  rsqrt: [(x) => tf.rsqrt(x), each((v) => v ** -0.5), positive],
  selu: [(x) => tf.selu(x), each(selu), mixed],
  sigmoid: [(x) => tf.sigmoid(x), each(sigmoid), mixed],
  sin: [(x) => tf.sin(x), each(Math.sin), mixed],
  sinh: [(x) => tf.sinh(x), each(Math.sinh), mixed],
  softplus: [(x) => tf.softplus(x), each((v) => Math.log1p(Math.exp(v))), mixed],
  sqrt: [(x) => tf.sqrt(x), each(Math.sqrt), positive],
  square: [(x) => tf.square(x), each((v) => v * v), mixed],
  tan: [(x) => tf.tan(x), each(Math.tan), inner],
  tanh: [(x) => tf.tanh(x), each(Math.tanh), mixed],

  mul: [(x) => tf.mul(x, tf.sin(x)), each((v) => v * Math.sin(v)), mixed],
  div: [(x) => tf.div(tf.sin(x), tf.add(x, 3)), each((v) => Math.sin(v) / (v + 3)), mixed],
  maximum: [(x) => tf.maximum(x, tf.square(x)), each((v) => Math.max(v, v * v)), mixed],
  minimum: [(x) => tf.minimum(x, tf.square(x)), each((v) => Math.min(v, v * v)), mixed],
  squaredDifference: [(x) => tf.squaredDifference(x, tf.exp(x)), each((v) => (v - Math.exp(v)) ** 2), mixed],
  pow: [(x) => tf.pow(x, tf.add(x, 1)), each((v) => v ** (v + 1)), positive],
  atan2: [(x) => tf.atan2(x, tf.add(tf.square(x), 1)), each((v) => Math.atan2(v, v * v + 1)), mixed],
  mod: [(x) => tf.square(tf.mod(x, 0.8)), each((v) => (v - 0.8 * Math.floor(v / 0.8)) ** 2), mixed],
  addN: [(x) => tf.addN([tf.exp(x), tf.sin(x)]), each((v) => Math.exp(v) + Math.sin(v)), mixed],
  where: [
    (x) => tf.where(tf.greater(x, 0), tf.exp(x), tf.sin(x)),
    each((v) => (v > 0 ? Math.exp(v) : Math.sin(v))),
    mixed,
  ],

  logSumExp: [(x) => tf.logSumExp(x), (x) => [normaliser(x)], mixed],
  softmax: [(x) => tf.softmax(x), (x) => x.map((v) => Math.exp(v - normaliser(x))), mixed],
  logSoftmax: [(x) => tf.logSoftmax(x), (x) => x.map((v) => v - normaliser(x)), mixed],
  norm: [(x) => tf.norm(x), (x) => [Math.hypot(...x)], mixed],
  max: [(x) => tf.square(tf.max(x)), (x) => [Math.max(...x) ** 2], mixed],
  min: [(x) => tf.square(tf.min(x)), (x) => [Math.min(...x) ** 2], mixed],
  prod: [(x) => tf.prod(x), (x) => [x.reduce((product, v) => product * v, 1)], mixed],
  mean: [(x) => tf.square(tf.mean(x)), (x) => [(total(x) / x.length) ** 2], mixed],
  variance: [
    (x) => tf.sqrt(tf.moments(x).variance),
    (x) => [Math.sqrt(total(x.map((v) => (v - total(x) / x.length) ** 2)) / x.length)],
    mixed,
  ],
  topk: [
    (x) => tf.square(tf.topk(x, 2).values),
    (x) =>
      [...x]
        .sort((a, b) => b - a)
        .slice(0, 2)
        .map((v) => v * v),
    mixed,
  ],
  cumprod: [
    (x) => tf.cumprod(x),
    (x) => x.map((_, i) => x.slice(0, i + 1).reduce((product, v) => product * v, 1)),
    [1.2, 0, -0.7, 0, 0.4],
  ],
  'cumprod, exclusive and from the end': [
    (x) => tf.cumprod(x, 0, true, true),
    (x) => x.map((_, i) => x.slice(i + 1).reduce((product, v) => product * v, 1)),
    [1.2, 0.3, -0.7, 0, 0.4],
  ],
  batchNorm: [
    (x) =>
      tf.batchNorm(
        tf.reshape(x, [5, 1]) as tf.Tensor2D,
        tf.sin(tf.slice(x, [0], [1])) as tf.Tensor1D,
        tf.exp(tf.slice(x, [1], [1])) as tf.Tensor1D,
        tf.slice(x, [2], [1]) as tf.Tensor1D,
        tf.slice(x, [3], [1]) as tf.Tensor1D,
        0.1,
      ),
    (x) => x.map((v) => ((v - Math.sin(x[0])) / Math.sqrt(Math.exp(x[1]) + 0.1)) * x[3] + x[2]),
    mixed,
  ],
  matMul: [
    (x) =>
      tf.matMul(
        tf.outerProduct(x as tf.Tensor1D, x as tf.Tensor1D),
        tf.reshape(tf.sin(x), [1, 5]),
        false,
        true,
      ),
    (x) => x.map((v) => v * total(x.map((u) => u * Math.sin(u)))),
    mixed,
  ],
  einsum: [
    (x) => tf.einsum('i,j->ji', tf.exp(x), tf.sin(x)),
    (x) => x.flatMap((v) => x.map((u) => Math.exp(u) * Math.sin(v))),
    mixed,
  ],
};

describe('second derivatives equal differences in double precision', () => {
  it.each(Object.entries(functions))('%s', async (name, [fn, double, x]) => {
    await curvature(name, fn, x, [x.length], byDifferences(double, x));
  });
});

const ids = (list: number[], shape: number[]) => tf.tensor(list, shape, 'int32');
const linear: Record<string, Op> = {
  identity: (x) => tf.clone(x),
  neg: (x) => tf.neg(x),
  addAndSub: (x) => tf.sub(tf.add(x, tf.slice(x, [0, 0], [1, 3])), tf.slice(x, [0, 1], [2, 1])),
  sum: (x) => tf.sum(x, 0),
  reshape: (x) => tf.reshape(x, [3, 2]),
  expandDims: (x) => tf.expandDims(x, 1),
  transpose: (x) => tf.transpose(x),
  tile: (x) => tf.tile(x, [2, 2]),
  broadcastTo: (x) => tf.broadcastTo(x, [2, 2, 3]),
  reverse: (x) => tf.reverse(x, 1),
  concat: (x) => tf.concat([x, tf.slice(x, [0, 1], [2, 1])], 1),
  stack: (x) => tf.stack([x, tf.mul(x, 2)], 1),
  'stack of one': (x) => tf.stack([x]),
  unstack: (x) => tf.add(tf.unstack(x, 1)[0], tf.unstack(x, 1)[2]),
  'unstack of one': (x) => tf.unstack(tf.expandDims(x, 0))[0],
  split: (x) => tf.add(...(tf.split(x, [1, 1], 0) as [tf.Tensor, tf.Tensor])),
  'split of one': (x) => tf.split(x, 1, 1)[0],
  slice: (x) => tf.slice(x, [1, 0], [1, 2]),
  stridedSlice: (x) => tf.stridedSlice(x, [1, 2], [-3, 0], [-1, -2]),
  pad: (x) =>
    tf.pad(x, [
      [1, 0],
      [0, 2],
    ]),
  'mirrorPad, reflecting': (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 0],
        [2, 1],
      ],
      'reflect',
    ),
  'mirrorPad, symmetric': (x) =>
    tf.mirrorPad(
      x,
      [
        [2, 1],
        [3, 2],
      ],
      'symmetric',
    ),
  gather: (x) => tf.gather(x, ids([2, 0, 2], [3]), 1),
  'gather in batches': (x) => tf.gather(x, ids([2, 0, 1, 1], [2, 2]), 1, 1),
  gatherND: (x) => tf.gatherND(x, ids([0, 1, 1, 2, 0, 1], [3, 2])),
  scatterND: (x) => tf.scatterND(ids([2, 0], [2, 1]), x, [3, 3]),
  'scatterND at a list': (x) => tf.scatterND(ids([2, 0], [2]), x, [3, 3]),
  tensorScatterUpdate: (x) => tf.tensorScatterUpdate(x, ids([1], [1, 1]), tf.slice(x, [0, 0], [1, 3])),
  'tensorScatterUpdate at a list': (x) =>
    tf.tensorScatterUpdate(x, ids([1], [1]), tf.slice(x, [0, 0], [1, 3])),
  unsortedSegmentSum: (x) => tf.unsortedSegmentSum(x, ids([1, 1], [2]) as tf.Tensor1D, 3),
  cumsum: (x) => tf.cumsum(x, 1, true, false),
  'cumsum from the end': (x) => tf.cumsum(x, -1, false, true),
  bandPart: (x) => tf.linalg.bandPart(x, 0, 1),
  'bandPart of a batch': (x) => tf.linalg.bandPart(tf.stack([x, x]), 0, -1),
};

describe('the gradient and the second derivative of the cube of what moves numbers are as its matrix says', () => {
  it.each(Object.entries(linear))('%s', async (name, fn) => {
    const x = [0.5, -1.2, 0.8, 1.5, -0.3, 0.9];
    const forward = createEngine({ backend: 'cpu' }).compile<tf.Tensor, tf.Tensor>('forward', fn);
    const columns: Numbers[] = [];
    for (let i = 0; i < x.length; i++) {
      const data = new Float32Array(x.length);
      data[i] = 1;
      columns.push(Array.from((await forward({ data, shape: [2, 3] })).data, Number));
    }
    const rows = columns[0].map((_, k) => columns.map((column) => column[k]));
    const dot = (a: Numbers, b: Numbers) => a.reduce((sum, v, i) => sum + v * b[i], 0);
    const c = x.map((_, i) => direction(i));
    const second = (i: number) =>
      rows.reduce((sum, row, k) => sum + 6 * weight(k) * dot(row, x) * dot(row, c) * row[i], 0);
    await curvature(name, (v) => tf.pow(fn(v), 3), x, [2, 3], second);
    const first = (i: number) => rows.reduce((sum, row, k) => sum + weight(k) * row[i], 0);
    for (const engine of engines) {
      const gradient = engine.compile<tf.Tensor, tf.Tensor>(name, (v) =>
        tf.grad((u: tf.Tensor) => {
          const y = fn(u);
          return tf.sum(
            tf.mul(
              y,
              tf.tensor(
                Array.from({ length: y.size }, (_, i) => weight(i)),
                y.shape,
              ),
            ),
          );
        })(v),
      );
      const { data } = await gradient({ data: Float32Array.from(x), shape: [2, 3] });
      for (const i of x.keys()) expect(data[i]).toBeCloseTo(first(i), 4);
    }
  });
});

describe('third derivatives', () => {
  it('of tanh and the exponential function', async () => {
    for (const engine of engines) {
      const third = engine.compile<tf.Tensor, Tensors>('third', (x) => {
        const d =
          (f: Op): Op =>
          (v) =>
            tf.sum(tf.grad(f)(v));
        return {
          tanh: tf.grad(d(d((v) => tf.sum(tf.tanh(v)))))(x),
          exp: tf.grad(d(d((v) => tf.sum(tf.exp(v)))))(x),
        };
      });
      const { tanh, exp } = await third({ data: Float32Array.of(0.4), shape: [1] });
      const y = Math.tanh(Math.fround(0.4));
      expect(tanh.data[0]).toBeCloseTo((1 - y * y) * (6 * y * y - 2), 5);
      expect(exp.data[0]).toBeCloseTo(Math.exp(0.4), 5);
    }
  });
});

describe('what has no derivative', () => {
  const refused = async (fn: Op, problem: RegExp) => {
    for (const engine of engines) {
      const call = engine.compile<tf.Tensor, tf.Tensor>(
        'refused',
        fn,
      )({
        data: Float32Array.of(1, 2, 3, 4),
        shape: [2, 2],
      });
      await expect(call).rejects.toThrow(problem);
      await expect(call).rejects.toThrow(/second-derivatives\.test\.ts:\d+:\d+/);
    }
  };

  it('says so, and the line', async () => {
    await refused(
      (x) => tf.grad((v: tf.Tensor) => tf.sum(tf.cast(tf.searchSorted(v, v), 'float32')))(x),
      /'SearchSorted' has no gradient at/,
    );
  });

  it('says so of second derivatives alone', async () => {
    const loss = (v: tf.Tensor) => tf.losses.softmaxCrossEntropy(tf.oneHot([0, 1], 2), v);
    await refused(
      (x) => tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.grad(loss)(v))))(x),
      /'softmaxCrossEntropy\w*' has no second derivative at/,
    );
  });
});

it('no derivative computes a function again', async () => {
  const operations: Record<string, number>[] = [];
  const engine = createEngine({
    backend: 'wasm',
    dumpGraph: (traced) => operations.push(Object.fromEntries(traced.operations)),
  });
  const tanh: Op = (v) => tf.sum(tf.tanh(v));
  const x = { data: Float32Array.of(0.4, 0.5), shape: [2] };
  await engine.compile<tf.Tensor, tf.Tensor>('first', (v) => tf.grad(tanh)(v))(x);
  await engine.compile<tf.Tensor, tf.Tensor>('second', (v) =>
    tf.grad((u: tf.Tensor) => tf.sum(tf.grad(tanh)(u)))(v),
  )(x);
  expect(operations[0]).toEqual({ Tanh: 1, Mul: 1, Sub: 1 }); // 1 - y · y
  expect(operations[1].Tanh).toBe(1);
});
