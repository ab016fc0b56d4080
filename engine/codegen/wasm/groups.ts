/** Element-wise operations on one shape, computed together in one pass with their results in locals. */
import type { Group, GroupOperand, GroupOperation } from '../../kernels/groups.ts';
import type { Access } from '../../kernels/nests.ts';
import type { PlaceOf } from '../../kernels/places.ts';
import type { View } from '../../kernels/views.ts';
import type { Code } from './assembler.ts';
import { elementCode, flushed, mayBeDenormal } from './elements.ts';
import { type Cursor, emitLoops, load, store, type Table } from './loops.ts';
import { Type, V } from './opcodes.ts';
import { emitRowLoops } from './row-loops.ts';
import { type Value, Values } from './values.ts';

/** Bodies of fewer operations than this are written several times in a loop. */
const SHORT_BODY = 12;
const MOST_TURNS = 4;

interface Walk {
  readonly accesses: (Access & { readonly selectedRows: boolean })[];
  /** Index of an access by its view's storage, offset and strides. */
  indexOf(view: View): number;
}

function walk(group: Group, placeOf: PlaceOf): Walk {
  const accesses: Walk['accesses'] = [];
  const known = new Map<string, number>();
  const key = ({ storage, offset, strides, selectedRows }: View) =>
    `${storage.id}:${offset}:${strides}:${selectedRows}`;
  const add = (view: View, isStore: boolean) => {
    const found = known.get(key(view));
    if (found !== undefined) {
      if (isStore) accesses[found] = { ...accesses[found], store: true };
      return;
    }
    known.set(key(view), accesses.length);
    const { storage, offset, strides, selectedRows = false } = view;
    accesses.push({ place: placeOf(storage, offset), strides, store: isStore, selectedRows });
  };
  for (const { operands, store } of group.operations) {
    for (const operand of operands) if ('view' in operand) add(operand.view, false);
    if (store !== undefined) add(store, true);
  }
  return { accesses, indexOf: (view) => known.get(key(view)) as number };
}

export function emitGroup(code: Code, table: Table, group: Group, placeOf: PlaceOf): void {
  const { accesses, indexOf } = walk(group, placeOf);
  const body = new Body(group, indexOf);
  body.values.hoist(code);
  const emit = (cursor: Cursor) => body.emit(code, cursor);
  if (group.selection === undefined) {
    const abreast = Math.min(MOST_TURNS, Math.ceil(SHORT_BODY / body.size));
    emitLoops(code, table, { sizes: group.sizes, accesses }, emit, { abreast, even: true });
  } else {
    const rows = accesses.map(({ place, strides: [rowStride, stride], selectedRows }) => ({
      place,
      rowStride,
      stride,
      indirect: selectedRows,
    }));
    emitRowLoops(code, table, group.selection, placeOf, group.sizes[1], rows, emit);
  }
  body.values.unhoist(code);
}

interface Result {
  readonly value: Value;
  /** What the store writes: bools as numbers. */
  readonly stored?: Value;
  readonly store?: View;
}

/** One pass of the loop. */
class Body {
  readonly values = new Values();
  readonly #indexOf: (view: View) => number;
  readonly #results: Result[] = [];
  readonly #denormal: boolean[] = [];
  readonly #loads = new Map<string, Value>();
  /** Writes the load of an access's elements at hand. */
  #read: (access: number) => void = () => {};
  /** Vector operations. */
  size = 0;

  constructor(group: Group, indexOf: (view: View) => number) {
    this.#indexOf = indexOf;
    for (const operation of group.operations) this.#add(operation);
  }

  #add(operation: GroupOperation): void {
    const { type, resultType, parameters, operands, store } = operation;
    const emit = elementCode(operation.operation, type, resultType, parameters);
    if (emit === undefined) throw new RangeError(`no code for ${operation.operation}`);
    const { values } = this;
    const sources = operands.map((operand, i) =>
      this.#operand(operand, operation.operation === 'Where' && i === 0 ? 'bool' : type),
    );
    let value = emit(values, ...sources);
    const denormal =
      resultType === 'float32' &&
      mayBeDenormal(
        operation.operation,
        operands.map((operand) => 'inner' in operand && this.#denormal[operand.inner]),
      );
    const flush = denormal && store !== undefined;
    if (flush) value = flushed(values, value);
    this.#denormal.push(denormal && !flush);
    const stored =
      store === undefined ? undefined : resultType === 'bool' ? values.and(value, values.bits(1)) : value;
    if (stored !== undefined) stored.uses++;
    this.#results.push({ value, stored, store });
    this.size++;
  }

  #operand(operand: GroupOperand, type: string): Value {
    const { values } = this;
    if ('inner' in operand) return this.#results[operand.inner].value;
    if ('bits' in operand) {
      if (type !== 'bool') return values.bits(operand.bits);
      return values.bits(operand.bits === 0 ? 0 : -1);
    }
    const access = this.#indexOf(operand.view);
    const key = `${access} ${type === 'bool'}`;
    let value = this.#loads.get(key);
    if (value === undefined) {
      const loaded = values.value(Type.v128, [], () => this.#read(access));
      value = type === 'bool' ? values.op(V.i32NotEqual, loaded, values.bits(0)) : loaded;
      this.#loads.set(key, value);
    }
    return value;
  }

  emit(code: Code, cursor: Cursor): void {
    for (let vector = 0; vector < cursor.vectors; vector++) this.#vector(code, cursor, vector);
  }

  #vector(code: Code, cursor: Cursor, vector: number): void {
    const { values } = this;
    this.#read = (access) => load(code, cursor.at(access, vector), cursor.lanes);
    values.restart();
    for (const { value, stored, store: target } of this.#results) {
      if (stored !== value) values.settle(code, value);
      if (stored === undefined || target === undefined) continue;
      // What later operations read is computed before this store, which may overwrite its operands.
      if (stored.uses > 1) values.settle(code, stored);
      const address = cursor.at(this.#indexOf(target), vector);
      store(code, address, cursor.lanes, () => values.push(code, stored));
    }
  }
}
