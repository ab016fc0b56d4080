/** Code that reads and writes at indices known when the program runs: a loop over positions, slices in vectors. */

import { batchBytes, type GatherKernel, positionStrides, type ScatterKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { IF, Label, R } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import { V, V1 } from './instructions.ts';

/** Lanes of a slice's last vector. */
const REST = 1;

/**
 * Indices out of range are noted, and read the first position: nothing outside of the tensor is read. Where an axis has no
 * elements every index is out of range, and nothing is read.
 */
export function emitGather(emitter: Emitter, kernel: GatherKernel, placeOf: PlaceOf): void {
  const { asm, lanes } = emitter;
  const { positions, source, indices, result } = kernel;
  const { batch, count, bounds, slice, shared } = positions;
  if (bounds.includes(0) && batch * count > 0) {
    noteOutside(emitter);
    return;
  }
  const strides = positionStrides(positions);
  emitter.point(R.r12, placeOf(source.storage, source.offset));
  emitter.point(R.r13, placeOf(indices.storage, indices.offset));
  emitter.point(R.r14, placeOf(result.storage, result.offset));
  if (slice % lanes > 0) asm.setMask(REST, slice % lanes);
  emitter.repeat(R.r15, batch, () => {
    emitter.repeat(R.rbx, count, () => {
      asm.move(R.rsi, R.r12);
      for (const [j, bound] of bounds.entries()) {
        checked(emitter, FLOAT_BYTES * j, bound);
        asm.multiplyNumber(R.rax, R.rax, strides[j]);
        asm.add(R.rsi, R.rax);
      }
      inSlices(emitter, slice, [R.rsi, R.r14], (masking) => {
        asm.vector2(
          V1.load,
          0,
          { base: R.rsi, displacement: 0 },
          { ...masking, zero: masking.mask !== undefined },
        );
        asm.storeVector({ base: R.r14, displacement: 0 }, 0, masking);
      });
      asm.addNumber(R.r13, FLOAT_BYTES * bounds.length);
    });
    if (shared) asm.addNumber(R.r13, -FLOAT_BYTES * bounds.length * count);
    asm.addNumber(R.r12, batchBytes(positions));
  });
}

/** rax = the index at r13 if it is at least 0 and less than the bound, else 0 and a note of it */
function checked(emitter: Emitter, displacement: number, bound: number): void {
  const { asm } = emitter;
  const inside = new Label();
  asm.move32(R.rax, { base: R.r13, displacement });
  // Negative numbers have become large ones.
  asm.compareNumber(R.rax, bound);
  asm.jumpIf(IF.below, inside);
  noteOutside(emitter);
  asm.moveNumber(R.rax, 0);
  asm.bind(inside);
}

/** Tells the program's caller that an index was out of range; rax is overwritten. */
function noteOutside({ asm, layout }: Emitter): void {
  asm.moveNumber(R.rax, 1);
  asm.store32({ displacement: layout.outside }, R.rax);
}

/** Positions out of range are noted, and their updates left out. */
export function emitScatter(emitter: Emitter, kernel: ScatterKernel, placeOf: PlaceOf): void {
  const { asm, lanes } = emitter;
  const { positions, indices, updates, result, reduction, type } = kernel;
  const { count, bounds, slice } = positions;
  const strides = positionStrides(positions);
  emitter.point(R.r12, placeOf(result.storage, result.offset));
  emitter.point(R.r13, placeOf(indices.storage, indices.offset));
  emitter.point(R.r14, placeOf(updates.storage, updates.offset));
  if (slice % lanes > 0) asm.setMask(REST, slice % lanes);
  const add = type === 'float32' ? V.add : V.addInt;
  emitter.repeat(R.rbx, count, () => {
    const next = new Label();
    asm.move(R.rdi, R.r12);
    asm.move(R.rsi, R.r14);
    for (const [j, bound] of bounds.entries()) {
      asm.move32(R.rax, { base: R.r13, displacement: FLOAT_BYTES * j });
      const inside = new Label();
      asm.compareNumber(R.rax, bound);
      asm.jumpIf(IF.below, inside);
      noteOutside(emitter);
      asm.jump(next);
      asm.bind(inside);
      asm.multiplyNumber(R.rax, R.rax, strides[j]);
      asm.add(R.rdi, R.rax);
    }
    inSlices(emitter, slice, [R.rsi, R.rdi], (masking) => {
      const zeroing = { ...masking, zero: masking.mask !== undefined };
      asm.vector2(V1.load, 0, { base: R.rsi, displacement: 0 }, zeroing);
      if (reduction === 'add') asm.vector3(add, 0, 0, { base: R.rdi, displacement: 0 }, zeroing);
      asm.storeVector({ base: R.rdi, displacement: 0 }, 0, masking);
    });
    asm.bind(next);
    asm.addNumber(R.r13, FLOAT_BYTES * bounds.length);
    asm.addNumber(R.r14, FLOAT_BYTES * slice);
  });
}

/** Walks pointers along a slice, a vector at a time; counts in rcx. */
function inSlices(
  emitter: Emitter,
  slice: number,
  pointers: readonly number[],
  body: (masking: { mask?: number }) => void,
): void {
  const { asm, lanes, vectorBytes } = emitter;
  const advance = (bytes: number) => {
    for (const pointer of pointers) asm.addNumber(pointer, bytes);
  };
  emitter.repeat(R.rcx, Math.floor(slice / lanes), () => {
    body({});
    advance(vectorBytes);
  });
  const rest = slice % lanes;
  if (rest === 0) return;
  body({ mask: REST });
  advance(FLOAT_BYTES * rest);
}
