/**
 * Loops over rows whose number is known only at run time, and which may be read and written in another order: rows
 * selected for one member of an ensemble (engine/routing.ts).
 */
import { type RowAccess, type SelectedRows, selectedRowsOf } from '../../kernels/groups.ts';
import { type RowPartitionKernel, selectedBy } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import type { Code } from './assembler.ts';
import { type Cursor, LANES, pushPlace, type Table, VECTOR_BYTES } from './loops.ts';
import { Memory, S } from './opcodes.ts';

/** Walks the selected rows; the body handles up to four elements of a row. */
export function emitRowLoops(
  code: Code,
  table: Table,
  { count, index }: SelectedRows,
  width: number,
  accesses: readonly RowAccess[],
  body: (cursor: Cursor) => void,
): void {
  const row = code.take();
  const rows = code.take();
  const selected = code.take();
  const slots = new Map<number, number>();
  const patterns = new Map<string, RowAccess & { readonly local: number }>();
  const keyOf = ({ place, rowStride, stride, indirect }: RowAccess) =>
    `${place.slot} ${rowStride} ${stride} ${indirect}`;
  for (const access of accesses) {
    const { slot } = access.place;
    if (access.rowStride < 0 || access.stride < 0) throw new RangeError('selected rows in reverse');
    if (slot !== undefined && !slots.has(slot)) {
      const local = code.take();
      pushPlace(code, table, { slot, offset: 0 });
      code.set(local);
      slots.set(slot, local);
    }
    const moves = access.rowStride !== 0 || access.stride !== 0 || slot !== undefined;
    if (moves && !patterns.has(keyOf(access))) patterns.set(keyOf(access), { ...access, local: code.take() });
  }
  const values = [...patterns.values()];
  const whole = Math.floor(width / LANES);
  const rest = width % LANES;
  const cursor = (lanes: number): Cursor => ({
    lanes,
    vectors: 1,
    at(i) {
      const access = accesses[i];
      return {
        base: patterns.get(keyOf(access))?.local,
        offset: access.place.offset,
        stride: access.stride,
      };
    },
  });
  code.i32(0);
  code.memory(Memory.i32Load, count);
  code.set(rows);
  code.i32(0);
  code.set(row);
  code.block(() => {
    code.get(rows);
    code.scalar(S.i32Eqz);
    code.branchIf(0);
    code.loop(() => {
      if (values.some(({ indirect }) => indirect)) {
        code.get(row);
        code.i32(2);
        code.scalar(S.i32ShiftLeft);
        code.memory(Memory.i32Load, index);
        code.set(selected);
      }
      for (const { local, rowStride, indirect, place } of values) {
        code.get(indirect ? selected : row);
        code.i32(FLOAT_BYTES * rowStride);
        code.scalar(S.i32Multiply);
        if (place.slot !== undefined) {
          code.get(slots.get(place.slot) as number);
          code.scalar(S.i32Add);
        }
        code.set(local);
      }
      code.repeat(whole, () => {
        body(cursor(LANES));
        if (whole === 1 && rest === 0) return;
        for (const { local, stride } of values) code.advance(local, VECTOR_BYTES * stride);
      });
      if (rest > 0) body(cursor(rest));
      code.advance(row, 1);
      code.get(row);
      code.get(rows);
      code.scalar(S.i32LessUnsigned);
      code.branchIf(0);
    });
  });
  for (const local of [row, rows, selected, ...slots.values(), ...values.map((x) => x.local)])
    code.release(local);
}

/** Lists the rows where a condition holds, and the others. */
export function emitRowPartition(
  code: Code,
  table: Table,
  kernel: RowPartitionKernel,
  placeOf: PlaceOf,
): void {
  const { source } = kernel;
  const [first, second] = ([0, 1] as const).map((member) =>
    selectedRowsOf(selectedBy(kernel, member), placeOf),
  );
  const [condition, row, pointer, otherPointer, holds] = [0, 1, 2, 3, 4].map(() => code.take());
  pushPlace(code, table, placeOf(source.storage, source.offset));
  code.set(condition);
  for (const local of [row, pointer, otherPointer]) {
    code.i32(0);
    code.set(local);
  }
  code.repeat(source.shape[0], () => {
    code.get(condition);
    code.memory(Memory.i32Load, 0);
    code.i32(2);
    code.scalar(S.i32ShiftLeft);
    code.set(holds);
    // Both lists get the row; only one of them keeps it.
    for (const [local, { index }] of [
      [pointer, first],
      [otherPointer, second],
    ] as const) {
      code.get(local);
      code.get(row);
      code.memory(Memory.i32Store, index);
    }
    code.get(pointer);
    code.get(holds);
    code.scalar(S.i32Add);
    code.set(pointer);
    code.get(otherPointer);
    code.i32(FLOAT_BYTES);
    code.scalar(S.i32Add);
    code.get(holds);
    code.scalar(S.i32Subtract);
    code.set(otherPointer);
    code.advance(row, 1);
    code.advance(condition, FLOAT_BYTES);
  });
  for (const [local, { count }] of [
    [pointer, first],
    [otherPointer, second],
  ] as const) {
    code.i32(0);
    code.get(local);
    code.i32(2);
    code.scalar(S.i32ShiftRightSigned);
    code.memory(Memory.i32Store, count);
  }
  for (const local of [condition, row, pointer, otherPointer, holds]) code.release(local);
}
