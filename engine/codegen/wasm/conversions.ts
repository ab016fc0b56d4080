/** Code that changes how numbers are stored: the caller's bools, a byte each. */
import type { BoolKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { sizeOf } from '../../trace/shapes.ts';
import type { Code } from './assembler.ts';
import { pushPlace, type Table } from './loops.ts';
import { Memory, S } from './opcodes.ts';

/** Bytes other than 0 are true. */
export function emitBools(code: Code, table: Table, kernel: BoolKernel, placeOf: PlaceOf): void {
  const { source, result, direction } = kernel;
  const isIn = direction === 'in';
  const [from, to] = [source, result].map(({ storage, offset }) => {
    const local = code.take();
    pushPlace(code, table, placeOf(storage, offset));
    code.set(local);
    return local;
  });
  code.repeat(sizeOf(source.shape), () => {
    code.get(to);
    code.get(from);
    code.memory(isIn ? Memory.i32Load8 : Memory.i32Load, 0);
    code.i32(0);
    code.scalar(S.i32Ne);
    code.memory(isIn ? Memory.i32Store : Memory.i32Store8, 0);
    code.advance(from, isIn ? 1 : FLOAT_BYTES);
    code.advance(to, isIn ? FLOAT_BYTES : 1);
  });
  code.release(from);
  code.release(to);
}
