import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { onChosenMember } from '../../engine/routing.ts';
import { expectSame, type Tensors, uniform } from './compare.ts';
import { presentBackends } from './present-backends.ts';

const rows = 37;
const ensembleRows = uniform(1, [2, rows, 5]);
const kernels = uniform(2, [2, 5, 3]);

/** Each row of x through its own member's layer. */
function layer({ choice, x, w }: Tensors): { y: tf.Tensor } {
  const y = onChosenMember(tf.greater(choice, 0), [x], ([mine], member) =>
    tf.tanh(tf.matMul(mine, tf.unstack(w)[member])),
  );
  return { y };
}

const choices: Record<string, (row: number) => number> = {
  'of both members in turn': (row) => (row % 2 === 0 ? 1 : -1),
  'of the first alone': () => 1,
  'of the second alone': () => -1,
  'of one row against all others': (row) => (row === 20 ? 1 : -1),
};

describe('rows on their chosen member', () => {
  it.each(Object.keys(choices))('equal the eager result for choices %s', async (name) => {
    const choice = {
      data: Float32Array.from({ length: rows }, (_, row) => choices[name](row)),
      shape: [rows],
    };
    await expectSame('routing', layer, { choice, x: ensembleRows, w: kernels });
  });

  it('are right where there is one, also of a product with a transposed matrix', async () => {
    const first = { data: Uint8Array.of(0), shape: [1] };
    const x = { data: Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? 5 : 1)), shape: [2, 1, 16] };
    const w = { data: Float32Array.from({ length: 192 }, (_, i) => 1 + Math.floor(i / 16)), shape: [12, 16] };
    const fn = ({ first, x, w }: Tensors) => ({
      y: onChosenMember(first, [x], ([row]) => tf.matMul(row, w, false, true)),
      gradient: onChosenMember(first, [x], ([row]) =>
        tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.matMul(v, tf.transpose(w)))))(row),
      ),
    });
    // Sums of 16 ones times 1 to 12; twice the sum of their products with 1 to 12.
    const sums = Array.from({ length: 12 }, (_, i) => 16 * (i + 1));
    const slope = 2 * sums.reduce((total, sum, i) => total + sum * (i + 1), 0);
    for (const backend of await presentBackends('native', 'wasm', 'onnx', 'cpu', 'eager')) {
      const engine = createEngine({ backend });
      const { y, gradient } = await engine.compile<Tensors, Tensors>('one', fn)({ first, x, w });
      expect([...y.data], backend).toEqual(sums);
      expect([...gradient.data], backend).toEqual(new Array(16).fill(slope));
      await engine.dispose();
    }
  });

  it('are not differentiated as a whole when compiled: the function that they are given to is', async () => {
    const engine = createEngine({ backend: 'wasm' });
    const choice = uniform(3, [rows]);
    const fn = engine.compile<Tensors, tf.Tensor>('whole', (all) =>
      tf.grad((x: tf.Tensor) => tf.sum(layer({ ...all, x }).y))(all.x),
    );
    await expect(fn({ choice, x: ensembleRows, w: kernels })).rejects.toThrow(
      /^'onChosenMember' has no gradient at .*routing\.test\.ts:\d+:\d+: differentiate inside the function/,
    );
    await engine.dispose();
  });

  it('equal the row-by-row sums, whatever the number of rows for each was before', async () => {
    const engine = createEngine({ backend: 'wasm' });
    const fn = engine.compile<Tensors, { y: tf.Tensor }>('routing', layer);
    for (let call = 0; call < 200; call++) {
      const choice = uniform(100 + call, [rows]);
      for (let i = 0; i < rows; i++) choice.data[i] -= call / 200;
      const { y } = await fn({ choice, x: ensembleRows, w: kernels });
      for (let row = 0; row < rows; row++) {
        const member = choice.data[row] > 0 ? 0 : 1;
        for (let out = 0; out < 3; out++) {
          let sum = 0;
          for (let k = 0; k < 5; k++) {
            sum +=
              ensembleRows.data[(member * rows + row) * 5 + k] * kernels.data[(member * 5 + k) * 3 + out];
          }
          expect(Math.abs(y.data[row * 3 + out] - Math.tanh(sum))).toBeLessThan(1e-6);
        }
      }
    }
    await engine.dispose();
  });
});
