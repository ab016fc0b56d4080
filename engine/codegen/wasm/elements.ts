/**
 * Element-wise operations as expressions. Inside a loop bools are masks; in memory they are the integers 0 and 1.
 */
import type { Kind, Parameters } from '../../kernels/groups.ts';
import {
  atanh,
  cos,
  elu,
  erf,
  exponential,
  gelu,
  logarithm,
  selu,
  sigmoid,
  sin,
  tanh,
  type Vectors,
} from '../../kernels/vector-functions.ts';
import { V } from './opcodes.ts';
import type { Value, Values, VectorCode } from './values.ts';

/** What an operation makes of its operands. */
export type ElementCode = (v: Values, ...operands: readonly Value[]) => Value;

const direct =
  (instruction: VectorCode): ElementCode =>
  (v, ...operands) =>
    v.op(instruction, ...operands);

const flipped =
  (instruction: VectorCode): ElementCode =>
  (v, a, b) =>
    v.op(instruction, b, a);

const named =
  (fn: <X>(v: Vectors<X>, x: X) => X): ElementCode =>
  (v, x) =>
    fn(v, x);

const isNotANumber: ElementCode = (v, x) => v.op(V.f32NotEqual, x, x);

/** The larger or smaller of two; NaN if one of them is. */
const extreme =
  (instruction: VectorCode): ElementCode =>
  (v, a, b) =>
    v.or(v.op(instruction, a, b), isNotANumber(v, b));

const floats: Readonly<Record<string, ElementCode>> = {
  Erf: named(erf),
  Elu: named(elu),
  Selu: named(selu),
  Exp: named(exponential),
  Log: named(logarithm),
  Sigmoid: named(sigmoid),
  Tanh: named(tanh),
  Atanh: named(atanh),
  Sin: named(sin),
  Cos: named(cos),
  Gelu: named(gelu),
  Add: direct(V.f32Add),
  Sub: direct(V.f32Subtract),
  Mul: direct(V.f32Multiply),
  Div: direct(V.f32Divide),
  Max: extreme(V.f32PseudoMaximum),
  Min: extreme(V.f32PseudoMinimum),
  Less: direct(V.f32Less),
  LessOrEqual: direct(V.f32LessEqual),
  Greater: flipped(V.f32Less),
  GreaterOrEqual: flipped(V.f32LessEqual),
  Equal: direct(V.f32Equal),
  Floor: direct(V.f32Floor),
  Ceil: direct(V.f32Ceil),
  Round: direct(V.f32Nearest),
  Sqrt: direct(V.f32SquareRoot),
  Neg: direct(V.f32Negate),
  Abs: direct(V.f32Absolute),
  Relu: (v, x) => v.atLeast(x, v.number(0)),
  /** 1 above 0, else 0, and NaN at NaN. */
  Step: (v, x) => v.or(v.and(v.less(v.number(0), x), v.number(1)), isNotANumber(v, x)),
  Reciprocal: (v, x) => v.divide(v.number(1), x),
  /** x itself at zero and NaN, else 1 with the sign of x. */
  Sign: (v, x) => {
    const unit = v.or(v.and(x, v.bits(0x80000000)), v.number(1));
    return v.choose(v.less(v.number(0), v.absolute(x)), unit, x);
  },
  IsNaN: isNotANumber,
  IsInf: (v, x) => v.equal(v.absolute(x), v.number(Number.POSITIVE_INFINITY)),
};

/** a / b rounded to an integer by way of doubles, which hold every quotient; 0 where b is 0. */
function quotient(v: Values, a: Value, b: Value, rounding: typeof V.f64Floor | typeof V.f64Truncate): Value {
  const half = (x: Value, y: Value) => {
    const division = v.op(V.f64Divide, v.op(V.f64FromLowI32, x), v.op(V.f64FromLowI32, y));
    return v.op(V.i32FromF64, v.op(rounding, division));
  };
  const whole = v.joined(half(a, b), half(v.upper(a), v.upper(b)));
  return v.without(whole, v.equalIntegers(b, v.bits(0)));
}

const never: ElementCode = (v) => v.bits(0);

const integers: Readonly<Record<string, ElementCode>> = {
  Div: (v, a, b) => quotient(v, a, b, V.f64Truncate),
  Mod: (v, a, b) => {
    const whole = v.op(V.i32Multiply, quotient(v, a, b, V.f64Floor), b);
    return v.without(v.subtractIntegers(a, whole), v.equalIntegers(b, v.bits(0)));
  },
  Relu: (v, x) => v.op(V.i32Maximum, x, v.bits(0)),
  Sign: (v, x) => v.op(V.i32Maximum, v.op(V.i32Minimum, x, v.bits(1)), v.bits(-1)),
  IsNaN: never,
  IsInf: never,
  Add: direct(V.i32Add),
  Sub: direct(V.i32Subtract),
  Mul: direct(V.i32Multiply),
  Max: direct(V.i32Maximum),
  Min: direct(V.i32Minimum),
  BitwiseAnd: direct(V.and),
  Less: direct(V.i32Less),
  LessOrEqual: direct(V.i32LessEqual),
  Greater: direct(V.i32Greater),
  GreaterOrEqual: direct(V.i32GreaterEqual),
  Equal: direct(V.i32Equal),
  Abs: direct(V.i32Absolute),
  Neg: direct(V.i32Negate),
};

const bools: Readonly<Record<string, ElementCode>> = {
  And: direct(V.and),
  Or: direct(V.or),
  Xor: direct(V.xor),
  Equal: direct(V.i32Equal),
  Not: direct(V.not),
};

const copy: ElementCode = (_, x) => x;

/** Elements of the second operand where the first holds, else of the third. */
const where: ElementCode = (v, condition, a, b) => v.choose(condition, a, b);

function cast(from: Kind, to: Kind): ElementCode {
  if (from === to || (from !== 'float32' && from !== 'bool' && to !== 'float32' && to !== 'bool'))
    return copy;
  if (to === 'bool') {
    return from === 'float32'
      ? (v, x) => v.op(V.f32NotEqual, x, v.number(0))
      : (v, x) => v.op(V.i32NotEqual, x, v.bits(0));
  }
  if (from === 'bool') return (v, x) => v.and(x, to === 'float32' ? v.number(1) : v.bits(1));
  return to === 'float32' ? direct(V.f32FromI32) : direct(V.i32FromF32);
}

function clip(type: Kind, { low, high }: Parameters): ElementCode {
  if (type === 'float32') return (v, x) => v.atMost(v.atLeast(x, v.number(low)), v.number(high));
  return (v, x) => v.op(V.i32Minimum, v.op(V.i32Maximum, x, v.bits(low)), v.bits(high));
}

/** The code of an operation on operands of a type, or undefined if there is none. */
export function elementCode(
  operation: string,
  type: Kind,
  resultType: Kind,
  parameters: Parameters,
): ElementCode | undefined {
  switch (operation) {
    case 'Copy':
      return copy;
    case 'Cast':
      return cast(type, resultType);
    case 'Where':
      return where;
    case 'LeakyRelu':
      return (v, x) => v.choose(v.less(x, v.number(0)), v.multiply(x, v.number(parameters.alpha)), x);
    case 'Clip':
      return clip(type, parameters);
    default:
      return (type === 'float32' ? floats : type === 'bool' ? bools : integers)[operation];
  }
}

/** Operations whose result has no denormal number unless an operand has. */
const selecting = new Set([
  'Copy',
  'Where',
  'Max',
  'Min',
  'Relu',
  'Neg',
  'Abs',
  'Sign',
  'Clip',
  'Floor',
  'Ceil',
  'Round',
]);
/** Operations whose result is never denormal. */
const normal = new Set(['Cast', 'Exp', 'Log', 'Sqrt', 'Cos', 'IsNaN', 'IsInf', 'Step']);

/** Whether a result may be denormal though no operand in memory is. */
export function mayBeDenormal(operation: string, operands: readonly boolean[]): boolean {
  if (normal.has(operation)) return false;
  return selecting.has(operation) ? operands.some((operand) => operand) : true;
}

/** Denormal numbers as zeros of their sign. */
export function flushed(v: Values, x: Value): Value {
  const tiny = v.equalIntegers(v.and(x, v.bits(0x7f800000)), v.bits(0));
  return v.without(x, v.and(tiny, v.bits(0x7fffffff)));
}
