/**
 * Functions of 16 floats by polynomials: those of exp, log, tanh, sin, cos, atanh and of erf beyond 1 are Cephes's
 * (S. Moshier).
 */

import type { ElementCode } from './element-code.ts';
import type { Emitter } from './emitter.ts';

/** The mask that operations use for themselves; k1 belongs to loops. */
export const MASK = 2;
/** Modes of rounding to whole numbers, without exceptions. */
export const NEAREST = 8;
export const DOWN = 9;
export const UP = 10;

import { FLOAT, V, V1, type VectorInstruction, VI } from './instructions.ts';

/** result = max(x, low), and min(x, high): the bound is the first operand, so that NaN stays. */
export function bound(
  emitter: Emitter,
  instruction: VectorInstruction,
  result: number,
  x: number,
  value: number,
) {
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

export const negated = (emitter: Emitter, result: number, x: number) =>
  emitter.asm.vector3Broadcast(V.xor, result, x, emitter.constantBits(0x80000000));
export const absolute = (emitter: Emitter, result: number, x: number) =>
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

/** By the names of graph operations. */
export const functions: Readonly<Record<string, ElementCode>> = {
  Erf: errorFunction,
  Elu: exponentialUnit(1, 1),
  Selu: exponentialUnit(1.0507009873554805, 1.7580993408473768),
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
};
