import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Sigmoid, ToleranceError, tolerance } from '../../envs/tolerance.ts';

type Num = number | 'Infinity' | '-Infinity' | 'NaN';
interface Arguments {
  x: Num;
  bounds?: [Num, Num];
  margin?: Num;
  sigmoid?: string;
  value_at_margin?: Num;
}
const data = JSON.parse(readFileSync(new URL('../data/dmc/tolerance.json', import.meta.url), 'utf8')) as {
  rows: (Arguments & { value: Num })[];
  errors: { args: Arguments; error: boolean; value?: Num }[];
};

function call(args: Arguments): number {
  const [above, below] = args.bounds ?? [undefined, undefined];
  const number = (v: Num | undefined) => (v === undefined ? undefined : Number(v));
  return tolerance(Number(args.x), {
    above: number(above),
    below: number(below),
    margin: number(args.margin),
    sigmoid: args.sigmoid as Sigmoid | undefined,
    atMargin: number(args.value_at_margin),
  });
}

describe('tolerance equals the Control Suite', () => {
  test(`on all ${data.rows.length} recorded arguments`, () => {
    for (const row of data.rows) {
      const expected = Number(row.value);
      const got = call(row);
      // Far out the exponent multiplies the rounding of its argument (up to several hundred times);
      // 1 - tanh² cancels: there the last place of 1 is what can be held.
      const limit = 1e-13 * Math.abs(expected) + (row.sigmoid === 'tanh_squared' ? 2.3e-16 : 0);
      const near = Object.is(got, expected) || Math.abs(got - expected) <= limit;
      expect(near, `${JSON.stringify(row)} gave ${got}`).toBe(true);
    }
  });

  test('and refuses what it refuses', () => {
    expect(data.errors.length).toBeGreaterThan(10);
    for (const row of data.errors) {
      const attempt = () => call(row.args);
      if (row.error) expect(attempt, JSON.stringify(row.args)).toThrow(ToleranceError);
      else expect(attempt(), JSON.stringify(row.args)).toBeCloseTo(Number(row.value), 12);
    }
  });
});

test('bounds left out are open', () => {
  expect(tolerance(1e9, { above: 10 })).toBe(1);
  expect(tolerance(-1e9, { below: 3 })).toBe(1);
  expect(tolerance(1e-9)).toBe(0);
});
