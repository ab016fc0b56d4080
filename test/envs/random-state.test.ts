import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RandomState, RandomStateError } from '../../envs/random-state.ts';

type Call = [name: string, args: unknown[], kwargs?: Record<string, unknown>];
interface Streams {
  seed: number;
  random_sample: number[];
  uniform_mpi_pi: number[];
  randn: number[];
  mixed: { call: Call; result: unknown }[];
  choice_p: { call: Call; result: unknown }[];
  mt19937_initial_pos: number;
  after2000_random_sample: { random_sample: number; randn: number };
  uniform_vec6: number[][];
}
const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../data/dmc/${name}`, import.meta.url), 'utf8'));
const streams = read('numpy-random.json').seeds as Streams[];
const recorded = read('randomCalls.json') as Record<
  string,
  [string, unknown[], Record<string, unknown>, number[], unknown][]
>;

/** Replays one recorded NumPy call, in NumPy's calling convention. */
function replay(random: RandomState, [name, args, kwargs]: Call): unknown {
  const size = (kwargs?.size ?? undefined) as number | number[] | undefined;
  const count = (s: unknown): number => (Array.isArray(s) ? s.reduce((a, b) => a * b, 1) : (s as number));
  switch (name) {
    case 'random_sample':
      return random.random();
    case 'rand':
      return args.length === 0 ? random.random() : [...random.rand(count(args))];
    case 'standard_normal':
      return random.normal();
    case 'randn':
      return args.length === 0 ? random.normal() : [...random.normals(count(args))];
    case 'normal':
      return random.normal(...(args as [number, number]));
    case 'uniform': {
      const [low, high, n] = args as [number | number[], number | number[], number | number[] | undefined];
      const length = n ?? size;
      if (length !== undefined) return [...random.uniforms(low, high, count(length))];
      if (Array.isArray(low) || Array.isArray(high)) return [...random.uniforms(low, high)];
      return random.uniform(low, high);
    }
    case 'randint': {
      const [first, second, n] = args as [number, number | undefined, number | undefined];
      const [low, high] = second === undefined ? [0, first] : [first, second];
      return n === undefined
        ? random.integer(low, high)
        : Array.from({ length: n }, () => random.integer(low, high));
    }
    case 'choice': {
      const [items] = args as [number | unknown[]];
      if (typeof items === 'number') return random.integer(0, items);
      return random.choice(items, kwargs?.p as number[] | undefined);
    }
    case 'permutation':
      return random.permutation(args[0] as number);
    default:
      throw new Error(`no replay of ${name}`);
  }
}

describe('RandomState gives the stream of numpy.random.RandomState', () => {
  test.each(streams.map((s) => [s.seed, s] as const))('seed %i', (seed, s) => {
    const fresh = () => new RandomState(seed);
    let random = fresh();
    expect(s.random_sample.map(() => random.random())).toEqual(s.random_sample);
    random = fresh();
    expect(s.uniform_mpi_pi.map(() => random.uniform(-Math.PI, Math.PI))).toEqual(s.uniform_mpi_pi);
    random = fresh();
    expect(s.randn.map(() => random.normal())).toEqual(s.randn);
    random = fresh();
    for (const { call, result } of s.mixed)
      expect(replay(random, call), JSON.stringify(call)).toEqual(result);
    random = fresh();
    for (const { call, result } of s.choice_p) expect(replay(random, call)).toEqual(result);
    random = fresh();
    for (let i = 0; i < 2000; i++) random.random();
    const copy = fresh();
    copy.restore(JSON.parse(JSON.stringify(random.snapshot())));
    expect(copy.random()).toBe(s.after2000_random_sample.random_sample);
  });

  test.each(Object.keys(recorded).filter((k) => k !== 'note'))(
    'the calls of the first reset of %s',
    (task) => {
      const random = new RandomState(0);
      for (const [name, args, kwargs, , result] of recorded[task]) {
        const flat = Array.isArray(result) ? result.flat(2) : result;
        const drawn = replay(random, [name, args, kwargs]);
        if (Array.isArray(flat) && flat.length < (drawn as number[]).length) {
          expect((drawn as number[]).slice(0, flat.length)).toEqual(flat);
        } else expect(drawn, name).toEqual(flat);
      }
    },
  );
});

test('a snapshot through JSON continues the stream, the kept second normal included', () => {
  const random = new RandomState(3);
  random.normals(7);
  const copy = new RandomState(99);
  copy.restore(JSON.parse(JSON.stringify(random.snapshot())));
  expect([...copy.normals(5), ...copy.rand(1300)]).toEqual([...random.normals(5), ...random.rand(1300)]);
});

test.each([-1, 1.5, 2 ** 32, Number.NaN])('seed %d is refused', (seed) => {
  expect(() => new RandomState(seed)).toThrow(RandomStateError);
});

test('draws without meaning are refused', () => {
  const random = new RandomState(0);
  expect(() => random.integer(3, 3)).toThrow(RandomStateError);
  expect(() => random.choice([])).toThrow(RandomStateError);
  expect(() => random.choice(['a', 'b'], [0.5, 0.6])).toThrow(RandomStateError);
  expect(() => random.uniforms([0, 0], [1, 1, 1])).toThrow(RandomStateError);
});
