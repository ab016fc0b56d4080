/** Sums, products and extremes along axes. */

import { type ReducedAxis, reductionLoops } from '../../kernels/axes.ts';
import type { ReductionKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { R } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import { V, V1 } from './instructions.ts';
import { emitLoops } from './loops.ts';
import { loadFirst, PARTIAL_SUMS, sumLanes } from './products.ts';

const integerIdentity = { sum: 0, product: 1, max: -(2 ** 31), min: 2 ** 31 - 1 } as const;
const floatIdentity = {
  sum: 0,
  product: 1,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
} as const;

const floatCodes = { sum: V.add, product: V.mul, max: V.max, min: V.min } as const;
const integerCodes = { sum: V.addInt, product: V.mulInt, max: V.maxInt, min: V.minInt } as const;

/** Registers of the loops over reduced axes. */
const POINTER = R.r15;
const COUNTERS = [R.r14, R.r13, R.r12] as const;
/** Sums of one row in turn, which do not wait for each other. */
const ACCUMULATORS = 4;
const LOADED = 8;

export function emitReduction(
  emitter: Emitter,
  reduction: ReductionKernel,
  placeOf: PlaceOf,
  threads: number,
): void {
  const ascending = [...reduction.axes].sort((a, b) => a - b);
  const { nest, axes, along, across } = reductionLoops(reduction, ascending, placeOf, emitter.set.target);
  if (axes.length > COUNTERS.length) throw new RangeError('too many axes to reduce');
  const reserved = [POINTER, ...COUNTERS];
  const { asm } = emitter;
  emitLoops(
    emitter,
    nest,
    threads,
    (cursor) => {
      asm.loadAddress(POINTER, cursor.at(0).address);
      const masking = cursor.masked ? { mask: 1 } : {};
      for (let i = 0; i < (along ? ACCUMULATORS * parts(emitter) : 1); i++) identity(emitter, reduction, i);
      accumulate(emitter, reduction, axes, across ? (cursor.masked ? 1 : undefined) : 'one');
      if (reduction.factor !== 1) {
        asm.vector3Broadcast(V.mul, 0, 0, emitter.constant(reduction.factor));
      }
      if (across) asm.storeVector(cursor.at(1).address, 0, masking);
      else asm.storeScalar(cursor.at(1).address, 0);
    },
    { single: !across, reserved },
  );
}

function identity(emitter: Emitter, { combination, type }: ReductionKernel, register: number): void {
  const address =
    type === 'float32'
      ? emitter.constant(floatIdentity[combination])
      : emitter.constantBits(integerIdentity[combination] >>> 0);
  emitter.asm.broadcast(register, address);
}

/** destination = a combined with b; extremes of floats keep NaN. */
function combine(
  emitter: Emitter,
  { combination, type }: ReductionKernel,
  destination: number,
  a: number,
  b: number,
): void {
  const { asm, set } = emitter;
  if (type !== 'float32') {
    asm.vector3(integerCodes[combination], destination, a, b);
    return;
  }
  if (combination === 'max' || combination === 'min') {
    // The processor returns the second operand beside a NaN; NaN in the first is put back.
    asm.compareFloat(2, a, a, 3);
    const kept = set.freeRegisters - 1;
    asm.vector2(V1.move, kept, a);
    asm.vector3(floatCodes[combination], destination, a, b);
    asm.vector2(V1.move, destination, kept, { mask: 2 });
    return;
  }
  asm.vector3(floatCodes[combination], destination, a, b);
}

/**
 * Combines what r15 points at along all axes into register 0.
 * @param mode 'one': one number at each place, or vectors along an axis of stride 1; else vectors under a mask
 */
function accumulate(
  emitter: Emitter,
  reduction: ReductionKernel,
  axes: readonly ReducedAxis[],
  mode: 'one' | 1 | undefined,
): void {
  const { asm } = emitter;
  const inner = axes[axes.length - 1];
  const contiguous = mode === 'one' && inner !== undefined && inner.stride === 1;
  const visit = (at: number): void => {
    if (contiguous && at === axes.length - 1) {
      alongVectors(emitter, reduction, inner.size, COUNTERS[at]);
      return;
    }
    if (at === axes.length) {
      if (mode === 'one') asm.broadcast(LOADED, { base: POINTER, displacement: 0 });
      else {
        const masking = mode === undefined ? {} : { mask: mode, zero: true };
        asm.vector2(V1.load, LOADED, { base: POINTER, displacement: 0 }, masking);
      }
      combine(emitter, reduction, 0, 0, LOADED);
      return;
    }
    const { size, stride } = axes[at];
    emitter.repeat(COUNTERS[at], size, () => {
      visit(at + 1);
      asm.addNumber(POINTER, FLOAT_BYTES * (stride - walked(axes, at + 1, contiguous)));
    });
  };
  visit(0);
  if (!contiguous) return;
  const sums = parts(emitter);
  for (let i = sums; i < ACCUMULATORS * sums; i++) combine(emitter, reduction, i % sums, i % sums, i);
  sumLanes(emitter, 0, LOADED, (d, a, b) => combine(emitter, reduction, d, a, b));
}

/** Elements that the loop over an inner axis has moved the pointer by. */
function walked(axes: readonly ReducedAxis[], at: number, contiguous: boolean): number {
  if (at >= axes.length) return 0;
  const { size, stride } = axes[at];
  if (contiguous && at === axes.length - 1) return Math.floor(size / PARTIAL_SUMS) * PARTIAL_SUMS;
  return size * stride;
}

/** Registers of an accumulator. */
const parts = ({ lanes }: Emitter): number => PARTIAL_SUMS / lanes;

function alongVectors(emitter: Emitter, reduction: ReductionKernel, size: number, counter: number): void {
  const { asm, lanes, vectorBytes } = emitter;
  const count = parts(emitter);
  const bytes = FLOAT_BYTES * PARTIAL_SUMS;
  const rounds = Math.floor(size / PARTIAL_SUMS);
  const step = (i: number) => {
    for (let part = 0; part < count; part++) {
      const register = i * count + part;
      asm.vector2(V1.load, LOADED, { base: POINTER, displacement: i * bytes + part * vectorBytes });
      combine(emitter, reduction, register, register, LOADED);
    }
  };
  emitter.repeat(counter, Math.floor(rounds / ACCUMULATORS), () => {
    for (let i = 0; i < ACCUMULATORS; i++) step(i);
    asm.addNumber(POINTER, ACCUMULATORS * bytes);
  });
  for (let i = 0; i < rounds % ACCUMULATORS; i++) step(i);
  asm.addNumber(POINTER, (rounds % ACCUMULATORS) * bytes);
  const rest = size % PARTIAL_SUMS;
  if (rest === 0) return;
  if (rest % lanes > 0) asm.setMask(3, rest % lanes);
  for (let part = 0; part < count; part++) {
    const elements = rest - part * lanes;
    loadFirst(emitter, LOADED, { base: POINTER, displacement: part * vectorBytes }, elements, 3);
    // Lanes beyond the end hold what changes nothing.
    if (elements < lanes) identity(emitter, reduction, LOADED + 1);
    if (elements > 0 && elements < lanes) asm.vector2(V1.move, LOADED + 1, LOADED, { mask: 3 });
    combine(emitter, reduction, part, part, elements < lanes ? LOADED + 1 : LOADED);
  }
}
