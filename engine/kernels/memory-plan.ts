/** Where each tensor of a program lies in memory: tensors that do not live at the same time share it. */

import type { ProgramStep } from './fusion.ts';
import { readsOf, writesOf } from './kernels.ts';
import { FLOAT_BYTES } from './places.ts';
import type { Storage, View } from './views.ts';

/** A cache line. */
export const LINE = 64;

export const aligned = (bytes: number) => Math.ceil(bytes / LINE) * LINE;

interface MemoryPlan {
  /** Bytes from the start of the tensors, by storage. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: number;
}

/** Tensors that are not needed at the same time share memory. */
export function planMemory(steps: readonly ProgramStep[], storages: readonly Storage[]): MemoryPlan {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  steps.forEach((step, at) => {
    for (const storage of touched(step)) {
      if (storage.slot !== undefined) continue;
      if (!first.has(storage.id)) first.set(storage.id, at);
      last.set(storage.id, at);
    }
  });
  const offsets = new Map<number, number>();
  let end = 0;
  for (const { id, constant, elements } of storages) {
    if (constant === undefined || !first.has(id)) continue;
    offsets.set(id, end);
    end += aligned(FLOAT_BYTES * elements);
  }
  const free: { at: number; bytes: number }[] = [];
  const starting = new Map<number, Storage[]>();
  const ending = new Map<number, Storage[]>();
  for (const storage of storages) {
    const from = first.get(storage.id);
    if (from === undefined || storage.constant !== undefined) continue;
    starting.set(from, [...(starting.get(from) ?? []), storage]);
    const to = last.get(storage.id) as number;
    ending.set(to, [...(ending.get(to) ?? []), storage]);
  }
  for (let at = 0; at < steps.length; at++) {
    const given = inPlace(steps[at], starting.get(at) ?? [], ending.get(at) ?? []);
    for (const storage of starting.get(at) ?? []) {
      const source = given.get(storage);
      if (source !== undefined) {
        offsets.set(storage.id, offsets.get(source.id) as number);
        continue;
      }
      const bytes = aligned(FLOAT_BYTES * storage.elements);
      const fitting = free.filter((piece) => piece.bytes >= bytes).sort((a, b) => a.bytes - b.bytes)[0];
      if (fitting === undefined) {
        offsets.set(storage.id, end);
        end += bytes;
      } else {
        offsets.set(storage.id, fitting.at);
        fitting.at += bytes;
        fitting.bytes -= bytes;
      }
    }
    const taken = new Set(given.values());
    for (const storage of ending.get(at) ?? []) {
      if (taken.has(storage)) continue;
      release(free, offsets.get(storage.id) as number, aligned(FLOAT_BYTES * storage.elements));
    }
  }
  // Vectors may be read a line beyond the last element.
  return { offsets, bytes: end + 16 * LINE };
}

/**
 * Results of a loop that are written over operands which nothing reads afterwards: half the memory, and it is in the
 * cache already. Every element of the operand is read where the result's is written, and not after it.
 */
function inPlace(
  { group }: ProgramStep,
  starting: readonly Storage[],
  ending: readonly Storage[],
): Map<Storage, Storage> {
  const given = new Map<Storage, Storage>();
  if (group === undefined) return given;
  const { operations, selection } = group;
  for (const [at, { store }] of operations.entries()) {
    if (store === undefined || store.selectedRows || !starting.includes(store.storage)) continue;
    if (given.has(store.storage)) continue;
    const writers = operations.filter((other) => other.store?.storage === store.storage);
    if (writers.length > 1) continue;
    const source = ending.find((storage) => {
      if (storage.constant !== undefined || storage.elements !== store.storage.elements) return false;
      if (storage === selection?.storage || [...given.values()].includes(storage)) return false;
      return operations.every(({ operands, store: other }, i) => {
        if (other?.storage === storage) return false;
        return operands.every(
          (operand) =>
            !('view' in operand) ||
            operand.view.storage !== storage ||
            (i <= at && sameWalk(operand.view, store)),
        );
      });
    });
    if (source !== undefined) given.set(store.storage, source);
  }
  return given;
}

function sameWalk(a: View, b: View): boolean {
  return (
    a.offset === b.offset &&
    a.selectedRows !== true &&
    a.strides.length === b.strides.length &&
    a.strides.every((stride, i) => stride === b.strides[i])
  );
}

/** Storages that a step reads or writes in memory. */
function touched({ kernels, group }: ProgramStep): Storage[] {
  if (group === undefined) return kernels.flatMap((kernel) => [...readsOf(kernel), writesOf(kernel)]);
  const choice = group.selection === undefined ? [] : [group.selection.storage];
  return group.operations.flatMap(({ operands, store }) => [
    ...choice,
    ...operands.flatMap((operand) => ('view' in operand ? [operand.view.storage] : [])),
    ...(store === undefined ? [] : [store.storage]),
  ]);
}

/** Gives a piece back, joined with its neighbours. */
function release(free: { at: number; bytes: number }[], at: number, bytes: number): void {
  const piece = { at, bytes };
  for (let i = free.length - 1; i >= 0; i--) {
    const other = free[i];
    if (other.bytes === 0) free.splice(i, 1);
    else if (other.at + other.bytes === piece.at) {
      piece.at = other.at;
      piece.bytes += other.bytes;
      free.splice(i, 1);
    } else if (piece.at + piece.bytes === other.at) {
      piece.bytes += other.bytes;
      free.splice(i, 1);
    }
  }
  free.push(piece);
}
