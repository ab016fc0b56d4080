/** Sums, products and extremes along axes. */

import { type ReducedAxis, reductionLoops } from '../../kernels/axes.ts';
import type { ReductionKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { R } from './assembler.ts';
import { type Emitter, VECTOR, VECTOR_BYTES } from './emitter.ts';
import { V, V1 } from './instructions.ts';
import { emitLoops } from './loops.ts';
import { sumLanes } from './products.ts';
import { avx512 } from './target.ts';

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
  const { nest, axes, along, across } = reductionLoops(reduction, ascending, placeOf, avx512);
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
      for (let i = 0; i < (along ? ACCUMULATORS : 1); i++) identity(emitter, reduction, i);
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
  mask?: number,
): void {
  const { asm } = emitter;
  const masking = mask === undefined ? {} : { mask };
  if (type !== 'float32') {
    asm.vector3(integerCodes[combination], destination, a, b, masking);
    return;
  }
  if (combination === 'max' || combination === 'min') {
    // The processor returns the second operand beside a NaN; NaN in the first is put back.
    asm.compareFloat(2, a, a, 3);
    asm.vector2(V1.move, 31, a);
    asm.vector3(floatCodes[combination], destination, a, b, masking);
    asm.vector2(V1.move, destination, 31, { mask: 2 });
    return;
  }
  asm.vector3(floatCodes[combination], destination, a, b, masking);
}

/**
 * Combines what r15 points at along all axes into register 0.
 * @param mode 'one': one number at each place, or 16 along an axis of stride 1; else vectors under a mask
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
  for (let i = 1; i < ACCUMULATORS; i++) combine(emitter, reduction, 0, 0, i);
  sumLanes(emitter, 0, LOADED, (d, a, b) => combine(emitter, reduction, d, a, b));
}

/** Elements that the loop over an inner axis has moved the pointer by. */
function walked(axes: readonly ReducedAxis[], at: number, contiguous: boolean): number {
  if (at >= axes.length) return 0;
  const { size, stride } = axes[at];
  if (contiguous && at === axes.length - 1) return Math.floor(size / VECTOR) * VECTOR;
  return size * stride;
}

function alongVectors(emitter: Emitter, reduction: ReductionKernel, size: number, counter: number): void {
  const { asm } = emitter;
  const vectors = Math.floor(size / VECTOR);
  const rest = size % VECTOR;
  const step = (i: number) => {
    asm.vector2(V1.load, LOADED, { base: POINTER, displacement: i * VECTOR_BYTES });
    combine(emitter, reduction, i, i, LOADED);
  };
  emitter.repeat(counter, Math.floor(vectors / ACCUMULATORS), () => {
    for (let i = 0; i < ACCUMULATORS; i++) step(i);
    asm.addNumber(POINTER, ACCUMULATORS * VECTOR_BYTES);
  });
  for (let i = 0; i < vectors % ACCUMULATORS; i++) step(i);
  asm.addNumber(POINTER, (vectors % ACCUMULATORS) * VECTOR_BYTES);
  if (rest === 0) return;
  asm.setMask(3, (1 << rest) - 1);
  asm.vector2(V1.load, LOADED, { base: POINTER, displacement: 0 }, { mask: 3, zero: true });
  // Lanes beyond the end hold what changes nothing.
  identity(emitter, reduction, LOADED + 1);
  asm.vector2(V1.move, LOADED + 1, LOADED, { mask: 3 });
  combine(emitter, reduction, 0, 0, LOADED + 1);
}
