import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as elementary from '../../math/elementary.ts';

type Name = keyof typeof elementary;

/** Made by make.py beside it: arguments, the nearest double, and what is left of the exact value. */
const tables = JSON.parse(
  readFileSync(new URL('../data/elementary/values.json', import.meta.url), 'utf8'),
) as Record<Name, number[][]>;

/** The gap between a double and its neighbour. */
function unit(x: number): number {
  const words = new DataView(new ArrayBuffer(8));
  words.setFloat64(0, Math.abs(x));
  words.setBigInt64(0, words.getBigInt64(0) + 1n);
  return words.getFloat64(0) - Math.abs(x);
}

const functions: Readonly<Record<Name, (...x: number[]) => number>> = { ...elementary } as never;
const call = (name: Name, ...x: number[]) => functions[name](...x);

describe('elementary functions', () => {
  it('are all in the tables', () => {
    expect(Object.keys(tables).sort()).toEqual(Object.keys(elementary).sort());
  });

  it.each(Object.keys(tables) as Name[])('%s is within 0.51 units of the last place', (name) => {
    const far = tables[name].flatMap((row) => {
      const [value, rest] = row.slice(-2);
      const x = row.slice(0, -2);
      const error = Math.abs(call(name, ...x) - value - rest) / unit(value);
      // Subnormal results are rounded twice.
      const bound = Math.abs(value) < 2 ** -1022 ? 0.8 : 0.51;
      return error <= bound ? [] : [`${name}(${x}): ${error} units`];
    });
    expect(far).toEqual([]);
  });

  const special = [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  const ofOne = (Object.keys(tables) as Name[]).filter((name) => name !== 'pow' && name !== 'atan2');

  // ECMAScript gives these exactly, but for values at ±1.
  it.each(ofOne)('%s of zeros, infinities and NaN is what Math gives', (name) => {
    for (const x of special.filter((value) => Math.abs(value) !== 1)) {
      const expected = Math[name](x);
      if (expected === 0 || !Number.isFinite(expected)) expect(call(name, x)).toBe(expected);
    }
    const [one, minusOne] = [Math[name](1), Math[name](-1)];
    if (!Number.isFinite(one)) expect(call(name, 1)).toBe(one);
    if (!Number.isFinite(minusOne)) expect(call(name, -1)).toBe(minusOne);
  });

  it('overflow and underflow where the values do', () => {
    expect(elementary.exp(709.782712893384)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(elementary.exp(709.7827128933841)).toBe(Number.POSITIVE_INFINITY);
    expect(elementary.exp(-745.1332191019411)).toBe(5e-324);
    expect(elementary.exp(-745.1332191019412)).toBe(0);
    expect(elementary.exp(-800)).toBe(0);
    expect(elementary.expm1(720)).toBe(Number.POSITIVE_INFINITY);
    expect(elementary.cosh(710.4758600739439)).toBeLessThan(Number.POSITIVE_INFINITY);
    for (const x of [-710.4758600739441, 711, -800, 1e300])
      expect(elementary.cosh(x)).toBe(Number.POSITIVE_INFINITY);
    expect(elementary.pow(2, 1024)).toBe(Number.POSITIVE_INFINITY);
    expect(elementary.pow(2, -1074)).toBe(5e-324);
  });

  it('have exact values where there are such', () => {
    expect([1, 8, 27, 1000, -64].map(elementary.cbrt)).toEqual([1, 2, 3, 10, -4]);
    expect([0, 1, 10, -3].map((n) => elementary.pow(2, n))).toEqual([1, 2, 1024, 0.125]);
    expect(elementary.pow(9, 0.5)).toBe(3);
    expect([elementary.acos(1), elementary.acos(-1), elementary.acosh(1), elementary.log(1)]).toEqual([
      0,
      Math.PI,
      0,
      0,
    ]);
  });

  it('atan2 knows the axes, and which way round they are reached', () => {
    for (const y of [0, -0, 1, -1])
      for (const x of [0, -0, 2, -2])
        if (y === 0 || x === 0) expect(elementary.atan2(y, x)).toBe(Math.atan2(y, x));
    expect(elementary.atan2(1, Number.POSITIVE_INFINITY)).toBe(0);
    expect(elementary.atan2(-1, Number.NEGATIVE_INFINITY)).toBe(-Math.PI);
    expect(elementary.atan2(Number.NEGATIVE_INFINITY, 1)).toBe(-Math.PI / 2);
    expect(elementary.atan2(Number.NaN, 1)).toBe(Number.NaN);
    expect(elementary.atan2(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)).toBe((3 * Math.PI) / 4);
  });

  it('pow refuses what it is not for', () => {
    for (const [x, y] of [
      [-2, 2],
      [0, 1],
      [Number.POSITIVE_INFINITY, 1],
      [2, Number.NaN],
    ])
      expect(() => elementary.pow(x, y)).toThrow(/to the power of/);
  });
});
