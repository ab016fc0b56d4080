/**
 * The inner loops of random streams as WebAssembly: Philox4x32-10 in four blocks side by side, and what a ziggurat does with
 * 98.8 % of its draws. They give the bits that engine/random.ts gives without them.
 */
import { Code, Module } from './codegen/wasm/assembler.ts';
import { Memory, S, Type, V, VectorMemory } from './codegen/wasm/opcodes.ts';

/** Words of a stream that are computed at a time. */
export const BUFFERED_WORDS = 256;
/** Normals that are written before they are copied. */
export const MOST_VALUES = 4096;
/** Of a ziggurat. */
export const LAYERS = 256;

/** Addresses in bytes. */
const WORDS = 0;
const INSIDE = WORDS + 4 * BUFFERED_WORDS;
const SCALE = INSIDE + 4 * LAYERS;
const VALUES = SCALE + 8 * LAYERS;

export interface Philox {
  readonly multipliers: readonly [number, number];
  /** What is added to the key after each round. */
  readonly weyl: readonly [number, number];
  readonly rounds: number;
}

/** Of a ziggurat, by layer. [256] each */
export interface Layers {
  /** Layer edge ÷ 2^23: multiplied by a 23-bit magnitude it gives a point of the layer. */
  readonly scale: Float64Array;
  /** Magnitudes below this lie inside the density without a test. */
  readonly inside: Int32Array;
}

export interface StreamCode {
  /** [BUFFERED_WORDS] */
  readonly words: Uint32Array;
  /** [MOST_VALUES] */
  readonly values: Float32Array;
  /** Fills `words` with the blocks of the counters [c0 + i, c1, 0, 0]. */
  fillWords(key0: number, key1: number, c0: number, c1: number): void;
  /**
   * Turns words from `next` into values from `from` until values reach `to`, words end, or a word needs more than itself.
   * @returns how many words became a value
   */
  fillValues(next: number, from: number, to: number): number;
}

/** Undefined where WebAssembly has no SIMD. */
export function makeStreamCode(philox: Philox, layers: Layers): StreamCode | undefined {
  const module = new Module();
  const { i32 } = Type;
  module.add(wordsCode(philox), [i32, i32, i32, i32], [], 'fillWords');
  module.add(valuesCode(), [i32, i32, i32], [i32], 'fillValues');
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = instantiate(module.finish(1), memory);
  if (instance === undefined) return undefined;
  new Int32Array(memory.buffer, INSIDE, LAYERS).set(layers.inside);
  new Float64Array(memory.buffer, SCALE, LAYERS).set(layers.scale);
  return {
    words: new Uint32Array(memory.buffer, WORDS, BUFFERED_WORDS),
    values: new Float32Array(memory.buffer, VALUES, MOST_VALUES),
    ...(instance.exports as unknown as Pick<StreamCode, 'fillWords' | 'fillValues'>),
  };
}

function instantiate(
  bytes: Uint8Array<ArrayBuffer>,
  memory: WebAssembly.Memory,
): WebAssembly.Instance | undefined {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}

/** x0 to x3 are the words of a block, with a lane for each of four blocks. */
function wordsCode({ multipliers, weyl, rounds }: Philox): Code {
  const [key0, key1, c0, c1] = [0, 1, 2, 3];
  const code = new Code([Type.i32, Type.i32, Type.i32, Type.i32]);
  const vectors = Array.from({ length: 9 }, () => code.take(Type.v128));
  const [x0, x1, x2, x3, k0, k1, low, high, counters] = vectors;
  const at = code.take();
  const splat = (local: number, to: number) => {
    code.get(local);
    code.vector(V.i32Splat);
    code.set(to);
  };
  const add = (local: number, by: number) => {
    code.get(local);
    code.splat(by);
    code.vector(V.i32Add);
    code.set(local);
  };
  const shuffle = (a: number, b: number, lanes: readonly number[]) => {
    code.get(a);
    code.get(b);
    code.shuffle(lanes);
  };
  /** x · number: the lower half to `low`, (the higher one ^ a ^ b) to the stack. */
  const multiply = (x: number, by: number, a: number, b: number) => {
    for (const [product, to] of [
      [V.i64ProductsOfLow, low],
      [V.i64ProductsOfHigh, high],
    ] as const) {
      code.get(x);
      code.splat(by);
      code.vector(product);
      code.set(to);
    }
    shuffle(low, high, [1, 3, 5, 7]);
    for (const other of [a, b]) {
      code.get(other);
      code.vector(V.xor);
    }
    shuffle(low, high, [0, 2, 4, 6]);
    code.set(low);
  };
  splat(c0, counters);
  code.get(counters);
  code.lanes([0, 1, 2, 3]);
  code.vector(V.i32Add);
  code.set(counters);
  code.repeat(BUFFERED_WORDS / 16, () => {
    code.get(counters);
    code.set(x0);
    splat(c1, x1);
    for (const x of [x2, x3]) {
      code.splat(0);
      code.set(x);
    }
    splat(key0, k0);
    splat(key1, k1);
    for (let round = 0; round < rounds; round++) {
      if (round > 0) {
        add(k0, weyl[0]);
        add(k1, weyl[1]);
      }
      multiply(x0, multipliers[0], x3, k1);
      code.get(low);
      code.set(x3);
      multiply(x2, multipliers[1], x1, k0);
      code.set(x0);
      code.get(low);
      code.set(x1);
      code.set(x2);
    }
    storeBlocks();
    code.advance(at, 64);
    add(counters, 4);
  });
  return code;

  /** From a lane for each block to blocks one after another. */
  function storeBlocks(): void {
    for (const half of [0, 1]) {
      const pairs = [2 * half, 4 + 2 * half, 1 + 2 * half, 5 + 2 * half];
      shuffle(x0, x1, pairs);
      code.set(low);
      shuffle(x2, x3, pairs);
      code.set(high);
      for (const block of [0, 1]) {
        code.get(at);
        shuffle(low, high, [2 * block, 1 + 2 * block, 4 + 2 * block, 5 + 2 * block]);
        code.vectorMemory(VectorMemory.store, WORDS + 32 * half + 16 * block);
      }
    }
  }
}

function valuesCode(): Code {
  const [next, from, to] = [0, 1, 2];
  const code = new Code([Type.i32, Type.i32, Type.i32]);
  const [at, end, word, layer, magnitude, out] = Array.from({ length: 6 }, () => code.take());
  const shifted = (local: number, left: number) => {
    code.get(local);
    code.i32(left);
    code.scalar(S.i32ShiftLeft);
  };
  // end = the smaller of next + to - from and BUFFERED_WORDS
  code.get(next);
  code.get(to);
  code.scalar(S.i32Add);
  code.get(from);
  code.scalar(S.i32Subtract);
  code.tee(end);
  code.i32(BUFFERED_WORDS);
  code.get(end);
  code.i32(BUFFERED_WORDS);
  code.scalar(S.i32LessUnsigned);
  code.scalar(S.select);
  code.set(end);
  code.get(next);
  code.set(at);
  shifted(from, 2);
  code.set(out);
  code.block(() => {
    code.loop(() => {
      code.get(at);
      code.get(end);
      code.scalar(S.i32GreaterEqualUnsigned);
      code.branchIf(1);
      shifted(at, 2);
      code.memory(Memory.i32Load, WORDS);
      code.tee(word);
      code.i32(LAYERS - 1);
      code.scalar(S.i32And);
      code.set(layer);
      code.get(word);
      code.i32(9);
      code.scalar(S.i32ShiftRightUnsigned);
      code.tee(magnitude);
      shifted(layer, 2);
      code.memory(Memory.i32Load, INSIDE);
      code.scalar(S.i32GreaterEqualUnsigned);
      code.branchIf(1);
      code.get(out);
      code.get(magnitude);
      code.scalar(S.f64FromI32);
      shifted(layer, 3);
      code.memory(Memory.f64Load, SCALE);
      code.scalar(S.f64Multiply);
      code.scalar(S.f32FromF64);
      code.scalar(S.i32FromF32Bits);
      // Bit 8 of the word is the sign.
      code.get(word);
      code.i32(0x100);
      code.scalar(S.i32And);
      code.i32(23);
      code.scalar(S.i32ShiftLeft);
      code.scalar(S.i32Xor);
      code.memory(Memory.i32Store, VALUES);
      code.advance(at, 1);
      code.advance(out, 4);
      code.branch(0);
    });
  });
  code.get(at);
  code.get(next);
  code.scalar(S.i32Subtract);
  return code;
}
