/** Scan and arg-reduce kernels, along one axis for a vector of places at a time. */

import { acrossAxis, acrossRows } from '../../kernels/axes.ts';
import type { ArgExtremumKernel, ScanKernel, TopKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { R } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import { FLOAT, INT, V, V1 } from './instructions.ts';
import { type Cursor, emitLoops } from './loops.ts';

/** Masks beside mask 1, which belongs to loops. */
const LANES = 4;
const BETTER = 2;
const [EQUAL, FIRST] = [3, 5];

/** Registers of the indices by which lanes are loaded and stored. */
const [LOAD_STEPS, STORE_STEPS] = [30, 31];

/** Lanes from where a register points, a stride apart. */
function load({ asm }: Emitter, cursor: Cursor, stride: number, register: number, pointer: number): void {
  const address = { base: pointer, displacement: 0 };
  if (stride === 0) asm.broadcast(register, address);
  else if (stride === 1)
    asm.vector2(V1.load, register, address, cursor.masked ? { mask: 1, zero: true } : {});
  else {
    asm.zero(register);
    asm.setMask(LANES, cursor.lanes);
    asm.gather(register, { register: LOAD_STEPS, stride }, pointer, LANES);
  }
}

function store({ asm }: Emitter, cursor: Cursor, stride: number, register: number, pointer: number): void {
  if (stride === 0 || stride === 1) {
    asm.storeVector({ base: pointer, displacement: 0 }, register, cursor.masked ? { mask: 1 } : {});
    return;
  }
  asm.setMask(LANES, cursor.lanes);
  asm.scatter(register, { register: STORE_STEPS, stride }, pointer, LANES);
}

/** Points a register at the lanes of an access. */
function point(emitter: Emitter, cursor: Cursor, access: number, pointer: number, steps: number): number {
  const { address, stride } = cursor.at(access);
  emitter.asm.loadAddress(pointer, address);
  if (stride !== 0 && stride !== 1) emitter.loadSteps(steps, stride);
  return stride;
}

export function emitScan(emitter: Emitter, kernel: ScanKernel, placeOf: PlaceOf): void {
  const { asm } = emitter;
  const { source, result, axis, exclusive, type } = kernel;
  const add = type === 'float32' ? V.add : V.addInt;
  const nest = acrossAxis(kernel, placeOf);
  const [sum, next] = [0, 1];
  const reserved = [R.r12, R.r13, R.r14];
  emitLoops(
    emitter,
    nest,
    1,
    (cursor) => {
      const from = point(emitter, cursor, 0, R.r12, LOAD_STEPS);
      const to = point(emitter, cursor, 1, R.r13, STORE_STEPS);
      asm.zero(sum);
      emitter.repeat(R.r14, source.shape[axis], () => {
        load(emitter, cursor, from, next, R.r12);
        if (exclusive) store(emitter, cursor, to, sum, R.r13);
        asm.vector3(add, sum, sum, next);
        if (!exclusive) store(emitter, cursor, to, sum, R.r13);
        asm.addNumber(R.r12, FLOAT_BYTES * source.strides[axis]);
        asm.addNumber(R.r13, FLOAT_BYTES * result.strides[axis]);
      });
    },
    { reserved },
  );
}

/** Only what exceeds the best so far replaces it: the first of equals stays, and the first NaN whatever comes. */
export function emitArgExtremum(emitter: Emitter, kernel: ArgExtremumKernel, placeOf: PlaceOf): void {
  const { asm } = emitter;
  const { source, axis, largest, type } = kernel;
  const nest = acrossAxis(kernel, placeOf);
  const [best, bestIndex, index, next, one] = [0, 1, 2, 3, 4];
  const reserved = [R.r12, R.r13, R.r14];
  emitLoops(
    emitter,
    nest,
    1,
    (cursor) => {
      const from = point(emitter, cursor, 0, R.r12, LOAD_STEPS);
      const to = point(emitter, cursor, 1, R.r13, STORE_STEPS);
      load(emitter, cursor, from, best, R.r12);
      asm.zero(bestIndex);
      asm.zero(index);
      asm.broadcast(one, emitter.constantBits(1));
      const [low, high] = largest ? [best, next] : [next, best];
      emitter.repeat(R.r14, source.shape[axis] - 1, () => {
        asm.addNumber(R.r12, FLOAT_BYTES * source.strides[axis]);
        asm.vector3(V.addInt, index, index, one);
        load(emitter, cursor, from, next, R.r12);
        if (type === 'float32') {
          asm.compareFloat(BETTER, best, best, FLOAT.ordered);
          asm.compareFloat(BETTER, high, low, FLOAT.notLessEqual, { mask: BETTER });
        } else asm.compareInt(BETTER, low, high, INT.less);
        asm.vector2(V1.move, best, next, { mask: BETTER });
        asm.vector2(V1.move, bestIndex, index, { mask: BETTER });
      });
      store(emitter, cursor, to, bestIndex, R.r13);
    },
    { reserved },
  );
}

/**
 * Each round finds the largest number behind the one found before: among equal numbers the first comes first, as
 * with TensorFlow.js; NaN counts as larger than any number.
 */
export function emitTop(emitter: Emitter, kernel: TopKernel, placeOf: PlaceOf): void {
  const { asm } = emitter;
  const { source, result, type } = kernel;
  const axis = source.shape.length - 1;
  const length = source.shape[axis];
  const count = result.shape[axis + 1];
  const [best, bestKey, bestIndex, index, next, key, lastKey, lastIndex, one, zero] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ];
  const reserved = [R.r11, R.r12, R.r13, R.r14, R.r15];
  const step = FLOAT_BYTES * source.strides[axis];
  emitLoops(
    emitter,
    acrossRows(kernel, placeOf),
    1,
    (cursor) => {
      const from = point(emitter, cursor, 0, R.r12, LOAD_STEPS);
      const to = point(emitter, cursor, 1, R.r13, STORE_STEPS);
      point(emitter, cursor, 2, R.r11, STORE_STEPS);
      asm.zero(zero);
      asm.broadcast(one, emitter.constantBits(1));
      asm.broadcast(lastKey, emitter.constantBits(2 ** 31 - 1));
      asm.broadcast(lastIndex, emitter.constantBits(-1 >>> 0));
      emitter.repeat(R.r15, count, () => {
        asm.zero(index);
        asm.broadcast(bestIndex, emitter.constantBits(-1 >>> 0));
        asm.zero(bestKey);
        emitter.repeat(R.r14, length, () => {
          load(emitter, cursor, from, next, R.r12);
          if (type === 'float32') {
            // Bits of floats in the order of integers, -0 as 0.
            asm.vector3(V.add, key, next, zero);
            asm.compareInt(BETTER, key, zero, INT.less);
            asm.vector3Broadcast(V.xor, key, key, emitter.constantBits(2 ** 31 - 1), { mask: BETTER });
            // A NaN of either sign.
            asm.compareFloat(BETTER, next, next, FLOAT.unordered);
            asm.broadcast(key, emitter.constantBits(2 ** 31 - 1), { mask: BETTER });
          } else asm.vector2(V1.move, key, next);
          // Behind the last one found ...
          asm.compareInt(EQUAL, key, lastKey, INT.equal);
          asm.compareInt(EQUAL, lastIndex, index, INT.less, { mask: EQUAL });
          asm.compareInt(BETTER, key, lastKey, INT.less);
          asm.orMasks(BETTER, BETTER, EQUAL);
          // ... and larger than the best so far, or the first.
          asm.compareInt(FIRST, bestIndex, zero, INT.less, { mask: BETTER });
          asm.compareInt(BETTER, bestKey, key, INT.less, { mask: BETTER });
          asm.orMasks(BETTER, BETTER, FIRST);
          asm.vector2(V1.move, best, next, { mask: BETTER });
          asm.vector2(V1.move, bestKey, key, { mask: BETTER });
          asm.vector2(V1.move, bestIndex, index, { mask: BETTER });
          asm.vector3(V.addInt, index, index, one);
          asm.addNumber(R.r12, step);
        });
        asm.addNumber(R.r12, -step * length);
        store(emitter, cursor, to, best, R.r13);
        store(emitter, cursor, to, bestIndex, R.r11);
        asm.vector2(V1.move, lastKey, bestKey);
        asm.vector2(V1.move, lastIndex, bestIndex);
        asm.addNumber(R.r13, FLOAT_BYTES);
        asm.addNumber(R.r11, FLOAT_BYTES);
      });
    },
    { reserved },
  );
}
