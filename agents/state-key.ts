/**
 * The seed of a state's evaluation noise, so that the evaluation action depends on parameters and state alone: not on
 * the episode, nor on what was drawn before, nor on the other states of the batch. The hash is that of the program
 * behind arXiv 2601.08136 (its mixing steps are those of MurmurHash3's finaliser), which seeds its own generator with
 * it; the noise that it leads to is another here.
 */

/**
 * The key of every row, a sum over dimensions of the mixed float32 bits: with u_d the bits of s_d,
 * x = u_d + 0x9E3779B9 (d + 1); x ^= x ≫ 16; x *= 0x85EBCA6B; x ^= x ≫ 13; x *= 0xC2B2AE35; x ^= x ≫ 16, all modulo
 * 2³². 1 in place of 0.
 * @param observations [count, size], row major
 * @returns [count]
 */
export function stateKeys(observations: Float32Array, count: number): Uint32Array {
  const bits = new Uint32Array(observations.buffer, observations.byteOffset, observations.length);
  const size = observations.length / count;
  const keys = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    let key = 0;
    for (let d = 0; d < size; d++) {
      let x = (bits[row * size + d] + Math.imul(0x9e3779b9, d + 1)) | 0;
      x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
      x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
      key = (key + (x ^ (x >>> 16))) | 0;
    }
    keys[row] = key === 0 ? 1 : key;
  }
  return keys;
}
