/**
 * Element-wise functions as expressions over operations on vectors of 32-bit floats, written once; a code generator
 * lowers the operations. Polynomials of exp, log, tanh, sin, cos, atanh and of erf beyond 1 are Cephes's (S. Moshier).
 * No operation is an approximate instruction: the same operands give the same bits on every processor that has the same
 * special instructions.
 */

/** Operations on vectors. Masks have all bits of a lane set where something holds, else none. */
export interface Vectors<V> {
  /** The same float in every lane. */
  number(value: number): V;
  /** The same 32 bits in every lane. */
  bits(value: number): V;
  add(a: V, b: V): V;
  subtract(a: V, b: V): V;
  multiply(a: V, b: V): V;
  divide(a: V, b: V): V;
  /** a · b + c; rounded once where there are special instructions, else twice. */
  multiplyAdd(a: V, b: V, c: V): V;
  squareRoot(x: V): V;
  absolute(x: V): V;
  negate(x: V): V;
  /** To the nearest whole number, halves to even ones. */
  round(x: V): V;
  floor(x: V): V;
  ceiling(x: V): V;
  /** The larger one; x where x is NaN. */
  atLeast(x: V, bound: V): V;
  /** The smaller one; x where x is NaN. */
  atMost(x: V, bound: V): V;
  /** The larger one; NaN if one of them is. */
  larger(a: V, b: V): V;
  smaller(a: V, b: V): V;
  less(a: V, b: V): V;
  lessEqual(a: V, b: V): V;
  equal(a: V, b: V): V;
  notEqual(a: V, b: V): V;
  and(a: V, b: V): V;
  or(a: V, b: V): V;
  xor(a: V, b: V): V;
  /** Of a mask. */
  not(mask: V): V;
  /** a where the mask does not hold, else no bits. */
  without(a: V, mask: V): V;
  choose(mask: V, a: V, b: V): V;
  addIntegers(a: V, b: V): V;
  subtractIntegers(a: V, b: V): V;
  multiplyIntegers(a: V, b: V): V;
  /** ⌊a / b⌋ by way of doubles, which hold every quotient; anything where b is 0, and of -2³¹ and -1. */
  flooredQuotient(a: V, b: V): V;
  absoluteInteger(x: V): V;
  largerInteger(a: V, b: V): V;
  smallerInteger(a: V, b: V): V;
  lessIntegers(a: V, b: V): V;
  lessEqualIntegers(a: V, b: V): V;
  equalIntegers(a: V, b: V): V;
  notEqualIntegers(a: V, b: V): V;
  shiftLeft(x: V, bits: number): V;
  /** Copies of the sign come in. */
  shiftRight(x: V, bits: number): V;
  /** Where x has a bit. */
  hasBit(x: V, bit: number): V;
  integersToFloats(x: V): V;
  /** Towards zero; 0 at NaN, and the nearest integer where 32 bits do not hold the result. */
  floatsToIntegers(x: V): V;
  /** 1 where the mask holds, else 0. */
  maskToFloats(mask: V): V;
  maskToIntegers(mask: V): V;
  /** Of angles x: whole quarter turns as integers, and what is left as a float. */
  quarterTurns(x: V): { readonly turns: V; readonly rest: V };
  /** What some processors have and others not: functions are shorter with it. */
  readonly special?: SpecialInstructions<V>;
}

/** They come with products that are added without being rounded, and with denormal numbers that count as zero. */
export interface SpecialInstructions<V> {
  /** c - a · b, rounded once. */
  lessProduct(c: V, a: V, b: V): V;
  /** x · 2^n; n is a whole number. */
  scale(x: V, n: V): V;
  /** The exponent of x as a float, of the mantissa from 1 to 2. */
  exponent(x: V): V;
  /** NaN below zero. */
  mantissa(x: V): V;
  /** 1 above 0, else 0, and NaN at NaN. */
  step(x: V): V;
}

/** The smallest normal float. */
const LEAST = 2 ** -126;
const SIGN = 0x80000000;

/** x · coefficients by Horner's rule, the highest power first. */
function horner<V>(v: Vectors<V>, x: V, [first, ...rest]: readonly number[]): V {
  return rest.reduce((sum, c) => v.multiplyAdd(sum, x, v.number(c)), v.number(first));
}

/** The magnitude of one with the sign of the other. */
const withSign = <V>(v: Vectors<V>, magnitude: V, sign: V): V => v.or(magnitude, v.and(sign, v.bits(SIGN)));

const LN2_HIGH = 0.693359375;
const LN2_LOW = Math.LN2 - LN2_HIGH;
const EXP = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.50000001201,
];
/** Beyond these exp is infinite, or smaller than any normal float. */
const EXP_MOST = 88.7228317260742;
const EXP_LEAST = -87.33654022216797;
/** Added to a float below 2^22 it leaves the nearest whole number in the lowest bits. */
const ROUNDING = 1.5 * 2 ** 23;

/** exp(x) = 2^n (1 + rest): n as a float, and in the lowest bits of another one. */
function reducedExponential<V>(v: Vectors<V>, x: V): { readonly shifted: V; readonly rest: V } {
  const shifted = v.add(v.multiply(x, v.number(Math.LOG2E)), v.number(ROUNDING));
  const n = v.subtract(shifted, v.number(ROUNDING));
  // x - n ln 2 in two parts: the product with the first is exact.
  const high = v.subtract(x, v.multiply(n, v.number(LN2_HIGH)));
  const low = v.multiply(n, v.number(LN2_LOW));
  const r = v.subtract(high, low);
  const curve = v.multiply(horner(v, r, EXP), v.multiply(r, r));
  return { shifted, rest: v.add(high, v.subtract(curve, low)) };
}

export function exponential<V>(v: Vectors<V>, x: V): V {
  if (v.special !== undefined) return scaledExponential(v, v.special, x);
  const { shifted, rest } = reducedExponential(v, x);
  // Times 2^n, whose bits are n's in the place of the exponent.
  const y = v.addIntegers(v.add(rest, v.number(1)), v.shiftLeft(shifted, 23));
  const beyond = v.add(x, v.number(Number.POSITIVE_INFINITY)); // infinite, or NaN
  const bounded = v.choose(v.lessEqual(x, v.number(EXP_MOST)), y, beyond);
  return v.without(bounded, v.less(x, v.number(EXP_LEAST)));
}

function scaledExponential<V>(v: Vectors<V>, special: SpecialInstructions<V>, x: V): V {
  const bounded = v.atMost(v.atLeast(x, v.number(-110)), v.number(100));
  const n = v.round(v.multiply(bounded, v.number(Math.LOG2E)));
  const part = special.lessProduct(bounded, n, v.number(LN2_HIGH));
  const r = special.lessProduct(part, n, v.number(LN2_LOW));
  return special.scale(horner(v, r, [...EXP, 1, 1]), n);
}

/** exp(x) - 1 up to zero. */
function exponentialLessOne<V>(v: Vectors<V>, x: V): V {
  if (v.special !== undefined) {
    const far = v.subtract(exponential(v, x), v.number(1));
    const near = v.multiplyAdd(horner(v, x, EXP), v.multiply(x, x), x);
    return v.choose(v.less(v.absolute(x), v.number(0.34)), near, far);
  }
  const { shifted, rest } = reducedExponential(v, v.atLeast(x, v.number(-80)));
  const power = v.addIntegers(v.shiftLeft(shifted, 23), v.number(1));
  return v.multiplyAdd(power, rest, v.subtract(power, v.number(1)));
}

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
const ROOT_HALF_BITS = 0x3f3504f3;

export function logarithm<V>(v: Vectors<V>, x: V): V {
  if (v.special !== undefined) return splitLogarithm(v, v.special, x);
  // x = 2^e m with m from √½ to √2
  const e = v.shiftRight(v.subtractIntegers(x, v.bits(ROOT_HALF_BITS)), 23);
  const m = v.subtractIntegers(x, v.shiftLeft(e, 23));
  const exponent = v.integersToFloats(e);
  const f = v.subtract(m, v.number(1));
  const square = v.multiply(f, f);
  const curve = v.multiply(v.multiply(horner(v, f, LOG), f), square);
  const low = v.multiplyAdd(exponent, v.number(LN2_LOW), curve);
  const part = v.add(f, v.subtract(low, v.multiply(square, v.number(0.5))));
  const y = v.multiplyAdd(exponent, v.number(LN2_HIGH), part);
  const usual = v.and(v.lessEqual(v.number(LEAST), x), v.less(x, v.number(Number.POSITIVE_INFINITY)));
  // -∞ at zero, NaN below, x itself at infinity and NaN.
  const zero = v.choose(v.less(x, v.number(LEAST)), v.number(Number.NEGATIVE_INFINITY), x);
  const special = v.or(zero, v.lessEqual(x, v.number(-LEAST)));
  return v.choose(usual, y, special);
}

/** At zero the exponent is -∞ and at infinity ∞, which the sum keeps. */
function splitLogarithm<V>(v: Vectors<V>, special: SpecialInstructions<V>, x: V): V {
  const e = special.exponent(x);
  const m = special.mantissa(x);
  // The upper half becomes [√½, 1).
  const isUpper = v.less(v.number(Math.SQRT2), m);
  const halved = v.choose(isUpper, v.multiply(m, v.number(0.5)), m);
  const exponent = v.choose(isUpper, v.add(e, v.number(1)), e);
  const f = v.subtract(halved, v.number(1));
  const curve = horner(v, f, LOG);
  const square = v.multiply(f, f);
  // f³ P(f) - f² / 2 + f + e · ln 2
  const part = v.subtract(v.multiply(curve, f), v.number(0.5));
  return v.multiplyAdd(exponent, v.number(Math.LN2), v.multiplyAdd(part, square, f));
}

/** 1 / (1 + exp(-x)), without special instructions below zero exp(x) / (1 + exp(x)). */
export function sigmoid<V>(v: Vectors<V>, x: V): V {
  const one = v.number(1);
  if (v.special !== undefined) return v.divide(one, v.add(exponential(v, v.negate(x)), one));
  const e = exponential(v, v.negate(v.absolute(x)));
  return v.divide(v.choose(v.less(x, v.number(0)), e, one), v.add(e, one));
}

const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];

export function tanh<V>(v: Vectors<V>, x: V): V {
  const one = v.number(1);
  const size = v.absolute(x);
  const e = exponential(v, v.multiply(size, v.number(-2)));
  const far = v.divide(v.subtract(one, e), v.add(one, e));
  const square = v.multiply(x, x);
  const near = v.multiplyAdd(v.multiply(horner(v, square, TANH), square), x, x);
  return withSign(v, v.choose(v.less(size, v.number(0.625)), near, far), x);
}

const ATANH = [1.81740078349e-1, 8.24370301058e-2, 1.4669143173e-1, 1.997821645e-1, 3.33337300303e-1];

export function atanh<V>(v: Vectors<V>, x: V): V {
  const one = v.number(1);
  const below = v.subtract(one, x);
  const far = v.multiply(logarithm(v, v.divide(v.add(one, x), below)), v.number(0.5));
  const square = v.multiply(x, x);
  const near = v.multiplyAdd(v.multiply(horner(v, square, ATANH), square), x, x);
  return v.choose(v.less(v.absolute(x), v.number(0.5)), near, far);
}

const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1];
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2];

/** cos(r), given r². */
function cosine<V>(v: Vectors<V>, square: V): V {
  if (v.special !== undefined) return horner(v, square, [...COS, -0.5, 1]);
  const curve = v.multiply(horner(v, square, COS), v.multiply(square, square));
  return v.add(v.subtract(curve, v.multiply(square, v.number(0.5))), v.number(1));
}

/** sin(x + shift · π/2). Angles beyond some 10⁹ give numbers between -1 and 1 that are no sine. */
function sine<V>(v: Vectors<V>, x: V, shift: 0 | 1): V {
  const { turns, rest } = v.quarterTurns(x);
  const r = v.atMost(v.atLeast(rest, v.number(-1)), v.number(1));
  const square = v.multiply(r, r);
  const sin = v.multiplyAdd(v.multiply(horner(v, square, SIN), square), r, r);
  const cos = cosine(v, square);
  const quarter = shift === 0 ? turns : v.addIntegers(turns, v.bits(shift));
  const odd = v.hasBit(quarter, 1);
  const negative = v.shiftLeft(v.and(quarter, v.bits(2)), 30);
  const y = v.xor(v.choose(odd, cos, sin), negative);
  // Zero keeps its sign.
  return shift === 1 ? y : v.choose(v.equal(x, v.number(0)), x, y);
}

export const sin = <V>(v: Vectors<V>, x: V): V => sine(v, x, 0);
export const cos = <V>(v: Vectors<V>, x: V): V => sine(v, x, 1);

/** x above zero times `scale`, else exp(x) - 1 times `slope`. */
function exponentialUnit<V>(v: Vectors<V>, x: V, scale: number, slope: number): V {
  const below = exponentialLessOne(v, x);
  const scaled = slope === 1 ? below : v.multiply(below, v.number(slope));
  const isAbove = v.lessEqual(v.number(0), x);
  return v.choose(isAbove, scale === 1 ? x : v.multiply(x, v.number(scale)), scaled);
}

export const elu = <V>(v: Vectors<V>, x: V): V => exponentialUnit(v, x, 1, 1);
export const selu = <V>(v: Vectors<V>, x: V): V =>
  exponentialUnit(v, x, 1.0507009873554805, 1.7580993408473768);

/** c + d x² of GELU's gate x · (c + d x²). */
const GELU_LINEAR = 2 * Math.sqrt(2 / Math.PI);
const GELU_CUBIC = GELU_LINEAR * 0.044715;

export function gelu<V>(v: Vectors<V>, x: V): V {
  const slope = v.multiplyAdd(v.multiply(x, x), v.number(-GELU_CUBIC), v.number(-GELU_LINEAR));
  return v.divide(x, v.add(exponential(v, v.multiply(slope, x)), v.number(1)));
}

/**
 * erf(x) = x + x P(x²) within 1, P by interpolation at Chebyshev's points; beyond it 1 - exp(-x²) Q(1/x²) / x with
 * one polynomial up to 2 and one above.
 */
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

export function erf<V>(v: Vectors<V>, x: V): V {
  const one = v.number(1);
  const size = v.absolute(x);
  const square = v.multiply(x, x);
  const e = exponential(v, v.negate(square));
  const inverse = v.divide(one, size);
  const t = v.multiply(inverse, inverse);
  const [middle, beyond] = [horner(v, t, ERF_MIDDLE), horner(v, t, ERF_FAR)];
  const tail = v.choose(v.less(size, v.number(2)), middle, beyond);
  const far = v.subtract(one, v.multiply(v.multiply(e, inverse), tail));
  // Within 1, where 1/x may be infinite.
  const near = v.multiplyAdd(horner(v, square, ERF_NEAR), size, size);
  return withSign(v, v.choose(v.less(size, one), near, far), x);
}
