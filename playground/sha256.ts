/** SHA-256 (FIPS 180-4) of bytes at hand: browsers have it only as a promise, and only on secure addresses. */

/** First 32 bits of the fractional parts of a root of the first primes. @param root 2 or 3 */
function fractions(count: number, root: 2 | 3): Int32Array {
  const words = new Int32Array(count);
  let found = 0;
  for (let n = 2; found < count; n++) {
    if (isPrime(n)) words[found++] = fractionOfRoot(n, root);
  }
  return words;
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

/** In whole numbers, so that no rounding matters: the largest x with x^root ≤ n 2^(32 root), modulo 2^32. */
function fractionOfRoot(n: number, root: 2 | 3): number {
  const value = BigInt(n) << BigInt(32 * root);
  let x = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) {
    const next = x | bit;
    if ((root === 2 ? next * next : next * next * next) <= value) x = next;
  }
  return Number(x & 0xffffffffn) | 0;
}

const START = fractions(8, 2);
const ROUNDS = fractions(64, 3);
const encoder = new TextEncoder();

/** Of the parts one after the other, in hexadecimal. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const bytes = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const length = bytes.reduce((sum, part) => sum + part.length, 0);
  const state = START.slice();
  const block = new Uint8Array(64);
  let filled = 0;
  for (const part of bytes) {
    let at = 0;
    while (at < part.length) {
      const taken = Math.min(64 - filled, part.length - at);
      block.set(part.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < 64) break;
      mix(state, block);
      filled = 0;
    }
  }
  block.fill(0, filled);
  block[filled] = 0x80;
  if (filled >= 56) {
    mix(state, block);
    block.fill(0);
  }
  new DataView(block.buffer).setBigUint64(56, BigInt(length) * 8n);
  mix(state, block);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

const schedule = new Int32Array(64);

function mix(state: Int32Array, block: Uint8Array): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) {
    w[i] = (block[4 * i] << 24) | (block[4 * i + 1] << 16) | (block[4 * i + 2] << 8) | block[4 * i + 3];
  }
  for (let i = 16; i < 64; i++) {
    const [x, y] = [w[i - 15], w[i - 2]];
    const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + ROUNDS[i] + w[i]) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

const turn = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));
