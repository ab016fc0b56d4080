import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { expectClose, expectGradient, expectSame, type Tensors, uniform } from './compare.ts';
import { presentBackends } from './present-backends.ts';

const flags = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** Axes before the last two of both operands, which broadcast. */
const batches: [number[], number[]][] = [
  [[], []],
  [[2], [2]],
  [[1], [2]],
  [[2], [1]],
  [
    [3, 2],
    [3, 2],
  ],
  [[2], []],
];

const flip = (shape: readonly [number, number], yes: boolean) => (yes ? [shape[1], shape[0]] : [...shape]);

describe('matrix products', () => {
  it.each(flags)('broadcast over the axes before, transposed %s %s', async (transposeA, transposeB) => {
    for (const [a, b] of batches) {
      await expectSame(
        `matMul [${a}] [${b}]`,
        (all) => ({ y: tf.matMul(all.a, all.b, transposeA, transposeB) }),
        {
          a: uniform(1, [...a, ...flip([3, 4], transposeA)]),
          b: uniform(2, [...b, ...flip([4, 5], transposeB)]),
        },
      );
    }
  });

  it.each(flags)(
    'have gradients, also of broadcast operands, transposed %s %s',
    async (transposeA, transposeB) => {
      for (const [a, b] of batches.filter(([x, y]) => x.length === y.length)) {
        await expectGradient(
          `matMul [${a}] [${b}]`,
          (all) => tf.matMul(all.a, all.b, transposeA, transposeB),
          {
            a: uniform(1, [...a, ...flip([2, 3], transposeA)]),
            b: uniform(2, [...b, ...flip([3, 1], transposeB)]),
          },
        );
      }
    },
  );

  // Eager TensorFlow.js mixes the batches up when both operands broadcast; spread out first, it does not.
  it.each(flags)('broadcast from both sides, transposed %s %s', async (transposeA, transposeB) => {
    const a = uniform(1, [3, 1, ...flip([3, 4], transposeA)]);
    const b = uniform(2, [1, 2, ...flip([4, 5], transposeB)]);
    const multiply = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB);
    const spread = (x: tf.Tensor) => tf.broadcastTo(x, [3, 2, ...x.shape.slice(2)]);
    await expectSame('spread', (all) => ({ y: multiply(spread(all.a), spread(all.b)) }), { a, b });
    const engine = createEngine();
    const both = engine.compile<Tensors, Tensors>('both', (all) => ({
      broadcast: multiply(all.a, all.b),
      spread: multiply(spread(all.a), spread(all.b)),
    }));
    const { broadcast, spread: expected } = await both({ a, b });
    expectClose('broadcast', broadcast, expected);
    await engine.dispose();
  });

  it('of vectors, of one row, of nothing', async () => {
    await expectSame(
      'odd',
      ({ v, m, row, none, wide }) => ({
        dot: tf.dot(v, v),
        matrixVector: tf.dot(m, v),
        row: tf.matMul(row, m, false, true),
        outer: tf.outerProduct(v as tf.Tensor1D, v as tf.Tensor1D),
        noRows: tf.matMul(none, m),
        noInner: tf.matMul(none, wide, true),
      }),
      {
        v: uniform(1, [3]),
        m: uniform(2, [4, 3]),
        row: uniform(3, [1, 3]),
        none: uniform(4, [0, 4]),
        wide: uniform(5, [0, 2]),
      },
    );
  });

  it('with bias and activation in one', async () => {
    for (const activation of ['linear', 'relu', 'sigmoid', 'elu'] as const) {
      const layer = ({ a, b, bias }: Record<string, tf.Tensor>) =>
        tf.fused.matMul({ a, b, bias, activation });
      const inputs = { a: uniform(1, [3, 4]), b: uniform(2, [4, 2]), bias: uniform(3, [2]) };
      await expectSame(`fused ${activation}`, (all) => ({ y: layer(all) }), inputs);
    }
  });

  it.each([
    [
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      'bij,bjk->bik',
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
    ],
    [
      'bnd,bne->bde',
      [
        [2, 3, 2],
        [2, 3, 4],
      ],
    ],
    ['ij->ji', [[2, 3]]],
    ['ij->i', [[2, 3]]],
    ['ij,j->i', [[2, 3], [3]]],
    [
      'ij,jk,kl->il',
      [
        [2, 3],
        [3, 2],
        [2, 4],
      ],
    ],
    [
      'bi,ij,bj->b',
      [
        [3, 2],
        [2, 4],
        [3, 4],
      ],
    ],
    ['i,j,k,j->ki', [[2], [3], [2], [3]]],
  ])('einsum %s and its gradient', async (equation, shapes) => {
    const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, uniform(i, shape)]));
    const run = (all: Record<string, tf.Tensor>) => tf.einsum(equation, ...Object.values(all));
    await expectSame(equation, (all) => ({ y: run(all) }), inputs);
    await expectGradient(equation, run, inputs);
  });
});

it('einsum with a label twice takes the diagonal in eager mode', async () => {
  const engine = createEngine({ backend: 'eager' });
  const run = engine.compile<Tensors, Tensors>('diagonals', ({ x, y }) => ({
    both: tf.einsum('iik->ik', x),
    sums: tf.einsum('iik->i', x),
    product: tf.einsum('iik,kj->ij', x, y),
  }));
  const range = (...shape: number[]) => {
    const size = shape.reduce((total, n) => total * n, 1);
    return { data: Float32Array.from({ length: size }, (_, i) => i), shape };
  };
  const { both, sums, product } = await run({ x: range(3, 3, 2), y: range(2, 3) });
  // x[i, i, k] = 8 i + k, y[k, j] = 3 k + j
  expect([...both.data]).toEqual([0, 1, 8, 9, 16, 17]);
  expect([...sums.data]).toEqual([1, 17, 33]);
  expect([...product.data]).toEqual([3, 4, 5, 27, 44, 61, 51, 84, 117]);
  await engine.dispose();
});

describe('einsum of several operands', () => {
  it.each<[string, Record<string, number>]>([
    ['ij,jk,kl->il', { i: 2, j: 3, k: 4, l: 5 }],
    ['bi,ij,bj->b', { b: 3, i: 2, j: 4 }],
    ['ab,c,bd,a->dc', { a: 2, b: 3, c: 4, d: 2 }],
    ['a,b,a->b', { a: 2, b: 3 }],
  ])('%s is the sum over all labels, without another backend', async (equation, lengths) => {
    const [left, result] = equation.split('->');
    const operands = left.split(',').map((labels) => ({ labels, shape: [...labels].map((l) => lengths[l]) }));
    const inputs = Object.fromEntries(operands.map(({ shape }, i) => [`x${i}`, uniform(i + 1, shape)]));
    const place = (labels: string, at: Record<string, number>) =>
      [...labels].reduce((index, label) => index * lengths[label] + at[label], 0);
    const expected = new Float64Array([...result].reduce((size, label) => size * lengths[label], 1));
    const visit = (labels: readonly string[], at: Record<string, number>): void => {
      const [label, ...rest] = labels;
      if (label === undefined) {
        const factors = operands.map(({ labels: own }, i) => inputs[`x${i}`].data[place(own, at)]);
        expected[place(result, at)] += factors.reduce((product, factor) => product * factor, 1);
        return;
      }
      for (let i = 0; i < lengths[label]; i++) visit(rest, { ...at, [label]: i });
    };
    visit(Object.keys(lengths), {});
    for (const backend of await presentBackends('native', 'wasm', 'onnx', 'eager', 'cpu')) {
      const others: string[] = [];
      const engine = createEngine({ backend, onFallback: (_, reason) => others.push(reason) });
      const fn = engine.compile<Record<string, tf.Tensor>, tf.Tensor>('sum', (all) =>
        tf.einsum(equation, ...Object.values(all)),
      );
      const { data, shape } = await fn(inputs);
      expect([...shape]).toEqual([...result].map((label) => lengths[label]));
      for (const i of expected.keys()) expect(data[i]).toBeCloseTo(expected[i], 4);
      expect(others).toEqual([]);
      await engine.dispose();
    }
  });
});
