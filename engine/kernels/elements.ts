/** Element-wise operations as expressions over operations on vectors, by their names in a graph. */
import type { Kind, Parameters } from './groups.ts';
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
} from './vector-functions.ts';

/** What an operation makes of its operands; operands and results of type bool are masks. */
export type ElementFunction = <V>(v: Vectors<V>, ...operands: readonly V[]) => V;

type ElementFunctions = Readonly<Record<string, ElementFunction>>;

const notANumber: ElementFunction = (v, x) => v.notEqual(x, x);

const floats: ElementFunctions = {
  Erf: erf,
  Elu: elu,
  Selu: selu,
  Exp: exponential,
  Log: logarithm,
  Sigmoid: sigmoid,
  Tanh: tanh,
  Atanh: atanh,
  Sin: sin,
  Cos: cos,
  Gelu: gelu,
  Add: (v, a, b) => v.add(a, b),
  Sub: (v, a, b) => v.subtract(a, b),
  Mul: (v, a, b) => v.multiply(a, b),
  Div: (v, a, b) => v.divide(a, b),
  Max: (v, a, b) => v.larger(a, b),
  Min: (v, a, b) => v.smaller(a, b),
  Less: (v, a, b) => v.less(a, b),
  LessOrEqual: (v, a, b) => v.lessEqual(a, b),
  Greater: (v, a, b) => v.less(b, a),
  GreaterOrEqual: (v, a, b) => v.lessEqual(b, a),
  Equal: (v, a, b) => v.equal(a, b),
  Floor: (v, x) => v.floor(x),
  Ceil: (v, x) => v.ceiling(x),
  Round: (v, x) => v.round(x),
  Sqrt: (v, x) => v.squareRoot(x),
  Neg: (v, x) => v.negate(x),
  Abs: (v, x) => v.absolute(x),
  Relu: (v, x) => v.atLeast(x, v.number(0)),
  Reciprocal: (v, x) => v.divide(v.number(1), x),
  /** 1 above 0, else 0, and NaN at NaN. */
  Step: (v, x) => v.special?.step(x) ?? v.or(v.and(v.less(v.number(0), x), v.number(1)), notANumber(v, x)),
  /** x itself at zero and NaN, else 1 with the sign of x. */
  Sign: (v, x) => {
    const unit = v.or(v.and(x, v.bits(0x80000000)), v.number(1));
    return v.choose(v.less(v.number(0), v.absolute(x)), unit, x);
  },
  IsNaN: notANumber,
  IsInf: (v, x) => v.equal(v.absolute(x), v.number(Number.POSITIVE_INFINITY)),
};

/** 0 where the divisor is 0. */
const dividing = <V>(v: Vectors<V>, divisor: V, result: V): V =>
  v.without(result, v.equalIntegers(divisor, v.bits(0)));

/** No integer is NaN or infinite. */
const never: ElementFunction = (v) => v.bits(0);

const integers: ElementFunctions = {
  /** The largest number in place of the one quotient that 32 bits do not hold. */
  FloorDiv: (v, a, b) => {
    const quotient = v.flooredQuotient(a, b);
    const negated = v.choose(v.equalIntegers(a, v.bits(-(2 ** 31))), v.bits(2 ** 31 - 1), quotient);
    return dividing(v, b, v.choose(v.equalIntegers(b, v.bits(-1)), negated, quotient));
  },
  Mod: (v, a, b) => {
    const rest = v.subtractIntegers(a, v.multiplyIntegers(v.flooredQuotient(a, b), b));
    return v.without(dividing(v, b, rest), v.equalIntegers(b, v.bits(-1)));
  },
  Relu: (v, x) => v.largerInteger(x, v.bits(0)),
  Sign: (v, x) => v.largerInteger(v.smallerInteger(x, v.bits(1)), v.bits(-1)),
  IsNaN: never,
  IsInf: never,
  Add: (v, a, b) => v.addIntegers(a, b),
  Sub: (v, a, b) => v.subtractIntegers(a, b),
  Mul: (v, a, b) => v.multiplyIntegers(a, b),
  Max: (v, a, b) => v.largerInteger(a, b),
  Min: (v, a, b) => v.smallerInteger(a, b),
  BitwiseAnd: (v, a, b) => v.and(a, b),
  Less: (v, a, b) => v.lessIntegers(a, b),
  LessOrEqual: (v, a, b) => v.lessEqualIntegers(a, b),
  Greater: (v, a, b) => v.lessIntegers(b, a),
  GreaterOrEqual: (v, a, b) => v.lessEqualIntegers(b, a),
  Equal: (v, a, b) => v.equalIntegers(a, b),
  Abs: (v, x) => v.absoluteInteger(x),
  Neg: (v, x) => v.subtractIntegers(v.bits(0), x),
};

const bools: ElementFunctions = {
  And: (v, a, b) => v.and(a, b),
  Or: (v, a, b) => v.or(a, b),
  Xor: (v, a, b) => v.xor(a, b),
  Equal: (v, a, b) => v.equalIntegers(a, b),
  Not: (v, x) => v.not(x),
};

const copy: ElementFunction = (_, x) => x;

function cast(from: Kind, to: Kind): ElementFunction {
  const isWhole = (kind: Kind) => kind === 'int32' || kind === 'int64';
  if (from === to || (isWhole(from) && isWhole(to))) return copy;
  if (from === 'bool') return (v, x) => (to === 'float32' ? v.maskToFloats(x) : v.maskToIntegers(x));
  if (to === 'bool')
    return (v, x) => (from === 'float32' ? v.notEqual(x, v.number(0)) : v.notEqualIntegers(x, v.bits(0)));
  return (v, x) => (to === 'float32' ? v.integersToFloats(x) : v.floatsToIntegers(x));
}

function clip(type: Kind, { low, high }: Parameters): ElementFunction {
  if (type === 'float32') return (v, x) => v.atMost(v.atLeast(x, v.number(low)), v.number(high));
  return (v, x) => v.smallerInteger(v.largerInteger(x, v.bits(low)), v.bits(high));
}

/** The function of an operation on operands of a type, or undefined if there is none. */
export function elementFunction(
  operation: string,
  type: Kind,
  resultType: Kind,
  parameters: Parameters,
): ElementFunction | undefined {
  switch (operation) {
    case 'Copy':
      return copy;
    case 'Cast':
      return cast(type, resultType);
    case 'Where':
      return (v, condition, a, b) => v.choose(condition, a, b);
    case 'LeakyRelu':
      return (v, x) => v.choose(v.less(x, v.number(0)), v.multiply(x, v.number(parameters.alpha)), x);
    case 'Clip':
      return clip(type, parameters);
    default:
      return (type === 'float32' ? floats : type === 'bool' ? bools : integers)[operation];
  }
}
