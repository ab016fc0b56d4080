/**
 * Functions of single numbers in double precision, by series: rounded to 32 bits they are within a unit of the last
 * place. For what is too rare to have code for vectors.
 */
import type { Code, Module } from './assembler.ts';
import { Memory, S, Type } from './opcodes.ts';
import { type Value, Values } from './values.ts';

/** Values of scalars. */
class Scalars extends Values {
  f64(value: number): Value {
    return this.value(Type.f64, [], (code) => code.f64(value));
  }

  i64(value: bigint): Value {
    return this.value(Type.i64, [], (code) => code.i64(value));
  }

  /** An instruction whose result is a double. */
  f(instruction: number, ...operands: readonly Value[]): Value {
    return this.value(Type.f64, operands, (code) => code.scalar(instruction));
  }

  /** An instruction whose result is an integer of 64 bits. */
  l(instruction: number, ...operands: readonly Value[]): Value {
    return this.value(Type.i64, operands, (code) => code.scalar(instruction));
  }

  /** An instruction whose result is an integer of 32 bits, among them conditions. */
  i(instruction: number, ...operands: readonly Value[]): Value {
    return this.value(Type.i32, operands, (code) => code.scalar(instruction));
  }

  select(condition: Value, a: Value, b: Value): Value {
    return this.value(a.type, [a, b, condition], (code) => code.scalar(S.select));
  }

  parameter(local: number): Value {
    return this.value(Type.f64, [], (code) => code.get(local));
  }

  plus = (a: Value, b: Value) => this.f(S.f64Add, a, b);
  minus = (a: Value, b: Value) => this.f(S.f64Subtract, a, b);
  times = (a: Value, b: Value) => this.f(S.f64Multiply, a, b);
  over = (a: Value, b: Value) => this.f(S.f64Divide, a, b);
  root = (x: Value) => this.f(S.f64SquareRoot, x);
  size = (x: Value) => this.f(S.f64Absolute, x);
  below = (a: Value, b: Value) => this.i(S.f64Less, a, b);

  /** Coefficients from the constant one on. */
  polynomial(x: Value, coefficients: readonly number[]): Value {
    return [...coefficients]
      .reverse()
      .slice(1)
      .reduce(
        (sum, c) => this.plus(this.times(sum, x), this.f64(c)),
        this.f64(coefficients[coefficients.length - 1]),
      );
  }

  /** Writes the body of a function that returns the value. */
  return(code: Code, value: Value): void {
    value.uses++;
    this.restart();
    this.push(code, value);
  }
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
const count = (n: number) => Array.from({ length: n }, (_, i) => i);

/** (-1)^i */
const sign = (i: number) => (i % 2 === 0 ? 1 : -1);

const EXP = count(14).map((i) => 1 / factorial(i));
const SIN = count(9).map((i) => sign(i) / factorial(2 * i + 1));
const COS = count(9).map((i) => sign(i) / factorial(2 * i));
const ATAN = count(16).map((i) => sign(i) / (2 * i + 1));
/** log((1 + s) / (1 - s)) / s in powers of s². */
const LOG = count(11).map((i) => 2 / (2 * i + 1));

/** Adding it to a double leaves the nearest whole number in the lowest bits. */
const ROUNDING = 1.5 * 2 ** 52;
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Of what no float holds: e to the ±200 or more. */
function exp(v: Scalars, x: Value): Value {
  const bounded = v.f(S.f64Maximum, v.f(S.f64Minimum, x, v.f64(200)), v.f64(-200));
  const shifted = v.plus(v.times(bounded, v.f64(Math.LOG2E)), v.f64(ROUNDING));
  const n = v.minus(shifted, v.f64(ROUNDING));
  const r = v.minus(v.minus(bounded, v.times(n, v.f64(LN2_HIGH))), v.times(n, v.f64(LN2_LOW)));
  const exponent = v.l(S.i64ShiftLeft, v.l(S.i64FromF64Bits, shifted), v.i64(52n));
  const power = v.f(S.f64FromI64Bits, v.l(S.i64Add, exponent, v.i64(1023n << 52n)));
  return v.times(v.polynomial(r, EXP), power);
}

const ROOT_HALF_BITS = new BigInt64Array(Float64Array.of(Math.SQRT1_2).buffer)[0];

function log(v: Scalars, x: Value): Value {
  const bits = v.l(S.i64FromF64Bits, x);
  const e = v.l(S.i64ShiftRightSigned, v.l(S.i64Subtract, bits, v.i64(ROOT_HALF_BITS)), v.i64(52n));
  const m = v.f(S.f64FromI64Bits, v.l(S.i64Subtract, bits, v.l(S.i64ShiftLeft, e, v.i64(52n))));
  const s = v.over(v.minus(m, v.f64(1)), v.plus(m, v.f64(1)));
  const part = v.times(v.polynomial(v.times(s, s), LOG), s);
  const y = v.plus(v.times(v.f(S.f64FromI64, e), v.f64(Math.LN2)), part);
  const isUsual = v.i(S.i32And, v.below(v.f64(0), x), v.below(x, v.f64(Number.POSITIVE_INFINITY)));
  const isZero = v.i(S.f64Equal, x, v.f64(0));
  const isBelow = v.below(x, v.f64(0));
  const beyond = v.select(isBelow, v.f64(Number.NaN), x);
  return v.select(isUsual, y, v.select(isZero, v.f64(Number.NEGATIVE_INFINITY), beyond));
}

function atan(v: Scalars, x: Value): Value {
  const size = v.size(x);
  const isLarge = v.below(v.f64(1), size);
  const t = v.select(isLarge, v.over(v.f64(1), size), size);
  const isMiddle = v.below(v.f64(Math.SQRT2 - 1), t);
  const u = v.select(isMiddle, v.over(v.minus(t, v.f64(1)), v.plus(t, v.f64(1))), t);
  const series = v.times(v.polynomial(v.times(u, u), ATAN), u);
  const near = v.select(isMiddle, v.plus(series, v.f64(Math.PI / 4)), series);
  const y = v.select(isLarge, v.minus(v.f64(Math.PI / 2), near), near);
  return v.f(S.f64CopySign, y, x);
}

/** The angle of the point (x, y), with the sign of y; signs of zeros count, infinities are directions. */
function atan2(v: Scalars, y: Value, x: Value): Value {
  const [height, width] = [v.size(y), v.size(x)];
  const unit = v.select(v.i(S.f64Equal, height, v.f64(0)), v.f64(0), v.f64(1));
  const ratio = v.select(v.i(S.f64Equal, height, width), unit, v.over(height, width));
  const principal = atan(v, ratio);
  const isLeft = v.below(v.f(S.f64CopySign, v.f64(1), x), v.f64(0));
  return v.f(S.f64CopySign, v.select(isLeft, v.minus(v.f64(Math.PI), principal), principal), y);
}

/** The bits of 4/π in words of 32 that begin eight bits apart. */
const QUARTER_BITS = 'a2f9836e4e441529fc2757d1f534ddc0db6295993c439041';
export const TABLE_WORDS = Uint32Array.from({ length: 24 }, (_, i) =>
  Number.parseInt(`000000${QUARTER_BITS}`.slice(2 * i, 2 * i + 8), 16),
);

/**
 * Of |x| from 2 on: quarter turns and the angle left, from the bits of x · 4/π that matter (M. Payne and R. Hanek 1983,
 * in the form for floats of ARM's optimized routines).
 */
function reduceLarge(v: Scalars, x: Value, table: number): { turns: Value; rest: Value } {
  const small = (value: number) => v.value(Type.i32, [], (code) => code.i32(value));
  const bits = v.i(
    S.i32FromF32Bits,
    v.value(Type.f32, [x], (code) => code.scalar(S.f32FromF64)),
  );
  const word = v.i(
    S.i32ShiftLeft,
    v.i(S.i32And, v.i(S.i32ShiftRightUnsigned, bits, small(26)), small(15)),
    small(2),
  );
  const shift = v.i(S.i32And, v.i(S.i32ShiftRightUnsigned, bits, small(23)), small(7));
  const mantissa = v.i(
    S.i32ShiftLeft,
    v.i(S.i32Or, v.i(S.i32And, bits, small(0xffffff)), small(0x800000)),
    shift,
  );
  const part = (i: number) =>
    v.value(Type.i32, [word], (code) => code.memory(Memory.i32Load, table + 16 * i));
  const wide = (value: Value) => v.l(S.i64FromI32Unsigned, value);
  const product = (i: number) => v.l(S.i64Multiply, wide(mantissa), wide(part(i)));
  const high = v.l(S.i64ShiftLeft, wide(v.i(S.i32Multiply, mantissa, part(0))), v.i64(32n));
  const low = v.l(S.i64ShiftRightUnsigned, product(2), v.i64(32n));
  const sum = v.l(S.i64Add, v.l(S.i64Or, high, low), product(1));
  const turns = v.l(S.i64ShiftRightUnsigned, v.l(S.i64Add, sum, v.i64(1n << 61n)), v.i64(62n));
  const rest = v.l(S.i64Subtract, sum, v.l(S.i64ShiftLeft, turns, v.i64(62n)));
  return {
    turns: v.i(S.i32FromI64, turns),
    rest: v.times(v.f(S.f64FromI64, rest), v.f64(Math.PI / 2 / 2 ** 62)),
  };
}

function tan(v: Scalars, x: Value, table: number): Value {
  const size = v.size(x);
  const isLarge = v.i(S.f64GreaterEqual, size, v.f64(2));
  const large = reduceLarge(v, size, table);
  // Below 2 there is at most one quarter turn.
  const isTurned = v.below(v.f64(Math.PI / 4), size);
  const turned = v.minus(v.minus(size, v.f64(Math.PI / 2)), v.f64(6.123233995736766e-17));
  const r = v.select(isLarge, large.rest, v.select(isTurned, turned, size));
  const one = v.value(Type.i32, [], (code) => code.i32(1));
  const isOdd = v.select(isLarge, v.i(S.i32And, large.turns, one), isTurned);
  const square = v.times(r, r);
  const sin = v.times(v.polynomial(square, SIN), r);
  const cos = v.polynomial(square, COS);
  const y = v.over(v.select(isOdd, v.f(S.f64Negate, cos), sin), v.select(isOdd, sin, cos));
  const hasEnd = v.below(size, v.f64(Number.POSITIVE_INFINITY));
  const positive = v.select(hasEnd, y, v.minus(x, x));
  // tan(-x) = -tan(x)
  return v.select(
    v.below(x, v.f64(0)),
    v.f(S.f64Negate, positive),
    v.select(v.i(S.f64Equal, x, v.f64(0)), x, positive),
  );
}

/** Where x is so small that the function is x, x itself. */
const smallAsItIs = (v: Scalars, x: Value, y: Value) => v.select(v.below(v.size(x), v.f64(1e-4)), x, y);

type Unary = (v: Scalars, x: Value, table: number) => Value;

const unary: Readonly<Record<string, Unary>> = {
  atanf: atan,
  asinf: (v, x) => atan(v, v.over(x, v.root(v.times(v.minus(v.f64(1), x), v.plus(v.f64(1), x))))),
  acosf: (v, x) => v.times(atan(v, v.root(v.over(v.minus(v.f64(1), x), v.plus(v.f64(1), x)))), v.f64(2)),
  sinhf: (v, x) => {
    const e = exp(v, x);
    return smallAsItIs(v, x, v.times(v.minus(e, v.over(v.f64(1), e)), v.f64(0.5)));
  },
  coshf: (v, x) => {
    const e = exp(v, x);
    return v.times(v.plus(e, v.over(v.f64(1), e)), v.f64(0.5));
  },
  asinhf: (v, x) => {
    const size = v.size(x);
    const y = log(v, v.plus(size, v.root(v.plus(v.times(size, size), v.f64(1)))));
    return smallAsItIs(v, x, v.f(S.f64CopySign, y, x));
  },
  acoshf: (v, x) => log(v, v.plus(x, v.times(v.root(v.minus(x, v.f64(1))), v.root(v.plus(x, v.f64(1)))))),
  tanf: tan,
};

/** Exponents up to this size are whole numbers of multiplications. */
const MOST_SQUARED = 64;

/** x to the power of y: by multiplications where y is a small whole number, else by exp and log. */
function emitPower(code: Code): void {
  const [x, y] = [0, 1];
  const [isWhole, left] = [code.take(), code.take()];
  const [power, result, size] = [code.take(Type.f64), code.take(Type.f64), code.take(Type.f64)];
  code.get(y);
  code.get(y);
  code.scalar(S.f64Truncate);
  code.scalar(S.f64Equal);
  code.set(isWhole);
  code.get(y);
  code.scalar(S.f64Absolute);
  code.tee(size);
  code.f64(MOST_SQUARED);
  code.scalar(S.f64LessEqual);
  code.get(isWhole);
  code.scalar(S.i32And);
  code.if(
    () => {
      code.get(size);
      code.truncateToI32();
      code.set(left);
      code.get(x);
      code.set(power);
      code.f64(1);
      code.set(result);
      code.block(() => {
        code.loop(() => {
          code.get(left);
          code.scalar(S.i32Eqz);
          code.branchIf(1);
          code.get(left);
          code.i32(1);
          code.scalar(S.i32And);
          code.if(() => {
            code.get(result);
            code.get(power);
            code.scalar(S.f64Multiply);
            code.set(result);
          });
          code.get(power);
          code.get(power);
          code.scalar(S.f64Multiply);
          code.set(power);
          code.get(left);
          code.i32(1);
          code.scalar(S.i32ShiftRightUnsigned);
          code.set(left);
          code.branch(0);
        });
      });
      code.get(y);
      code.f64(0);
      code.scalar(S.f64Less);
      code.if(() => {
        code.f64(1);
        code.get(result);
        code.scalar(S.f64Divide);
        code.set(result);
      });
    },
    () => {
      const v = new Scalars();
      const [base, exponent] = [v.parameter(x), v.parameter(y)];
      const isUnit = v.i(S.f64Equal, v.size(base), v.f64(1));
      const power = exp(v, v.times(exponent, log(v, v.size(base))));
      const magnitude = v.select(isUnit, v.f64(1), power);
      const half = v.times(exponent, v.f64(0.5));
      const isEven = v.i(S.f64Equal, half, v.f(S.f64Truncate, half));
      const whole = v.value(Type.i32, [], () => code.get(isWhole));
      const signed = v.select(isEven, magnitude, v.f(S.f64Negate, magnitude));
      const ofNegative = v.select(whole, signed, v.f64(Number.NaN));
      v.return(code, v.select(v.below(base, v.f64(0)), ofNegative, magnitude));
      code.set(result);
    },
  );
  code.get(result);
}

/** What is left of x after whole y, with the sign of x; exact. */
function emitRemainder(code: Code): void {
  const [x, y] = [0, 1];
  const [left, divisor, part] = [code.take(Type.f64), code.take(Type.f64), code.take(Type.f64)];
  code.get(x);
  code.scalar(S.f64Absolute);
  code.set(left);
  code.get(y);
  code.scalar(S.f64Absolute);
  code.set(divisor);
  // Of an infinity, or by zero, there is none.
  code.get(left);
  code.f64(Number.POSITIVE_INFINITY);
  code.scalar(S.f64Equal);
  code.get(divisor);
  code.f64(0);
  code.scalar(S.f64Equal);
  code.scalar(S.i32Or);
  code.get(y);
  code.get(y);
  code.scalar(S.f64NotEqual);
  code.scalar(S.i32Or);
  code.if(() => {
    code.f64(Number.NaN);
    code.scalar(S.return);
  });
  code.block(() => {
    code.loop(() => {
      code.get(left);
      code.get(divisor);
      code.scalar(S.f64GreaterEqual);
      code.scalar(S.i32Eqz);
      code.branchIf(1);
      // The divisor times the power of two that brings it next to what is left.
      code.get(divisor);
      code.scalar(S.i64FromF64Bits);
      code.get(left);
      code.scalar(S.i64FromF64Bits);
      code.get(divisor);
      code.scalar(S.i64FromF64Bits);
      code.scalar(S.i64Subtract);
      code.i64(-(1n << 52n));
      code.scalar(S.i64And);
      code.scalar(S.i64Add);
      code.scalar(S.f64FromI64Bits);
      code.set(part);
      code.get(left);
      code.get(part);
      code.scalar(S.f64Subtract);
      code.set(left);
      code.branch(0);
    });
  });
  code.get(left);
  code.get(x);
  code.scalar(S.f64CopySign);
}

/**
 * The function of one or two doubles that computes what the C library's function of this name does.
 * @param table address of TABLE_WORDS
 * @returns its index, or undefined if there is none
 */
export function scalarFunction(module: Module, symbol: string, table: number): number | undefined {
  const key = `scalar ${symbol}`;
  if (symbol === 'fmodf') return module.shared(key, [Type.f64, Type.f64], [Type.f64], emitRemainder);
  if (symbol === 'powf' || symbol === 'pow') {
    return module.shared('scalar pow', [Type.f64, Type.f64], [Type.f64], emitPower);
  }
  if (symbol === 'atan2f') {
    return module.shared(key, [Type.f64, Type.f64], [Type.f64], (code) => {
      const v = new Scalars();
      v.return(code, atan2(v, v.parameter(0), v.parameter(1)));
    });
  }
  const fn = unary[symbol];
  if (fn === undefined) return undefined;
  return module.shared(key, [Type.f64], [Type.f64], (code) => {
    const v = new Scalars();
    v.return(code, fn(v, v.parameter(0), table));
  });
}
