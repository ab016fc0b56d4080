/**
 * Loops over rows whose number is known only at run time, and which may be read and written in another order: rows
 * selected for one member of an ensemble (engine/routing.ts).
 */
import { type RowAccess, type SelectedRows, selectedRowsOf } from '../../kernels/groups.ts';
import { type RowPartitionKernel, selectedBy } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { IF, Label, R } from './assembler.ts';
import type { Emitter } from './emitter.ts';
import { addressOf, type Cursor, registersBeside } from './loops.ts';

/** The thread's share of the rows, in units of so many: the first, and behind the last. */
export function emitRowShare(
  emitter: Emitter,
  { count }: SelectedRows,
  threads: number,
  unit: number,
  from: number,
  to: number,
): void {
  const { asm, thread } = emitter;
  const bound = (register: number, part: number) => {
    asm.move32(R.rax, { displacement: count });
    asm.addNumber(R.rax, unit - 1);
    asm.divideNumber(unit);
    if (part < threads) {
      asm.multiplyNumber(R.rax, R.rax, part);
      asm.divideNumber(threads);
    }
    asm.loadAddress(register, { base: R.rax, displacement: 0 });
  };
  bound(from, thread);
  bound(to, thread + 1);
}

/** Walks the selected rows; the body handles up to a vector of elements of a row. */
export function emitRowLoops(
  emitter: Emitter,
  selection: SelectedRows,
  width: number,
  accesses: readonly RowAccess[],
  threads: number,
  body: (cursor: Cursor) => void,
): void {
  const { asm, lanes, vectorBytes } = emitter;
  emitRowShare(emitter, selection, threads, 1, R.r14, R.r15);
  const take = registersBeside([R.r14, R.r15]);
  const slots = new Map<number, number>();
  const patterns = new Map<string, RowAccess & { readonly register: number }>();
  const keyOf = ({ rowStride, stride, indirect }: RowAccess) => `${rowStride} ${stride} ${indirect}`;
  for (const access of accesses) {
    const { slot } = access.place;
    if (slot !== undefined && !slots.has(slot)) slots.set(slot, take());
    const moves = access.rowStride !== 0 || access.stride !== 0;
    if (moves && !patterns.has(keyOf(access))) patterns.set(keyOf(access), { ...access, register: take() });
  }
  for (const [slot, register] of slots) asm.move(register, { displacement: emitter.layout.table + 8 * slot });
  const whole = Math.floor(width / lanes);
  const rest = width % lanes;
  if (rest > 0) asm.setMask(1, rest);
  const counter = whole > 1 ? take() : undefined;
  const cursor = (masked: boolean): Cursor => ({
    masked,
    lanes: masked ? rest : lanes,
    at(i) {
      const access = accesses[i];
      const address = addressOf(access.place, slots, patterns.get(keyOf(access))?.register);
      return { address, stride: access.stride };
    },
  });
  const step = (masked: boolean, advance: boolean) => {
    body(cursor(masked));
    if (!advance) return;
    for (const { register, stride } of patterns.values()) asm.addNumber(register, vectorBytes * stride);
  };
  const again = new Label();
  const done = new Label();
  asm.bind(again);
  asm.compareRegisters(R.r14, R.r15);
  asm.jumpIf(IF.aboveOrEqual, done);
  const values = [...patterns.values()];
  if (values.some(({ indirect }) => indirect)) {
    asm.move32(R.rax, { index: R.r14, scale: 4, displacement: selection.index });
  }
  for (const { register, rowStride, indirect } of values) {
    asm.multiplyNumber(register, indirect ? R.rax : R.r14, FLOAT_BYTES * rowStride);
  }
  emitter.repeat(counter, whole, () => step(false, whole > 1 || rest > 0));
  if (rest > 0) step(true, false);
  asm.addNumber(R.r14, 1);
  asm.jump(again);
  asm.bind(done);
}

/** Lists the rows where a condition holds, and the others. */
export function emitRowPartition(emitter: Emitter, kernel: RowPartitionKernel, placeOf: PlaceOf): void {
  const { asm } = emitter;
  const { source } = kernel;
  const [first, second] = ([0, 1] as const).map((member) =>
    selectedRowsOf(selectedBy(kernel, member), placeOf),
  );
  emitter.point(R.r8, placeOf(source.storage, source.offset));
  for (const register of [R.r9, R.rcx, R.rdx]) asm.moveNumber(register, 0);
  emitter.repeat(R.r10, source.shape[0], () => {
    asm.move32(R.rax, { base: R.r8, index: R.r9, scale: 4, displacement: 0 });
    // Both lists get the row; only one of them keeps it.
    asm.store32({ index: R.rcx, scale: 4, displacement: first.index }, R.r9);
    asm.store32({ index: R.rdx, scale: 4, displacement: second.index }, R.r9);
    asm.addNumber(R.r9, 1);
    asm.add(R.rcx, R.rax);
    asm.loadAddress(R.rdx, { base: R.rdx, displacement: 1 });
    asm.subtract(R.rdx, R.rax);
  });
  asm.store32({ displacement: first.count }, R.rcx);
  asm.store32({ displacement: second.count }, R.rdx);
}
