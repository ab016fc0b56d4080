import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stateKeys } from '../../agents/state-key.ts';

/** Recorded from the program behind arXiv 2601.08136. */
const { keys } = JSON.parse(
  readFileSync(new URL('../data/reference-program/evaluation-keys.json', import.meta.url), 'utf8'),
) as { keys: readonly { state: readonly number[]; key: number }[] };

/** Computed by NumPy 2 in uint32 arithmetic from its formula: signed zeros, extremes, a key of 0. */
const computed: readonly (readonly [readonly number[], number])[] = [
  [[0], 2462723854],
  [[-0], 3172115818],
  [[0.5, -0.5], 2354380763],
  [[1, 2, 3], 1662561283],
  [[3, 2, 1], 353724873],
  [[0.1, -0.2, 1e-30, 1e30, 7], 2600371552],
  [[1.1754943508222875e-38, -1.5, 0, 0, 0, 0], 4283277999],
  [Array.from({ length: 24 }, (_, i) => -3 + (6 * i) / 23), 3566008741],
  [[4.623780646332924e20], 1], // its mixed bits are 0
];

describe('the key of a state', () => {
  it('is the one that the program computes', () => {
    expect(keys.length).toBeGreaterThan(10);
    for (const { state, key } of keys) expect([...stateKeys(Float32Array.from(state), 1)]).toEqual([key]);
  });

  it.each(computed)('is computed for %j as NumPy computes it', (state, key) => {
    expect([...stateKeys(Float32Array.from(state), 1)]).toEqual([key]);
  });

  it('is that of its row, wherever the row stands', () => {
    const [first, second] = [computed[3], computed[4]];
    const rows = Float32Array.from([9, ...second[0], ...first[0], ...second[0]]).subarray(1);
    expect([...stateKeys(rows, 3)]).toEqual([second[1], first[1], second[1]]);
  });
});
