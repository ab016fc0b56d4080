import { describe, expect, it } from 'vitest';
import { memoryInUse } from '../../../harness/process/memory.ts';

const MIB = 2 ** 20;

/** 64 MiB in the small pieces that training makes. */
const buffers = () => Array.from({ length: 4096 }, () => new Float32Array(4096).fill(1));

describe('memory in use', () => {
  it('does not count buffers that nothing holds, though another thread still frees them', async () => {
    const before = await memoryInUse();
    for (let round = 0; round < 5; round++) {
      buffers();
      expect(Math.abs((await memoryInUse()) - before)).toBeLessThan(2 * MIB);
    }
  });

  it('counts buffers that are held', async () => {
    const before = await memoryInUse();
    const held = buffers();
    expect((await memoryInUse()) - before).toBeGreaterThan(60 * MIB);
    expect(held.length).toBe(4096);
  });
});
