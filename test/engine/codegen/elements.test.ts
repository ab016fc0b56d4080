import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { NdArray } from '../../../engine/types.ts';
import { type Inputs, type Tensors, uniform } from '../compare.ts';
import {
  Dice,
  eagerly,
  type Fn,
  floats,
  onEachGenerator,
  run,
  spread,
  suiteEngine,
  type Tensor,
  ulps,
} from './support.ts';

const sizes = [1, 15, 16, 17, 33, 1000];
const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  2 ** -126,
  -(2 ** -126),
  1e-30,
  -1e-30,
  3.4e38,
  -3.4e38,
  16777217,
  88.5,
  -88.5,
  104,
  -104,
  1 - 2 ** -24,
  1 + 2 ** -23,
];

/** Copies of the operand with every length around that of a vector, and what the function makes of them. */
async function everySize(op: (x: Tensor) => Tensor, x: Float32Array): Promise<Float32Array> {
  const inputs: Inputs = { all: floats(x) };
  for (const n of sizes) inputs[`x${n}`] = floats(x.subarray(0, n));
  const fn: Fn = (all) => Object.fromEntries(Object.entries(all).map(([key, value]) => [key, op(value)]));
  const results = await run(suiteEngine(), fn, inputs);
  const whole = results.all.data as Float32Array;
  for (const n of sizes) {
    expect(results[`x${n}`].data, `${n} elements`).toEqual(whole.slice(0, Math.min(n, x.length)));
  }
  return whole.slice();
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** By its series, and far out by its continued fraction (Abramowitz and Stegun 7.1.5, 7.1.14). */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 2.5) {
    let [term, sum] = [size, size];
    for (let n = 1; n < 100; n++) {
      term *= -(size * size) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (size + fraction);
  const rest = Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction);
  return Math.sign(x) * (size === Number.POSITIVE_INFINITY ? 1 : 1 - rest);
}

function halfToEven(x: number): number {
  const low = Math.floor(x);
  if (Object.is(x, -0)) return x;
  if (x - low !== 0.5) return Math.abs(x) < 2 ** 30 ? Math.floor(x + 0.5) : x;
  return low % 2 === 0 ? low : low + 1;
}

const all = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
type Unary = readonly [
  op: (x: Tensor) => Tensor,
  exact: (x: number) => number,
  low: number,
  high: number,
  /** Units of the last place. */
  limit: number,
];

/** The largest error seen on these numbers, rounded up to a tenth; sums and quotients of one rounding have ½. */
const unary: Readonly<Record<string, Unary>> = {
  abs: [tf.abs, Math.abs, ...all, 0],
  neg: [tf.neg, (x) => -x, ...all, 0],
  ceil: [tf.ceil, Math.ceil, ...all, 0],
  floor: [tf.floor, Math.floor, ...all, 0],
  round: [tf.round, halfToEven, ...all, 0],
  sign: [tf.sign, Math.sign, ...all, 0],
  relu: [tf.relu, (x) => (x > 0 || Number.isNaN(x) ? x : 0), ...all, 0],
  relu6: [tf.relu6, (x) => Math.min(6, Math.max(0, x)), ...all, 0],
  clip: [(x) => tf.clipByValue(x, -0.5, 3), (x) => Math.min(3, Math.max(-0.5, x)), ...all, 0],
  leakyRelu: [(x) => tf.leakyRelu(x, 0.25), (x) => (x < 0 ? x / 4 : x), ...all, 0],
  selu: [tf.selu, (x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x), ...all, 2],
  elu: [tf.elu, (x) => (x < 0 ? Math.expm1(x) : x), ...all, 1.3],
  step: [(x) => tf.step(x), (x) => (x > 0 ? 1 : Number.isNaN(x) ? x : 0), ...all, 0],
  mask: [(x) => tf.cast(tf.greater(x, 0), 'float32'), (x) => (x > 0 ? 1 : 0), ...all, 0],
  sqrt: [tf.sqrt, Math.sqrt, ...all, 0.5],
  square: [tf.square, (x) => x * x, ...all, 0.5],
  reciprocal: [tf.reciprocal, (x) => 1 / x, ...all, 0.5],
  rsqrt: [tf.rsqrt, (x) => 1 / Math.sqrt(x), 0, all[1], 1.5],
  exp: [tf.exp, Math.exp, ...all, 1],
  expm1: [tf.expm1, Math.expm1, ...all, 2.3],
  log: [tf.log, Math.log, ...all, 1],
  log1p: [tf.log1p, Math.log1p, ...all, 2.3],
  sigmoid: [tf.sigmoid, sigmoid, ...all, 2],
  softplus: [tf.softplus, softplus, ...all, 1.8],
  logSigmoid: [tf.logSigmoid, (x) => -softplus(-x), ...all, 1.8],
  tanh: [tf.tanh, Math.tanh, ...all, 1.5],
  atanh: [tf.atanh, Math.atanh, ...all, 1.4],
  sin: [tf.sin, Math.sin, -1e5, 1e5, 1.5],
  cos: [tf.cos, Math.cos, -1e5, 1e5, 1.5],
  // Functions of the C library, as it documents itself.
  tan: [tf.tan, Math.tan, ...all, 2],
  asin: [tf.asin, Math.asin, ...all, 2],
  acos: [tf.acos, Math.acos, ...all, 2],
  atan: [tf.atan, Math.atan, ...all, 2],
  sinh: [tf.sinh, Math.sinh, ...all, 2],
  cosh: [tf.cosh, Math.cosh, ...all, 2],
  asinh: [tf.asinh, Math.asinh, ...all, 2],
  acosh: [tf.acosh, Math.acosh, ...all, 2],
  erf: [tf.erf, erf, ...all, 2],
};

onEachGenerator('functions of one number', (backend) => {
  const numbers = (low: number, high: number) => {
    const most = Math.min(high, 3.4e38);
    const least = Math.max(low, -3.4e38);
    return Float32Array.from(
      [
        ...special,
        ...spread(Math.max(least, -2), Math.min(most, 2), 3000),
        ...spread(Math.max(least, -120), Math.min(most, 120), 3000),
        ...spread(least, most, 1000),
      ].filter((x) => Number.isNaN(x) || (x >= low && x <= high)),
    );
  };

  it.each(Object.entries(unary))('%s', async (_, [op, exact, low, high, limit]) => {
    const x = numbers(low, high);
    const y = await everySize(op, x);
    let [worst, place] = [-1, 0];
    x.forEach((value, i) => {
      const error = ulps(y[i], exact(value));
      if (error > worst) [worst, place] = [error, i];
    });
    const message = `${y[place]} at ${x[place]}, not ${exact(x[place])}: ${worst} units of the last place`;
    expect(worst, message).toBeLessThanOrEqual(limit);
  });

  it('gelu, whose argument of exp is rounded', async () => {
    const slope = 2 * Math.sqrt(2 / Math.PI);
    const inner = (x: number) => x * (slope + slope * 0.044715 * x * x);
    const op = (x: Tensor) =>
      tf.mul(x, tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), slope * 0.044715), slope))));
    const x = Float32Array.from([...spread(-9, 30, 6000), 0, 1e20, -1e20, Number.POSITIVE_INFINITY]);
    const y = await everySize(op, x);
    x.forEach((value, i) => {
      const exact = value === Number.POSITIVE_INFINITY ? value : value * sigmoid(inner(value));
      // The argument has four roundings, which exp multiplies by its size.
      const limit = 2 + 2 * Math.min(90, Math.abs(inner(value)));
      const error = ulps(y[i], exact);
      if (!(error <= limit)) throw new Error(`${y[i]} at ${value}, not ${exact}: ${error} ulp`);
    });
    expect(await everySize(op, Float32Array.of(Number.NaN))).toEqual(Float32Array.of(Number.NaN));
  });

  const keepsSign = async (name: string) => {
    const zeros = Float32Array.of(0, -0);
    const [op, exact] = unary[name];
    const isNegative = (x: number) => Object.is(x, -0);
    expect([...(await everySize(op, zeros))].map(isNegative)).toEqual([...zeros].map(exact).map(isNegative));
  };
  const odd = [
    'tanh',
    'sin',
    'neg',
    'ceil',
    'floor',
    'round',
    'sign',
    'atanh',
    'sqrt',
    'expm1',
    'log1p',
    'tan',
    'asin',
  ];
  it.each([...odd, 'atan', 'sinh', 'asinh', 'erf'])('%s keeps the sign of zero', keepsSign);

  it('sin and cos of what is no angle', async () => {
    for (const op of [tf.sin, tf.cos]) {
      const y = await everySize(op, Float32Array.of(Infinity, -Infinity, Number.NaN));
      expect([...y].every(Number.isNaN)).toBe(true);
    }
  });

  // Whole turns are taken off in parts of π/2, in machine code floats and in WebAssembly doubles: from about 10⁶ and
  // 10⁹ on there are too many, and from 10¹⁰ on what is left is no angle at all in machine code.
  const mostTurned = backend === 'native' ? 1e6 : 1e9;
  describe.each([2e6, 1e7, 1e10, 1e20, 3e38])('angles up to %d', (size) => {
    const test = size > mostTurned ? it.fails : it;
    test('have a sin and a cos', async () => {
      const x = Float32Array.from(
        { length: 500 },
        (_, i) => size * (0.5 + i / 1000) * (i % 2 === 0 ? 1 : -1),
      );
      for (const [op, exact] of [
        [tf.sin, Math.sin],
        [tf.cos, Math.cos],
      ] as const) {
        const y = await everySize(op, x);
        x.forEach((value, i) => {
          if (!(Math.abs(y[i] - exact(value)) < 2e-7)) throw new Error(`${y[i]} at ${value}`);
        });
      }
    });
  });
});

type Binary = readonly [
  op: (a: Tensor, b: Tensor) => Tensor,
  exact: (a: number, b: number) => number,
  limit: number,
];
const truth = (yes: boolean) => (yes ? 1 : 0);
const asFloat = (op: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor) =>
  tf.cast(op(a, b), 'float32');

const binary: Readonly<Record<string, Binary>> = {
  add: [tf.add, (a, b) => a + b, 0.5],
  sub: [tf.sub, (a, b) => a - b, 0.5],
  mul: [tf.mul, (a, b) => a * b, 0.5],
  div: [tf.div, (a, b) => a / b, 0.5],
  maximum: [tf.maximum, Math.max, 0],
  minimum: [tf.minimum, Math.min, 0],
  less: [asFloat(tf.less), (a, b) => truth(a < b), 0],
  lessEqual: [asFloat(tf.lessEqual), (a, b) => truth(a <= b), 0],
  greater: [asFloat(tf.greater), (a, b) => truth(a > b), 0],
  greaterEqual: [asFloat(tf.greaterEqual), (a, b) => truth(a >= b), 0],
  equal: [asFloat(tf.equal), (a, b) => truth(a === b), 0],
  notEqual: [asFloat(tf.notEqual), (a, b) => truth(a !== b), 0],
  where: [(a, b) => tf.where(tf.less(a, b), a, b), (a, b) => (a < b ? a : b), 0],
  whereNot: [
    (a, b) => tf.where(tf.logicalNot(tf.greaterEqual(a, b)), tf.zerosLike(a), b),
    (a, b) => (a >= b ? b : 0),
    0,
  ],
};

onEachGenerator('functions of two numbers', () => {
  const dice = new Dice(1);
  const pairs = [
    ...special.flatMap((a) => special.map((b) => [a, b])),
    ...Array.from({ length: 1000 }, () =>
      [0, 0].map(() => dice.between(-2, 2) * 2 ** Math.floor(dice.between(-60, 60))),
    ),
    ...Array.from({ length: 600 }, () => [dice.between(-2, 2), dice.between(-2, 2)]),
    ...Array.from({ length: 100 }, () => {
      const a = dice.between(-2, 2);
      return [a, a];
    }),
  ];
  const [a, b] = [0, 1].map((i) => Float32Array.from(pairs, (pair) => pair[i]));

  it.each(Object.entries(binary))('%s', async (name, [op, exact, limit]) => {
    for (const n of [...sizes, a.length]) {
      const from = n === a.length ? 0 : 8;
      const [x, y] = [a.subarray(from, from + n), b.subarray(from, from + n)];
      const inputs = { a: floats(x), b: floats(y) };
      const { c } = await run(suiteEngine(), (t) => ({ c: op(t.a, t.b) }), inputs);
      for (let i = 0; i < n; i++) {
        const error = ulps(c.data[i], exact(x[i], y[i]));
        if (!(error <= limit)) {
          throw new Error(`${name}(${x[i]}, ${y[i]}) is ${c.data[i]}, not ${exact(x[i], y[i])} (${n}, ${i})`);
        }
      }
    }
  });

  it.each(Object.entries(binary))('%s with a number on either side', async (name, [op, exact, limit]) => {
    for (const number of [0, -1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const fn: Fn = ({ x }) => {
        const fixed = tf.fill([x.size], number);
        return { left: op(fixed, x), right: op(x, fixed) };
      };
      const { left, right } = await run(suiteEngine(), fn, { x: floats(a) });
      a.forEach((value, i) => {
        for (const [got, wanted] of [
          [left.data[i], exact(number, value)],
          [right.data[i], exact(value, number)],
        ]) {
          const error = ulps(got, wanted);
          if (!(error <= limit))
            throw new Error(`${name} of ${number} and ${value} is ${got}, not ${wanted}`);
        }
      });
    }
  });

  it('powers', async () => {
    const x = Float32Array.from({ length: 400 }, (_, i) => 0.01 + i / 50);
    const y = Float32Array.from({ length: 400 }, (_, i) => ((i * 37) % 100) / 20 - 2.5);
    const fn: Fn = (t) => ({ z: tf.pow(t.x, t.y), half: tf.pow(t.x, 0.5), cube: tf.pow(tf.neg(t.x), 3) });
    const { z, half, cube } = await run(suiteEngine(), fn, { x: floats(x), y: floats(y) });
    x.forEach((value, i) => {
      expect(ulps(z.data[i], value ** y[i])).toBeLessThanOrEqual(1);
      expect(ulps(half.data[i], value ** 0.5)).toBeLessThanOrEqual(1);
      expect(ulps(cube.data[i], (-value) ** 3)).toBeLessThanOrEqual(1);
    });
  });
});

onEachGenerator('casts, bools and whole numbers', () => {
  const whole = Int32Array.of(
    0,
    1,
    -1,
    2,
    7,
    -8,
    1000,
    2 ** 24 + 1,
    -(2 ** 24) - 1,
    2 ** 31 - 1,
    -(2 ** 31),
    65536,
    46341,
  );
  const a = Int32Array.from([...whole].flatMap((x) => [...whole].map(() => x)));
  const b = Int32Array.from([...whole].flatMap(() => [...whole]));
  const ints = (data: Int32Array): NdArray => ({ data, shape: [data.length] });
  const asInt = (op: (a: Tensor, b: Tensor) => Tensor) => (x: Tensor, y: Tensor) =>
    tf.cast(op(x, y), 'int32');
  const operations: Record<string, [(a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number]> = {
    add: [tf.add, (x, y) => (x + y) | 0],
    sub: [tf.sub, (x, y) => (x - y) | 0],
    mul: [tf.mul, Math.imul],
    maximum: [tf.maximum, Math.max],
    minimum: [tf.minimum, Math.min],
    less: [asInt(tf.less), (x, y) => truth(x < y)],
    lessEqual: [asInt(tf.lessEqual), (x, y) => truth(x <= y)],
    greater: [asInt(tf.greater), (x, y) => truth(x > y)],
    greaterEqual: [asInt(tf.greaterEqual), (x, y) => truth(x >= y)],
    equal: [asInt(tf.equal), (x, y) => truth(x === y)],
    notEqual: [asInt(tf.notEqual), (x, y) => truth(x !== y)],
    abs: [(x) => tf.abs(x), (x) => Math.abs(x) | 0],
    neg: [(x) => tf.neg(x), (x) => -x | 0],
    where: [(x, y) => tf.where(tf.less(x, y), y, tf.neg(x)), (x, y) => (x < y ? y : -x | 0)],
  };

  it.each(Object.entries(operations))('%s of whole numbers', async (name, [op, exact]) => {
    for (const n of [1, 15, 16, 17, 33, a.length]) {
      const [x, y] = [a.subarray(a.length - n), b.subarray(b.length - n)];
      const { c } = await run(suiteEngine(), (t) => ({ c: op(t.x, t.y) }), { x: ints(x), y: ints(y) });
      expect(c.data, `${name} of ${n}`).toEqual(Int32Array.from(x, (value, i) => exact(value, y[i])));
    }
  });

  it('quotients and remainders of whole numbers', async () => {
    const pairs = [...a.keys()].filter((i) => b[i] !== 0 && !(a[i] === -(2 ** 31) && b[i] === -1));
    const [x, y] = [a, b].map((all) => Int32Array.from(pairs, (i) => all[i]));
    const fn: Fn = (t) => ({ quotient: tf.floorDiv(t.x, t.y), rest: tf.mod(t.x, t.y) });
    const { quotient, rest } = await run(suiteEngine(), fn, { x: ints(x), y: ints(y) });
    x.forEach((value, i) => {
      const floor = Math.floor(value / y[i]) + 0;
      expect([quotient.data[i], rest.data[i]], `${value} by ${y[i]}`).toEqual([
        floor,
        value - floor * y[i] + 0,
      ]);
    });
  });

  it('casts', async () => {
    const x = Float32Array.of(0, -0, 0.99, -0.99, 1.5, -1.5, 2.5, 1e6, -16777216, 2147483520, -2147483648);
    const fn: Fn = (t) => ({
      toInt: tf.cast(t.x, 'int32'),
      toFloat: tf.cast(t.n, 'float32'),
      floatBool: tf.cast(tf.cast(t.x, 'bool'), 'float32'),
      intBool: tf.cast(tf.cast(t.n, 'bool'), 'int32'),
    });
    const { toInt, toFloat, floatBool, intBool } = await run(suiteEngine(), fn, {
      x: floats(x),
      n: ints(whole),
    });
    expect([...toInt.data]).toEqual([...x].map((value) => Math.trunc(value) + 0));
    expect([...toFloat.data]).toEqual([...whole].map(Math.fround));
    expect([...floatBool.data]).toEqual([...x].map((value) => truth(value !== 0)));
    expect([...intBool.data]).toEqual([...whole].map((value) => truth(value !== 0)));
    const odd = Float32Array.of(Number.NaN, Infinity, -Infinity);
    const { bools } = await run(suiteEngine(), (t) => ({ bools: tf.cast(tf.cast(t.x, 'bool'), 'int32') }), {
      x: floats(odd),
    });
    expect([...bools.data]).toEqual([1, 1, 1]);
  });

  it('bools', async () => {
    const x = floats([0, 0, 1, 1, 2, -3]);
    const y = floats([0, 1, 0, 1, 0, 5]);
    const fn: Fn = (t) => {
      const [p, q] = [tf.cast(t.x, 'bool'), tf.cast(t.y, 'bool')];
      const result: Tensors = {
        and: tf.logicalAnd(p, q),
        or: tf.logicalOr(p, q),
        xor: tf.logicalXor(p, q),
        not: tf.logicalNot(p),
        equal: tf.equal(p, q),
        where: tf.where(p, q, tf.logicalNot(q)),
        any: tf.any(p),
        all: tf.all(q),
        sum: tf.sum(tf.cast(p, 'int32')),
        nan: tf.isNaN(tf.div(t.x, t.y)),
        infinite: tf.isInf(tf.div(t.x, t.y)),
        finite: tf.isFinite(tf.div(t.x, t.y)),
      };
      return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, tf.cast(value, 'int32')]));
    };
    const got = await run(suiteEngine(), fn, { x, y });
    expect(Object.fromEntries(Object.entries(got).map(([key, { data }]) => [key, [...data]]))).toEqual({
      and: [0, 0, 0, 1, 0, 1],
      or: [0, 1, 1, 1, 1, 1],
      xor: [0, 1, 1, 0, 1, 0],
      not: [1, 1, 0, 0, 0, 0],
      equal: [1, 0, 0, 1, 0, 1],
      where: [1, 0, 0, 1, 0, 1],
      any: [1],
      all: [0],
      sum: [4],
      nan: [1, 0, 0, 0, 0, 0],
      infinite: [0, 0, 1, 0, 1, 0],
      finite: [0, 1, 0, 1, 0, 1],
    });
  });

  it('numbers that are not known to fit 32 bits', async () => {
    const x = floats([Number.NaN, 3e9, -3e9, Infinity, 4294967296, -Infinity]);
    const fn: Fn = (t) => ({ n: tf.cast(t.x, 'int32') });
    const { n } = await run(suiteEngine(), fn, { x });
    const [least, most] = [-(2 ** 31), 2 ** 31 - 1];
    expect([...n.data]).toEqual([0, most, least, most, most, least]);
  });

  it('reductions', async () => {
    for (const shape of [[5], [16], [17], [100], [3, 7], [40, 33], [2, 9, 20]]) {
      const x = uniform(shape.length + shape[0], shape, -1, 1);
      const n = { data: Int32Array.from(x.data, (value) => Math.round(9 * value)), shape };
      const fn: Fn = (t) => {
        const result: Tensors = {};
        for (let axis = -1; axis < shape.length; axis++) {
          const along = axis < 0 ? undefined : [axis];
          for (const [name, op] of Object.entries({
            sum: tf.sum,
            max: tf.max,
            min: tf.min,
            mean: tf.mean,
            prod: tf.prod,
          })) {
            result[`${name}${axis}`] = op(t.x, along);
            if (name !== 'mean' && name !== 'prod') result[`n${name}${axis}`] = op(t.n, along);
          }
          if (axis >= 0 && shape[axis] <= 64) {
            result[`argMax${axis}`] = tf.argMax(t.n, axis);
            result[`argMin${axis}`] = tf.argMin(t.x, axis);
            if (axis === shape.length - 1) result[`softmax${axis}`] = tf.softmax(t.x, axis);
          }
        }
        return result;
      };
      const got = await run(suiteEngine(), fn, { x, n });
      const expected = await eagerly(fn, { x, n });
      for (const key of Object.keys(expected)) {
        const [g, e] = [got[key], expected[key]];
        expect(g.shape, key).toEqual(e.shape);
        const exact = /^n|max|min|arg/i.test(key) && !key.startsWith('softmax') && !key.startsWith('mean');
        e.data.forEach((value: number, i: number) => {
          const limit = exact
            ? 0
            : 1e-5 * Math.max(1e-3, Math.abs(value)) + (key.startsWith('sum') ? 4e-6 : 1e-9);
          if (!(Math.abs(g.data[i] - value) <= limit)) {
            throw new Error(`${key} of [${shape}] at ${i} is ${g.data[i]}, not ${value}`);
          }
        });
      }
    }
  });

  it('extremes and sums of NaN and infinities', async () => {
    for (const n of [3, 8, 9, 16, 20, 70]) {
      for (const odd of [Number.NaN, Infinity, -Infinity]) {
        for (const place of [0, 1, n - 1]) {
          const x = Float32Array.from({ length: n }, (_, i) => (i === place ? odd : i / 7 - 1));
          const fn: Fn = (t) => ({
            max: tf.max(t.x),
            min: tf.min(t.x),
            sum: tf.sum(t.x),
            columns: tf.max(tf.reshape(t.x, [n, 1]), 0),
            rows: tf.min(tf.stack([t.x, t.x, tf.abs(t.x)]), 1),
          });
          const got = await run(suiteEngine(), fn, { x: floats(x) });
          expect([...got.max.data], `${n} ${odd} ${place}`).toEqual([Math.fround(Math.max(...x))]);
          expect([...got.min.data]).toEqual([Math.fround(Math.min(...x))]);
          expect([...got.columns.data]).toEqual([...got.max.data]);
          expect(got.rows.data[1]).toEqual(Math.fround(Math.min(...x)));
          if (Number.isNaN(odd)) expect(got.sum.data[0]).toBeNaN();
          else expect(got.sum.data[0]).toBe(odd);
        }
      }
    }
  });
});
