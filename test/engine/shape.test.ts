import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { bools, expectGradient, expectSame, integers, type Tensors, uniform } from './compare.ts';

/** [2, 3, 4] → anything. */
type Op = (x: tf.Tensor) => tf.Tensor;
const movements: Record<string, Op> = {
  reshape: (x) => tf.reshape(x, [4, -1]),
  flatten: (x) => tf.reshape(x, [24]),
  expandDims: (x) => tf.expandDims(x, 1),
  squeeze: (x) => tf.squeeze(tf.expandDims(x, -1)),
  transpose: (x) => tf.transpose(x, [2, 0, 1]),
  transposeOfTranspose: (x) => tf.transpose(tf.transpose(x, [2, 0, 1]), [1, 2, 0]),
  transposeOfOnes: (x) => tf.transpose(tf.expandDims(x, 0), [1, 0, 2, 3]),
  slice: (x) => tf.slice(x, [0, 1, 2], [2, 2, -1]),
  sliceNothing: (x) => tf.slice(x, [0, 1, 1], [2, 0, 2]),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 0, 0], [2, 3, 4], [1, 2, 3]),
  stridedSliceBack: (x) => tf.stridedSlice(x, [1, 2, 3], [0, 0, 0], [-1, -1, -2], 0, 7),
  stridedSliceMasks: (x) => tf.stridedSlice(x, [0, 1], [1, 3], [1, 1], 0, 0, 0, 0, 1),
  pad: (x) =>
    tf.pad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 3],
      ],
      7,
    ),
  mirrorPadReflect: (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 0],
        [2, 1],
        [0, 3],
      ],
      'reflect',
    ),
  mirrorPadSymmetric: (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 2],
        [0, 3],
        [4, 0],
      ],
      'symmetric',
    ),
  tile: (x) => tf.tile(x, [2, 1, 3]),
  tileOfOnes: (x) => tf.tile(tf.reshape(x, [24, 1]), [1, 2]),
  broadcastTo: (x) => tf.broadcastTo(tf.slice(x, [0, 0, 0], [2, 1, 4]), [3, 2, 5, 4]),
  reverse: (x) => tf.reverse(x, [0, 2]),
  reverseOne: (x) => tf.reverse(x, 1),
  concat: (x) => tf.concat([x, tf.neg(x), tf.slice(x, [0, 0, 0], [2, 3, 1])], 2),
  stack: (x) => tf.stack([x, tf.neg(x)], 1),
  unstack: (x) => tf.add(tf.unstack(x, 1)[0], tf.unstack(x, 1)[2]),
  split: (x) => tf.mul(...(tf.split(x, 2, 2) as [tf.Tensor, tf.Tensor])),
  splitUneven: (x) => tf.split(x, [1, 3], 2)[1],
  clone: (x) => tf.clone(x),
  gather: (x) => tf.gather(x, tf.tensor1d([2, 0, 2, 1], 'int32'), 1),
  gatherMatrix: (x) =>
    tf.gather(
      x,
      tf.tensor2d(
        [
          [0, 3],
          [1, 1],
        ],
        [2, 2],
        'int32',
      ),
      2,
    ),
  gatherScalar: (x) => tf.gather(x, tf.scalar(1, 'int32'), 0),
  bandPart: (x) => tf.linalg.bandPart(x, 1, 0),
};
/** tfjs-core has no eager gradient of these. */
const undifferentiable = new Set(['sliceNothing']);

describe('operations that move data', () => {
  it.each(Object.entries(movements))('%s is the same compiled', async (name, op) => {
    await expectSame(name, ({ x }) => ({ y: op(x) }), { x: uniform(1, [2, 3, 4]) });
  });

  const smooth = Object.entries(movements).filter(([name]) => !undifferentiable.has(name));
  it.each(smooth)('the gradient of %s equals differences', async (name, op) => {
    await expectGradient(name, ({ x }) => op(x), { x: uniform(1, [2, 3, 4]) }, { step: 2e-2 });
  });

  it('moves integers and bools', async () => {
    const some = [
      'transpose',
      'slice',
      'stridedSlice',
      'tile',
      'reverse',
      'gather',
      'splitUneven',
      'stridedSliceBack',
    ];
    const all = (x: tf.Tensor) => Object.fromEntries(some.map((name) => [name, movements[name](x)]));
    await expectSame('integers', ({ n }) => all(n), { n: integers(1, [2, 3, 4], -9, 9) });
    await expectSame('bools', ({ b }) => ({ ...all(b), concat: tf.concat([b, b], 0) }), {
      b: bools(2, [2, 3, 4]),
    });
  });

  it('moves empty tensors', async () => {
    await expectSame(
      'empty',
      ({ x, y }) => ({
        reshape: tf.reshape(x, [0, 6]),
        transpose: tf.transpose(x, [1, 0, 2]),
        concat: tf.concat([x, y], 0),
        pad: tf.pad(x, [
          [1, 1],
          [0, 0],
          [0, 0],
        ]),
        relu: tf.relu(x),
      }),
      { x: uniform(1, [0, 2, 3]), y: uniform(2, [1, 2, 3]) },
    );
  });
});

describe('gathering and scattering', () => {
  it('gathers within a batch', async () => {
    const gather = (axis: number) => (all: Tensors) => ({
      y: tf.gather(all.x, all.i as tf.Tensor2D, axis, 1),
    });
    const x = uniform(1, [3, 4, 5]);
    await expectSame('axis 1', gather(1), { x, i: integers(2, [3, 2], 0, 4) });
    await expectSame('axis 2', gather(2), { x, i: integers(3, [3, 2], 0, 5) });
    await expectGradient('batch gather', ({ x, i }) => tf.gather(x, i as tf.Tensor2D, 1, 1), {
      x: uniform(4, [2, 3, 2]),
      i: integers(5, [2, 4], 0, 3),
    });
  });

  it('gathers and scatters at index tuples, with gradients', async () => {
    const indices = { data: Int32Array.of(0, 1, 1, 2, 0, 1), shape: [3, 2] };
    await expectSame(
      'nd',
      ({ x, i, u }) => ({
        gather: tf.gatherND(x, i),
        scatter: tf.scatterND(i, u, [2, 3]),
        update: tf.tensorScatterUpdate(x, tf.slice(i, [0, 0], [2, 2]), tf.slice(u, [0], [2])),
      }),
      { x: uniform(1, [2, 3]), i: indices, u: uniform(2, [3]) },
    );
    await expectGradient('gatherND', ({ x, i }) => tf.gatherND(x, i), { x: uniform(1, [2, 3]), i: indices });
    await expectGradient('scatterND', ({ u, i }) => tf.scatterND(i, u, [2, 3]), {
      u: uniform(2, [3]),
      i: indices,
    });
  });

  it('sums by segment, with the gradient', async () => {
    const sums = ({ x, s }: Tensors) => tf.unsortedSegmentSum(x, s as tf.Tensor1D, 4);
    const inputs = { x: uniform(1, [5, 2]), s: { data: Int32Array.of(0, 2, 2, 3, 0), shape: [5] } };
    await expectSame('segments', (all) => ({ y: sums(all) }), inputs);
    await expectGradient('segments', sums, inputs);
  });

  it('makes one-hot rows, also of indices out of range', async () => {
    const i = { data: Int32Array.of(0, 3, 1, -1, 7, 2), shape: [2, 3] };
    await expectSame(
      'oneHot',
      ({ i }) => ({
        plain: tf.oneHot(i, 4),
        values: tf.oneHot(i, 4, 5, -2),
        integers: tf.oneHot(i, 4, 1, 0, 'int32'),
      }),
      { i },
    );
  });

  it('finds places in sorted rows', async () => {
    await expectSame(
      'search',
      ({ s, v }) => ({ left: tf.searchSorted(s, v, 'left'), right: tf.searchSorted(s, v, 'right') }),
      { s: { data: Float32Array.of(0, 1, 1, 2, 3, 5, 5, 5), shape: [2, 4] }, v: uniform(1, [2, 3], 0, 6) },
    );
  });

  it('makes constants', async () => {
    await expectSame(
      'constants',
      ({ x }) => ({
        range: tf.add(x, tf.range(0, 3)),
        linspace: tf.add(x, tf.linspace(0, 1, 3)),
        fill: tf.add(x, tf.fill([2, 3], 4)),
        zeros: tf.add(tf.zerosLike(x), tf.onesLike(x)),
        eye: tf.matMul(tf.reshape(x, [1, 3]), tf.eye(3)),
        bare: tf.ones([2, 2]),
        integers: tf.range(5, 0, -2, 'int32'),
        same: x,
      }),
      { x: uniform(1, [3]) },
    );
  });
});
