import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { bools, expectGradient, expectSame, integers, type Tensors, uniform } from './compare.ts';

type Unary = (x: tf.Tensor) => tf.Tensor;

/** Each operation and the interval of operands on which it is defined. */
const unary: Record<string, [Unary, number, number]> = {
  abs: [tf.abs, -2, 2],
  acos: [tf.acos, -0.9, 0.9],
  acosh: [tf.acosh, 1.1, 4],
  asin: [tf.asin, -0.9, 0.9],
  asinh: [tf.asinh, -2, 2],
  atan: [tf.atan, -2, 2],
  atanh: [tf.atanh, -0.9, 0.9],
  ceil: [tf.ceil, -3, 3],
  clipByValue: [(x) => tf.clipByValue(x, -0.5, 1), -2, 2],
  cos: [tf.cos, -4, 4],
  cosh: [tf.cosh, -2, 2],
  elu: [tf.elu, -2, 2],
  erf: [tf.erf, -2, 2],
  exp: [tf.exp, -4, 4],
  expm1: [tf.expm1, -2, 2],
  floor: [tf.floor, -3, 3],
  isFinite: [tf.isFinite, -1, 1],
  isNaN: [tf.isNaN, -1, 1],
  leakyRelu: [(x) => tf.leakyRelu(x, 0.1), -2, 2],
  log: [tf.log, 0.1, 5],
  log1p: [tf.log1p, -0.9, 3],
  logSigmoid: [tf.logSigmoid, -4, 4],
  neg: [tf.neg, -2, 2],
  prelu: [(x) => tf.prelu(x, tf.scalar(0.3)), -2, 2],
  reciprocal: [tf.reciprocal, 0.5, 2],
  relu: [tf.relu, -2, 2],
  relu6: [tf.relu6, -2, 9],
  round: [tf.round, -3, 3],
  rsqrt: [tf.rsqrt, 0.2, 4],
  selu: [tf.selu, -2, 2],
  sigmoid: [tf.sigmoid, -4, 4],
  sign: [tf.sign, -2, 2],
  sin: [tf.sin, -4, 4],
  sinh: [tf.sinh, -2, 2],
  softplus: [tf.softplus, -4, 4],
  sqrt: [tf.sqrt, 0.2, 4],
  square: [tf.square, -2, 2],
  step: [(x) => tf.step(x, 0.25), -2, 2],
  tan: [tf.tan, -1, 1],
  tanh: [tf.tanh, -2, 2],
};

/** Not differentiable, or with derivative 0 everywhere. */
const flat = new Set(['ceil', 'floor', 'round', 'isFinite', 'isNaN', 'sign', 'step']);

/** Differences over a kink are wrong: draws this near to one are moved. */
function offKinks(array: ReturnType<typeof uniform>) {
  return { ...array, data: (array.data as Float32Array).map((x) => (Math.abs(x) < 0.05 ? x + 0.1 : x)) };
}

const shapes = [[], [5], [0], [2, 0, 3], [3, 4], [2, 1, 3, 2]];

describe('operations on every element', () => {
  it.each(Object.entries(unary))('%s is the same compiled, on every shape', async (name, [op, low, high]) => {
    const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, uniform(i, shape, low, high)]));
    await expectSame(
      name,
      (all) => Object.fromEntries(Object.entries(all).map(([key, x]) => [key, op(x)])),
      inputs,
    );
  });

  const smooth = Object.entries(unary).filter(([name]) => !flat.has(name));
  it.each(smooth)('the gradient of %s equals differences', async (name, [op, low, high]) => {
    const x = offKinks(uniform(17, [2, 3], low, high));
    await expectGradient(name, (all) => op(all.x), { x }, { step: 4e-3 });
  });

  it('keeps special values', async () => {
    const data = Float32Array.of(0, -0, 1e-8, -1e-8, 40, -40, 89, -104, Infinity, -Infinity, NaN, 1e-30);
    const names = [
      'abs',
      'exp',
      'expm1',
      'isFinite',
      'isNaN',
      'relu',
      'sigmoid',
      'softplus',
      'tanh',
      'square',
    ];
    await expectSame(
      'special',
      ({ x }) => Object.fromEntries(names.map((name) => [name, unary[name][0](x)])),
      { x: { data, shape: [data.length] } },
      { absolute: 1e-12 },
    );
    await expectSame(
      'special positive',
      ({ x }) => ({ log1p: tf.log1p(x), sqrt: tf.sqrt(x), log: tf.log(x) }),
      { x: { data: Float32Array.of(0, 1e-20, 1e-8, 1e-3, 1, 1e10, Infinity), shape: [7] } },
      { absolute: 1e-25 },
    );
  });

  it('casts between types', async () => {
    await expectSame(
      'cast',
      ({ x, n, b }) => ({
        xn: tf.cast(x, 'int32'),
        xb: tf.cast(x, 'bool'),
        nx: tf.cast(n, 'float32'),
        nb: tf.cast(n, 'bool'),
        bx: tf.cast(b, 'float32'),
        bn: tf.cast(b, 'int32'),
        not: tf.logicalNot(b),
        squareOfInteger: tf.square(n),
      }),
      { x: uniform(1, [7]), n: integers(2, [7], -3, 4), b: bools(3, [7]) },
    );
  });
});

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
const binary: Record<string, Binary> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  pow: (a, b) => tf.pow(tf.add(tf.abs(a), 0.5), b),
  powOfNegative: (a, b) => tf.pow(a, tf.round(b)),
  atan2: tf.atan2,
  mod: (a, b) => tf.mod(a, tf.add(b, tf.mul(tf.sign(b), 0.5))),
  floorDiv: (a, b) => tf.floorDiv(a, tf.add(b, tf.mul(tf.sign(b), 0.5))),
  equal: (a, b) => tf.equal(tf.round(a), tf.round(b)),
  notEqual: (a, b) => tf.notEqual(tf.round(a), tf.round(b)),
  greater: tf.greater,
  greaterEqual: (a, b) => tf.greaterEqual(tf.round(a), tf.round(b)),
  less: tf.less,
  lessEqual: (a, b) => tf.lessEqual(tf.round(a), tf.round(b)),
  where: (a, b) => tf.where(tf.greater(a, b), a, tf.neg(b)),
};
const integerBinary: Record<string, Binary> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  maximum: tf.maximum,
  minimum: tf.minimum,
  mod: (a, b) => tf.mod(a, tf.add(tf.mul(b, 2), tf.scalar(1, 'int32'))),
  floorDiv: (a, b) => tf.floorDiv(a, tf.add(tf.mul(b, 2), tf.scalar(1, 'int32'))),
  equal: tf.equal,
  less: tf.less,
  greaterEqual: tf.greaterEqual,
  squaredDifference: tf.squaredDifference,
};

/** Two shapes that broadcast, now and then with a length of 0. */
const broadcastable = fc
  .tuple(
    fc.array(fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(0)), {
      maxLength: 4,
    }),
    fc.nat(4),
    fc.nat(4),
    fc.array(fc.constantFrom('a', 'b', 'none'), { minLength: 4, maxLength: 4 }),
  )
  .map(([shape, dropA, dropB, ones]) => {
    const narrow = (which: string, drop: number) =>
      shape.map((n, i) => (ones[i] === which ? 1 : n)).slice(Math.min(drop, shape.length));
    const [a, b] =
      dropA < dropB ? [narrow('a', 0), narrow('b', dropB)] : [narrow('a', dropA), narrow('b', 0)];
    return { a, b };
  });

describe('operations on pairs of elements', () => {
  it.each(Object.entries(binary))('%s broadcasts the same compiled', async (name, op) => {
    const sample = fc.sample(broadcastable, { numRuns: 12, seed: 5 });
    // tf.where, eager, broadcasts a length of 0 to 1 (numpy and the compiled function: to 0).
    const cases = sample.filter(({ a, b }) => name !== 'where' || ![...a, ...b].includes(0));
    const inputs = Object.fromEntries(
      cases.flatMap(({ a, b }, i) => [
        [`a${i}`, uniform(2 * i, a)],
        [`b${i}`, uniform(2 * i + 1, b)],
      ]),
    );
    await expectSame(
      name,
      (all) => Object.fromEntries(cases.map((_, i) => [`y${i}`, op(all[`a${i}`], all[`b${i}`])])),
      inputs,
      { absolute: 2e-6, relative: 2e-5 },
    );
  });

  it.each(Object.entries(integerBinary))('%s of integers is the same compiled', async (name, op) => {
    const inputs = { a: integers(1, [4, 5], -9, 10), b: integers(2, [5], -4, 4) };
    await expectSame(name, ({ a, b }) => ({ y: op(a, b) }), inputs);
  });

  const smooth = [
    'add',
    'sub',
    'mul',
    'div',
    'maximum',
    'minimum',
    'squaredDifference',
    'pow',
    'atan2',
    'where',
  ];
  it.each(smooth)('the gradients of %s equal differences, also where it broadcasts', async (name) => {
    const op = binary[name];
    const far = (x: tf.Tensor) => tf.add(x, tf.mul(tf.sign(x), 0.5)); // away from 0
    for (const [a, b] of [
      [[2, 3], [3]],
      [
        [1, 3],
        [2, 1],
      ],
      [[], [2]],
    ]) {
      await expectGradient(name, (all) => op(all.a, far(all.b)), {
        a: offKinks(uniform(3, a)),
        b: offKinks(uniform(4, b)),
      });
    }
  });

  it('does logic on bools', async () => {
    await expectSame(
      'logic',
      ({ a, b }) => ({ and: tf.logicalAnd(a, b), or: tf.logicalOr(a, b), xor: tf.logicalXor(a, b) }),
      { a: bools(1, [4, 3]), b: bools(2, [3]) },
    );
  });

  it('clips integers between bounds that are none', async () => {
    await expectSame(
      'clip',
      ({ n }) => ({
        below: tf.clipByValue(n, 2, Number.POSITIVE_INFINITY),
        above: tf.clipByValue(n, Number.NEGATIVE_INFINITY, 2),
      }),
      { n: integers(1, [3, 7], -5, 9) },
    );
  });

  it('chooses by a condition: broadcast, of integers, of bools', async () => {
    await expectSame(
      'select',
      ({ c, a, b, n, p }) => ({
        broadcast: tf.where(c, a, b),
        integers: tf.where(c, n, tf.neg(n)),
        bools: tf.where(c, p, tf.logicalNot(p)),
      }),
      {
        c: bools(1, [3, 1]),
        a: uniform(1, [3, 2]),
        b: uniform(2, [1, 2]),
        n: integers(3, [3, 2], 0, 9),
        p: bools(4, [3, 2]),
      },
    );
  });

  it('adds many at once, with gradients', async () => {
    const inputs = { a: uniform(1, [2, 2]), b: uniform(2, [2, 2]), c: uniform(3, [2, 2]) };
    await expectSame('addN', ({ a, b, c }) => ({ y: tf.addN([a, b, c]) }), inputs);
    await expectGradient('addN', ({ a, b, c }) => tf.addN([a, b, tf.square(c)]), inputs);
  });
});

describe('simplification', () => {
  const operations = async (fn: (all: Tensors) => Tensors, inputs: Parameters<typeof expectSame>[2]) => {
    let found: ReadonlyMap<string, number> = new Map();
    const engine = createEngine({
      dumpGraph: (traced) => {
        found = traced.operations;
      },
    });
    await engine.compile<Tensors, Tensors>('simplified', fn)(inputs);
    await engine.dispose();
    return Object.fromEntries(found);
  };
  const x = uniform(1, [3, 4]);

  it('computes the same expression once', async () => {
    const count = await operations(({ x }) => ({ y: tf.mul(tf.exp(x), tf.exp(x)), z: tf.exp(x) }), { x });
    expect(count).toEqual({ Exp: 1, Mul: 1 });
  });

  it('leaves out what no output needs, and operations that change nothing', async () => {
    const fn = ({ x }: Tensors) => {
      tf.cos(x);
      return { y: tf.exp(tf.reshape(tf.reshape(tf.add(tf.mul(x, 1), 0), [12]), [3, 4])) };
    };
    expect(await operations(fn, { x })).toEqual({ Exp: 1 });
  });

  it('computes constants while tracing', async () => {
    const fn = ({ x }: Tensors) => ({ y: tf.mul(x, tf.sin(tf.linspace(0, 1, 4))) });
    expect(await operations(fn, { x })).toEqual({ Mul: 1 });
  });

  it('reads broadcast operands in their small form', async () => {
    const fn = ({ x }: Tensors) => tf.grads((v: tf.Tensor) => tf.sum(tf.mean(tf.exp(v), 1)))([x]);
    const count = await operations(({ x }) => ({ y: fn({ x })[0] }), { x });
    expect(count).toEqual({ Exp: 1, Mul: 1 });
  });
});
