import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { philoxBlocks, RandomStream } from '../../engine/random.ts';

describe('Philox4x32-10', () => {
  // The known answers that the authors distribute with Random123 (tests/kat_vectors): counter, key, output.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [Array(4).fill(0xffffffff), Array(2).fill(0xffffffff), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('gives the known answer for counter %j and key %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    philoxBlocks(out, 1, key[0], key[1], counter[0], counter[1], counter[2], counter[3]);
    expect([...out]).toEqual(expected);
  });

  it('is what a stream draws, in order', () => {
    const stream = RandomStream.restore({ key: [0xa4093822, 0x299f31d0], counter: 0 });
    const words = Array.from({ length: 1000 }, () => stream.integer(2 ** 32));
    const blocks = new Uint32Array(1000);
    philoxBlocks(blocks, 250, 0xa4093822, 0x299f31d0, 0, 0, 0, 0);
    expect(words).toEqual([...blocks]);
  });
});

/** Largest distance of the empirical distribution from `cdf`, times √n. */
function kolmogorov(sample: Float32Array, cdf: (x: number) => number): number {
  const sorted = Float32Array.from(sample).sort();
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    distance = Math.max(distance, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  return distance * Math.sqrt(sorted.length);
}

/** Φ(x) by its Taylor series about 0 (exact to float64 for |x| < 7). */
function normalCdf(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum) && k < 400; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

describe('RandomStream', () => {
  it('restores in the middle and goes on bit for bit, whatever was drawn', () => {
    const stream = RandomStream.fromSeed(7);
    stream.fillNormal(new Float32Array(1237));
    stream.uniform();
    stream.integer(10);
    const restored = RandomStream.restore(JSON.parse(JSON.stringify(stream.state())));
    expect(restored.fillNormal(new Float32Array(3001))).toEqual(stream.fillNormal(new Float32Array(3001)));
    expect(restored.uniform()).toBe(stream.uniform());
    expect(restored.state()).toEqual(stream.state());
  });

  it('crosses 2^32 blocks without repeating', () => {
    const stream = RandomStream.restore({ key: [1, 2], counter: 4 * 2 ** 32 - 4 });
    stream.uniform();
    stream.uniform();
    const block = new Uint32Array(4);
    philoxBlocks(block, 1, 1, 2, 0, 1, 0, 0);
    expect(stream.integer(2 ** 32)).toBe(block[0]);
  });

  it('draws the same numbers in one fill and in many', () => {
    const whole = RandomStream.fromSeed(3).fillNormal(new Float32Array(5000));
    const stream = RandomStream.fromSeed(3);
    // Some so short that they go word by word.
    const sizes = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 7 : 93));
    const parts = sizes.flatMap((size) => [...stream.fillNormal(new Float32Array(size))]);
    expect(parts).toEqual([...whole]);
  });

  it('draws the same numbers where WebAssembly has no vectors', async () => {
    const draws = (stream: RandomStream) => [
      ...stream.fillNormal(new Float32Array(20_000)),
      ...stream.fillUniform(new Float32Array(2000), -1, 1),
      stream.state().counter,
    ];
    const usual = draws(RandomStream.restore({ key: [3, 4], counter: 9 * 2 ** 34 - 1000 }));
    function refuse(): never {
      throw new WebAssembly.CompileError('no vectors');
    }
    const compile = vi.spyOn(WebAssembly, 'Module').mockImplementation(refuse);
    onTestFinished(() => compile.mockRestore());
    // Another copy of the module: it has not compiled its code yet.
    const copy = '../../engine/random.ts?without-vectors';
    const other = (await import(copy)) as typeof import('../../engine/random.ts');
    expect(other.RandomStream).not.toBe(RandomStream);
    expect(draws(other.RandomStream.restore({ key: [3, 4], counter: 9 * 2 ** 34 - 1000 }))).toEqual(usual);
    expect(compile).toHaveBeenCalledOnce();
  });

  it('splits by key and label alone', () => {
    const stream = RandomStream.fromSeed(5);
    const before = stream.split('critic').uniform();
    stream.uniform();
    expect(stream.split('critic').uniform()).toBe(before);
    const labels = ['critic', 'actor', '', 'a', 'a\0', 'criticcritic', 'critic-critic-critic', 'é'];
    const draws = labels.map((label) => stream.split(label).uniform());
    expect(new Set(draws).size).toBe(labels.length);
    expect(RandomStream.fromSeed(6).split('critic').uniform()).not.toBe(before);
  });

  it('separates neighbouring seeds and split streams', () => {
    const a = RandomStream.fromSeed(0).fillNormal(new Float32Array(20_000));
    for (const other of [
      RandomStream.fromSeed(1),
      RandomStream.fromSeed(0).split('x'),
      RandomStream.fromSeed(2 ** 32),
    ]) {
      const b = other.fillNormal(new Float32Array(20_000));
      const correlation = a.reduce((sum, x, i) => sum + x * b[i], 0) / a.length;
      expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(a.length));
    }
  });

  it('fills with normals: moments, Kolmogorov-Smirnov and tails', () => {
    const n = 1_000_000;
    const sample = RandomStream.fromSeed(11).fillNormal(new Float32Array(n));
    const moments = [1, 2, 3, 4, 6].map((k) => sample.reduce((sum, x) => sum + x ** k, 0) / n);
    // Standard errors of the k-th moment: sqrt((E x^2k - (E x^k)^2) / n).
    const exact = [0, 1, 0, 3, 15];
    const errors = [1, Math.sqrt(2), Math.sqrt(15), Math.sqrt(96), Math.sqrt(10170)];
    moments.forEach((m, i) => {
      expect(Math.abs(m - exact[i])).toBeLessThan((4 * errors[i]) / Math.sqrt(n));
    });
    expect(kolmogorov(sample, normalCdf)).toBeLessThan(1.95); // p = 0.001
    for (const edge of [1, 2, 3, 3.6541528853610088, 4]) {
      const p = 2 * (1 - normalCdf(edge));
      const count = sample.reduce((sum, x) => sum + (Math.abs(x) > edge ? 1 : 0), 0);
      expect(Math.abs(count - n * p)).toBeLessThan(4 * Math.sqrt(n * p));
    }
    const lag = sample.reduce((sum, x, i) => sum + (i > 0 ? x * sample[i - 1] : 0), 0) / n;
    expect(Math.abs(lag)).toBeLessThan(4 / Math.sqrt(n));
  });

  it('fills with uniforms in [low, high) that are uniform', () => {
    const sample = RandomStream.fromSeed(12).fillUniform(new Float32Array(500_000), -1, 2);
    expect(Math.min(...sample.subarray(0, 100_000))).toBeGreaterThanOrEqual(-1);
    expect(sample.every((x) => x >= -1 && x < 2)).toBe(true);
    expect(kolmogorov(sample, (x) => (x + 1) / 3)).toBeLessThan(1.95);
  });

  it('draws float64 uniforms with 53 bits', () => {
    const stream = RandomStream.fromSeed(13);
    const sample = Array.from({ length: 2000 }, () => stream.uniform());
    expect(sample.every((x) => x >= 0 && x < 1 && Number.isInteger(x * 2 ** 53))).toBe(true);
    expect(sample.some((x) => (x * 2 ** 53) % 2 === 1)).toBe(true);
  });

  it.each([1, 2, 3, 10, 1000])('draws integers below %d evenly', (bound) => {
    const sample = RandomStream.fromSeed(14).fillIntegers(new Int32Array(100_000), bound);
    const counts = new Array(bound).fill(0);
    for (const x of sample) counts[x]++;
    const expected = sample.length / bound;
    const chiSquared = counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThanOrEqual(bound - 1 + 4 * Math.sqrt(2 * (bound - 1)) + (bound > 1 ? 6 : 0));
  });

  it('draws integers beyond 32 bits', () => {
    const stream = RandomStream.fromSeed(15);
    const sample = Array.from({ length: 1000 }, () => stream.integer(3 * 2 ** 40));
    expect(sample.every((x) => Number.isInteger(x) && x >= 0 && x < 3 * 2 ** 40)).toBe(true);
    expect(Math.max(...sample)).toBeGreaterThan(2 ** 41);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %d', (seed) => {
    expect(() => RandomStream.fromSeed(seed)).toThrow(RangeError);
  });

  it('refuses impossible bounds and states', () => {
    const stream = RandomStream.fromSeed(0);
    expect(() => stream.integer(0)).toThrow(RangeError);
    expect(() => stream.fillUniform(new Float32Array(1), 1, 1)).toThrow(RangeError);
    // All that is drawn there rounds to 1, the open end.
    expect(() => stream.fillUniform(new Float32Array(1), 1 - 2 ** -26, 1)).toThrow(/too few numbers/);
    expect([...stream.fillUniform(new Float32Array(2), 1 - 2 ** -24, 1)]).toEqual([
      1 - 2 ** -24,
      1 - 2 ** -24,
    ]);
    expect(() => RandomStream.restore({ key: [-1, 0], counter: 0 })).toThrow(/not the state/);
  });
});
