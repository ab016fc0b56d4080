import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { expectClose, expectGradient, expectSame, type Tensors, uniform } from './compare.ts';

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
  ])('einsum %s and its gradient', async (equation, shapes) => {
    const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, uniform(i, shape)]));
    const run = (all: Record<string, tf.Tensor>) => tf.einsum(equation, ...Object.values(all));
    await expectSame(equation, (all) => ({ y: run(all) }), inputs);
    await expectGradient(equation, run, inputs);
  });
});
