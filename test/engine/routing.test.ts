import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { onChosenMember } from '../../engine/routing.ts';
import { expectSame, type Tensors, uniform } from './compare.ts';

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
