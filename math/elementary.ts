/**
 * Elementary functions of doubles with the same bits everywhere. ECMAScript leaves Math.exp, Math.sin and the like to
 * each engine; on the way from a seed to a result stand these alone. (Math.fround, floor and the like are exact, and
 * Math.sqrt is the processor's instruction, which IEEE 754 rounds.)
 *
 * Each is a power series of a reduced argument in pairs of doubles, rounded once: within 0.51 units of the last place,
 * 0.8 where the result is subnormal. Special values are those of Math. `exp`, which rewards and random normals call,
 * takes a short way where that rounds alike (Ziv 1991, "Fast evaluation of elementary mathematical functions with
 * correctly rounded last bit").
 */
import {
  add,
  divide,
  evaluate,
  multiply,
  negate,
  type Pair,
  pair,
  reciprocals,
  round,
  scale,
  squareRoot,
  sum,
} from './pair.ts';

const ONE = pair(1);
const LN2: Pair = { high: Math.LN2, low: 2.3190468138462996e-17 };
const HALF_PI: Pair = { high: Math.PI / 2, low: 6.123233995736766e-17 };

const times = (x: Pair, factor: number): Pair => multiply(x, pair(factor));

/** 2^n from -1074 to 1023. */
const POWERS = new Float64Array(2098);
POWERS[1074] = 1;
for (let i = 1075; i < POWERS.length; i++) POWERS[i] = 2 * POWERS[i - 1];
for (let i = 1073; i >= 0; i--) POWERS[i] = POWERS[i + 1] / 2;
const powerOfTwo = (n: number): number => POWERS[n + 1074];

/** x 2^n, rounded once, for |x| from 1/2 to 2 and any n. */
function scaled(x: number, n: number): number {
  if (n > 1023) return n > 1025 ? x * Number.POSITIVE_INFINITY : x * 4 * powerOfTwo(n - 2);
  return n < -1074 ? (x / 4) * powerOfTwo(Math.max(n + 2, -1074)) : x * powerOfTwo(n);
}

const view = new DataView(new ArrayBuffer(8));

/** e with |x| = m 2^e, 1 ≤ m < 2; x finite and not 0. */
function exponentOf(x: number): number {
  view.setFloat64(0, x);
  const biased = (view.getUint16(0) >> 4) & 0x7ff;
  return biased > 0 ? biased - 1023 : exponentOf(x * 2 ** 54) - 54;
}

const factorials = (last: number): number[] => {
  const values = [1];
  for (let n = 1; n <= last; n++) values.push(n * values[n - 1]);
  return values;
};

/** (e^r - 1)/r for |r| ≤ ln 2/2. */
const EXPONENTIAL = reciprocals(factorials(16).slice(1), 3);

/** e^x = 2^n (1 + rest), |rest| < 0.42, for |x| below 1000. */
function exponential(x: Pair): { readonly n: number; readonly rest: Pair } {
  const n = Math.round(x.high * Math.LOG2E);
  const r = n === 0 ? x : add(x, times(LN2, -n));
  return { n, rest: multiply(r, evaluate(EXPONENTIAL, r)) };
}

/** Beyond these e^x is infinite, or less than half of the smallest subnormal. */
const EXP_MOST = 709.782712893384;
const EXP_LEAST = -745.1332191019412;

export function exp(x: number): number {
  const quick = quickExp(x);
  return Number.isNaN(quick) ? expOfPair(pair(x)) : quick;
}

/** 2^(j / STEPS) as [high, low] of j, for j from 0 to STEPS - 1. */
const STEPS = 256;
const FRACTIONS = new Float64Array(2 * STEPS);
FRACTIONS[0] = 1;
let root = pair(2);
for (let size = STEPS / 2; size >= 1; size /= 2) {
  root = squareRoot(root);
  for (let j = size; j < STEPS; j += 2 * size) {
    const before = { high: FRACTIONS[2 * (j - size)], low: FRACTIONS[2 * (j - size) + 1] };
    const power = multiply(before, root);
    FRACTIONS[2 * j] = power.high;
    FRACTIONS[2 * j + 1] = power.low;
  }
}
/** ln 2/STEPS: its first 34 bits, which times a whole number below 2^19 are exact, and the rest. */
const STEP_HIGH = Math.floor((LN2.high / STEPS) * 2 ** 42) / 2 ** 42;
const STEP_LOW = LN2.high / STEPS - STEP_HIGH + LN2.low / STEPS;

/**
 * Here `low` is within 2^-60 of 2^-n e^x - `high`, and the sum in pairs within 2^-61 of 2^-n e^x: where all that lies
 * this far to both sides rounds alike, they round alike.
 */
const EXP_DOUBT = 2 ** -59;

/** What `expOfPair` gives, by doubles and a table; NaN in the 2 of 100 cases where these cannot tell. */
function quickExp(x: number): number {
  if (!(Math.abs(x) < 700)) return Number.NaN;
  const step = Math.round(x * (STEPS * Math.LOG2E));
  const j = step & (STEPS - 1);
  const first = x - step * STEP_HIGH; // exact
  const second = -step * STEP_LOW;
  const r = first + second; // ln 2/512 and a little at most
  const series = r * r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720)))));
  const high = FRACTIONS[2 * j];
  const low = FRACTIONS[2 * j + 1] + high * (first + (second + series));
  const upper = high + (low + EXP_DOUBT);
  return upper === high + (low - EXP_DOUBT) ? upper * POWERS[1074 + (step - j) / STEPS] : Number.NaN;
}

function expOfPair(x: Pair): number {
  if (x.high > EXP_MOST) return Number.POSITIVE_INFINITY;
  if (x.high < EXP_LEAST) return 0;
  if (Number.isNaN(x.high)) return Number.NaN;
  const { n, rest } = exponential(x);
  return scaled(round(add(ONE, rest)), n);
}

/** e^x - 1 for |x| below 700. */
function expm1OfPair(x: Pair): Pair {
  const { n, rest } = exponential(x);
  if (n === 0) return rest;
  const power = powerOfTwo(n);
  return add(pair(power), add(scale(rest, power), pair(-1)));
}

/** Below this size x is the nearest double of every odd function with slope 1 here. */
const TINY = 2 ** -30;

export function expm1(x: number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  if (x > 700) return exp(x);
  if (x < -50) return -1;
  // The square of a smaller one may be subnormal.
  if (Math.abs(x) < 2 ** -60) return x;
  return round(expm1OfPair(pair(x)));
}

export function cosh(x: number): number {
  const size = Math.abs(x);
  if (!(size < 711)) return Number.isNaN(x) ? x : Number.POSITIVE_INFINITY;
  const { n, rest } = exponential(pair(size));
  const power = add(ONE, rest);
  if (size > 40) return scaled(round(power), n - 1);
  const whole = scale(power, powerOfTwo(n - 1));
  return round(add(whole, divide(pair(0.25), whole)));
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size < TINY || Number.isNaN(x)) return x;
  if (size > 22) return Math.sign(x);
  const grown = expm1OfPair(pair(2 * size));
  return Math.sign(x) * round(divide(grown, add(grown, pair(2))));
}

const oddNumbers = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 * i + 1);

/** artanh(s)/s in powers of s², |s| ≤ 0.1716. */
const ARTANH = reciprocals(oddNumbers(15), 3);

/** Of x from 2^-1000. */
function logOfPair(x: Pair): Pair {
  let e = exponentOf(x.high);
  if (x.high * powerOfTwo(-e) > Math.SQRT2) e++;
  const part = logNear(add(scale(x, powerOfTwo(-e)), pair(-1)));
  return e === 0 ? part : add(times(LN2, e), part);
}

/** Of any positive number. */
const logOfPositive = (x: number): Pair =>
  x < 2 ** -1000 ? add(logOfPair(pair(x * 2 ** 100)), times(LN2, -100)) : logOfPair(pair(x));

/** log(1 + f) for 1 + f from √½ to √2. */
function logNear(f: Pair): Pair {
  const s = divide(f, add(f, pair(2)));
  return scale(multiply(s, evaluate(ARTANH, multiply(s, s))), 2);
}

export function log(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  return round(logOfPositive(x));
}

/** log(1 + f), f not tiny. */
const log1pOfPair = (f: Pair): Pair => (Math.abs(f.high) < 0.25 ? logNear(f) : logOfPair(add(ONE, f)));

export function log1p(x: number): number {
  if (x === -1) return Number.NEGATIVE_INFINITY;
  if (!(x > -1)) return Number.NaN;
  if (Math.abs(x) < 2 ** -60 || x === Number.POSITIVE_INFINITY) return x;
  return round(log1pOfPair(pair(x)));
}

/** From here on x + √(x² ± 1) is 2x. */
const LARGE = 2 ** 40;

const logOfTwice = (x: number): number =>
  x === Number.POSITIVE_INFINITY ? x : round(add(logOfPair(pair(x)), LN2));

export function asinh(x: number): number {
  const size = Math.abs(x);
  if (size < TINY || Number.isNaN(x)) return x;
  if (size > LARGE) return Math.sign(x) * logOfTwice(size);
  // log(x + √(1 + x²)) = log(1 + x + x²/(1 + √(1 + x²)))
  const square = multiply(pair(size), pair(size));
  const grown = divide(square, add(ONE, squareRoot(add(ONE, square))));
  return Math.sign(x) * round(log1pOfPair(add(pair(size), grown)));
}

export function acosh(x: number): number {
  if (!(x >= 1)) return Number.NaN;
  if (x > LARGE) return logOfTwice(x);
  const above = sum(x, -1);
  if (above.high === 0) return 0;
  return round(log1pOfPair(add(above, squareRoot(multiply(above, add(above, pair(2)))))));
}

export function atanh(x: number): number {
  const size = Math.abs(x);
  if (size === 1) return x * Number.POSITIVE_INFINITY;
  if (!(size < 1)) return Number.NaN;
  if (size < TINY) return x;
  const ratio = divide(pair(2 * size), sum(1, -size));
  return Math.sign(x) * round(scale(log1pOfPair(ratio), 0.5));
}

const powerOfPair = (x: number, y: Pair): number => expOfPair(multiply(logOfPositive(x), y));

/** x to the power of y. @throws RangeError unless x is positive and finite, y below 2^64 in size */
export function pow(x: number, y: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY && Math.abs(y) < 2 ** 64))
    throw new RangeError(`${x} to the power of ${y} is not computed here`);
  return powerOfPair(x, pair(y));
}

const THIRD = divide(ONE, pair(3));

export function cbrt(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  return Math.sign(x) * powerOfPair(Math.abs(x), THIRD);
}

/** π/2 as 33 + 33 + 33 + 53 bits: the first three times a whole number below 2^20 are exact. */
const QUARTER_TURN = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];

/** Angles up to here take whole quarter turns below 2^20. */
const SMALL_ANGLE = 2 ** 20;

/** x = turns · π/2 + rest, |rest| ≤ π/4, turns modulo 4. */
function quarterTurns(x: number): { readonly turns: number; readonly rest: Pair } {
  if (Math.abs(x) >= SMALL_ANGLE) return exactQuarterTurns(x);
  const turns = Math.round(x * (2 / Math.PI));
  let rest = pair(x);
  if (turns !== 0) for (const part of QUARTER_TURN) rest = add(rest, pair(-turns * part));
  return { turns: turns & 3, rest };
}

/** Places after the binary point of π, so many that the largest double can be divided by it. */
const PLACES = 1280n;
let pi: bigint | undefined;

/** arctan(1/n) 2^(PLACES + 32). */
function arctangent(n: bigint): bigint {
  let power = (1n << (PLACES + 32n)) / n;
  let total = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    total += (k & 2n) === 0n ? power / k : -(power / k);
    power /= n * n;
  }
  return total;
}

/** By integers. */
function exactQuarterTurns(x: number): { readonly turns: number; readonly rest: Pair } {
  // Machin's formula
  pi ??= (16n * arctangent(5n) - 4n * arctangent(239n)) >> 32n;
  const halfPi = pi >> 1n;
  const isWhole = Math.abs(x) >= 2 ** 53;
  const size = isWhole ? BigInt(Math.abs(x)) << PLACES : BigInt(Math.abs(x) * 2 ** 32) << (PLACES - 32n);
  const whole = (2n * size + halfPi) / (2n * halfPi);
  const rest = (size - whole * halfPi) >> (PLACES - 240n);
  const high = Number(rest);
  const low = Number(rest - BigInt(high));
  const sign = Math.sign(x);
  return {
    turns: (sign * Number(whole & 3n)) & 3,
    rest: scale({ high, low }, sign * powerOfTwo(-240)),
  };
}

const alternating = (denominators: readonly number[]): number[] =>
  denominators.map((denominator, i) => (i % 2 === 0 ? denominator : -denominator));

/** sin(r)/r and cos(r) in powers of r², |r| ≤ π/4. */
const SINE = reciprocals(alternating(factorials(21).filter((_, n) => n % 2 === 1)), 3);
const COSINE = reciprocals(alternating(factorials(22).filter((_, n) => n % 2 === 0)), 3);

/** sin(rest + turns · π/2). */
function sineOf(turns: number, rest: Pair): number {
  const square = multiply(rest, rest);
  const value = (turns & 1) === 0 ? multiply(rest, evaluate(SINE, square)) : evaluate(COSINE, square);
  return (turns & 2) === 0 ? round(value) : -round(value);
}

export function sin(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (Math.abs(x) < TINY) return x;
  const { turns, rest } = quarterTurns(x);
  return sineOf(turns, rest);
}

export function cos(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  if (Math.abs(x) < TINY) return 1;
  const { turns, rest } = quarterTurns(x);
  return sineOf(turns + 1, rest);
}

/** arctan(u)/u in powers of u², |u| ≤ √2 - 1. */
const ARCTANGENT = reciprocals(alternating(oddNumbers(24)), 4);

/** The angle of the point (x, y), x and y from 0 on and not both 0. */
function angleOf(y: Pair, x: Pair): Pair {
  if (y.high > x.high) return add(HALF_PI, negate(angleOf(x, y)));
  const isSteep = y.high > (Math.SQRT2 - 1) * x.high;
  // With (x, y) turned back by π/4 where it is steep.
  const u = isSteep ? divide(add(y, negate(x)), add(y, x)) : divide(y, x);
  const small = multiply(u, evaluate(ARCTANGENT, multiply(u, u)));
  return isSteep ? add(scale(HALF_PI, 0.5), small) : small;
}

export function atan(x: number): number {
  const size = Math.abs(x);
  if (size < TINY || Number.isNaN(x)) return x;
  if (size > 2 ** 70) return Math.sign(x) * HALF_PI.high;
  return Math.sign(x) * round(angleOf(pair(size), ONE));
}

/** The angle of the point (x, y). */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const [height, width] = [Math.abs(y), Math.abs(x)];
  if (height === width && height === Number.POSITIVE_INFINITY) return atan2(Math.sign(y), Math.sign(x));
  const sign = y < 0 || Object.is(y, -0) ? -1 : 1;
  const isBehind = x < 0 || Object.is(x, -0);
  const straight = isBehind ? 2 * HALF_PI.high : 0;
  if (height === 0 || width === Number.POSITIVE_INFINITY) return sign * straight;
  if (width === 0 || height === Number.POSITIVE_INFINITY) return sign * HALF_PI.high;
  const steps = exponentOf(height) - exponentOf(width);
  if (steps > 70) return sign * HALF_PI.high;
  if (steps < -70) return sign * (isBehind ? straight : height / width);
  const angle = angleOf(pair(unit(height)), pair(unit(width) * powerOfTwo(-steps)));
  return sign * round(isBehind ? add(scale(HALF_PI, 2), negate(angle)) : angle);
}

/** x over its power of two. */
function unit(x: number): number {
  const e = exponentOf(x);
  const half = Math.trunc(e / 2);
  return x * powerOfTwo(-half) * powerOfTwo(half - e);
}

export function acos(x: number): number {
  if (!(Math.abs(x) <= 1)) return Number.NaN;
  if (x === 1) return 0;
  const angle = angleOf(squareRoot(sum(1, -x)), squareRoot(sum(1, x)));
  return round(scale(angle, 2));
}
