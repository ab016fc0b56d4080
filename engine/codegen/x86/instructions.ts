/**
 * Vector instructions that programs use, by what their EVEX and VEX encodings have in common.
 * Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */

/** Opcode maps 0F, 0F38 and 0F3A. */
type OpcodeMap = 1 | 2 | 3;
/** Implied prefixes: none, 66, F3, F2. */
type Prefix = 0 | 1 | 2 | 3;

/** An instruction on a vector of floats or 32-bit integers. */
export interface VectorInstruction {
  readonly map: OpcodeMap;
  readonly prefix: Prefix;
  readonly opcode: number;
  /** 64-bit elements: EVEX says so. */
  readonly wide?: boolean;
}

export const vector = (map: OpcodeMap, prefix: Prefix, opcode: number, wide = false): VectorInstruction => ({
  map,
  prefix,
  opcode,
  wide,
});

/** destination, first operand, second operand (register or memory). */
export const V = {
  add: vector(1, 0, 0x58),
  mul: vector(1, 0, 0x59),
  sub: vector(1, 0, 0x5c),
  min: vector(1, 0, 0x5d),
  div: vector(1, 0, 0x5e),
  max: vector(1, 0, 0x5f),
  and: vector(1, 1, 0xdb),
  or: vector(1, 1, 0xeb),
  xor: vector(1, 1, 0xef),
  addInt: vector(1, 1, 0xfe),
  subInt: vector(1, 1, 0xfa),
  mulInt: vector(2, 1, 0x40),
  minInt: vector(2, 1, 0x39),
  maxInt: vector(2, 1, 0x3d),
  /** AVX-512 alone. */
  scale: vector(2, 1, 0x2c),
  /** destination = destination · first + second, and its permutations; n: minus the product. */
  fma213: vector(2, 1, 0xa8),
  fma231: vector(2, 1, 0xb8),
  fnma231: vector(2, 1, 0xbc),
  unpackLow: vector(1, 0, 0x14),
  unpackHigh: vector(1, 0, 0x15),
  unpackLow64: vector(1, 1, 0x14, true),
  unpackHigh64: vector(1, 1, 0x15, true),
  /** On doubles. */
  divDouble: vector(1, 1, 0x5e, true),
} as const;

/** destination, operand. */
export const V1 = {
  load: vector(1, 0, 0x10),
  move: vector(1, 0, 0x28),
  sqrt: vector(1, 0, 0x51),
  /** AVX-512 alone. */
  getExponent: vector(2, 1, 0x42),
  toInt: vector(1, 1, 0x5b),
  truncate: vector(1, 2, 0x5b),
  toFloat: vector(1, 0, 0x5b),
  absInt: vector(2, 1, 0x1e),
  /** Doubles from the lower half of the integers, and back; the upper half becomes 0. */
  intToDouble: vector(1, 2, 0xe6),
  truncateDouble: vector(1, 1, 0xe6, true),
} as const;

/** destination, (first operand,) operand, immediate byte. */
export const VI = {
  round: vector(3, 1, 0x08),
  permuteInLane: vector(3, 1, 0x04),
  roundDouble: vector(3, 1, 0x09, true),
  /** AVX-512 alone. */
  getMantissa: vector(3, 1, 0x26),
  shuffleLanes: vector(3, 1, 0x23),
  /** A result for each class of numbers of the first operand, by a table in the second: see fixupTable. */
  fixup: vector(3, 1, 0x54),
  /** AVX2 alone. */
  shuffleHalves: vector(3, 1, 0x06),
} as const;

/** Results that the table of a fixup can name. */
export const FIXUP = { quietNaN: 2, zero: 8, one: 10 } as const;

/**
 * A table for a fixup.
 * @param results for quiet NaN, signalling NaN, 0, 1, -∞, ∞, other negative and other positive numbers
 */
export const fixupTable = (results: readonly number[]): number =>
  results.reduce((bits, result, i) => bits + result * (1 << (4 * i)), 0);

/** Predicates of compareFloat; `unordered`, `notEqual` and `notLessEqual` hold beside a NaN, the others do not. */
export const FLOAT = {
  equal: 0,
  less: 1,
  lessEqual: 2,
  unordered: 3,
  notEqual: 4,
  notLessEqual: 6,
  ordered: 7,
} as const;
/** Predicates of compareInt. */
export const INT = { equal: 0, less: 1, lessEqual: 2, notEqual: 4 } as const;
