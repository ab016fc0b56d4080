/** What tracing can record has code of every generator, and computes as eagerly. */
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../engine/index.ts';
import {
  bools,
  expectClose,
  type Inputs,
  integers,
  type Tensors,
  type Tolerance,
  uniform,
} from '../compare.ts';
import { copied, onEachGenerator, suiteEngine } from './support.ts';

const eager = createEngine({ backend: 'cpu' });

type Fn = (all: Tensors) => Tensors;

async function run(name: string, fn: Fn, inputs: Inputs) {
  const compiled = suiteEngine().compile<Tensors, Tensors>(name, fn);
  await compiled(inputs);
  const copies = copied((await compiled(inputs)) as Inputs);
  await compiled.dispose();
  return copies;
}

async function expectCompiled(name: string, fn: Fn, inputs: Inputs, tolerance: Tolerance = {}) {
  const got = await run(name, fn, inputs);
  const expected = await eager.compile<Tensors, Tensors>(name, fn)(inputs);
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const key of Object.keys(expected)) expectClose(`${name}.${key}`, got[key], expected[key], tolerance);
}

const int = (values: readonly number[], shape: readonly number[] = [values.length]) => ({
  data: Int32Array.from(values),
  shape,
});
const float = (values: readonly number[], shape: readonly number[] = [values.length]) => ({
  data: Float32Array.from(values),
  shape,
});
/** Bools as integers. */
const number = (x: tf.Tensor) => tf.cast(x, 'int32');

onEachGenerator('what is compiled', () => {
  describe('reads and writes at indices', () => {
    const x = uniform(1, [7, 19, 5]);

    it.each([0, 1, 2])('along axis %i', async (axis) => {
      const length = x.shape[axis];
      await expectCompiled(
        'gather',
        ({ x, n, b, one, row, table }) => ({
          one: tf.gather(x, one as tf.Tensor1D, axis),
          row: tf.gather(x, row as tf.Tensor1D, axis),
          table: tf.gather(x, table as tf.Tensor2D, axis),
          integers: tf.gather(n, row as tf.Tensor1D, axis),
          bools: number(tf.gather(b, row as tf.Tensor1D, axis)),
          computed: tf.gather(tf.transpose(tf.exp(x), [2, 1, 0]), row as tf.Tensor1D, 2 - axis),
          joined: tf.concat([tf.gather(x, row as tf.Tensor1D, axis), x], axis),
        }),
        {
          x,
          n: integers(2, x.shape, -9, 9),
          b: bools(3, x.shape),
          one: int([length - 1], []),
          row: integers(4, [21], 0, length),
          table: integers(5, [3, 4], 0, length),
        },
      );
    });

    it('at constant indices, in runs and at random', async () => {
      await expectCompiled(
        'constant indices',
        ({ x }) => ({
          run: tf.gather(x, tf.tensor1d([3, 5, 7, 9], 'int32'), 1),
          back: tf.gather(x, tf.tensor1d([6, 5, 4, 3, 2, 1, 0], 'int32'), 0),
          same: tf.gather(x, tf.fill([4], 2, 'int32') as tf.Tensor1D, 2),
          table: tf.gather(x, tf.tensor2d([0, 1, 2, 6, 5, 4], [2, 3], 'int32'), 0),
          many: tf.gather(x, tf.tensor1d([...integers(6, [40], 0, 19).data], 'int32'), 1),
          mirrored: tf.mirrorPad(
            x,
            [
              [3, 2],
              [1, 18],
              [0, 4],
            ],
            'reflect',
          ),
        }),
        { x },
      );
    });

    it('within a batch and at tuples', async () => {
      await expectCompiled(
        'tuples',
        ({ x, rows, i1, i2, i3 }) => ({
          batch1: tf.gather(x, rows as tf.Tensor2D, 1, 1),
          batch2: tf.gather(x, tf.clipByValue(rows, 0, 4) as tf.Tensor2D, 2, 1),
          one: tf.gatherND(x, i1),
          two: tf.gatherND(x, i2),
          three: tf.gatherND(x, i3),
        }),
        {
          x,
          rows: integers(1, [7, 6], 0, 19),
          i1: integers(2, [4, 2, 1], 0, 7),
          i2: integers(3, [23, 2], 0, 7),
          i3: integers(4, [9, 3], 0, 5),
        },
      );
    });

    it('adds and puts slices, equal indices in their order', async () => {
      await expectCompiled(
        'scatter',
        ({ i1, i2, u1, u2, n1, s, x, y, z }) => ({
          one: tf.scatterND(i1, u1, [6, 19]),
          two: tf.scatterND(i2, u2, [6, 4]),
          integers: tf.scatterND(i1, n1, [6, 19]),
          update: tf.tensorScatterUpdate(y, i1, u1),
          segments: tf.unsortedSegmentSum(x, s as tf.Tensor1D, 5),
          joined: tf.concat([z, tf.scatterND(i1, u1, [6, 19]) as tf.Tensor2D], 1),
        }),
        {
          i1: integers(1, [11, 1], 0, 6),
          i2: integers(2, [30, 2], 0, 4),
          u1: uniform(3, [11, 19]),
          u2: uniform(4, [30]),
          n1: integers(5, [11, 19], -9, 9),
          y: uniform(6, [6, 19]), // eager TensorFlow.js updates it in place
          z: uniform(8, [6, 19]),
          x: uniform(7, [8, 3, 7]),
          s: int([0, 4, -1, 2, 9, 4, 4, 0]),
        },
      );
    });
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('runs along axes, exclusive %s, reversed %s', async (exclusive, reverse) => {
    await expectCompiled(
      'scan',
      ({ x, n, v }) => ({
        first: tf.cumsum(x, 0, exclusive, reverse),
        middle: tf.cumsum(x, 1, exclusive, reverse),
        last: tf.cumsum(x, 2, exclusive, reverse),
        integers: tf.cumsum(n, 1, exclusive, reverse),
        vector: tf.cumsum(v, 0, exclusive, reverse),
        turned: tf.cumsum(tf.transpose(x, [2, 0, 1]), 1, exclusive, reverse),
        part: tf.concat([tf.cumsum(x, 1, exclusive, reverse), x], 2),
        product: tf.cumprod(x, 1, exclusive, reverse),
      }),
      { x: uniform(1, [3, 18, 21]), n: integers(2, [5, 33], -99, 99), v: uniform(3, [100]) },
      { absolute: 1e-5 },
    );
  });

  it('finds extremes along long axes', async () => {
    const x = uniform(1, [6, 70, 20]);
    x.data[0] = Number.NaN;
    x.data[5000] = Number.NaN;
    await expectCompiled(
      'extremes',
      ({ x, n, b, v }) => ({
        first: tf.argMax(tf.transpose(x, [1, 0, 2]), 0),
        middle: tf.argMax(x, 1),
        last: tf.argMin(x, 2),
        integers: tf.argMin(n, 1),
        integersFirst: tf.argMax(n, 0),
        bools: tf.argMax(b, 1),
        vector: tf.argMax(v),
        one: tf.argMax(tf.slice(n, [0, 0], [9, 1]), 1),
      }),
      { x, n: integers(2, [9, 100], -4, 5), b: bools(3, [3, 40]), v: uniform(4, [1000]) },
    );
  });

  it('finds the largest k', async () => {
    const n = integers(2, [3, 18, 12], -3, 4);
    n.data[0] = -(2 ** 31);
    n.data[1] = 2 ** 31 - 1;
    const top = (x: tf.Tensor, k: number) => {
      const { values, indices } = tf.topk(x, k, true);
      return { [`values${k}`]: values, [`indices${k}`]: indices };
    };
    for (const [name, x] of Object.entries({
      floats: uniform(1, [37, 19]),
      integers: n,
      row: uniform(3, [9]),
    })) {
      const length = x.shape[x.shape.length - 1];
      await expectCompiled(name, ({ x }) => ({ ...top(x, 1), ...top(x, 4), ...top(x, length) }), { x });
    }
    await expectCompiled('turned', ({ x }) => top(tf.transpose(tf.neg(x)), 5), { x: uniform(4, [8, 40]) });
    const x = float([0, -0, Infinity, -Infinity, 1, -0, 0, -1]);
    await expectCompiled('special', ({ x }) => top(x, 8), { x });
  });

  it('pads and repeats', async () => {
    const frame: [number, number][] = [
      [1, 0],
      [2, 3],
      [0, 0],
      [0, 17],
    ];
    await expectCompiled(
      'pad',
      ({ x, n, b }) => ({
        pad: tf.pad(x, frame, -2),
        padded: tf.exp(tf.pad(tf.neg(x), frame)),
        integers: tf.pad(n, [[3, 18]], 7),
        bools: number(tf.pad(b, [[3, 18]], 1)),
        joined: tf.concat([tf.pad(n, [[1, 1]]), n]),
        tile: tf.tile(x, [2, 1, 3, 2]),
        tiles: tf.tile(x, [2, 3, 2, 2]),
        turned: tf.tile(tf.transpose(x, [3, 1, 0, 2]), [1, 2, 2, 1]),
        tileIntegers: tf.tile(n, [5]),
        tileBools: number(tf.tile(b, [5])),
        six: tf.tile(tf.reshape(x, [2, 3, 2, 2, 1, 17]), [2, 2, 2, 2, 2, 2]),
      }),
      { x: uniform(1, [2, 3, 4, 17]), n: integers(2, [17], -9, 9), b: bools(3, [17]) },
    );
  });

  describe('computes element by element', () => {
    it('near zero, with NaN and infinities', async () => {
      const values = [0, -0, 1e-8, -1e-8, 1e-3, -1e-3, 0.33, -0.33, 0.35, -0.35, 3, -3, 90, -90, -104];
      const x = float([...values, Infinity, -Infinity, NaN, 1e-30]);
      await expectCompiled(
        'units',
        ({ x }) => ({
          elu: tf.elu(x),
          selu: tf.selu(x),
          leaky: tf.leakyRelu(x, 0.1),
          sign: tf.sign(x),
          step: tf.step(x),
          clip: tf.clipByValue(x, -1, 2),
          relu6: tf.relu6(x),
        }),
        { x },
        { absolute: 1e-14 },
      );
      await expectCompiled('elu', ({ x }) => ({ elu: tf.elu(x), selu: tf.selu(x) }), {
        x: uniform(1, [5, 33], -1, 0.2),
      });
    });

    it('on integers', async () => {
      const a = int([
        7,
        -7,
        7,
        -7,
        6,
        -6,
        2 ** 31 - 1,
        -(2 ** 31),
        5,
        0,
        1e9,
        -1e9,
        3,
        16777217,
        -16777219,
        1,
        -1,
      ]);
      const b = int([2, 2, -2, -2, 3, 3, 10, 7, 2 ** 31 - 1, 3, 7, 7, -(2 ** 31), 2, 2, -1, -1]);
      await expectCompiled(
        'integers',
        ({ a, b, n, e }) => ({
          floor: tf.floorDiv(a, b),
          mod: tf.mod(a, b),
          clip: tf.clipByValue(a, -3, 6),
          sign: tf.sign(a),
          relu: tf.relu(a),
          leaky: tf.leakyRelu(n, 0.25),
          abs: tf.abs(n),
          power: tf.pow(n, e),
          max: tf.maximum(a, b),
          nan: number(tf.isNaN(a)),
          step: tf.step(n),
        }),
        { a, b, n: integers(1, [18], -9, 10), e: integers(2, [18], 0, 7) },
      );
      await expectCompiled('nothing', ({ a, b }) => ({ mod: tf.mod(a, b) }), {
        a: int([3, -3, 0]),
        b: int([0, 0, 0]),
      });
    });

    it('remainders of floats', async () => {
      await expectCompiled(
        'mod',
        ({ a, b }) => ({ y: tf.mod(a, b) }),
        {
          a: uniform(1, [4, 19], -50, 50),
          b: uniform(2, [19], -3, 3),
        },
        { absolute: 1e-5 },
      );
    });

    it('bools', async () => {
      await expectCompiled(
        'bools',
        ({ a, b, x }) => ({
          and: number(tf.logicalAnd(a, b)),
          sum: tf.sum(a),
          any: number(tf.any(b, 0)),
          chosen: tf.where(a, x, tf.neg(x)),
          joined: number(tf.concat([a, tf.logicalNot(b), tf.greater(x, 0)])),
          float: tf.cast(a, 'float32'),
        }),
        { a: bools(1, [3, 21]), b: bools(2, [3, 21]), x: uniform(3, [3, 21]) },
      );
      const got = await run('bytes', ({ b }) => ({ y: number(b) }), {
        b: { data: Uint8Array.of(0, 1, 2, 255), shape: [4] },
      });
      expect([...got.y.data]).toEqual([0, 1, 1, 1]);
    });

    it('logarithms of softmax', async () => {
      const logSoftmax = (x: tf.Tensor, axis: number) =>
        tf.engine().runKernel('LogSoftmax', { logits: x }, { axis }) as tf.Tensor;
      const x = uniform(1, [5, 19, 3], -90, 90);
      const got = await run('logSoftmax', ({ x }) => ({ last: logSoftmax(x, 2), middle: logSoftmax(x, 1) }), {
        x,
      });
      const reference = (all: Tensors) => {
        const along = (axis: number) => tf.sub(all.x, tf.logSumExp(all.x, axis, true));
        return { last: along(2), middle: along(1) };
      };
      const expected = await eager.compile<Tensors, Tensors>('logSoftmax', reference)({ x });
      for (const key of ['last', 'middle']) expectClose(key, got[key], expected[key], { absolute: 2e-5 });
    });
  });

  it.each<[string, ...number[][]]>([
    ['ij,jk->ik', [17, 9], [9, 18]],
    ['ij,jk->ki', [17, 9], [9, 18]],
    ['ij,kj->ik', [17, 9], [18, 9]],
    ['ji,jk->ik', [9, 17], [9, 18]],
    ['bij,bjk->bik', [3, 5, 7], [3, 7, 17]],
    ['bhid,bhjd->bhij', [2, 3, 5, 7], [2, 3, 6, 7]],
    ['bihd,bjhd->bhij', [2, 5, 3, 7], [2, 6, 3, 7]],
    ['bhij,bjhd->bihd', [2, 3, 5, 6], [2, 6, 3, 17]],
    ['ijk,jkl->il', [4, 5, 6], [5, 6, 7]],
    ['i,j->ij', [18], [19]],
    ['i,i->', [18], [18]],
    ['i,i->i', [18], [18]],
    ['bi,bi->b', [70, 18], [70, 18]],
    ['ij,ij->', [4, 18], [4, 18]],
    ['ijk,ik->j', [4, 18, 3], [4, 3]],
    ['bi,bo->bio', [5, 18], [5, 17]],
    ['ij->', [4, 18]],
    ['ijk->kj', [4, 18, 3]],
    ['bnd,bne->bde', [70, 3, 4], [70, 3, 5]],
  ])('sums products %s', async (equation: string, ...shapes: number[][]) => {
    const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, uniform(i, shape)]));
    await expectCompiled(equation, (all) => ({ y: tf.einsum(equation, ...Object.values(all)) }), inputs, {
      absolute: 1e-5,
    });
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('multiplies many matrices, transposed %s %s', async (left, right) => {
    const flip = (shape: readonly number[], yes: boolean) =>
      yes ? [...shape.slice(0, -2), shape[shape.length - 1], shape[shape.length - 2]] : [...shape];
    for (const [a, b] of [
      [
        [70, 3, 4],
        [70, 4, 5],
      ],
      [
        [70, 17, 33],
        [70, 33, 18],
      ],
      [
        [2, 70, 1, 9],
        [2, 70, 9, 20],
      ],
      [
        [70, 2, 20, 9],
        [70, 2, 9, 1],
      ],
      [
        [100, 33, 65],
        [100, 65, 50],
      ],
      [
        [100, 3, 4],
        [1, 4, 5],
      ],
    ]) {
      await expectCompiled(
        `[${a}] [${b}]`,
        (all) => ({
          y: tf.matMul(all.a, all.b, left, right),
          sum: tf.add(tf.matMul(tf.neg(all.a), all.b, left, right), 1),
        }),
        { a: uniform(1, flip(a, left)), b: uniform(2, flip(b, right)) },
        { absolute: 3e-5 },
      );
    }
  });

  it('reduces many axes apart from each other', async () => {
    const x = uniform(1, [3, 2, 3, 2, 3, 2]);
    const turn = (x: tf.Tensor) => tf.transpose(x, [5, 1, 3, 0, 2, 4]);
    await expectCompiled(
      'reduce',
      ({ x, y }) => ({
        three: tf.sum(x, [0, 2, 4]),
        turned: tf.mean(turn(x), [0, 1, 2, 4, 5]),
        largest: tf.max(turn(y), [0, 1, 3, 4]),
        two: tf.min(y, [1, 3]),
      }),
      { x, y: uniform(2, [3, 9, 2, 10, 3, 2]) },
      { absolute: 1e-5 },
    );
  });

  it('gives a result and its reshaped form, in either order', async () => {
    await expectCompiled(
      'reshaped results',
      ({ x }) => {
        const [y, z] = [tf.exp(x), tf.neg(x)];
        return { flatY: tf.reshape(y, [6]), y, z, flatZ: tf.reshape(z, [6]), column: tf.reshape(z, [6, 1]) };
      },
      { x: uniform(1, [2, 3]) },
    );
  });

  it('has nothing to do for empty tensors', async () => {
    await expectCompiled(
      'empty',
      ({ x, y, i, u }) => {
        const [none, all] = tf.split(y, [0, 4], 1);
        return {
          relu: tf.relu(x),
          none,
          all,
          part: tf.slice(y, [0, 0], [3, 0]),
          sum: tf.sum(x, 1),
          scatter: tf.scatterND(i, u, [3]),
          gather: tf.gather(y, tf.cast(u, 'int32') as tf.Tensor1D),
          constant: tf.zeros([0, 2]),
        };
      },
      { x: uniform(1, [2, 0]), y: uniform(2, [3, 4]), i: int([], [0, 1]), u: float([]) },
    );
  });
});
