/** Element-wise operations on one shape, computed together in one pass with their results in locals. */
import { elementFunction } from '../../kernels/elements.ts';
import {
  type Group,
  type GroupOperand,
  type GroupOperation,
  selectedRowsOf,
  walk,
} from '../../kernels/groups.ts';
import type { PlaceOf } from '../../kernels/places.ts';
import type { View } from '../../kernels/views.ts';
import type { Code } from './assembler.ts';
import { flushed, mayBeDenormal } from './denormals.ts';
import { type Address, type Cursor, emitLoops, load, store, type Table } from './loops.ts';
import { Type } from './opcodes.ts';
import { emitRowLoops } from './row-loops.ts';
import { type Value, Values } from './values.ts';

/** Bodies of fewer operations than this are written several times in a loop. */
const SHORT_BODY = 12;
const MOST_TURNS = 4;

export function emitGroup(code: Code, table: Table, group: Group, placeOf: PlaceOf): void {
  const { accesses, indexOf } = walk(group, placeOf);
  const body = new Body(group, indexOf);
  body.values.hoist(code);
  if (group.selection === undefined) {
    const abreast = Math.min(MOST_TURNS, Math.ceil(SHORT_BODY / body.size));
    const twin = abreast > 1 ? new Body(group, indexOf, body.values) : undefined;
    const emit = (cursor: Cursor) => emitVectors(code, cursor, body, twin);
    emitLoops(code, table, { sizes: group.sizes, accesses }, emit, { abreast, even: true });
  } else {
    const emit = (cursor: Cursor) => emitVectors(code, cursor, body);
    emitRowLoops(code, table, selectedRowsOf(group.selection, placeOf), group.sizes[1], accesses, emit);
  }
  body.values.unhoist(code);
}

/** The vectors that a loop's body handles: with a twin two at a time. */
function emitVectors(code: Code, cursor: Cursor, body: Body, twin?: Body): void {
  let vector = 0;
  if (twin !== undefined) {
    for (; vector + 1 < cursor.vectors; vector += 2) emitPair(code, cursor, vector, [body, twin]);
  }
  for (; vector < cursor.vectors; vector++) body.emit(code, cursor, vector);
}

/**
 * Two vectors whose operations alternate: each waits for its own operands alone, and a processor looks no further
 * ahead than some dozens of operations.
 */
function emitPair(code: Code, cursor: Cursor, vector: number, bodies: readonly [Body, Body]): void {
  for (const [i, body] of bodies.entries()) body.begin(code, cursor, vector + i);
  const settle = (pick: (result: Result) => Value, at: number) => {
    const values = bodies.map((body) => body.values.pending(pick(body.results[at])));
    for (let step = 0; step < values[0].length; step++) {
      for (const [i, body] of bodies.entries()) body.values.settle(code, values[i][step]);
    }
  };
  for (const [at, { value, stored, store: target }] of bodies[0].results.entries()) {
    if (stored !== value) settle((result) => result.value, at);
    if (stored === undefined || target === undefined) continue;
    settle((result) => result.stored as Value, at);
    const locals = bodies.map((body) => {
      const local = code.take(Type.v128);
      body.values.push(code, body.results[at].stored as Value);
      code.set(local);
      return local;
    });
    for (const [i, body] of bodies.entries()) {
      store(code, body.addressOf(target, cursor, vector + i), cursor.lanes, () => {
        // The first one of the two, as it is. V8 11 and 12 order operations by the stores that need them: one that
        // seems to need both keeps them alternating.
        code.get(locals[i]);
        code.get(locals[1 - i]);
        code.shuffle([0, 1, 2, 3]);
      });
    }
    for (const local of locals) code.release(local);
  }
}

interface Result {
  readonly value: Value;
  /** What the store writes: bools as numbers. */
  readonly stored?: Value;
  readonly store?: View;
}

/** One pass of the loop. */
class Body {
  readonly values: Values;
  readonly results: Result[] = [];
  readonly #indexOf: (view: View) => number;
  readonly #denormal: boolean[] = [];
  readonly #loads = new Map<string, Value>();
  /** Writes the load of an access's elements at hand. */
  #read: (access: number) => void = () => {};
  /** Vector operations. */
  size = 0;

  /** @param twin values of another body in the same function */
  constructor(group: Group, indexOf: (view: View) => number, twin?: Values) {
    this.values = new Values(twin);
    this.#indexOf = indexOf;
    for (const operation of group.operations) this.#add(operation);
  }

  #add(operation: GroupOperation): void {
    const { type, resultType, parameters, operands, store } = operation;
    const compute = elementFunction(operation.operation, type, resultType, parameters);
    if (compute === undefined) throw new RangeError(`no code for ${operation.operation}`);
    const { values } = this;
    const sources = operands.map((operand, i) =>
      this.#operand(operand, operation.operation === 'Where' && i === 0 ? 'bool' : type),
    );
    let value = compute(values, ...sources);
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
    this.results.push({ value, stored, store });
    this.size++;
  }

  #operand(operand: GroupOperand, type: string): Value {
    const { values } = this;
    if ('inner' in operand) return this.results[operand.inner].value;
    if ('bits' in operand) {
      if (type !== 'bool') return values.bits(operand.bits);
      return values.bits(operand.bits === 0 ? 0 : -1);
    }
    const access = this.#indexOf(operand.view);
    const key = `${access} ${type === 'bool'}`;
    let value = this.#loads.get(key);
    if (value === undefined) {
      const loaded = values.value(Type.v128, [], () => this.#read(access));
      value = type === 'bool' ? values.notEqualIntegers(loaded, values.bits(0)) : loaded;
      this.#loads.set(key, value);
    }
    return value;
  }

  /** Sets out to handle one of the vectors at hand. */
  begin(code: Code, cursor: Cursor, vector: number): void {
    this.#read = (access) => load(code, cursor.at(access, vector), cursor.lanes);
    this.values.restart();
  }

  addressOf(view: View, cursor: Cursor, vector: number): Address {
    return cursor.at(this.#indexOf(view), vector);
  }

  emit(code: Code, cursor: Cursor, vector: number): void {
    const { values } = this;
    this.begin(code, cursor, vector);
    for (const { value, stored, store: target } of this.results) {
      if (stored !== value) values.settle(code, value);
      if (stored === undefined || target === undefined) continue;
      // What later operations read is computed before this store, which may overwrite its operands.
      if (stored.uses > 1) values.settle(code, stored);
      store(code, this.addressOf(target, cursor, vector), cursor.lanes, () => values.push(code, stored));
    }
  }
}
