/**
 * Operations on vectors of 16 elements. Floats keep NaN as IEEE 754 has it; bools are 32-bit 0 and 1.
 * Polynomials of exp, log, tanh, sin, cos, atanh and of erf beyond 1 are those of Cephes (S. Moshier).
 */
import { FLOAT, INT, V, V1, type VectorInstruction, VI } from './assembler.ts';
import type { Emitter } from './emitter.ts';

/** Where an operation's numbers are: vector registers. */
export interface Registers {
  readonly result: number;
  readonly operands: readonly number[];
  readonly spare: readonly number[];
}

export interface ElementCode {
  /** Registers needed beside the result; the result then differs from every operand. */
  readonly spare: number;
  emit(emitter: Emitter, registers: Registers): void;
}

/** Parameters of an operation beside its operands. */
export type Parameters = Readonly<Record<string, number>>;

/** A mask that operations use for themselves; k1 belongs to loops. */
const MASK = 2;
const ONE_BITS = 1;

const NEAREST = 8;
const DOWN = 9;
const UP = 10;

function binary(instruction: VectorInstruction): ElementCode {
  return {
    spare: 0,
    emit: ({ asm }, { result, operands: [a, b] }) => asm.vector3(instruction, result, a, b),
  };
}

/** The processor's min and max return the second operand beside a NaN; here either NaN wins. */
function extreme(instruction: VectorInstruction): ElementCode {
  return {
    spare: 1,
    emit: ({ asm }, { result, operands: [a, b] }) => {
      asm.vector3(instruction, result, a, b);
      asm.compareFloat(MASK, a, a, FLOAT.unordered);
      asm.vector2(V1.move, result, a, { mask: MASK });
    },
  };
}

function comparison(predicate: number, kind: 'float' | 'int', swap = false): ElementCode {
  return {
    spare: 0,
    emit: (emitter, { result, operands }) => {
      const { asm } = emitter;
      const [a, b] = swap ? [operands[1], operands[0]] : operands;
      if (kind === 'float') asm.compareFloat(MASK, a, b, predicate);
      else asm.compareInt(MASK, a, b, predicate);
      asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
    },
  };
}

function rounding(mode: number): ElementCode {
  return {
    spare: 0,
    emit: ({ asm }, { result, operands: [x] }) => asm.vector2Immediate(VI.round, result, x, mode),
  };
}

/** result = max(x, low), and min(x, high): the bound is the first operand, so that NaN stays. */
function bound(emitter: Emitter, instruction: VectorInstruction, result: number, x: number, value: number) {
  const { asm } = emitter;
  asm.broadcast(result, emitter.constant(value));
  asm.vector3(instruction, result, result, x);
}

/** result = result · x + c for each coefficient in turn. */
function horner(emitter: Emitter, result: number, x: number, coefficients: readonly number[]): void {
  const [first, ...rest] = coefficients;
  emitter.asm.broadcast(result, emitter.constant(first));
  for (const c of rest) emitter.asm.vector3Broadcast(V.fma213, result, x, emitter.constant(c));
}

const LN2_HIGH = 0.693359375;
const LN2_LOW = Math.LN2 - LN2_HIGH;
const EXP = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.50000001201,
];

/** result = exp(x); three registers, none of them x. */
function exponential(emitter: Emitter, result: number, x: number, n: number, r: number): void {
  const { asm } = emitter;
  bound(emitter, V.max, r, x, -110);
  asm.broadcast(n, emitter.constant(100));
  asm.vector3(V.min, r, n, r);
  asm.vector3Broadcast(V.mul, n, r, emitter.constant(Math.LOG2E));
  asm.vector2Immediate(VI.round, n, n, NEAREST);
  asm.vector3Broadcast(V.fnma231, r, n, emitter.constant(LN2_HIGH));
  asm.vector3Broadcast(V.fnma231, r, n, emitter.constant(LN2_LOW));
  horner(emitter, result, r, [...EXP, 1, 1]);
  asm.vector3(V.scale, result, result, n);
}

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];

/** result = log(x); spare registers e, m, z, none of them x. */
function logarithm(emitter: Emitter, result: number, x: number, [e, m, z]: readonly number[]): void {
  const { asm } = emitter;
  asm.vector2(V1.getExponent, e, x);
  // Mantissa in [1, 2), NaN below zero; the upper half becomes [√½, 1).
  asm.vector2Immediate(VI.getMantissa, m, x, 0x08);
  asm.broadcast(z, emitter.constant(Math.SQRT2));
  asm.compareFloat(MASK, z, m, FLOAT.less);
  asm.vector3Broadcast(V.mul, m, m, emitter.constant(0.5), { mask: MASK });
  asm.vector3Broadcast(V.add, e, e, emitter.constant(1), { mask: MASK });
  asm.vector3Broadcast(V.sub, m, m, emitter.constant(1));
  horner(emitter, result, m, LOG);
  asm.vector3(V.mul, z, m, m);
  asm.vector3(V.mul, result, result, m);
  // m³ P(m) - m² / 2 + m + e · ln 2
  asm.vector3Broadcast(V.sub, result, result, emitter.constant(0.5));
  asm.vector3(V.fma213, result, z, m);
  asm.vector3Broadcast(V.fma231, result, e, emitter.constant(Math.LN2));
  // At zero the exponent is -∞ and at infinity ∞, which the sum keeps.
}

const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];

const HALF_PI_1 = Math.fround(Math.PI / 2);
const HALF_PI_2 = Math.fround(Math.PI / 2 - HALF_PI_1);
const HALF_PI_3 = Math.fround(Math.PI / 2 - HALF_PI_1 - HALF_PI_2 + 6.123233995736766e-17);

/** sin(x + shift · π/2); spare registers n, r, z, c. */
function sine(shift: 0 | 1): ElementCode {
  return {
    spare: 4,
    emit: (emitter, { result, operands: [x], spare: [n, r, z, c] }) => {
      const { asm } = emitter;
      asm.vector3Broadcast(V.mul, n, x, emitter.constant(2 / Math.PI));
      asm.vector2Immediate(VI.round, n, n, NEAREST);
      asm.vector2(V1.move, r, x);
      for (const part of [HALF_PI_1, HALF_PI_2, HALF_PI_3]) {
        asm.vector3Broadcast(V.fnma231, r, n, emitter.constant(part));
      }
      // Beyond some 10⁶ the parts are not exact any more: the result is then no sine, but within -1 and 1.
      bound(emitter, V.max, result, r, -1);
      asm.broadcast(r, emitter.constant(1));
      asm.vector3(V.min, r, r, result);
      asm.vector3(V.mul, z, r, r);
      // sin: r + r z (S), cos: 1 - z / 2 + z² (C)
      horner(emitter, result, z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
      asm.vector3(V.mul, result, result, z);
      asm.vector3(V.fma213, result, r, r);
      horner(emitter, c, z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2, -0.5, 1]);
      asm.vector2(V1.toInt, n, n);
      if (shift === 1) asm.vector3Broadcast(V.addInt, n, n, emitter.constantBits(1));
      asm.broadcast(r, emitter.constantBits(1));
      asm.testBits(MASK, n, r);
      asm.vector2(V1.move, result, c, { mask: MASK });
      asm.broadcast(r, emitter.constantBits(2));
      asm.vector3(V.and, n, n, r);
      asm.shiftLeft(n, n, 30);
      asm.vector3(V.xor, result, result, n);
      if (shift === 1) return;
      asm.compareFloat(MASK, x, emitter.constant(0), FLOAT.equal, {}, true);
      asm.vector2(V1.move, result, x, { mask: MASK });
    },
  };
}

const ATANH = [1.81740078349e-1, 8.24370301058e-2, 1.4669143173e-1, 1.997821645e-1, 3.33337300303e-1];

/** c + d x² of GELU's gate x · (c + d x²). */
const GELU_LINEAR = 2 * Math.sqrt(2 / Math.PI);
const GELU_CUBIC = GELU_LINEAR * 0.044715;

const negated = (emitter: Emitter, result: number, x: number) =>
  emitter.asm.vector3Broadcast(V.xor, result, x, emitter.constantBits(0x80000000));
const absolute = (emitter: Emitter, result: number, x: number) =>
  emitter.asm.vector3Broadcast(V.and, result, x, emitter.constantBits(0x7fffffff));

/** result = 1 / (1 + exp(-x)) */
function sigmoid(emitter: Emitter, result: number, x: number, [n, r, t]: readonly number[]): void {
  const { asm } = emitter;
  negated(emitter, t, x);
  exponential(emitter, result, t, n, r);
  asm.vector3Broadcast(V.add, result, result, emitter.constant(1));
  asm.broadcast(n, emitter.constant(1));
  asm.vector3(V.div, result, n, result);
}

/** x above zero times `scale`, else exp(x) - 1 times `slope`. */
function exponentialUnit(scale: number, slope: number): ElementCode {
  return {
    spare: 3,
    emit: (emitter, { result, operands: [x], spare: [n, r, y] }) => {
      const { asm } = emitter;
      exponential(emitter, result, x, n, r);
      asm.vector3Broadcast(V.sub, result, result, emitter.constant(1));
      // Near zero: x + x² P(x)
      horner(emitter, y, x, EXP);
      asm.vector3(V.mul, r, x, x);
      asm.vector3(V.fma213, y, r, x);
      absolute(emitter, n, x);
      asm.broadcast(r, emitter.constant(0.34));
      asm.compareFloat(MASK, n, r, FLOAT.less);
      asm.vector2(V1.move, result, y, { mask: MASK });
      if (slope !== 1) asm.vector3Broadcast(V.mul, result, result, emitter.constant(slope));
      asm.zero(n);
      asm.compareFloat(MASK, n, x, FLOAT.lessEqual);
      if (scale === 1) asm.vector2(V1.move, result, x, { mask: MASK });
      else asm.vector3Broadcast(V.mul, result, x, emitter.constant(scale), { mask: MASK });
    },
  };
}

/** erf(x) = x + x P(x²) within 1, P by interpolation at Chebyshev's points; beyond it 1 - exp(-x²) Q(1/x²) / x with one polynomial up to 2 and one above. */
const ERF_NEAR = [
  1.058937985e-6, -1.390933959e-5, 1.195656248e-4, -8.542637987e-4, 5.223783477e-3, -2.686613323e-2,
  1.128379131e-1, -3.761263889e-1, 0.128379167095,
];
const ERF_MIDDLE = [
  2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
  6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1,
  5.638259427386472e-1,
];
const ERF_FAR = [
  -1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786, -1.0152652792027,
  4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1,
];

const errorFunction: ElementCode = {
  spare: 6,
  emit: (emitter, { result, operands: [x], spare: [n, r, a, q, y, t] }) => {
    const { asm } = emitter;
    absolute(emitter, a, x);
    asm.vector3(V.mul, t, x, x);
    negated(emitter, t, t);
    exponential(emitter, y, t, n, r);
    asm.broadcast(q, emitter.constant(1));
    asm.vector3(V.div, q, q, a);
    asm.vector3(V.mul, t, q, q);
    horner(emitter, n, t, ERF_MIDDLE);
    horner(emitter, r, t, ERF_FAR);
    asm.compareFloat(MASK, a, emitter.constant(2), FLOAT.less, {}, true);
    asm.vector2(V1.move, r, n, { mask: MASK });
    asm.vector3(V.mul, y, y, q);
    asm.vector3(V.mul, y, y, r);
    asm.broadcast(result, emitter.constant(1));
    asm.vector3(V.sub, result, result, y);
    // Within 1, where 1/x may be infinite.
    asm.vector3(V.mul, t, x, x);
    horner(emitter, n, t, ERF_NEAR);
    asm.vector3(V.fma213, n, a, a);
    asm.compareFloat(MASK, a, emitter.constant(1), FLOAT.less, {}, true);
    asm.vector2(V1.move, result, n, { mask: MASK });
    asm.vector3Broadcast(V.and, n, x, emitter.constantBits(0x80000000));
    asm.vector3(V.or, result, result, n);
  },
};

const floats: Readonly<Record<string, ElementCode>> = {
  Erf: errorFunction,
  Elu: exponentialUnit(1, 1),
  Selu: exponentialUnit(1.0507009873554805, 1.7580993408473768),
  Add: binary(V.add),
  Sub: binary(V.sub),
  Mul: binary(V.mul),
  Div: binary(V.div),
  Max: extreme(V.max),
  Min: extreme(V.min),
  Less: comparison(FLOAT.less, 'float'),
  LessOrEqual: comparison(FLOAT.lessEqual, 'float'),
  Greater: comparison(FLOAT.less, 'float', true),
  GreaterOrEqual: comparison(FLOAT.lessEqual, 'float', true),
  Equal: comparison(FLOAT.equal, 'float'),
  Floor: rounding(DOWN),
  Ceil: rounding(UP),
  Round: rounding(NEAREST),
  Sqrt: { spare: 0, emit: ({ asm }, { result, operands: [x] }) => asm.vector2(V1.sqrt, result, x) },
  Neg: { spare: 0, emit: (emitter, { result, operands: [x] }) => negated(emitter, result, x) },
  Abs: { spare: 0, emit: (emitter, { result, operands: [x] }) => absolute(emitter, result, x) },
  Relu: {
    spare: 1,
    emit: ({ asm }, { result, operands: [x] }) => {
      asm.zero(result);
      asm.vector3(V.max, result, result, x);
    },
  },
  Reciprocal: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.broadcast(result, emitter.constant(1));
      emitter.asm.vector3(V.div, result, result, x);
    },
  },
  Exp: {
    spare: 2,
    emit: (emitter, { result, operands: [x], spare: [n, r] }) => exponential(emitter, result, x, n, r),
  },
  Log: {
    spare: 3,
    emit: (emitter, { result, operands: [x], spare }) => logarithm(emitter, result, x, spare),
  },
  Sigmoid: {
    spare: 3,
    emit: (emitter, { result, operands: [x], spare }) => sigmoid(emitter, result, x, spare),
  },
  Tanh: {
    spare: 4,
    emit: (emitter, { result, operands: [x], spare: [n, r, t, y] }) => {
      const { asm } = emitter;
      absolute(emitter, t, x);
      asm.vector3Broadcast(V.mul, y, t, emitter.constant(-2));
      exponential(emitter, result, y, n, r);
      // (1 - e) / (1 + e) with the sign of x
      asm.broadcast(n, emitter.constant(1));
      asm.vector3(V.sub, y, n, result);
      asm.vector3(V.add, n, n, result);
      asm.vector3(V.div, result, y, n);
      // Near zero: x + x z P(z)
      asm.vector3(V.mul, r, x, x);
      horner(emitter, y, r, TANH);
      asm.vector3(V.mul, y, y, r);
      asm.vector3(V.fma213, y, x, x);
      asm.broadcast(n, emitter.constant(0.625));
      asm.compareFloat(MASK, t, n, FLOAT.less);
      asm.vector2(V1.move, result, y, { mask: MASK });
      asm.vector3Broadcast(V.and, n, x, emitter.constantBits(0x80000000));
      asm.vector3(V.or, result, result, n);
    },
  },
  Atanh: {
    spare: 5,
    emit: (emitter, { result, operands: [x], spare: [e, m, z, a, y] }) => {
      const { asm } = emitter;
      asm.broadcast(a, emitter.constant(1));
      asm.vector3(V.sub, y, a, x);
      asm.vector3(V.add, a, a, x);
      asm.vector3(V.div, a, a, y);
      logarithm(emitter, result, a, [e, m, z]);
      asm.vector3Broadcast(V.mul, result, result, emitter.constant(0.5));
      asm.vector3(V.mul, z, x, x);
      horner(emitter, y, z, ATANH);
      asm.vector3(V.mul, y, y, z);
      asm.vector3(V.fma213, y, x, x);
      absolute(emitter, a, x);
      asm.broadcast(z, emitter.constant(0.5));
      asm.compareFloat(MASK, a, z, FLOAT.less);
      asm.vector2(V1.move, result, y, { mask: MASK });
    },
  },
  Sin: sine(0),
  Cos: sine(1),
  Gelu: {
    spare: 4,
    emit: (emitter, { result, operands: [x], spare: [n, r, t, y] }) => {
      const { asm } = emitter;
      asm.vector3(V.mul, y, x, x);
      asm.broadcast(t, emitter.constant(-GELU_CUBIC));
      asm.vector3Broadcast(V.fma213, y, t, emitter.constant(-GELU_LINEAR));
      asm.vector3(V.mul, y, y, x);
      exponential(emitter, result, y, n, r);
      asm.vector3Broadcast(V.add, result, result, emitter.constant(1));
      asm.vector3(V.div, result, x, result);
    },
  },
  Sign: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      const { asm } = emitter;
      // x itself at zero and NaN, else 1 with the sign of x.
      asm.vector3Broadcast(V.and, result, x, emitter.constantBits(0x80000000));
      asm.vector3Broadcast(V.or, result, result, emitter.constant(1));
      asm.compareFloat(MASK, x, emitter.constant(0), FLOAT.equal, {}, true);
      asm.vector2(V1.move, result, x, { mask: MASK });
      asm.compareFloat(MASK, x, x, FLOAT.unordered);
      asm.vector2(V1.move, result, x, { mask: MASK });
    },
  },
  IsNaN: {
    spare: 0,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.compareFloat(MASK, x, x, FLOAT.unordered);
      emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
    },
  },
  IsInf: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      absolute(emitter, result, x);
      emitter.asm.compareFloat(
        MASK,
        result,
        emitter.constant(Number.POSITIVE_INFINITY),
        FLOAT.equal,
        {},
        true,
      );
      emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
    },
  },
};

/** result = a / b, rounded to an integer by way of doubles, which hold every quotient; 0 where b is 0. */
function quotient(
  emitter: Emitter,
  result: number,
  a: number,
  b: number,
  [p, q, h]: readonly number[],
  mode: typeof DOWN | 'toZero',
): void {
  const { asm } = emitter;
  const divide = (target: number, left: number, right: number) => {
    asm.vector2(V1.intToDouble, p, left);
    asm.vector2(V1.intToDouble, q, right);
    asm.vector3(V.divDouble, p, p, q);
    if (mode !== 'toZero') asm.vector2Immediate(VI.roundDouble, p, p, mode);
    asm.vector2(V1.truncateDouble, target, p);
  };
  divide(result, a, b);
  asm.vector2Immediate(VI.extractHalf, a, h, 1);
  asm.vector2Immediate(VI.extractHalf, b, q, 1);
  divide(h, h, q);
  asm.vector3Immediate(VI.insertHalf, result, result, h, 1);
  zeroWhereZero(emitter, result, b, p);
}

/** result = 0 where x is 0 */
function zeroWhereZero({ asm }: Emitter, result: number, x: number, spare: number): void {
  asm.zero(spare);
  asm.compareInt(MASK, x, spare, INT.equal);
  asm.vector2(V1.move, result, spare, { mask: MASK });
}

/** No integer is NaN or infinite. */
const never: ElementCode = { spare: 0, emit: ({ asm }, { result }) => asm.zero(result) };

const integers: Readonly<Record<string, ElementCode>> = {
  Div: {
    spare: 3,
    emit: (emitter, { result, operands: [a, b], spare }) => quotient(emitter, result, a, b, spare, 'toZero'),
  },
  Mod: {
    spare: 3,
    emit: (emitter, { result, operands: [a, b], spare }) => {
      quotient(emitter, result, a, b, spare, DOWN);
      emitter.asm.vector3(V.mulInt, result, result, b);
      emitter.asm.vector3(V.subInt, result, a, result);
      zeroWhereZero(emitter, result, b, spare[0]);
    },
  },
  Relu: {
    spare: 1,
    emit: ({ asm }, { result, operands: [x] }) => {
      asm.zero(result);
      asm.vector3(V.maxInt, result, result, x);
    },
  },
  Sign: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.broadcast(result, emitter.constantBits(1));
      emitter.asm.vector3(V.minInt, result, result, x);
      emitter.asm.vector3Broadcast(V.maxInt, result, result, emitter.constantBits(-1 >>> 0));
    },
  },
  IsNaN: never,
  IsInf: never,
  Add: binary(V.addInt),
  Sub: binary(V.subInt),
  Mul: binary(V.mulInt),
  Max: binary(V.maxInt),
  Min: binary(V.minInt),
  BitwiseAnd: binary(V.and),
  Less: comparison(INT.less, 'int'),
  LessOrEqual: comparison(INT.lessEqual, 'int'),
  Greater: comparison(INT.less, 'int', true),
  GreaterOrEqual: comparison(INT.lessEqual, 'int', true),
  Equal: comparison(INT.equal, 'int'),
  Abs: { spare: 0, emit: ({ asm }, { result, operands: [x] }) => asm.vector2(V1.absInt, result, x) },
  Neg: {
    spare: 1,
    emit: ({ asm }, { result, operands: [x] }) => {
      asm.zero(result);
      asm.vector3(V.subInt, result, result, x);
    },
  },
};

const booleans: Readonly<Record<string, ElementCode>> = {
  And: binary(V.and),
  Or: binary(V.or),
  Xor: binary(V.xor),
  Equal: comparison(INT.equal, 'int'),
  Not: {
    spare: 0,
    emit: (emitter, { result, operands: [x] }) =>
      emitter.asm.vector3Broadcast(V.xor, result, x, emitter.constantBits(ONE_BITS)),
  },
};

const copy: ElementCode = {
  spare: 0,
  emit: ({ asm }, { result, operands: [x] }) => {
    if (result !== x) asm.vector2(V1.move, result, x);
  },
};

/** Elements of the second operand where the first is not 0, else of the third. */
const select: ElementCode = {
  spare: 0,
  emit: ({ asm }, { result, operands: [condition, a, b] }) => {
    asm.testBits(MASK, condition, condition);
    asm.vector3(V.blend, result, b, a, { mask: MASK });
  },
};

const numberToBool: ElementCode = {
  spare: 0,
  emit: (emitter, { result, operands: [x] }) => {
    emitter.asm.testBits(MASK, x, x);
    emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
  },
};

type Kind = 'float32' | 'int32' | 'bool' | 'int64';

function cast(from: Kind, to: Kind): ElementCode | undefined {
  const isFloat = (kind: Kind) => kind === 'float32';
  if (isFloat(from) && isFloat(to)) return copy;
  if (isFloat(to)) {
    return { spare: 0, emit: ({ asm }, { result, operands: [x] }) => asm.vector2(V1.toFloat, result, x) };
  }
  if (isFloat(from) && to === 'bool') {
    return {
      spare: 0,
      emit: (emitter, { result, operands: [x] }) => {
        emitter.asm.compareFloat(MASK, x, emitter.constant(0), FLOAT_NOT_EQUAL, {}, true);
        emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
      },
    };
  }
  if (isFloat(from)) {
    return { spare: 0, emit: ({ asm }, { result, operands: [x] }) => asm.vector2(V1.truncate, result, x) };
  }
  return to === 'bool' && from !== 'bool' ? numberToBool : copy;
}

const FLOAT_NOT_EQUAL = 4;

/** Operations that take parameters. */
function withParameters(operation: string, parameters: Parameters): ElementCode | undefined {
  switch (operation) {
    case 'Clip':
      return {
        spare: 1,
        emit: (emitter, { result, operands: [x], spare: [bounded] }) => {
          bound(emitter, V.max, bounded, x, parameters.low);
          emitter.asm.broadcast(result, emitter.constant(parameters.high));
          emitter.asm.vector3(V.min, result, result, bounded);
        },
      };
    case 'HardSigmoid':
      return {
        spare: 1,
        emit: (emitter, { result, operands: [x], spare: [y] }) => {
          const { asm } = emitter;
          asm.broadcast(y, emitter.constant(parameters.alpha));
          asm.broadcast(result, emitter.constant(parameters.beta));
          asm.vector3(V.fma231, result, x, y);
          bound(emitter, V.max, y, result, 0);
          asm.broadcast(result, emitter.constant(1));
          asm.vector3(V.min, result, result, y);
        },
      };
    case 'LeakyRelu':
      return {
        spare: 1,
        emit: (emitter, { result, operands: [x] }) => {
          const { asm } = emitter;
          asm.vector2(V1.move, result, x);
          asm.compareFloat(MASK, x, emitter.constant(0), FLOAT.less, {}, true);
          asm.vector3Broadcast(V.mul, result, x, emitter.constant(parameters.alpha), { mask: MASK });
        },
      };
    default:
      return undefined;
  }
}

function clipInteger({ low, high }: Parameters): ElementCode {
  return {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.broadcast(result, emitter.constantBits(low >>> 0));
      emitter.asm.vector3(V.maxInt, result, result, x);
      emitter.asm.vector3Broadcast(V.minInt, result, result, emitter.constantBits(high >>> 0));
    },
  };
}

/** Steps a rectifier's gradient needs: 1 where x > 0, else 0. */
const positive: ElementCode = {
  spare: 1,
  emit: (emitter, { result, operands: [x] }) => {
    emitter.asm.zero(result);
    emitter.asm.compareFloat(MASK, result, x, FLOAT.less);
    emitter.asm.broadcast(result, emitter.constant(1), { mask: MASK, zero: true });
  },
};

/** The code of an operation on operands of a type, or undefined if there is none. */
export function elementCode(
  operation: string,
  type: Kind,
  resultType: Kind,
  parameters: Parameters,
): ElementCode | undefined {
  if (operation === 'Copy') return copy;
  if (operation === 'Cast') return cast(type, resultType);
  if (operation === 'Where') return select;
  if (operation === 'HardSigmoid' && parameters.alpha > 1e38) return positive;
  const table = type === 'float32' ? floats : type === 'bool' ? booleans : integers;
  if (type !== 'float32') return operation === 'Clip' ? clipInteger(parameters) : table[operation];
  return withParameters(operation, parameters) ?? table[operation];
}
