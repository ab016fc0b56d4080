import { describe, expect, it } from 'vitest';
import { allocateBatch, ReplayBuffer } from '../../agents/replay.ts';
import { RandomStream } from '../../engine/random.ts';

const sizes = { observation: 2, action: 1 };

/** A transition that carries its own number in every field. */
function addNumbered(buffer: ReplayBuffer, n: number): void {
  buffer.add([n, n + 0.25], [n / 1000], n + 0.5, n % 2, [n + 1, n + 1.25]);
}

describe('ReplayBuffer', () => {
  it('returns whole transitions, never parts of two', () => {
    const buffer = new ReplayBuffer(10_000, sizes);
    for (let n = 0; n < 9000; n++) addNumbered(buffer, n);
    const batch = buffer.sample(RandomStream.fromSeed(0), allocateBatch(512, sizes));
    for (let i = 0; i < batch.size; i++) {
      const n = batch.observation[2 * i];
      expect(batch.observation[2 * i + 1]).toBe(n + 0.25);
      expect(batch.action[i]).toBeCloseTo(n / 1000, 6);
      expect(batch.reward[i]).toBe(n + 0.5);
      expect(batch.mask[i]).toBe(n % 2);
      expect(batch.nextObservation[2 * i + 1]).toBe(n + 1.25);
    }
  });

  it('draws every held transition with about the same frequency, and none that was overwritten', () => {
    const buffer = new ReplayBuffer(50, sizes);
    for (let n = 0; n < 120; n++) addNumbered(buffer, n);
    expect([buffer.size, buffer.added]).toEqual([50, 120]);
    const counts = new Map<number, number>();
    const random = RandomStream.fromSeed(1);
    const batch = allocateBatch(1000, sizes);
    for (let k = 0; k < 50; k++) {
      buffer.sample(random, batch);
      for (let i = 0; i < batch.size; i++) {
        const n = batch.observation[2 * i];
        counts.set(n, (counts.get(n) ?? 0) + 1);
      }
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => 70 + i));
    const chiSquare = [...counts.values()].reduce((sum, c) => sum + (c - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(85); // 49 degrees of freedom: 0.1 % quantile
  });

  it('goes on identically after rows were read and appended elsewhere', () => {
    const original = new ReplayBuffer(40, sizes);
    for (let n = 0; n < 65; n++) addNumbered(original, n);
    const copy = new ReplayBuffer(40, sizes);
    copy.append(original.read(25, 50), 25);
    copy.append(original.read(50, 65));
    for (const buffer of [original, copy]) for (let n = 65; n < 90; n++) addNumbered(buffer, n);
    const draw = (b: ReplayBuffer) => [
      ...b.sample(RandomStream.fromSeed(2), allocateBatch(200, sizes)).reward,
    ];
    expect(draw(copy)).toEqual(draw(original));
  });

  it('grows while rows are appended, as it does while they are added', () => {
    const original = new ReplayBuffer(50_000, sizes);
    for (let n = 0; n < 20_000; n++) addNumbered(original, n);
    const copy = new ReplayBuffer(50_000, sizes);
    const ends = [0, 2077, 4096, 4097, 9000, 20_000];
    for (const [i, end] of ends.slice(1).entries()) copy.append(original.read(ends[i], end), ends[i]);
    expect(copy.added).toBe(20_000);
    expect(copy.read(0, 20_000)).toEqual(original.read(0, 20_000));
  });

  it('refuses rows that it no longer holds and an empty sample', () => {
    const buffer = new ReplayBuffer(10, sizes);
    expect(() => buffer.sample(RandomStream.fromSeed(0), allocateBatch(1, sizes))).toThrow(/empty/);
    for (let n = 0; n < 25; n++) addNumbered(buffer, n);
    expect(() => buffer.read(10, 20)).toThrow(/not held/);
    expect(() => new ReplayBuffer(0, sizes)).toThrow(/positive integer/);
  });

  it('names the key of a batch that there is no memory for', () => {
    expect(() => allocateBatch(1e15, sizes)).toThrow('batchSize 1000000000000000 is too large');
  });
});
