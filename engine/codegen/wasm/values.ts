/** Values that a function computes, as expressions; each is computed once and kept in a local where it is used again. */
import { floatBits } from '../../bits.ts';
import type { Vectors } from '../../kernels/vector-functions.ts';
import type { Code } from './assembler.ts';
import { Type, V, type ValueType } from './opcodes.ts';

export interface Value {
  readonly type: ValueType;
  readonly operands: readonly Value[];
  /** Writes the instructions behind those of the operands. */
  readonly write: (code: Code) => void;
  /** Bits of a constant vector. */
  readonly constant?: number;
  /** How many values and stores read it. */
  uses: number;
  /** Of the uses, those that code has not been written for. */
  left: number;
  local?: number;
}

export type VectorCode = (typeof V)[keyof typeof V];

/** Makes values and writes code for them. */
export class Values implements Vectors<Value> {
  readonly #constants: Map<number, Value>;
  readonly #all: Value[] = [];

  /** @param twin values in the same function, which share their constants */
  constructor(twin?: Values) {
    this.#constants = twin === undefined ? new Map() : twin.#constants;
  }

  value(type: ValueType, operands: readonly Value[], write: (code: Code) => void, constant?: number): Value {
    for (const operand of operands) operand.uses++;
    const value = { type, operands, write, constant, uses: 0, left: 0 };
    this.#all.push(value);
    return value;
  }

  /** Forgets the code that was written, so that the same values can be written once more. */
  restart(): void {
    for (const value of this.#all) {
      value.left = value.uses;
      if (value.constant === undefined) value.local = undefined;
    }
  }

  /** Puts constants into locals: before a loop. */
  hoist(code: Code): void {
    for (const value of this.#constants.values()) {
      if (value.uses === 0) continue;
      value.local = code.take(Type.v128);
      code.splat(value.constant as number);
      code.set(value.local);
    }
  }

  /** Gives the locals of constants back. */
  unhoist(code: Code): void {
    for (const value of this.#constants.values()) {
      if (value.local !== undefined) code.release(value.local);
      value.local = undefined;
    }
  }

  /** Leaves a value on the stack. */
  push(code: Code, value: Value): void {
    if (value.local !== undefined) {
      code.get(value.local);
      value.left--;
      if (value.left === 0 && value.constant === undefined) code.release(value.local);
      return;
    }
    this.#compute(code, value);
    value.left--;
    if (value.left === 0 || value.constant !== undefined) return;
    value.local = code.take(value.type);
    code.tee(value.local);
  }

  /** What has to be computed before a value, and itself: operands first. */
  pending(value: Value): Value[] {
    const found = new Set<Value>();
    const visit = (at: Value) => {
      if (at.local !== undefined || at.constant !== undefined || found.has(at)) return;
      for (const operand of at.operands) visit(operand);
      found.add(at);
    };
    visit(value);
    return [...found];
  }

  /** Computes a value now if something will use it. */
  settle(code: Code, value: Value): void {
    if (value.local !== undefined || value.left === 0 || value.constant !== undefined) return;
    this.#compute(code, value);
    value.local = code.take(value.type);
    code.set(value.local);
  }

  #compute(code: Code, value: Value): void {
    for (const operand of value.operands) this.push(code, operand);
    value.write(code);
  }

  // Operations on vectors.

  #op(instruction: VectorCode, ...operands: readonly Value[]): Value {
    return this.value(Type.v128, operands, (code) => code.vector(instruction));
  }

  number(value: number): Value {
    return this.bits(floatBits(value));
  }

  bits(bits: number): Value {
    const key = bits >>> 0;
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = this.value(Type.v128, [], (code) => code.splat(key), key);
      this.#constants.set(key, value);
    }
    return value;
  }

  add = (a: Value, b: Value) => this.#op(V.f32Add, a, b);
  subtract = (a: Value, b: Value) => this.#op(V.f32Subtract, a, b);
  multiply = (a: Value, b: Value) => this.#op(V.f32Multiply, a, b);
  divide = (a: Value, b: Value) => this.#op(V.f32Divide, a, b);
  multiplyAdd = (a: Value, b: Value, c: Value) => this.add(this.multiply(a, b), c);
  squareRoot = (x: Value) => this.#op(V.f32SquareRoot, x);
  absolute = (x: Value) => this.#op(V.f32Absolute, x);
  negate = (x: Value) => this.#op(V.f32Negate, x);
  round = (x: Value) => this.#op(V.f32Nearest, x);
  floor = (x: Value) => this.#op(V.f32Floor, x);
  ceiling = (x: Value) => this.#op(V.f32Ceil, x);
  atLeast = (x: Value, bound: Value) => this.#op(V.f32PseudoMaximum, x, bound);
  atMost = (x: Value, bound: Value) => this.#op(V.f32PseudoMinimum, x, bound);
  // The first operand stays beside a NaN; a NaN in the second is put in.
  larger = (a: Value, b: Value) => this.or(this.atLeast(a, b), this.notEqual(b, b));
  smaller = (a: Value, b: Value) => this.or(this.atMost(a, b), this.notEqual(b, b));
  less = (a: Value, b: Value) => this.#op(V.f32Less, a, b);
  lessEqual = (a: Value, b: Value) => this.#op(V.f32LessEqual, a, b);
  equal = (a: Value, b: Value) => this.#op(V.f32Equal, a, b);
  notEqual = (a: Value, b: Value) => this.#op(V.f32NotEqual, a, b);
  and = (a: Value, b: Value) => this.#op(V.and, a, b);
  or = (a: Value, b: Value) => this.#op(V.or, a, b);
  xor = (a: Value, b: Value) => this.#op(V.xor, a, b);
  not = (mask: Value) => this.#op(V.not, mask);
  without = (a: Value, mask: Value) => this.#op(V.andNot, a, mask);
  choose = (mask: Value, a: Value, b: Value) => this.#op(V.bitSelect, a, b, mask);
  addIntegers = (a: Value, b: Value) => this.#op(V.i32Add, a, b);
  subtractIntegers = (a: Value, b: Value) => this.#op(V.i32Subtract, a, b);
  multiplyIntegers = (a: Value, b: Value) => this.#op(V.i32Multiply, a, b);
  absoluteInteger = (x: Value) => this.#op(V.i32Absolute, x);
  largerInteger = (a: Value, b: Value) => this.#op(V.i32Maximum, a, b);
  smallerInteger = (a: Value, b: Value) => this.#op(V.i32Minimum, a, b);
  lessIntegers = (a: Value, b: Value) => this.#op(V.i32Less, a, b);
  lessEqualIntegers = (a: Value, b: Value) => this.#op(V.i32LessEqual, a, b);
  equalIntegers = (a: Value, b: Value) => this.#op(V.i32Equal, a, b);
  notEqualIntegers = (a: Value, b: Value) => this.#op(V.i32NotEqual, a, b);
  hasBit = (x: Value, bit: number) => this.equalIntegers(this.and(x, this.bits(bit)), this.bits(bit));
  integersToFloats = (x: Value) => this.#op(V.f32FromI32, x);
  floatsToIntegers = (x: Value) => this.#op(V.i32FromF32, x);
  maskToFloats = (mask: Value) => this.and(mask, this.number(1));
  maskToIntegers = (mask: Value) => this.and(mask, this.bits(1));

  shiftLeft(x: Value, bits: number): Value {
    return this.#shift(V.i32ShiftLeft, x, bits);
  }

  shiftRight(x: Value, bits: number): Value {
    return this.#shift(V.i32ShiftRightSigned, x, bits);
  }

  #shift(instruction: VectorCode, x: Value, bits: number): Value {
    return this.value(Type.v128, [x], (code) => {
      code.i32(bits);
      code.vector(instruction);
    });
  }

  /** Lanes 0 to 3 of a and 4 to 7 of b. */
  shuffle(a: Value, b: Value, lanes: readonly number[]): Value {
    return this.value(Type.v128, [a, b], (code) => code.shuffle(lanes));
  }

  // Doubles: two to a vector.

  double(value: number): Value {
    return this.value(Type.v128, [], (code) => {
      code.f64(value);
      code.vector(V.f64Splat);
    });
  }

  /** The upper two lanes as the lower ones. */
  upper(x: Value): Value {
    return this.shuffle(x, x, [2, 3, 2, 3]);
  }

  /** The lower two lanes of each. */
  joined(a: Value, b: Value): Value {
    return this.shuffle(a, b, [0, 1, 4, 5]);
  }

  flooredQuotient(a: Value, b: Value): Value {
    const half = (x: Value, y: Value) => {
      const division = this.#op(V.f64Divide, this.#op(V.f64FromLowI32, x), this.#op(V.f64FromLowI32, y));
      return this.#op(V.i32FromF64, this.#op(V.f64Floor, division));
    };
    return this.joined(half(a, b), half(this.upper(a), this.upper(b)));
  }

  quarterTurns(x: Value): { readonly turns: Value; readonly rest: Value } {
    const halves = [x, this.upper(x)].map((half) => {
      const angle = this.#op(V.f64FromLowF32, half);
      const turns = this.#op(V.f64Nearest, this.#op(V.f64Multiply, angle, this.double(2 / Math.PI)));
      const parts = [HALF_PI_HIGH, HALF_PI_LOW].map((part) =>
        this.#op(V.f64Multiply, turns, this.double(part)),
      );
      const rest = parts.reduce((left, part) => this.#op(V.f64Subtract, left, part), angle);
      return { turns: this.#op(V.i32FromF64, turns), rest: this.#op(V.f32FromF64, rest) };
    });
    return {
      turns: this.joined(halves[0].turns, halves[1].turns),
      rest: this.joined(halves[0].rest, halves[1].rest),
    };
  }
}

/** π/2 in two parts; the first has 33 bits, so that its product with up to 2^20 quarter turns is exact. */
const HALF_PI_HIGH = 1.5707963267341256;
const HALF_PI_LOW = 6.077100506506192e-11;
