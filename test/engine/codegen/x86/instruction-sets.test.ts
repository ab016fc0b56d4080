import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { type InstructionSetName, openNative } from '../../../../engine/codegen/x86/memory.ts';
import { NativeProgram } from '../../../../engine/codegen/x86/program.ts';
import { onChosenMember } from '../../../../engine/routing.ts';
import { type Inputs, uniform } from '../../compare.ts';
import { randomGraph } from '../graphs.ts';
import { absent, copied, Dice, expectBits, type Fn, floats, traced } from '../support.ts';

const isComparable = absent === undefined && openNative().set === 'avx512';

/** What a function's code gives in one instruction set. */
function resultsOf(set: InstructionSetName, fn: Fn, inputs: Inputs): Inputs {
  const program = new NativeProgram({ ...openNative(), set }, traced(fn, inputs), {
    threads: 1,
    profile: false,
  });
  try {
    const results = program.allocate();
    for (const [i, { data }] of Object.values(inputs).entries()) program.feed(i, data, true);
    program.run(results);
    return copied(results.tree as Inputs);
  } finally {
    program.free();
  }
}

const expectSame = (fn: Fn, inputs: Inputs, label: string) =>
  expectBits(resultsOf('avx2', fn, inputs), resultsOf('avx512', fn, inputs), label);

const functions = {
  ...{ abs: tf.abs, ceil: tf.ceil, cos: tf.cos, elu: tf.elu, erf: tf.erf, exp: tf.exp, expm1: tf.expm1 },
  ...{ floor: tf.floor, log: tf.log, log1p: tf.log1p, neg: tf.neg, reciprocal: tf.reciprocal, relu: tf.relu },
  ...{ round: tf.round, rsqrt: tf.rsqrt, selu: tf.selu, sigmoid: tf.sigmoid, sign: tf.sign, sin: tf.sin },
  ...{ softplus: tf.softplus, sqrt: tf.sqrt, square: tf.square, step: tf.step, tanh: tf.tanh },
};

/** Any bits at all, the special numbers among them. */
function anyFloats(count: number): Inputs[string] {
  const dice = new Dice(5);
  const bits = Uint32Array.from({ length: count }, () => dice.below(2 ** 32));
  const special = [
    0,
    -0,
    1,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    2 ** -126,
    2 ** -140,
  ];
  return floats([...special, ...special.map((x) => -x), ...new Float32Array(bits.buffer)]);
}

describe.skipIf(!isComparable)('AVX2 and AVX-512 give the same bits (on processors with both)', () => {
  it.each(Object.entries(functions))('%s of any float', (name, apply) => {
    expectSame(({ x }) => ({ y: apply(x) }), { x: anyFloats(20_000) }, name);
  });

  it.each([1, 5, 8, 9, 16, 17, 31, 64, 257])('sums, extremes and products along %d', (length) => {
    const fn: Fn = ({ x, w, v }) => ({
      sum: tf.sum(x, 1),
      columns: tf.sum(x, 0),
      all: tf.sum(x),
      most: tf.max(x, 1),
      first: tf.argMin(x, 1),
      running: tf.cumsum(x, 1),
      dots: tf.matMul(x, v),
      product: tf.matMul(x, w),
      transposed: tf.matMul(x, x, false, true),
    });
    const inputs = {
      x: uniform(1, [29, length], -1, 1),
      w: uniform(2, [length, 37], -1, 1),
      v: uniform(3, [length, 1], -1, 1),
    };
    expectSame(fn, inputs, `length ${length}`);
  });

  it('the one row of a chosen member', () => {
    const fn: Fn = ({ first, x, w }) => ({
      y: onChosenMember(tf.greater(first, 0), [x], ([row]) => tf.matMul(row, w, false, true)),
    });
    const inputs = { first: floats([1]), x: uniform(1, [2, 1, 16]), w: uniform(2, [12, 16]) };
    expectSame(fn, inputs, 'one row');
  });

  it('random graphs', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { fn, inputs } = randomGraph(9000 + seed, {
        steps: 40,
        weights: {
          unary: 4,
          binary: 8,
          choice: 2,
          reduce: 2,
          product: 2,
          transpose: 1,
          concat: 1,
          stride: 1,
        },
      });
      const broken = Object.entries(inputs).map(([key, { data, shape }]) => [
        key,
        { data: Float32Array.from(data, (x) => 0.37 * x), shape },
      ]);
      expectSame(fn, Object.fromEntries(broken), `seed ${seed}`);
    }
  });
});
