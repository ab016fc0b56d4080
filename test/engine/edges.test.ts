/** NaN, infinities, signed zeros and indices out of range: one answer on every backend, as docs/engine.md has it. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import type { NdArray } from '../../engine/types.ts';
import type { Inputs, Tensors } from './compare.ts';
import { presentBackends } from './present-backends.ts';

const backends = await presentBackends('onnx', 'cpu', 'wasm', 'eager', 'native');
const engines = backends.map((backend) =>
  createEngine({
    backend,
    onFallback: (name, reason) => {
      throw new Error(`${name} has no machine code: ${reason}`);
    },
  }),
);
afterAll(() => Promise.all(engines.map((engine) => engine.dispose())));

type Fn = (inputs: Tensors) => Tensors;

/** What a function gives on every backend. */
async function everywhere(fn: Fn, inputs: Inputs, check: (got: Inputs, backend: string) => void) {
  for (const engine of engines) {
    const copies = Object.entries(inputs).map(([key, { data, shape }]) => [
      key,
      { data: data.slice(), shape },
    ]);
    const compiled = engine.compile<Tensors, Tensors>('edges', fn);
    const got = await compiled(Object.fromEntries(copies));
    check(got as Inputs, engine.backend);
    await compiled.dispose();
  }
}

const floats = (values: Iterable<number>, shape?: readonly number[]): NdArray => {
  const data = Float32Array.from(values);
  return { data, shape: shape ?? [data.length] };
};
const ints = (values: readonly number[], shape: readonly number[] = [values.length]): NdArray => ({
  data: Int32Array.from(values),
  shape,
});
/** As numbers; 0 and -0 are the same here. */
const numbers = ({ data }: NdArray) => Array.from(data, (x) => x + 0);

const ids = (values: readonly number[], shape: number[] = [values.length]) =>
  tf.tensor([...values], shape, 'int32');

const [I, N] = [Number.POSITIVE_INFINITY, Number.NaN];
/** Around the length of vectors, so that NaN stands in every lane and in what is left over. */
const lengths = [1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 33, 70];

/** Copies NaN with its sign: assigning a number may not. */
function withNaN(length: number, at: number, rest: (i: number) => number, negative: boolean): Float32Array {
  const data = Float32Array.from({ length }, (_, i) => rest(i));
  new Uint32Array(data.buffer)[at] = negative ? 0xffc00000 : 0x7fc00000;
  return data;
}

describe('operations on every element keep NaN where it is', () => {
  const gelu = (x: tf.Tensor) => {
    const slope = 2 * Math.sqrt(2 / Math.PI);
    return tf.mul(x, tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), slope * 0.044715), slope))));
  };
  const half = (x: tf.Tensor) => tf.fill(x.shape, 0.5);
  const operations: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    ...{ abs: tf.abs, acos: tf.acos, asin: tf.asin, asinh: tf.asinh, atan: tf.atan, atanh: tf.atanh },
    ...{ ceil: tf.ceil, cos: tf.cos, cosh: tf.cosh, elu: tf.elu, erf: tf.erf, exp: tf.exp },
    ...{ expm1: tf.expm1, floor: tf.floor, gelu, log: tf.log, log1p: tf.log1p, neg: tf.neg },
    ...{ logSigmoid: tf.logSigmoid, reciprocal: tf.reciprocal, relu: tf.relu, relu6: tf.relu6 },
    ...{ round: tf.round, rsqrt: tf.rsqrt, selu: tf.selu, sigmoid: tf.sigmoid, sign: tf.sign },
    ...{ sin: tf.sin, sinh: tf.sinh, softplus: tf.softplus, sqrt: tf.sqrt, square: tf.square },
    ...{ step: tf.step, tan: tf.tan, tanh: tf.tanh },
    slopedStep: (x) => tf.step(x, 0.25),
    clipByValue: (x) => tf.clipByValue(x, -0.5, 2),
    leakyRelu: (x) => tf.leakyRelu(x, 0.1),
    prelu: (x) => tf.prelu(x, tf.scalar(0.1)),
    maximum: (x) => tf.maximum(x, 0.5),
    maximumOf: (x) => tf.maximum(half(x), x),
    minimum: (x) => tf.minimum(x, 0.5),
    minimumOf: (x) => tf.minimum(half(x), x),
    squaredDifference: (x) => tf.squaredDifference(x, 1),
    mod: (x) => tf.mod(x, 2),
    pow: (x) => tf.pow(x, 2.5),
    atan2: (x) => tf.atan2(x, 1),
    reluGradient: (x) => tf.grad((v: tf.Tensor) => tf.sum(tf.relu(v)))(x),
    absGradient: (x) => tf.grad((v: tf.Tensor) => tf.sum(tf.abs(v)))(x),
  };

  it.each(Object.entries(operations))('%s', async (_, op) => {
    const inputs: Inputs = {};
    const expected: Record<string, boolean[]> = {};
    for (const length of lengths) {
      for (const at of new Set([0, length >> 1, length - 1])) {
        const key = `x${length}at${at}`;
        inputs[key] = floats(withNaN(length, at, () => 0.7, (length + at) % 2 === 0));
        expected[key] = Array.from({ length }, (_, i) => i === at);
      }
    }
    const fn: Fn = (all) => Object.fromEntries(Object.entries(all).map(([key, x]) => [key, op(x)]));
    await everywhere(fn, inputs, (got, backend) => {
      const found = Object.entries(got).map(([key, { data }]) => [key, Array.from(data, Number.isNaN)]);
      expect(Object.fromEntries(found), backend).toEqual(expected);
    });
  });
});

describe('special values', () => {
  /** By definition, on NaN, zeros, ones and infinities. */
  const special = [N, 0, -0, 1, -1, 0.25, -0.25, I, -I];
  const tables: Record<string, [(x: tf.Tensor) => tf.Tensor, number[]]> = {
    step: [(x) => tf.step(x), [N, 0, 0, 1, 0, 1, 0, 1, 0]],
    slopedStep: [(x) => tf.step(x, 0.5), [N, 0.5, 0.5, 1, 0.5, 1, 0.5, 1, 0.5]],
    // As everywhere, a comparison with NaN does not hold.
    mask: [(x) => tf.cast(tf.greater(x, 0), 'float32'), [0, 0, 0, 1, 0, 1, 0, 1, 0]],
    notEqual: [(x) => tf.cast(tf.notEqual(x, x), 'float32'), [1, 0, 0, 0, 0, 0, 0, 0, 0]],
    relu: [tf.relu, [N, 0, 0, 1, 0, 0.25, 0, I, 0]],
    reluGradient: [(x) => tf.grad((v: tf.Tensor) => tf.sum(tf.relu(v)))(x), [N, 0, 0, 1, 0, 1, 0, 1, 0]],
    relu6: [tf.relu6, [N, 0, 0, 1, 0, 0.25, 0, 6, 0]],
    clipByValue: [(x) => tf.clipByValue(x, -0.5, 2), [N, 0, 0, 1, -0.5, 0.25, -0.25, 2, -0.5]],
    sign: [tf.sign, [N, 0, 0, 1, -1, 1, -1, 1, -1]],
    toBool: [(x) => tf.cast(tf.cast(x, 'bool'), 'int32'), [1, 0, 0, 1, 1, 1, 1, 1, 1]],
    toInt: [(x) => tf.cast(x, 'int32'), [0, 0, 0, 1, -1, 0, 0, 2 ** 31 - 1, -(2 ** 31)]],
    onePower: [(x) => tf.pow(1, x), [1, 1, 1, 1, 1, 1, 1, 1, 1]],
    zerothPower: [(x) => tf.pow(x, 0), [1, 1, 1, 1, 1, 1, 1, 1, 1]],
    infinitePower: [(x) => tf.pow(x, I), [N, 0, 0, 1, 1, 0, 0, I, I]],
  };

  it.each(Object.entries(tables))('%s', async (_, [op, expected]) => {
    await everywhere(
      ({ x }) => ({ y: op(x) }),
      { x: floats(special) },
      ({ y }, backend) => {
        expect(numbers(y), backend).toEqual(expected);
      },
    );
  });

  it('casts to whole numbers towards zero, and to the nearest where 32 bits do not hold them', async () => {
    const x = [
      0.99, -0.99, 1.5, -1.5, 2147483520, 2147483648, -2147483648, -2147483904, 3e9, -3e9, 1e30, -1e30,
    ];
    const most = 2 ** 31 - 1;
    const least = -(2 ** 31);
    const expected = [0, 0, 1, -1, 2147483520, most, least, least, most, least, most, least];
    const fn: Fn = ({ x }) => ({
      y: tf.cast(x, 'int32'),
      constant: tf.cast(tf.tensor1d([N, I, -I]), 'int32'),
    });
    await everywhere(fn, { x: floats(x) }, ({ y, constant }, backend) => {
      expect(numbers(y), backend).toEqual(expected);
      expect(numbers(constant), backend).toEqual([0, most, least]);
    });
  });

  it('floorDiv and mod of whole numbers: 0 by 0, and the nearest number where 32 bits hold no quotient', async () => {
    const [most, least] = [2 ** 31 - 1, -(2 ** 31)];
    // Dividend, divisor, ⌊quotient⌋, remainder with the divisor's sign.
    const table = [
      [5, 0, 0, 0],
      [-5, 0, 0, 0],
      [0, 0, 0, 0],
      [least, 0, 0, 0],
      [least, -1, most, 0],
      [most, -1, -most, 0],
      [7, -1, -7, 0],
      [-7, 2, -4, 1],
      [7, -2, -4, -1],
      [-7, -2, 3, -1],
      [7, 2, 3, 1],
      [least, 3, -715827883, 1],
      [most, least, -1, -1],
      [least, 1, least, 0],
      [0, -3, 0, 0],
    ];
    const [a, b, quotients, rests] = [0, 1, 2, 3].map((i) => table.map((row) => row[i]));
    const fn: Fn = ({ a, b }) => {
      const [c, d] = [ids(table.map((row) => row[0])), ids(table.map((row) => row[1]))];
      return {
        quotient: tf.floorDiv(a, b),
        rest: tf.mod(a, b),
        constantQuotient: tf.add(tf.sub(a, a), tf.floorDiv(c, d)),
        constantRest: tf.add(tf.sub(a, a), tf.mod(c, d)),
      };
    };
    await everywhere(fn, { a: ints(a), b: ints(b) }, (got, backend) => {
      const found = Object.values(got).map(numbers);
      expect(found, backend).toEqual([quotients, rests, quotients, rests]);
    });
  });

  it('products of whole numbers have their low 32 bits, of constants too', async () => {
    const [a, b] = [
      [123456789, -987654321, 65537, 2 ** 31 - 1],
      [987654321, 123456789, 65537, -(2 ** 31)],
    ];
    const all = (x: tf.Tensor, y: tf.Tensor) => ({
      mul: tf.mul(x, y),
      square: tf.square(x),
      difference: tf.squaredDifference(x, y),
      running: tf.cumprod(x),
    });
    const fn: Fn = ({ a: x, b: y }) => {
      const constant = Object.entries(all(ids(a), ids(b))).map(
        ([key, value]) => [`${key} of constants`, tf.add(tf.sub(x, x), value)] as const,
      );
      const whole = tf.add(tf.sub(tf.min(x), tf.min(x)), tf.prod(ids(a)));
      return { ...all(x, y), ...Object.fromEntries(constant), whole };
    };
    const running = a.map((_, i) => a.slice(0, i + 1).reduce(Math.imul));
    const expected: Record<string, number[]> = {
      mul: a.map((x, i) => Math.imul(x, b[i])),
      square: a.map((x) => Math.imul(x, x)),
      difference: a.map((x, i) => Math.imul(x - b[i], x - b[i])),
      running,
    };
    await everywhere(fn, { a: ints(a), b: ints(b) }, (got, backend) => {
      for (const [key, values] of Object.entries(expected)) {
        expect(numbers(got[key]), `${backend} ${key}`).toEqual(values);
        expect(numbers(got[`${key} of constants`]), `${backend} ${key} of constants`).toEqual(values);
      }
      expect(numbers(got.whole), backend).toEqual(running.slice(-1));
    });
  });

  it('floorDiv of floats is whole', async () => {
    const [a, b] = [
      [7, -7, 1, -1, 0, N, I, 1],
      [2, 2, 0, 0, 0, 1, 2, I],
    ];
    const expected = [3, -4, 2 ** 31 - 1, -(2 ** 31), 0, 0, 2 ** 31 - 1, 0];
    await everywhere(
      ({ a, b }) => ({ y: tf.floorDiv(a, b) }),
      { a: floats(a), b: floats(b) },
      ({ y }, backend) => {
        expect(numbers(y), backend).toEqual(expected);
      },
    );
  });
});

describe('atan2', () => {
  const π = Math.PI;
  /** ISO C, F.10.1.4: the angle of the point (x, y), with the sign of y. */
  const table: [y: number, x: number, angle: number][] = [
    [0, -0, π],
    [-0, -0, -π],
    [0, 0, 0],
    [-0, 0, -0],
    [0, -1, π],
    [-0, -1, -π],
    [0, 1, 0],
    [-0, 1, -0],
    [-1, 0, -π / 2],
    [-1, -0, -π / 2],
    [1, 0, π / 2],
    [1, -0, π / 2],
    [1, -I, π],
    [-1, -I, -π],
    [1, I, 0],
    [-1, I, -0],
    [I, 5, π / 2],
    [-I, 5, -π / 2],
    [I, -5, π / 2],
    [-I, -5, -π / 2],
    [I, -I, (3 * π) / 4],
    [-I, -I, (-3 * π) / 4],
    [I, I, π / 4],
    [-I, I, -π / 4],
    [0, -I, π],
    [-0, -I, -π],
    [0, I, 0],
    [-0, I, -0],
    [N, 1, N],
    [1, N, N],
    [N, 0, N],
    [0, N, N],
    [I, N, N],
    [N, -I, N],
    [3, 3, π / 4],
    [-3, -3, (-3 * π) / 4],
    [1e30, 1e-30, π / 2],
    [1e-30, -1e30, π],
  ];
  const [y, x] = [0, 1].map((i) => floats(table.map((row) => row[i])));

  it('follows IEEE 754 at zeros, infinities and NaN', async () => {
    await everywhere(
      ({ y, x }) => ({ angle: tf.atan2(y, x) }),
      { y, x },
      ({ angle }, backend) => {
        table.forEach(([a, b, expected], i) => {
          const name = `${backend}: atan2(${Object.is(a, -0) ? '-0' : a}, ${Object.is(b, -0) ? '-0' : b})`;
          if (Number.isNaN(expected)) expect(angle.data[i], name).toBeNaN();
          else if (expected === 0) expect(Object.is(angle.data[i], -0), name).toBe(Object.is(expected, -0));
          else expect(Math.abs(angle.data[i] - expected), name).toBeLessThan(3e-7);
        });
      },
    );
  });

  it('is the angle everywhere else, on every shape', async () => {
    const [a, b] = [floats([-2, -0.3, 0.7, 5], [4, 1]), floats([-3, -0.1, 0.4, 2, 60])];
    await everywhere(
      ({ a, b }) => ({ angle: tf.atan2(a, b) }),
      { a, b },
      ({ angle }, backend) => {
        expect(angle.shape).toEqual([4, 5]);
        angle.data.forEach((value, i) => {
          const expected = Math.atan2(a.data[Math.floor(i / 5)], b.data[i % 5]);
          expect(Math.abs(value - expected), backend).toBeLessThan(3e-7);
        });
      },
    );
  });
});

describe('along axes', () => {
  /** Rows with NaN in all places, of both signs, beside infinities. */
  const rows = (length: number): number[][] => {
    const plain = Array.from({ length }, (_, i) => ((7 * i) % length) - length / 3);
    const put = (list: readonly number[], at: number, value: number) =>
      list.map((x, i) => (i === at ? value : x));
    const last = length - 1;
    return [
      plain,
      ...[0, length >> 1, last].flatMap((at) => [put(plain, at, N), put(put(plain, last - at, I), at, N)]),
      put(put(plain, 0, -I), last, N),
      plain.map(() => N),
      plain.map(() => -I),
    ];
  };
  const negative = (data: Float32Array) => {
    const bits = new Uint32Array(data.buffer);
    data.forEach((x, i) => {
      if (Number.isNaN(x) && i % 2 === 0) bits[i] = 0xffc00000;
    });
    return data;
  };
  const firstOf = (row: readonly number[], largest: boolean) => {
    const nan = row.findIndex(Number.isNaN);
    return nan >= 0 ? nan : row.indexOf(largest ? Math.max(...row) : Math.min(...row));
  };

  it.each(lengths)(
    'extremes of %i numbers are NaN if one of them is, and argMax finds the first',
    async (length) => {
      const all = rows(length);
      const data = negative(Float32Array.from(all.flat()));
      const exact = all.map((row) => row.map(Math.fround));
      const x = { data, shape: [all.length, length] };
      const fn: Fn = ({ x }) => ({
        max: tf.max(x, 1),
        min: tf.min(x, 1),
        kept: tf.max(x, 1, true),
        columns: tf.max(tf.transpose(x), 0),
        two: tf.min(tf.reshape(x, [all.length, 1, length]), [1, 2]),
        argMax: tf.argMax(x, 1),
        argMin: tf.argMin(x, 1),
        argMaxFirst: tf.argMax(tf.transpose(x), 0),
        whole: tf.max(x),
      });
      await everywhere(fn, { x }, (got, backend) => {
        const largest = exact.map((row) => Math.max(...row));
        const smallest = exact.map((row) => Math.min(...row));
        const expected = {
          max: largest,
          min: smallest,
          kept: largest,
          columns: largest,
          two: smallest,
          argMax: exact.map((row) => firstOf(row, true)),
          argMin: exact.map((row) => firstOf(row, false)),
          argMaxFirst: exact.map((row) => firstOf(row, true)),
          whole: [N],
        };
        const found = Object.fromEntries(Object.entries(got).map(([key, value]) => [key, numbers(value)]));
        expect(found, backend).toEqual(expected);
      });
    },
  );

  it.each(lengths)(
    'topk of %i numbers: NaN first, then from the largest, equals by place',
    async (length) => {
      const all = rows(length);
      const data = negative(Float32Array.from(all.flat()));
      const ks = [...new Set([1, Math.min(3, length), length])];
      const fn: Fn = ({ x }) =>
        Object.fromEntries(
          ks.flatMap((k) => {
            const { values, indices } = tf.topk(x, k);
            return [
              [`values${k}`, values],
              [`indices${k}`, indices],
            ];
          }),
        );
      const orders = all.map((row) => {
        const rank = (x: number) => (Number.isNaN(x) ? 2 : x === I ? 1 : 0);
        return row
          .map((_, i) => i)
          .sort(
            (i, j) => rank(row[j]) - rank(row[i]) || (rank(row[i]) === 0 ? row[j] - row[i] || 0 : 0) || i - j,
          );
      });
      await everywhere(fn, { x: { data, shape: [all.length, length] } }, (got, backend) => {
        for (const k of ks) {
          const expected = orders.flatMap((order) => order.slice(0, k));
          expect(numbers(got[`indices${k}`]), `${backend}, k = ${k}`).toEqual(expected);
          const values = orders.flatMap((order, i) =>
            order.slice(0, k).map((j) => Math.fround(all[i][j]) + 0),
          );
          expect(numbers(got[`values${k}`]), `${backend}, k = ${k}`).toEqual(values);
        }
      });
    },
  );

  it('of nothing are what they are where the operand is an input, also where it was computed', async () => {
    const compiled = engines.filter(({ backend }) => backend !== 'cpu' && backend !== 'eager');
    const of = (x: tf.Tensor) => ({
      max: tf.max(x, 1),
      min: tf.min(x, 1),
      sum: tf.sum(x, 1),
      prod: tf.prod(x, 1),
      mean: tf.mean(x, 1),
      logSumExp: tf.logSumExp(x, 1),
    });
    for (const engine of compiled) {
      const fn = engine.compile<Tensors, Record<string, Record<string, tf.Tensor>>>('nothing', ({ x }) => ({
        given: of(x),
        computed: of(tf.add(x, 1)),
        constant: of(tf.zeros([2, 0])),
      }));
      const got = (await fn({ x: floats([], [2, 0]) })) as unknown as Record<string, Inputs>;
      for (const [key, all] of Object.entries(got)) {
        const found = Object.entries(all).map(([name, value]) => [name, numbers(value)]);
        expect(Object.fromEntries(found), `${engine.backend} ${key}`).toEqual({
          ...{ max: [-I, -I], min: [I, I], sum: [0, 0], prod: [1, 1] },
          ...{ mean: [N, N], logSumExp: [-I, -I] },
        });
      }
    }
  });

  it('softmax and logSumExp of NaN are NaN', async () => {
    const x = floats([1, N, 2, 1, 2, 3], [2, 3]);
    const fn: Fn = ({ x }) => ({ softmax: tf.softmax(x), sum: tf.logSumExp(x, 1) });
    await everywhere(fn, { x }, ({ softmax, sum }, backend) => {
      expect(Array.from(softmax.data, Number.isNaN), backend).toEqual([
        true,
        true,
        true,
        false,
        false,
        false,
      ]);
      expect(Array.from(sum.data, Number.isNaN), backend).toEqual([true, false]);
    });
  });
});

describe('indices', () => {
  const x = floats([10, 11, 12, 13]);
  const bad = [-1, -5, 4, 2 ** 31 - 1, -(2 ** 31)];
  const readers: Record<string, (all: Tensors) => tf.Tensor> = {
    gather: ({ x, i }) => tf.gather(x, i as tf.Tensor1D),
    gatherScalar: ({ x, i }) => tf.gather(x, tf.squeeze(i) as tf.Scalar),
    gatherRows: ({ x, i }) => tf.gather(tf.reshape(x, [4, 1]), i as tf.Tensor1D),
    gatherColumns: ({ x, i }) => tf.gather(tf.reshape(x, [1, 4]), i as tf.Tensor1D, 1),
    gatherInBatch: ({ x, i }) => tf.gather(tf.reshape(x, [1, 4]), tf.reshape(i, [1, 1]) as tf.Tensor2D, 1, 1),
    gatherND: ({ x, i }) => tf.gatherND(x, tf.reshape(i, [1, 1])),
    gatherPairs: ({ x, i }) =>
      tf.gatherND(tf.reshape(x, [4, 1]), tf.reshape(tf.stack([i, tf.zerosLike(i)]), [1, 2])),
    scatterND: ({ i }) => tf.scatterND(tf.reshape(i, [1, 1]), tf.ones([1]), [4]),
    tensorScatterUpdate: ({ x, i }) => tf.tensorScatterUpdate(x, tf.reshape(i, [1, 1]), tf.ones([1])),
  };

  it.each(Object.entries(readers))('%s fails out of range, and goes on afterwards', async (_, op) => {
    for (const engine of engines) {
      const compiled = engine.compile<Tensors, Tensors>('outside', (all) => ({ y: op(all) }));
      const at = (index: number) => compiled({ x: { ...x, data: x.data.slice() }, i: ints([index]) });
      const before = numbers((await at(3)).y);
      for (const index of bad) {
        await expect(at(index), `${engine.backend} at ${index}`).rejects.toThrow(
          /index is out of range|is not in \[0, 3\]|Invalid indices/,
        );
      }
      expect(numbers((await at(3)).y), engine.backend).toEqual(before);
      await compiled.dispose();
    }
  });

  it('of an axis without elements are all out of range, and nothing is read', async () => {
    const inputs = { x: floats([], [0, 3]), i: ints([0, 1]), pairs: ints([0, 1, 0, 2], [2, 2]) };
    const fns: Fn[] = [
      ({ x, i }) => ({ y: tf.gather(x, i as tf.Tensor1D) }),
      ({ x, pairs }) => ({ y: tf.gatherND(x, pairs) }),
    ];
    for (const engine of engines) {
      for (const fn of fns) {
        const compiled = engine.compile<Tensors, Tensors>('nowhere', fn);
        await expect(compiled(inputs), engine.backend).rejects.toThrow(
          /index is out of range|is not in \[0, -1\]|input is empty/,
        );
        await compiled.dispose();
      }
    }
  });

  it('constant ones fail while tracing, with the line', async () => {
    const wrong: Fn[] = [
      ({ x }) => ({ y: tf.gather(x, tf.tensor1d([0, 4], 'int32')) }),
      ({ x }) => ({ y: tf.gather(x, tf.tensor1d([-1], 'int32')) }),
      ({ x }) => ({ y: tf.gatherND(x, tf.tensor2d([[4]], [1, 1], 'int32')) }),
      ({ x }) => ({ y: tf.scatterND(tf.tensor2d([[-1]], [1, 1], 'int32'), tf.slice(x, 0, 1), [4]) }),
    ];
    for (const fn of wrong) {
      const compiled = createEngine({ backend: 'wasm' }).compile<Tensors, Tensors>('constant', fn);
      await expect(compiled({ x })).rejects.toThrow(
        /the index (?:4|-1) is not in \[0, 3\] at .*edges\.test\.ts:\d+/,
      );
    }
  });

  it('of segments keep NaN and infinity to their own, also in the gradient of gather', async () => {
    const fn: Fn = ({ values, ids, x }) => ({
      sums: tf.unsortedSegmentSum(values, ids as tf.Tensor1D, 4),
      rows: tf.unsortedSegmentSum(tf.reshape(values, [4, 1]), ids as tf.Tensor1D, 4),
      gradient: tf.grad((v: tf.Tensor) => tf.sum(tf.mul(tf.gather(v, ids as tf.Tensor1D), values)))(x),
      whole: tf.unsortedSegmentSum(ids, ids as tf.Tensor1D, 4),
    });
    const inputs = { values: floats([1, N, I, 4]), ids: ints([0, 1, 2, 0]), x: floats([0, 0, 0, 0]) };
    await everywhere(fn, inputs, ({ sums, rows, gradient, whole }, backend) => {
      for (const each of [sums, rows, gradient]) expect(numbers(each), backend).toEqual([5, N, I, 0]);
      expect(numbers(whole), backend).toEqual([0, 1, 2, 0]);
    });
  });

  it('of no segment are left out of sums, and of no class out of one-hot codes', async () => {
    const ids = ints([0, -1, 3, 4, 0, 2 ** 31 - 1, -(2 ** 31), 2]);
    const values = floats([1, 2, 3, 4, 5, 6, 7, 8]);
    const fn: Fn = ({ values, ids }) => ({
      sums: tf.unsortedSegmentSum(values, ids as tf.Tensor1D, 4),
      rows: tf.unsortedSegmentSum(tf.stack([values, values], 1), ids as tf.Tensor1D, 4),
      codes: tf.cast(tf.oneHot(ids as tf.Tensor1D, 4), 'int32'),
      constant: tf.unsortedSegmentSum(values, tf.tensor1d([0, -1, 3, 4, 0, 9, -9, 2], 'int32'), 4),
    });
    await everywhere(fn, { values, ids }, ({ sums, rows, codes, constant }, backend) => {
      expect(numbers(sums), backend).toEqual([6, 0, 8, 3]);
      expect(numbers(rows), backend).toEqual([6, 6, 0, 0, 8, 8, 3, 3]);
      expect(numbers(constant), backend).toEqual([6, 0, 8, 3]);
      const code = (i: number) => [0, 1, 2, 3].map((j) => (j === i ? 1 : 0));
      expect(numbers(codes), backend).toEqual([0, -1, 3, 4, 0, 9, -9, 2].flatMap(code));
    });
  });
});

describe('einsum', () => {
  const [a, b] = [floats(new Array(6).fill(1), [2, 3]), floats(new Array(12).fill(1), [3, 4])];
  it.each([
    ['ij,jk', "'ij,jk' names no result: write 'ij,jk->ik'"],
    ['ba,ac', "'ba,ac' names no result: write 'ba,ac->bc'"],
    ['ij,jk->i->k', "'ij,jk->i->k' has more than one '->'"],
    ['ij,jk->iz', "'ij,jk->iz': no operand has an axis 'z'"],
    ['ij->i', "'ij->i' is for 1 operand, there are 2"],
    ['ijk,jk->i', "'ijk,jk->i' labels 3 axes of operand 1, which has 2: [2,3]"],
    ['...j,jk->k', "'...j,jk->k' has '.': label every axis with a letter"],
    ['ij,jk->ii', "'ij,jk->ii' has 'i' twice in its result"],
  ])('%s says what is wrong', async (equation, message) => {
    for (const engine of engines) {
      const compiled = engine.compile<Tensors, Tensors>('sums', ({ a, b }) => ({
        y: tf.einsum(equation, a, b),
      }));
      await expect(compiled({ a, b }), engine.backend).rejects.toThrow(message);
    }
  });

  it('may have spaces', async () => {
    await everywhere(
      ({ a, b }) => ({ y: tf.einsum(' ij , jk -> ki', a, b) }),
      { a, b },
      ({ y }, backend) => {
        expect([y.shape, numbers(y)], backend).toEqual([[4, 2], new Array(8).fill(3)]);
      },
    );
  });

  it('sums labels that one operand has alone, also where the result has none', async () => {
    const [m, v, u] = [floats([1, 2, 3, 4, 5, 6], [2, 3]), floats([1, 10]), floats([1, 2, 3, 4])];
    const fn: Fn = ({ m, v, u }) => ({
      rows: tf.einsum('ij,i->i', m, v),
      spread: tf.einsum('ij,k->ik', m, u),
      number: tf.einsum('i,k->', v, u),
      three: tf.einsum('ij,k,i->k', m, u, v),
      gradient: tf.grad((x: tf.Tensor) => tf.sum(tf.einsum('ij,k->ik', x, u)))(m),
    });
    await everywhere(fn, { m, v, u }, (got, backend) => {
      const found = Object.entries(got).map(([key, value]) => [key, [value.shape, numbers(value)]]);
      expect(Object.fromEntries(found), backend).toEqual({
        rows: [[2], [6, 150]],
        spread: [
          [2, 4],
          [6, 12, 18, 24, 15, 30, 45, 60],
        ],
        number: [[], [110]],
        three: [[4], [156, 312, 468, 624]],
        gradient: [[2, 3], new Array(6).fill(10)],
      });
    });
  });

  it('of a label of length 0 sums nothing', async () => {
    const inputs = { x: floats([], [3, 0]), y: floats([], [2, 0]), z: floats([], [0, 3]) };
    const fn: Fn = ({ x, y, z }) => ({
      rows: tf.einsum('ij->i', x),
      number: tf.einsum('ij->', tf.add(x, 1)),
      product: tf.einsum('ij,jk->ik', y, z),
      three: tf.einsum('ij,jk,lk->il', y, z, tf.reshape(x, [0, 3])),
      batch: tf.einsum('ij,ij->i', y, y),
    });
    await everywhere(fn, inputs, (got, backend) => {
      const found = Object.entries(got).map(([key, { shape, data }]) => [key, [shape, [...data]]]);
      const zeros = (...shape: number[]) => [shape, new Array(shape.reduce((n, m) => n * m, 1)).fill(0)];
      expect(Object.fromEntries(found), backend).toEqual({
        rows: zeros(3),
        number: zeros(),
        product: zeros(2, 3),
        three: zeros(2, 0),
        batch: zeros(2),
      });
    });
  });
});

it('a gradient passes through parts of a tensor of whole numbers, of which one is not used', async () => {
  const fn: Fn = ({ x }) => ({
    split: tf.grad((v: tf.Tensor) => tf.sum(tf.mul(tf.split(tf.cast(v, 'int32'), 2)[0], 2.5)))(x),
    unstack: tf.grad((v: tf.Tensor) => tf.sum(tf.mul(tf.unstack(tf.cast(v, 'int32'))[3], 2.5)))(x),
  });
  await everywhere(fn, { x: floats([1, 2, 3, 4]) }, ({ split, unstack }, backend) => {
    expect(numbers(split), backend).toEqual([2.5, 2.5, 0, 0]);
    expect(numbers(unstack), backend).toEqual([0, 0, 0, 2.5]);
  });
});
