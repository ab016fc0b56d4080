import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { R } from '../../../../engine/codegen/x86/assembler.ts';
import { constantBytes, Emitter, scratchBytes } from '../../../../engine/codegen/x86/emitter.ts';
import { instructionSets } from '../../../../engine/codegen/x86/instruction-sets.ts';
import { NativeMemory, openNative } from '../../../../engine/codegen/x86/memory.ts';
import { emitProduct } from '../../../../engine/codegen/x86/products.ts';
import { FLOAT_BYTES } from '../../../../engine/kernels/places.ts';
import { type Inputs, uniform } from '../../compare.ts';
import { absent, Dice, type Fn, nativeEngine, run, title } from '../support.ts';

const lengths = [1, 2, 3, 5, 8, 11, 12, 13, 16, 17, 24, 31, 32, 33, 47, 64, 100, 257, 600];
const saved = [R.rbx, R.rbp, R.r12, R.r13, R.r14, R.r15];
const CANARY = 12345.678;
const EPSILON = 2 ** -24;

/** Rounding of a sum of `k` products whose sizes add up to `size`: the errors of its parts are independent. */
const bound = (k: number, size: number) => EPSILON * (1 + 1.5 * Math.sqrt(k)) * size + 1e-30;

interface Operand {
  readonly data: Float32Array;
  /** In elements. */
  readonly row: number;
  readonly column: number;
}

describe.skipIf(absent !== undefined)(title('products of matrices in memory'), () => {
  const native = absent === undefined ? openNative() : (undefined as never);
  const PAGE = 4096;
  const MOST = 600 * 700 * FLOAT_BYTES;
  /** Memory that ends where nothing may be read: what lies behind an operand is not the program's. */
  const guarded = (bytes: number) => {
    const memory = new NativeMemory(native, bytes + PAGE);
    const end = memory.size - PAGE;
    if (native.protect(BigInt(memory.address + end), PAGE, 0) !== 0) throw new Error('no guard');
    return { memory, end };
  };
  const set = absent === undefined ? instructionSets[native.set] : (undefined as never);
  const working =
    absent === undefined ? new NativeMemory(native, constantBytes(set) + scratchBytes(set)) : undefined;
  const [left, right, result] = absent === undefined ? [MOST, MOST, MOST].map(guarded) : [];
  afterAll(() => {
    for (const each of [left, right, result]) each?.memory.free();
    working?.free();
  });

  const place = ({ memory, end }: typeof left, { data }: { data: Float32Array }) => {
    const at = end - data.byteLength;
    new Float32Array(memory.buffer, at, data.length).set(data);
    return memory.address + at;
  };

  /** Rows [from, to) of the product, in a copy of `before`. */
  function product(
    a: Operand,
    b: Operand,
    before: Float32Array,
    stride: number,
    [rows, columns, k]: readonly number[],
    [from, to]: readonly number[],
  ): Float32Array {
    if (working === undefined) throw new Error('unavailable');
    const layout = {
      table: 0,
      constants: working.address,
      outside: 0,
      scratch: [working.address + constantBytes(set)],
    };
    working.bytes.fill(0xff); // NaN
    const emitter = new Emitter(set, layout, 1);
    const { asm } = emitter;
    for (const register of saved) asm.push(register);
    const matrix = (address: number, row: number, column: number) => ({
      place: { offset: address },
      rowStride: FLOAT_BYTES * row,
      columnStride: FLOAT_BYTES * column,
    });
    const into = place(result, { data: before });
    emitProduct(
      emitter,
      {
        rows,
        columns,
        k,
        a: matrix(place(left, a), a.row, a.column),
        b: matrix(place(right, b), b.row, b.column),
        c: matrix(into, stride, 1),
      },
      from,
      to,
    );
    for (const register of [...saved].reverse()) asm.pop(register);
    asm.clearUpper();
    asm.return();
    emitter.finish();
    new Uint32Array(working.buffer, 0, emitter.constants.length).set(emitter.constants);
    const code = new NativeMemory(native, asm.length);
    code.bytes.set(asm.code());
    code.seal();
    native.koffi.call(BigInt(code.address), native.entry);
    code.free();
    return new Float32Array(result.memory.buffer, into - result.memory.address, before.length).slice();
  }

  /** A matrix with `pad` elements between rows (or columns, if transposed) that are NaN. */
  function matrix(dice: Dice, rows: number, columns: number, flip: boolean, pad: number): Operand {
    const [outer, inner] = flip ? [columns, rows] : [rows, columns];
    const stride = inner + pad;
    const data = new Float32Array((outer - 1) * stride + inner).fill(Number.NaN);
    for (let i = 0; i < outer; i++) {
      for (let j = 0; j < inner; j++) data[i * stride + j] = dice.between(-1, 1);
    }
    return flip ? { data, row: 1, column: stride } : { data, row: stride, column: 1 };
  }

  function check(
    label: string,
    a: Operand,
    b: Operand,
    [rows, columns, k]: readonly number[],
    pad: number,
    [from, to]: readonly number[] = [0, rows],
  ): number {
    const stride = columns + pad;
    const margin = 40;
    const before = new Float32Array(margin + (rows - 1) * stride + columns).fill(CANARY);
    // The result starts behind a margin: hand the product a view of the rest.
    const whole = product(a, b, before.subarray(margin), stride, [rows, columns, k], [from, to]);
    const front = new Float32Array(
      result.memory.buffer,
      result.end - whole.byteLength - FLOAT_BYTES * margin,
      margin,
    );
    expect(
      front.every((x) => x === Math.fround(CANARY)),
      `${label}: before the result`,
    ).toBe(true);
    let worst = 0;
    for (let at = 0; at < whole.length; at++) {
      const [i, j] = [Math.floor(at / stride), at % stride];
      if (j >= columns || i < from || i >= to) {
        if (whole[at] !== Math.fround(CANARY)) throw new Error(`${label}: wrote at [${i}, ${j}]`);
        continue;
      }
      let [sum, size] = [0, 0];
      for (let p = 0; p < k; p++) {
        const term = a.data[i * a.row + p * a.column] * b.data[p * b.row + j * b.column];
        sum += term;
        size += Math.abs(term);
      }
      const ratio = Math.abs(whole[at] - sum) / bound(k, size);
      if (!(ratio <= 1)) throw new Error(`${label}: [${i}, ${j}] is ${whole[at]}, not ${sum} (${ratio})`);
      worst = Math.max(worst, ratio);
    }
    return worst;
  }

  /** The canary before a result must be there before it is looked for. */
  const refill = () => {
    new Float32Array(result.memory.buffer, 0, result.end / FLOAT_BYTES).fill(CANARY);
  };

  const small = (dims: readonly number[]) => dims.reduce((n, x) => n * x, 1) <= 6e5;
  const draw = (dice: Dice) => {
    for (;;) {
      const dims = [dice.of(lengths), dice.of(lengths), dice.of(lengths)] as const;
      if (small(dims)) return dims;
    }
  };

  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('random shapes, left transposed: %s, right transposed: %s', (flipA, flipB) => {
    const dice = new Dice(7 + 2 * Number(flipA) + Number(flipB));
    for (let i = 0; i < 120; i++) {
      const [rows, columns, k] = draw(dice);
      const pads = [dice.of([0, 0, 1, 3, 16]), dice.of([0, 0, 1, 5, 32]), dice.of([0, 0, 1, 2, 20])];
      const a = matrix(dice, rows, k, flipA, pads[0]);
      const b = matrix(dice, k, columns, flipB, pads[1]);
      const from = dice.below(3) > 0 ? 0 : dice.below(rows);
      const to = dice.below(3) > 0 ? rows : from + dice.below(rows - from + 1);
      refill();
      const label = `${rows} × ${k} × ${columns}, pads ${pads}, rows ${from} to ${to}`;
      check(label, a, b, [rows, columns, k], pads[2], [from, to]);
    }
  });

  it('every height and width of a tile', () => {
    const dice = new Dice(3);
    for (let rows = 1; rows <= 26; rows++) {
      for (const columns of [1, 2, 7, 9, 15, 16, 17, 24, 31, 33, 48, 49, 65, 128, 129]) {
        const k = dice.of([2, 3, 4, 5, 7, 9]);
        const [a, b] = [matrix(dice, rows, k, rows % 2 === 0, 0), matrix(dice, k, columns, false, 0)];
        refill();
        check(`${rows} × ${k} × ${columns}`, a, b, [rows, columns, k], 0);
      }
    }
  });

  it('sums in pieces, beside packed and unpacked panels', () => {
    const dice = new Dice(4);
    for (const k of [255, 256, 257, 511, 512, 513, 600]) {
      for (const rows of [1, 12, 13]) {
        for (const flip of [false, true]) {
          const columns = dice.of([1, 17, 33, 40]);
          const a = matrix(dice, rows, k, dice.below(2) === 0, 0);
          const b = matrix(dice, k, columns, flip, dice.of([0, 3]));
          refill();
          check(`${rows} × ${k} × ${columns} ${flip}`, a, b, [rows, columns, k], 2);
        }
      }
    }
  });

  it('rows in blocks of the second-level cache', () => {
    const dice = new Dice(9);
    for (const [rows, columns, k] of [
      [600, 40, 64],
      [331, 33, 100],
      [150, 47, 300],
    ]) {
      for (const flip of [false, true]) {
        const [a, b] = [matrix(dice, rows, k, flip, 1), matrix(dice, k, columns, !flip, 0)];
        refill();
        check(`${rows} × ${k} × ${columns} ${flip}`, a, b, [rows, columns, k], 2);
      }
    }
  });

  it('the same numbers again and again on the left', () => {
    const dice = new Dice(5);
    for (let i = 0; i < 40; i++) {
      const [rows, columns, k] = draw(dice);
      const b = matrix(dice, k, columns, dice.below(2) === 0, dice.of([0, 4]));
      const [rowOf, one] = [matrix(dice, 1, k, false, 0), { data: Float32Array.of(1), row: 0, column: 0 }];
      refill();
      check(`a row ${rows} times ${k} × ${columns}`, { ...rowOf, row: 0 }, b, [rows, columns, k], 0);
      refill();
      check(`sums of ${k} × ${columns}`, one, b, [1, columns, k], 0);
    }
  });

  it('parts of the rows make the whole', () => {
    const dice = new Dice(6);
    for (const [rows, columns, k] of [
      [33, 47, 31],
      [100, 1, 64],
      [5, 100, 257],
      [13, 33, 600],
    ]) {
      const a = matrix(dice, rows, k, false, 1);
      const b = matrix(dice, k, columns, columns === 1, 0);
      const cuts = [0, 1, Math.floor(rows / 2), Math.floor(rows / 2), rows];
      for (let i = 1; i < cuts.length; i++) {
        refill();
        check(`rows ${cuts[i - 1]} to ${cuts[i]}`, a, b, [rows, columns, k], 1, [cuts[i - 1], cuts[i]]);
      }
    }
  });

  it('keeps NaN and infinities in their rows and columns', () => {
    const dice = new Dice(8);
    for (const [rows, columns, k] of [
      [13, 33, 24],
      [3, 1, 17],
      [1, 40, 300],
    ]) {
      const [a, b] = [matrix(dice, rows, k, false, 0), matrix(dice, k, columns, true, 0)];
      a.data[k * (rows - 1) + 5] = Number.NaN;
      const c = product(a, b, new Float32Array(rows * columns), columns, [rows, columns, k], [0, rows]);
      for (let at = 0; at < c.length; at++) {
        expect(Number.isNaN(c[at]), `[${at}]`).toBe(Math.floor(at / columns) === rows - 1);
      }
    }
  });
});

/** Numbers of an array by their indices. */
function at(shape: readonly number[], data: ArrayLike<number>, index: readonly number[]): number {
  let place = 0;
  const missing = index.length - shape.length;
  shape.forEach((n, i) => {
    place = place * n + (n === 1 ? 0 : index[i + missing]);
  });
  return data[place];
}

describe.skipIf(absent !== undefined)(title('products in graphs'), () => {
  const engine = nativeEngine();
  afterAll(() => engine.dispose());

  /** Batches that broadcast, each operand transposed or not, against sums in float64. */
  async function check(batchA: number[], batchB: number[], dims: number[], flips: boolean[], seed: number) {
    const [rows, columns, k] = dims;
    const shapeA = [...batchA, ...(flips[0] ? [k, rows] : [rows, k])];
    const shapeB = [...batchB, ...(flips[1] ? [columns, k] : [k, columns])];
    const inputs: Inputs = { a: uniform(seed, shapeA, -1, 1), b: uniform(seed + 1, shapeB, -1, 1) };
    const fn: Fn = ({ a, b }) => ({ c: tf.matMul(a, b, flips[0], flips[1]) });
    const { c } = await run(engine, fn, inputs);
    const label = `[${shapeA}] [${shapeB}] ${flips}`;
    const rank = Math.max(batchA.length, batchB.length);
    expect(c.shape.slice(rank), label).toEqual([rows, columns]);
    for (let i = 0; i < c.data.length; i++) {
      let rest = i;
      const index = [...c.shape]
        .reverse()
        .map((n) => {
          const here = rest % n;
          rest = (rest - here) / n;
          return here;
        })
        .reverse();
      const batch = index.slice(0, rank);
      const [row, column] = index.slice(rank);
      let [sum, size] = [0, 0];
      for (let p = 0; p < k; p++) {
        const x = at(shapeA, inputs.a.data, [...batch, ...(flips[0] ? [p, row] : [row, p])]);
        const y = at(shapeB, inputs.b.data, [...batch, ...(flips[1] ? [column, p] : [p, column])]);
        sum += x * y;
        size += Math.abs(x * y);
      }
      if (!(Math.abs(c.data[i] - sum) <= bound(k, size))) {
        throw new Error(`${label}: [${index}] is ${c.data[i]}, not ${sum}`);
      }
    }
  }

  const few = [1, 2, 3, 5, 8, 13, 16, 17, 33];
  it('of two axes', async () => {
    const dice = new Dice(11);
    for (let i = 0; i < 60; i++) {
      const dims = [dice.of(few), dice.of(few), dice.of(few)];
      await check([], [], dims, [dice.below(2) > 0, dice.below(2) > 0], i);
    }
  });

  it('of vectors, both ways', async () => {
    const dice = new Dice(12);
    for (const dims of [
      [1, 40, 30],
      [40, 1, 30],
      [1, 1, 50],
      [1, 17, 2],
      [300, 1, 3],
    ]) {
      for (const flips of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ]) {
        await check([], [], dims, flips, dice.below(1000));
        await check([3], [3], dims, flips, dice.below(1000));
        await check([3], [], dims, flips, dice.below(1000));
      }
    }
  });

  it('of batches that broadcast', async () => {
    const dice = new Dice(13);
    const batches = [
      [[2], [2]],
      [[2], [1]],
      [[1], [3]],
      [[3], []],
      [[2, 3], [3]],
      [
        [2, 1],
        [1, 3],
      ],
      [
        [2, 3],
        [1, 1],
      ],
    ];
    for (const [a, b] of batches) {
      for (let i = 0; i < 5; i++) {
        const dims = [dice.of(few), dice.of(few), dice.of(few)];
        await check(a, b, dims, [dice.below(2) > 0, dice.below(2) > 0], i);
      }
    }
  });
});
