/** What operations do not take: shapes, axes, sizes and types are checked while a function is traced. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { stackMetrics } from '../../agents/host.ts';
import { createEngine } from '../../engine/index.ts';
import { bools, expectSame, integers, type Tensors, uniform } from './compare.ts';
import { presentBackends } from './present-backends.ts';

const engines = (await presentBackends('native', 'wasm')).map((backend) => createEngine({ backend }));

const eager = [createEngine({ backend: 'cpu' }), createEngine({ backend: 'eager' })];

/** Fails on every backend with an OperandError, the problem and this file's line. */
async function expectRefused(fn: (x: tf.Tensor) => tf.Tensor, problem: RegExp): Promise<void> {
  for (const engine of engines) {
    const call = engine.compile<tf.Tensor, tf.Tensor>('refused', fn)(uniform(1, [8]));
    const error: Error = await call.then(
      () => expect.unreachable(`${engine.backend} takes it`),
      (reason) => reason,
    );
    expect(error.name).toBe('OperandError');
    expect(error.message).toMatch(problem);
    expect(error.message).toMatch(/ at .*operands\.test\.ts:\d+:\d+/);
  }
}

const ids = (list: number[], shape: number[] = [list.length]) => tf.tensor(list, shape, 'int32');
/** Numbers of the input in another shape. */
const of = (x: tf.Tensor, ...shape: number[]) =>
  tf.reshape(tf.slice(tf.tile(x, [2]), [0], [shape.reduce((size, n) => size * n, 1)]), shape);

const wrong: Record<string, [problem: RegExp, fn: (x: tf.Tensor) => tf.Tensor]> = {
  'concat of another length': [
    /'Concat': shapes \[4,3\], \[2,1\] differ beside axis 1/,
    (x) => tf.concat([of(x, 4, 3), of(x, 2, 1)], -1),
  ],
  'concat of another order': [/shapes \[2,4\], \[4,2\]/, (x) => tf.concat([of(x, 2, 4), of(x, 4, 2)], 0)],
  'concat of other ranks': [/shapes \[8\], \[2,4\]/, (x) => tf.concat([x, of(x, 2, 4)], 0)],
  'concat of an empty part': [
    /shapes \[2,4\], \[0,3\]/,
    (x) => tf.concat([of(x, 2, 4), tf.zeros([0, 3])], 0),
  ],
  'concat of types': [/types float32, int32 differ/, (x) => tf.concat([x, ids([1])], 0)],
  'concat along no axis': [/axis 2 is not one/, (x) => tf.concat([x, x], 2)],
  'concat of constants': [
    /'Concat': shapes \[2\], \[2,1\]/,
    (x) => tf.add(x, tf.concat([tf.zeros([2]), tf.zeros([2, 1])] as tf.Tensor[], 0)),
  ],
  stack: [/'Pack': shapes \[6\], \[2\] are not the same/, (x) => tf.stack([of(x, 6), of(x, 2)])],
  'stack of types': [/types float32, bool/, (x) => tf.stack([x, tf.greater(x, 0)])],
  addN: [/same/, (x) => tf.addN([x, of(x, 6)])],
  'reshape to a number': [/\[8\] has 8 elements, which \[\] does not hold/, (x) => tf.reshape(x, [])],
  'reshape of a square': [/'Reshape': \[8\]/, (x) => tf.add(tf.reshape(tf.square(x), [16]), 1)],
  'reshape to fewer': [/which \[3\] does not hold/, (x) => tf.reshape(x, [3])],
  'reshape to rows': [/which \[3,-1\] does not hold/, (x) => tf.reshape(x, [3, -1])],
  'reshape with two open': [/more than one length/, (x) => tf.reshape(x, [-1, -1])],
  'reshape to halves': [/is no shape/, (x) => tf.reshape(x, [0.5, 16])],
  squeeze: [/squeeze/, (x) => tf.squeeze(of(x, 4, 2), [0])],
  expandDims: [/'expandDims'/, (x) => tf.expandDims(x, 3)],
  'transpose of one axis twice': [/name each axis of \[4,2\] once/, (x) => tf.transpose(of(x, 4, 2), [0, 0])],
  'transpose of other axes': [/'transpose'/, (x) => tf.transpose(x, [1, 0])],
  'tile back': [/repeated along each axis/, (x) => tf.tile(x, [-1])],
  'tile by halves': [/repeated along each axis/, (x) => tf.tile(x, [1.5])],
  broadcastTo: [/'broadcastTo'/, (x) => tf.broadcastTo(x, [3, 7])],
  slice: [/'Slice': the slice from \[5\] of size \[9\] does not lie in \[8\]/, (x) => tf.slice(x, [5], [9])],
  'slice from before': [/from \[-2\]/, (x) => tf.slice(x, [-2], [2])],
  'slice from beyond': [/from \[9\]/, (x) => tf.slice(x, [9], [-1])],
  'slice of more axes': [/from \[0,0\]/, (x) => tf.slice(x, [0, 0], [1, 1])],
  'strided slice': [/strides/, (x) => tf.stridedSlice(x, [0], [9], [0])],
  'split in equal parts': [/'SplitV': axis 0 of \[8\] .* 3 equal parts/, (x) => tf.split(x, 3)[0]],
  'split in parts': [/parts of \[3,4\]/, (x) => tf.split(x, [3, 4])[0]],
  'split beyond': [/parts of \[9,-1\]/, (x) => tf.split(x, [9, -1])[0]],
  unstack: [/'unstack'|'Unpack'/, (x) => tf.unstack(x, 2)[0]],
  'pad of too many axes': [
    /two lengths for each axis of \[8\]/,
    (x) =>
      tf.pad(x, [
        [1, 1],
        [1, 1],
      ]),
  ],
  'pad of less': [/\[-1,0\]/, (x) => tf.pad(x, [[-1, 0]])],
  mirrorPad: [/mirrored|paddings|Padding/i, (x) => tf.mirrorPad(x, [[8, 0]], 'reflect')],
  'gather at floats': [/'gather': .*int32/, (x) => tf.gather(x, tf.abs(of(x, 3)) as unknown as tf.Tensor1D)],
  'gather at a constant': [/9 is not in \[0, 7\]/, (x) => tf.gather(x, ids([9]))],
  'gather from a constant': [/9/, (x) => tf.add(x, tf.gather(tf.zeros([8]), ids([9])))],
  'gather along no axis': [/axis 1 is not one/, (x) => tf.gather(x, ids([0]), 1)],
  'gather of other batches': [
    /'GatherV2': .*3.* equal .*2/,
    (x) => tf.gather(of(x, 3, 2), ids([0, 1], [2, 1]), 1, 1),
  ],
  'gather of a batch beyond the axis': [
    /batchDims/,
    (x) => tf.gather(of(x, 3, 2), ids([0, 1, 0], [3, 1]), 0, 1),
  ],
  'gatherND of too many axes': [/'GatherNd': .*\[8\]/, (x) => tf.gatherND(x, ids([0, 1], [1, 2]))],
  'scatterND of other updates': [/scatter/i, (x) => tf.scatterND(ids([1, 2], [2, 1]), x, [9])],
  tensorScatterUpdate: [/scatter/i, (x) => tf.tensorScatterUpdate(x, ids([0, 1], [2, 1]), of(x, 3))],
  unsortedSegmentSum: [
    /'UnsortedSegmentSum': segment ids \[2\] are not the first axes of \[6\]/,
    (x) => tf.unsortedSegmentSum(of(x, 6), ids([0, 1]) as tf.Tensor1D, 2),
  ],
  'unsortedSegmentSum of no segments': [
    /-1/,
    (x) => tf.unsortedSegmentSum(x, ids([0, 1, 0, 1, 0, 1, 0, 1]) as tf.Tensor1D, -1),
  ],
  searchSorted: [/[Ll]eading|sought/, (x) => tf.searchSorted(of(x, 2, 4), of(x, 4, 2))],
  'argMax of nothing': [/'ArgMax': axis 0 of \[0,2\] has no elements/, () => tf.argMax(tf.zeros([0, 2]), 0)],
  argMin: [/axis 5 is not one/, (x) => tf.argMin(x, 5)],
  topk: [/'k'|largest/, (x) => tf.topk(x, 9).values],
  cumsum: [/axis 2 is not one/, (x) => tf.cumsum(x, 2)],
  cumprod: [/axis -2 is not one/, (x) => tf.cumprod(x, -2)],
  reverse: [/axis 3 is not one/, (x) => tf.reverse(x, [3])],
  'sum along one axis twice': [/'Sum': the axes \[0,0\] name one twice/, (x) => tf.sum(of(x, 4, 2), [0, 0])],
  'sum along no axis': [/axis 3 is not one/, (x) => tf.sum(x, 3)],
  'oneHot of floats': [/'oneHot'/, (x) => tf.oneHot(x as never, 3)],
  where: [/do not|broadcast/i, (x) => tf.where(tf.greater(of(x, 3), 0), x, x)],
  einsum: [/have lengths 2 and 4/, (x) => tf.einsum('ij,jk->ik', of(x, 4, 2), of(x, 4, 2))],
  matMul: [/matMul|inner/, (x) => tf.matMul(of(x, 4, 2), of(x, 4, 2))],
  'matMul with a bias': [
    /bias|broadcast/i,
    (x) => tf.fused.matMul({ a: of(x, 3, 2), b: of(x, 2, 4), bias: of(x, 3) }),
  ],
  batchNorm: [
    /'FusedBatchNorm': \[3\] does not broadcast|broadcast/,
    (x) => tf.batchNorm(of(x, 3, 2), of(x, 3) as tf.Tensor1D, of(x, 3) as tf.Tensor1D),
  ],
  'batchNorm of fewer rows': [
    /\[4,2\] does not broadcast to \[1,2\]|rank|broadcast/,
    (x) => tf.batchNorm(of(x, 1, 2), of(x, 4, 2) as never, of(x, 4, 2) as never),
  ],
  'neg of truth values': [/'Neg': truth values/, (x) => tf.neg(tf.greater(x, 0))],
  'relu6 of truth values': [/truth values/, (x) => tf.relu6(tf.greater(x, 0))],
  'a loss that is no scalar': [
    /'loss': a metric is one number, not numbers of the shape \[4,2\]/,
    (x) => stackMetrics(['loss'], { loss: of(x, 4, 2) }),
  ],
};

describe('refuses, and names the line:', () => {
  it.each(Object.entries(wrong))('%s', async (_, [problem, fn]) => {
    await expectRefused(fn, problem);
  });
});

it('a metric may have axes of length 1', async () => {
  const fn = ({ x }: Tensors) => ({ metrics: stackMetrics(['a', 'b'], { a: x, b: tf.sum(x) }) });
  await expectSame('metrics', fn, { x: uniform(1, [1, 1]) });
});

describe('operands of several types, or few axes, give what eager TensorFlow.js gives:', () => {
  it.each<[string, (x: Tensors) => tf.Tensor]>([
    ['where', ({ f, i }) => tf.where(tf.greater(f, 0), i, f)],
    ['where, of the other', ({ f, i }) => tf.where(tf.greater(f, 0), f, i)],
    ['where of truth values and numbers', ({ f, b }) => tf.where(tf.greater(f, 0), f, b)],
    ['leakyRelu', ({ i }) => tf.leakyRelu(tf.sub(i, 2), 0.5)],
    ['prelu', ({ f, i }) => tf.prelu(f, i)],
    ['logSoftmax', ({ i }) => tf.logSoftmax(tf.cast(i, 'float32'))],
    ['searchSorted', ({ f, i }) => tf.searchSorted(tf.cumsum(i), f)],
    ['batchNorm', ({ f, i }) => tf.batchNorm(f as never, tf.add(i, 1) as never, tf.add(i, 1) as never)],
    ['cumsum', ({ b }) => tf.cumsum(b)],
    ['fused.matMul', ({ f, i }) => tf.fused.matMul({ a: tf.reshape(f, [2, 2]), b: tf.reshape(i, [2, 2]) })],
    ['scatterND at a list', ({ f, i }) => tf.scatterND(i, f, [5])],
    [
      'tensorScatterUpdate at a list',
      ({ f }) => tf.tensorScatterUpdate(tf.add(f, 1), ids([2, 0]), tf.slice(f, [1], [2])),
    ],
  ])('%s', async (name, fn) => {
    const inputs = { f: uniform(1, [4]), i: integers(2, [4], 0, 4), b: bools(3, [4]) };
    await expectSame(name, (all) => ({ y: fn(all) }), inputs);
  });
});

describe('constants', () => {
  it('keep their numbers where a part of them is replaced', async () => {
    for (const engine of [...engines, ...eager]) {
      const fn = engine.compile<{ x: tf.Tensor }, Tensors>('replaced', ({ x }) => {
        const w = tf.tensor1d([1, 2, 3]);
        const c = tf.tensorScatterUpdate(w, ids([0], [1, 1]), tf.tensor1d([9]));
        return { w: tf.add(x, w), c: tf.add(x, c) };
      });
      const { w, c } = await fn({ x: { data: new Float32Array(3), shape: [3] } });
      expect([...w.data]).toEqual([1, 2, 3]);
      expect([...c.data]).toEqual([9, 2, 3]);
    }
  });
});

describe('on eager backends too', () => {
  const all = [...engines, ...eager];

  it('bools and whole numbers are reversed, cut, repeated and divided', async () => {
    const fn = ({ b, i }: Tensors) => ({
      reversed: tf.reverse(b),
      every: tf.stridedSlice(b, [0], [5], [2]),
      backwards: tf.stridedSlice(i, [4], [0], [-1]),
      tiled: tf.tile(i, [2]),
      rest: tf.mod(i, ids([2, -2, -2, 0, 3])),
    });
    const inputs = {
      b: { data: Uint8Array.of(1, 0, 1, 1, 0), shape: [5] },
      i: { data: Int32Array.of(-7, 7, -7, 5, 9), shape: [5] },
    };
    for (const engine of all) {
      const got = await engine.compile<Tensors, Tensors>('whole', fn)(inputs);
      const found = Object.entries(got).map(([key, { data }]) => [key, [...data]]);
      expect(Object.fromEntries(found), engine.backend).toEqual({
        reversed: [0, 1, 1, 0, 1],
        every: [1, 1, 0],
        backwards: [9, 5, -7, 7],
        tiled: [-7, 7, -7, 5, 9, -7, 7, -7, 5, 9],
        rest: [1, -1, -1, 0, 0],
      });
    }
  });

  it('axes of scans count from the end', async () => {
    const x = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };
    for (const engine of all) {
      const fn = engine.compile<tf.Tensor, Tensors>('scans', (v) => ({
        sum: tf.cumsum(v, -1, true, true),
        product: tf.cumprod(v, -2),
      }));
      const { sum, product } = await fn(x);
      expect([...sum.shape, ...sum.data]).toEqual([2, 3, 5, 3, 0, 11, 6, 0]);
      expect([...product.shape, ...product.data]).toEqual([2, 3, 1, 2, 3, 4, 10, 18]);
    }
  });

  it('each row of a batch is gathered from by its own indices', async () => {
    const x = { data: Float32Array.from({ length: 12 }, (_, i) => i), shape: [3, 4] };
    for (const engine of all) {
      const fn = engine.compile<tf.Tensor, tf.Tensor>('batches', (v) =>
        tf.gather(v, ids([0, 3, 1, 1, 2, 0], [3, 2]), 1, 1),
      );
      const { data, shape } = await fn(x);
      expect([...shape, ...data]).toEqual([3, 2, 0, 3, 5, 5, 10, 8]);
    }
  });
});
