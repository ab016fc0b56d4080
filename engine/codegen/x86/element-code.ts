/**
 * Element-wise operations as instructions on vectors: expressions are lowered once, then written for the
 * registers at hand. Outside of an expression bools are the 32-bit integers 0 and 1.
 */
import { floatBits } from '../../bits.ts';
import { elementFunction } from '../../kernels/elements.ts';
import type { Kind, Parameters } from '../../kernels/groups.ts';
import type { SpecialInstructions, Vectors } from '../../kernels/vector-functions.ts';
import type { Emitter } from './emitter.ts';
import type { InstructionSet, RareInstructions } from './instruction-set.ts';
import { FIXUP, FLOAT, fixupTable, INT, V, V1, type VectorInstruction, VI } from './instructions.ts';

/** The code of an operation. */
export interface ElementCode {
  /** How many registers it needs: the result's, then those that it may overwrite. */
  readonly registers: number;
  /** The registers may be operands' too: nothing is read after the first of them is written. */
  readonly overlaps: boolean;
  emit(emitter: Emitter, operands: readonly number[], registers: readonly number[]): void;
}

/** Lowers the function of an operation. @throws RangeError if there is none */
export function elementCode(
  set: InstructionSet,
  operation: string,
  type: Kind,
  resultType: Kind,
  parameters: Parameters,
): ElementCode {
  const compute = elementFunction(operation, type, resultType, parameters);
  if (compute === undefined) throw new RangeError(`no code for ${operation}`);
  const expression = new Expression(set);
  const operands = Array.from({ length: MOST_OPERANDS }, (_, i) => expression.operand(i));
  return expression.code(compute(expression, ...operands));
}

const MOST_OPERANDS = 3;
/** Masks of expressions; the others belong to loops, gathers and scatters. */
const MASKS = [2, 3, 5, 6];
/** Modes of rounding to whole numbers, without exceptions. */
const NEAREST = 8;
const DOWN = 9;
const UP = 10;

const { quietNaN, zero, one } = FIXUP;
const STEP_TABLE = fixupTable([quietNaN, quietNaN, zero, one, zero, one, zero, one]);

const HALF_PI_1 = Math.fround(Math.PI / 2);
const HALF_PI_2 = Math.fround(Math.PI / 2 - HALF_PI_1);
const HALF_PI_3 = Math.fround(Math.PI / 2 - HALF_PI_1 - HALF_PI_2 + 6.123233995736766e-17);

interface Value {
  readonly isMask: boolean;
  /** Bits of a constant in every lane. */
  readonly constant?: number;
  /** Index of an operand of the operation. */
  readonly operand?: number;
  readonly reads: readonly Value[];
  readonly write?: (allocation: Allocation, value: Value) => void;
  /** Two operands, which a mask may come on top of. */
  readonly binary?: VectorInstruction;
  /** Instructions that read it and are not written yet. */
  left: number;
  /** The slot of a vector: see Allocation. Of a mask its register. */
  place?: number;
}

const commutative = new Set<VectorInstruction>([
  V.add,
  V.mul,
  V.and,
  V.or,
  V.xor,
  V.addInt,
  V.mulInt,
  V.minInt,
  V.maxInt,
]);

/** Values in the order in which they are computed. */
class Expression implements Vectors<Value> {
  readonly #values: Value[] = [];
  readonly special: SpecialInstructions<Value>;

  constructor(set: InstructionSet) {
    this.special = {
      lessProduct: (c, a, b) => this.#fused(V.fnma231, undefined, a, b, c),
      ...(set.rare?.(this, (x) => this.#toIntegers(x)) ?? this.#rare),
    };
  }

  operand = (operand: number): Value => ({ isMask: false, operand, reads: [], left: 0 });

  #value(reads: readonly Value[], rest: Pick<Value, 'write' | 'binary'> & { isMask?: boolean }): Value {
    const value = { isMask: false, reads, left: 0, ...rest };
    this.#values.push(value);
    return value;
  }

  /** The code that computes a value. */
  code(result: Value): ElementCode {
    const values = [...this.#values];
    for (const value of [...values, { reads: [result] }]) for (const read of value.reads) read.left++;
    const allocation = new Allocation();
    for (const value of values) allocation.write(value);
    return allocation.finish(result);
  }

  number = (value: number): Value => this.bits(floatBits(value));
  bits = (bits: number): Value => ({ isMask: false, constant: bits >>> 0, reads: [], left: 0 });

  /** An instruction with one operand, and perhaps an immediate byte. */
  #unary(instruction: VectorInstruction, x: Value, immediate?: number): Value {
    return this.#value([x], {
      write(allocation, value) {
        const from = allocation.register(x);
        const to = allocation.result(value);
        allocation.emit([from], to, ({ asm }, at) => {
          if (immediate === undefined) asm.vector2(instruction, at(to), at(from));
          else asm.vector2Immediate(instruction, at(to), at(from), immediate);
        });
      },
    });
  }

  #binary(instruction: VectorInstruction, a: Value, b: Value): Value {
    const turned = a.constant !== undefined && commutative.has(instruction);
    const reads = turned ? [b, a] : [a, b];
    return this.#value(reads, {
      binary: instruction,
      write(allocation, value) {
        const [first, second] = [allocation.register(reads[0]), allocation.source(reads[1])];
        const to = allocation.result(value);
        allocation.emit([first, second], to, (emitter, at) =>
          emit3(emitter, instruction, at(to), at(first), second, at),
        );
      },
    });
  }

  add = (a: Value, b: Value) => this.#binary(V.add, a, b);
  subtract = (a: Value, b: Value) => this.#binary(V.sub, a, b);
  multiply = (a: Value, b: Value) => this.#binary(V.mul, a, b);
  divide = (a: Value, b: Value) => this.#binary(V.div, a, b);
  squareRoot = (x: Value) => this.#unary(V1.sqrt, x);
  absolute = (x: Value) => this.and(x, this.bits(0x7fffffff));
  negate = (x: Value) => this.xor(x, this.bits(0x80000000));
  round = (x: Value) => this.#unary(VI.round, x, NEAREST);
  floor = (x: Value) => this.#unary(VI.round, x, DOWN);
  ceiling = (x: Value) => this.#unary(VI.round, x, UP);
  // The second operand is the result beside a NaN.
  atLeast = (x: Value, bound: Value) => this.#binary(V.max, bound, x);
  atMost = (x: Value, bound: Value) => this.#binary(V.min, bound, x);

  larger = (a: Value, b: Value) => this.#unless(a, this.#binary(V.max, a, b));
  smaller = (a: Value, b: Value) => this.#unless(a, this.#binary(V.min, a, b));

  /** x where it is NaN. */
  #unless(x: Value, otherwise: Value): Value {
    return this.choose(this.notEqual(x, x), x, otherwise);
  }

  multiplyAdd(a: Value, b: Value, c: Value): Value {
    const [x, y] = a.constant === undefined ? [a, b] : [b, a];
    return this.#fused(V.fma231, V.fma213, x, y, c);
  }

  #fused(onto: VectorInstruction, into: VectorInstruction | undefined, x: Value, y: Value, c: Value): Value {
    return this.#value([x, y, c], {
      write(allocation, value) {
        const isOnto = into === undefined || (c.constant === undefined && allocation.ends(c));
        // destination = destination · first + second
        const [kept, first, second] = isOnto ? [c, x, y] : allocation.ends(x) ? [x, y, c] : [y, x, c];
        const other = allocation.register(first);
        const source = allocation.source(second);
        const to = allocation.inPlace(kept, value);
        allocation.emit([other, source], to, (emitter, at) =>
          emit3(emitter, isOnto ? onto : into, at(to), at(other), source, at),
        );
      },
    });
  }

  // Comparisons.

  #compare(isFloat: boolean, predicate: number, a: Value, b: Value): Value {
    return this.#value([a, b], {
      isMask: true,
      write(allocation, value) {
        const [first, second] = [allocation.register(a), allocation.source(b)];
        const mask = allocation.mask(value);
        allocation.emit([first, second], undefined, (emitter, at) => {
          const { asm } = emitter;
          const isMemory = typeof second !== 'number';
          const operand = isMemory ? emitter.constantBits(second.constant) : at(second);
          if (isFloat) asm.compareFloat(mask, at(first), operand, predicate, {}, isMemory);
          else asm.compareInt(mask, at(first), operand, predicate, {}, isMemory);
        });
      },
    });
  }

  less = (a: Value, b: Value) => this.#compare(true, FLOAT.less, a, b);
  lessEqual = (a: Value, b: Value) => this.#compare(true, FLOAT.lessEqual, a, b);
  equal = (a: Value, b: Value) => this.#compare(true, FLOAT.equal, a, b);
  notEqual = (a: Value, b: Value) => this.#compare(true, a === b ? FLOAT.unordered : FLOAT.notEqual, a, b);
  lessIntegers = (a: Value, b: Value) => this.#compare(false, INT.less, a, b);
  lessEqualIntegers = (a: Value, b: Value) => this.#compare(false, INT.lessEqual, a, b);
  equalIntegers = (a: Value, b: Value) => this.#compare(false, INT.equal, a, b);

  notEqualIntegers(a: Value, b: Value): Value {
    return b.constant === 0 ? this.#test(a, a) : this.#compare(false, INT.notEqual, a, b);
  }

  hasBit = (x: Value, bit: number) => this.#test(x, this.bits(bit));

  /** Where two have a bit in common. */
  #test(a: Value, b: Value): Value {
    return this.#value([a, b], {
      isMask: true,
      write(allocation, value) {
        const [first, second] = [allocation.register(a), allocation.register(b)];
        const mask = allocation.mask(value);
        allocation.emit([first, second], undefined, ({ asm }, at) =>
          asm.testBits(mask, at(first), at(second)),
        );
      },
    });
  }

  // Masks; those of operands are 0 and 1.

  and = (a: Value, b: Value) => this.#binary(V.and, a, b);
  or = (a: Value, b: Value) => this.#binary(V.or, a, b);
  xor = (a: Value, b: Value) => this.#binary(V.xor, a, b);
  not = (mask: Value) => this.xor(mask, this.bits(1));
  without = (a: Value, mask: Value) => this.choose(mask, this.bits(0), a);

  choose(condition: Value, a: Value, b: Value): Value {
    const mask = condition.isMask ? condition : this.#test(condition, condition);
    const { binary, reads } = a;
    if (binary !== undefined && a === this.#values[this.#values.length - 1]) {
      this.#values.pop();
      return this.#masked(mask, binary, reads, b);
    }
    return this.#value([mask, a, b], {
      write(allocation, value) {
        const lanes = { mask: mask.place as number };
        const chosen = allocation.source(a);
        if (allocation.ends(b) || typeof chosen !== 'number') {
          const to = allocation.inPlace(b, value);
          allocation.emit([chosen], to, (emitter, at) => {
            if (typeof chosen === 'number') emitter.asm.vector2(V1.move, at(to), at(chosen), lanes);
            else emitter.asm.broadcast(at(to), emitter.constantBits(chosen.constant), lanes);
          });
          return;
        }
        const other = allocation.register(b);
        const to = allocation.result(value);
        allocation.emit([chosen, other], to, ({ asm }, at) =>
          asm.blend(at(to), at(other), at(chosen), lanes.mask),
        );
      },
    });
  }

  /** What an instruction makes of its operands where a mask holds, else b. */
  #masked(mask: Value, instruction: VectorInstruction, reads: readonly Value[], b: Value): Value {
    return this.#value([mask, ...reads, b], {
      write(allocation, value) {
        const [first, second] = [allocation.register(reads[0]), allocation.source(reads[1])];
        const lanes = mask.place;
        const to = allocation.inPlace(b, value);
        allocation.emit([first, second], to, (emitter, at) =>
          emit3(emitter, instruction, at(to), at(first), second, at, lanes),
        );
      },
    });
  }

  /** A number where a mask holds, else 0. */
  #spread(mask: Value, bits: number): Value {
    return this.#value([mask], {
      write(allocation, value) {
        const lanes = { mask: mask.place, zero: true };
        const to = allocation.result(value);
        allocation.emit([], to, (emitter, at) =>
          emitter.asm.broadcast(at(to), emitter.constantBits(bits), lanes),
        );
      },
    });
  }

  maskToFloats = (mask: Value) =>
    mask.isMask ? this.#spread(mask, floatBits(1)) : this.integersToFloats(mask);
  maskToIntegers = (mask: Value) => (mask.isMask ? this.#spread(mask, 1) : mask);

  // Integers.

  #toIntegers = (x: Value) => this.#unary(V1.toInt, x);
  addIntegers = (a: Value, b: Value) => this.#binary(V.addInt, a, b);
  subtractIntegers = (a: Value, b: Value) => this.#binary(V.subInt, a, b);
  multiplyIntegers = (a: Value, b: Value) => this.#binary(V.mulInt, a, b);
  largerInteger = (a: Value, b: Value) => this.#binary(V.maxInt, a, b);
  smallerInteger = (a: Value, b: Value) => this.#binary(V.minInt, a, b);
  absoluteInteger = (x: Value) => this.#unary(V1.absInt, x);
  integersToFloats = (x: Value) => this.#unary(V1.toFloat, x);
  shiftLeft = (x: Value, bits: number) => this.#shift('shiftLeft', x, bits);
  shiftRight = (x: Value, bits: number) => this.#shift('shiftRight', x, bits);

  #shift(instruction: 'shiftLeft' | 'shiftRight', x: Value, bits: number): Value {
    return this.#value([x], {
      write(allocation, value) {
        const from = allocation.register(x);
        const to = allocation.result(value);
        allocation.emit([from], to, ({ asm }, at) => asm[instruction](at(to), at(from), bits));
      },
    });
  }

  /** The processor gives the least number for all that it cannot convert. */
  floatsToIntegers(x: Value): Value {
    const whole = this.#unary(V1.truncate, x);
    const bounded = this.choose(this.lessEqual(this.number(2 ** 31), x), this.bits(2 ** 31 - 1), whole);
    return this.choose(this.notEqual(x, x), this.bits(0), bounded);
  }

  flooredQuotient(a: Value, b: Value): Value {
    const half = (x: Value, y: Value) => {
      const division = this.#binary(
        V.divDouble,
        this.#unary(V1.intToDouble, x),
        this.#unary(V1.intToDouble, y),
      );
      return this.#unary(V1.truncateDouble, this.#unary(VI.roundDouble, division, DOWN));
    };
    const low = half(a, b);
    const high = half(this.#upper(a), this.#upper(b));
    return this.#value([low, high], {
      write(allocation, value) {
        const [first, second] = [allocation.register(low), allocation.register(high)];
        const to = allocation.result(value);
        allocation.emit([first, second], to, ({ asm }, at) => asm.insertHalf(at(to), at(first), at(second)));
      },
    });
  }

  #upper(x: Value): Value {
    return this.#value([x], {
      write(allocation, value) {
        const from = allocation.register(x);
        const to = allocation.result(value);
        allocation.emit([from], to, ({ asm }, at) => asm.extractHalf(at(to), at(from)));
      },
    });
  }

  /** Beyond some 10⁶ the parts are not exact any more: what is left is then no angle. */
  quarterTurns(x: Value): { readonly turns: Value; readonly rest: Value } {
    const n = this.round(this.multiply(x, this.number(2 / Math.PI)));
    const rest = [HALF_PI_1, HALF_PI_2, HALF_PI_3].reduce(
      (left, part) => this.special.lessProduct(left, n, this.number(part)),
      x,
    );
    return { turns: this.#toIntegers(n), rest };
  }

  readonly #rare: RareInstructions<Value> = {
    scale: (x, n) => this.#binary(V.scale, x, n),
    exponent: (x) => this.#unary(V1.getExponent, x),
    mantissa: (x) => this.#unary(VI.getMantissa, x, 0x08),
    step: (x) =>
      this.#value([x], {
        write(allocation, value) {
          const from = allocation.register(x);
          const to = allocation.result(value);
          allocation.emit([from], to, (emitter, at) => {
            const { asm } = emitter;
            // The instruction reads its destination, so that what was there before must not be waited for.
            if (at(to) !== at(from)) asm.zero(at(to));
            const table = emitter.constantBits(STEP_TABLE);
            asm.vector3ImmediateBroadcast(VI.fixup, at(to), at(from), table, 0);
          });
        },
      }),
  };
}

/** A place of a vector: a register that the operation may overwrite, or below 0 the operand -1 - place. */
type Slot = number;
/** What an instruction's last operand is: a slot, or a number in memory. */
type Source = Slot | { readonly constant: number };
/** Gives the registers of slots. */
type At = (slot: Slot) => number;
type Instruction = (emitter: Emitter, at: At) => void;

function emit3(
  emitter: Emitter,
  instruction: VectorInstruction,
  to: number,
  first: number,
  second: Source,
  at: At,
  mask?: number,
): void {
  const masking = mask === undefined ? {} : { mask };
  if (typeof second === 'number') emitter.asm.vector3(instruction, to, first, at(second), masking);
  else {
    const address = emitter.constantBits(second.constant);
    emitter.asm.vector3Broadcast(instruction, to, first, address, masking);
  }
}

/** Gives slots to values, instruction by instruction; a slot is free again once its value has been read. */
class Allocation {
  readonly #instructions: Instruction[] = [];
  readonly #free: Slot[] = [];
  readonly #freeMasks = [...MASKS];
  /** Slots of numbers that the instruction at hand reads. */
  #loaded: Slot[] = [];
  #reads: readonly Value[] = [];
  #slots = 0;
  #readAfterWrite = false;
  #isWritten = false;

  write(value: Value): void {
    if (value.left === 0) return;
    this.#reads = value.reads;
    for (const read of value.reads) read.left--;
    value.write?.(this, value);
    this.#release();
  }

  /** Whether a value is in a slot that the instruction at hand is the last to read. */
  ends = (value: Value): boolean =>
    value.left === 0 && value.constant === undefined && value.operand === undefined;

  /** The slot of a vector; a number is loaded. */
  register(value: Value): Slot {
    if (value.isMask) throw new RangeError('a mask where a vector should be');
    if (value.operand !== undefined) return -1 - value.operand;
    if (value.constant === undefined) return value.place as Slot;
    const slot = this.#take();
    this.#loaded.push(slot);
    this.#load(slot, value.constant);
    return slot;
  }

  #load(slot: Slot, bits: number): void {
    this.emit([], slot, (emitter, at) => {
      if (bits === 0) emitter.asm.zero(at(slot));
      else emitter.asm.broadcast(at(slot), emitter.constantBits(bits));
    });
  }

  /** The slot of a vector, or a number as it is. */
  source(value: Value): Source {
    return value.constant === undefined ? this.register(value) : { constant: value.constant };
  }

  /** A slot for what the instruction at hand computes; it may be one of its operands'. */
  result(value: Value): Slot {
    this.#release();
    value.place = this.#take();
    return value.place;
  }

  /** As `result`, holding another value first. */
  inPlace(before: Value, value: Value): Slot {
    if (this.ends(before)) {
      value.place = before.place as Slot;
      before.place = undefined;
      return value.place;
    }
    const slot = this.#take();
    value.place = slot;
    if (before.constant !== undefined) this.#load(slot, before.constant);
    else {
      const from = this.register(before);
      this.emit([from], slot, ({ asm }, at) => asm.vector2(V1.move, at(slot), at(from)));
    }
    return slot;
  }

  mask(value: Value): number {
    this.#release();
    const mask = this.#freeMasks.shift();
    if (mask === undefined) throw new RangeError('an expression needs more masks than there are');
    value.place = mask;
    return mask;
  }

  emit(reads: readonly Source[], to: Slot | undefined, instruction: Instruction): void {
    if (this.#isWritten && reads.some((slot) => typeof slot === 'number' && slot < 0))
      this.#readAfterWrite = true;
    if (to !== undefined) this.#isWritten = true;
    this.#instructions.push(instruction);
  }

  #take(): Slot {
    return this.#free.pop() ?? this.#slots++;
  }

  #release(): void {
    this.#free.push(...this.#loaded);
    this.#loaded = [];
    for (const read of this.#reads) {
      if (read.left > 0 || read.place === undefined) continue;
      if (read.isMask) this.#freeMasks.unshift(read.place);
      else this.#free.push(read.place);
      read.place = undefined;
    }
  }

  /** The code that leaves a value in the first register. */
  finish(result: Value): ElementCode {
    let last: Slot;
    if (result.isMask) {
      const mask = result.place;
      last = this.#take();
      const lanes = { mask, zero: true };
      this.emit([], last, (emitter, at) => emitter.asm.broadcast(at(last), emitter.constantBits(1), lanes));
    } else if (result.operand !== undefined || result.constant !== undefined) {
      last = this.#take();
      const from = result.operand === undefined ? undefined : this.register(result);
      if (from === undefined) this.#load(last, result.constant as number);
      else
        this.emit([from], last, ({ asm }, at) => {
          if (at(last) !== at(from)) asm.vector2(V1.move, at(last), at(from));
        });
    } else last = result.place as Slot;
    const instructions = this.#instructions;
    return {
      registers: this.#slots,
      overlaps: this.#slots === 1 && !this.#readAfterWrite,
      emit(emitter, operands, registers) {
        // The result's slot is the first register.
        const order = [
          last,
          ...Array.from({ length: registers.length }, (_, i) => i).filter((i) => i !== last),
        ];
        const at: At = (slot) => (slot < 0 ? operands[-1 - slot] : registers[order.indexOf(slot)]);
        for (const instruction of instructions) instruction(emitter, at);
      },
    };
  }
}
