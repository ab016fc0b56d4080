import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { absoluteError, flatParameters, recordedCases, relativeError } from './cases.ts';

const algorithms = new Set(
  readdirSync(new URL('../../data/reference-program/', import.meta.url))
    .map((file) => /^(\w+)-\d+\.json$/.exec(file)?.[1])
    .filter((name) => name !== undefined),
);

describe('the recorded cases', () => {
  it.each([...algorithms])('of %s say what computed them and hold finite numbers', (algorithm) => {
    for (const { reference } of recordedCases(algorithm)) {
      expect(reference.algorithm).toBe(algorithm);
      expect(reference.versions.snapshot).toBe('7e6410abd2a6b89a0cadd4f567936f53eb3e59da');
      const { batch, observation, action } = reference.sizes;
      expect(reference.arrays['batch/observation'].shape).toEqual([batch, observation]);
      expect(reference.arrays['expected/nextAction'].shape).toEqual([batch, action]);
      for (const { data } of Object.values(reference.arrays)) expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  it('give an ensemble as one row for each member, layer after layer', () => {
    const [{ reference }] = recordedCases('sac');
    const { data, shape } = flatParameters(reference, 'after/critic/', true);
    const kernel = reference.arrays['after/critic/layer0/kernel'];
    const bias = reference.arrays['after/critic/layer0/bias'];
    const [members, inputs, width] = kernel.shape;
    expect(shape).toEqual([members, data.length / members]);
    const second = data.subarray(shape[1]);
    expect(second.subarray(0, inputs * width)).toEqual(kernel.data.subarray(inputs * width));
    expect(second.subarray(inputs * width, (inputs + 1) * width)).toEqual(bias.data.subarray(width));
  });
});

describe('errors', () => {
  it('are relative to the number, or to the root mean square of all where that is larger', () => {
    // rms of (3, 4, 0, 0) is 2.5
    expect(relativeError([3, 4.4, 0, 0], [3, 4, 0, 0])).toBeCloseTo(0.1, 12);
    expect(relativeError([3, 4, 0.5, 0], [3, 4, 0, 0])).toBeCloseTo(0.2, 12);
    expect(absoluteError([1, 2], [1.5, 2])).toBe(0.5);
  });

  it('are not a number where one is not, and numbers that are missing are refused', () => {
    expect(relativeError([1, Number.NaN, 1], [1, 1, 1])).toBeNaN();
    expect(() => absoluteError([1], [1, 2])).toThrow('1 numbers were computed where 2 were recorded');
  });
});
