/** Element-wise operations on one shape, computed together in one pass with their results in registers. */

import {
  type Group,
  type GroupOperand,
  type GroupOperation,
  selectedRowsOf,
  walk,
} from '../../kernels/groups.ts';
import type { PlaceOf } from '../../kernels/places.ts';
import type { View } from '../../kernels/views.ts';
import { R } from './assembler.ts';
import { elementCode } from './element-code.ts';
import { type Emitter, PRODUCT_SCRATCH, SPILL_BYTES } from './emitter.ts';
import { V, V1 } from './instructions.ts';
import { type Cursor, emitLoops } from './loops.ts';
import { emitRowLoops } from './row-loops.ts';

export function emitGroup(emitter: Emitter, group: Group, placeOf: PlaceOf, threads: number): void {
  const { accesses, indexOf } = walk(group, placeOf);
  const body = (cursor: Cursor) => new Body(emitter, group, cursor, indexOf).emit();
  if (group.selection === undefined) {
    emitLoops(emitter, { sizes: group.sizes, accesses }, threads, body);
    return;
  }
  const selection = selectedRowsOf(group.selection, placeOf);
  emitRowLoops(emitter, selection, group.sizes[1], accesses, threads, body);
}

/** A value in the body: an operation's result, a load, or a number. */
interface Value {
  readonly uses: number[];
  register?: number;
  /** Working memory that holds it too. */
  spill?: number;
  readonly load?: (register: number) => void;
}

const simple: Readonly<Record<string, typeof V.add>> = { Add: V.add, Sub: V.sub, Mul: V.mul, Div: V.div };

/** One pass of the loop: straight code, registers given to what is used next (Belady). */
class Body {
  readonly #emitter: Emitter;
  readonly #group: Group;
  readonly #cursor: Cursor;
  readonly #indexOf: (view: View) => number;
  readonly #results: Value[] = [];
  readonly #loads = new Map<number, Value>();
  readonly #numbers = new Map<number, Value>();
  readonly #free: Set<number>;
  readonly #held = new Map<number, Value>();
  #position = 0;
  /** Operands of the operation at hand, which stay in registers. */
  #pinned: readonly (Value | undefined)[] = [];
  #spills = 0;

  constructor(emitter: Emitter, group: Group, cursor: Cursor, indexOf: (view: View) => number) {
    this.#emitter = emitter;
    this.#free = new Set(Array.from({ length: emitter.set.freeRegisters }, (_, i) => i));
    this.#group = group;
    this.#cursor = cursor;
    this.#indexOf = indexOf;
  }

  emit(): void {
    const { operations } = this.#group;
    const operands = operations.map((operation, at) => {
      this.#results.push({ uses: [] });
      return operation.operands.map((operand, i) => {
        if ('bits' in operand && i === 1 && this.#embeds(operation)) return undefined;
        const value = this.#valueOf(operand);
        value.uses.push(at);
        return value;
      });
    });
    for (const [at, operation] of operations.entries()) {
      this.#position = at;
      this.#operation(operation, operands[at], this.#results[at]);
    }
  }

  /** Whether a number as second operand is read by the instruction itself. */
  #embeds({ operation, type }: GroupOperation): boolean {
    return type === 'float32' && simple[operation] !== undefined;
  }

  #valueOf(operand: GroupOperand): Value {
    if ('inner' in operand) return this.#results[operand.inner];
    if ('bits' in operand) {
      let value = this.#numbers.get(operand.bits);
      if (value === undefined) {
        const address = this.#emitter.constantBits(operand.bits);
        value = { uses: [], load: (register) => this.#emitter.asm.broadcast(register, address) };
        this.#numbers.set(operand.bits, value);
      }
      return value;
    }
    const access = this.#indexOf(operand.view);
    let value = this.#loads.get(access);
    if (value === undefined) {
      value = { uses: [], load: (register) => this.#load(register, access) };
      this.#loads.set(access, value);
    }
    return value;
  }

  #operation(operation: GroupOperation, operands: readonly (Value | undefined)[], result: Value): void {
    const { asm } = this.#emitter;
    this.#pinned = operands;
    const sources = operands.map((value) => (value === undefined ? -1 : this.#present(value)));
    const release = () => {
      for (const value of operands) if (value !== undefined) this.#releaseIfDone(value);
    };
    const embedded = operation.operands[1];
    if (embedded !== undefined && 'bits' in embedded && sources[1] === -1) {
      release();
      this.#pinned = [];
      const target = this.#take();
      const address = this.#emitter.constantBits(embedded.bits);
      asm.vector3Broadcast(simple[operation.operation], target, sources[0], address);
      this.#keep(result, target);
    } else {
      const code = elementCode(
        this.#emitter.set,
        operation.operation,
        operation.type,
        operation.resultType,
        operation.parameters,
      );
      if (code.overlaps) {
        release();
        this.#pinned = [];
      }
      const taken = Array.from({ length: code.registers }, () => this.#take());
      code.emit(this.#emitter, sources, taken);
      const [target, ...spare] = taken;
      for (const register of spare) this.#free.add(register);
      if (!code.overlaps) release();
      this.#keep(result, target);
    }
    this.#pinned = [result];
    if (operation.store !== undefined) this.#store(result.register as number, this.#indexOf(operation.store));
    this.#releaseIfDone(result);
  }

  #keep(value: Value, register: number): void {
    value.register = register;
    this.#held.set(register, value);
  }

  /** The register of a value, loaded if it must be. */
  #present(value: Value): number {
    if (value.register !== undefined) return value.register;
    const register = this.#take();
    if (value.load !== undefined) value.load(register);
    else
      this.#emitter.asm.vector2(V1.load, register, {
        displacement: this.#spillAddress(value.spill as number),
      });
    this.#keep(value, register);
    return register;
  }

  #spillAddress(slot: number): number {
    return this.#emitter.scratch + PRODUCT_SCRATCH + slot * this.#emitter.vectorBytes;
  }

  #releaseIfDone(value: Value): void {
    if (value.register === undefined || value.uses.some((use) => use > this.#position)) return;
    this.#held.delete(value.register);
    this.#free.add(value.register);
    value.register = undefined;
  }

  /** A free register; if there is none, the value with the farthest next use is evicted (Belady). */
  #take(): number {
    for (const register of this.#free) {
      this.#free.delete(register);
      return register;
    }
    let victim: Value | undefined;
    let farthest = -1;
    for (const value of this.#held.values()) {
      if (this.#pinned.includes(value)) continue;
      const next = value.uses.find((use) => use >= this.#position) ?? Number.POSITIVE_INFINITY;
      if (next > farthest) {
        farthest = next;
        victim = value;
      }
    }
    if (victim?.register === undefined)
      throw new RangeError('an operation needs more registers than there are');
    const { register } = victim;
    if (victim.load === undefined && victim.spill === undefined) {
      victim.spill = this.#spills++;
      if (this.#spills * this.#emitter.vectorBytes > SPILL_BYTES)
        throw new RangeError('spill area exhausted');
      this.#emitter.asm.storeVector({ displacement: this.#spillAddress(victim.spill) }, register);
    }
    victim.register = undefined;
    this.#held.delete(register);
    return register;
  }

  #load(register: number, access: number): void {
    const { asm } = this.#emitter;
    const { address, stride } = this.#cursor.at(access);
    if (stride === 0) asm.broadcast(register, address);
    else if (stride === 1) {
      asm.vector2(V1.load, register, address, this.#cursor.masked ? { mask: 1, zero: true } : {});
    } else {
      const indices = this.#take();
      this.#indices(indices, stride);
      asm.zero(register);
      asm.loadAddress(R.rax, address);
      asm.gather(register, { register: indices, stride }, R.rax, GATHER_MASK);
      this.#free.add(indices);
    }
  }

  #store(register: number, access: number): void {
    const { asm } = this.#emitter;
    const { address, stride } = this.#cursor.at(access);
    if (stride <= 1 && stride >= 0) {
      asm.storeVector(address, register, this.#cursor.masked ? { mask: 1 } : {});
      return;
    }
    const indices = this.#take();
    this.#indices(indices, stride);
    asm.loadAddress(R.rax, address);
    asm.scatter(register, { register: indices, stride }, R.rax, GATHER_MASK);
    this.#free.add(indices);
  }

  #indices(register: number, stride: number): void {
    const { asm } = this.#emitter;
    this.#emitter.loadSteps(register, stride);
    asm.setMask(GATHER_MASK, this.#cursor.lanes);
  }
}

const GATHER_MASK = 4;
