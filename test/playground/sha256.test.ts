import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../playground/sha256.ts';

describe('sha256', () => {
  it('gives the digests of FIPS 180-4', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('is that of Node at every length about a block, in one part and in several', () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) % 256);
      const expected = createHash('sha256').update(bytes).digest('hex');
      expect(sha256(bytes)).toBe(expected);
      expect(sha256(bytes.subarray(0, length >> 1), bytes.subarray(length >> 1))).toBe(expected);
    }
  });
});
