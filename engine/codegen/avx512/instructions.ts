/**
 * The AVX-512 instructions that programs use, by their EVEX encoding.
 * Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */

/** Opcode maps 0F, 0F38 and 0F3A. */
type OpcodeMap = 1 | 2 | 3;
/** Implied prefixes: none, 66, F3, F2. */
type Prefix = 0 | 1 | 2 | 3;

/** An AVX-512 instruction on 16 floats (or 32-bit integers). */
export interface VectorInstruction {
  readonly map: OpcodeMap;
  readonly prefix: Prefix;
  readonly opcode: number;
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
  scale: vector(2, 1, 0x2c),
  /** destination = destination · first + second, and its permutations; n: minus the product. */
  fma213: vector(2, 1, 0xa8),
  fma231: vector(2, 1, 0xb8),
  fnma231: vector(2, 1, 0xbc),
  /** Under a mask: second operand where the bit is set, else first. */
  blend: vector(2, 1, 0x65),
  unpackLow: vector(1, 0, 0x14),
  unpackHigh: vector(1, 0, 0x15),
  unpackLow64: vector(1, 1, 0x14, true),
  unpackHigh64: vector(1, 1, 0x15, true),
  /** On 8 doubles. */
  divDouble: vector(1, 1, 0x5e, true),
} as const;

/** destination, operand. */
export const V1 = {
  load: vector(1, 0, 0x10),
  move: vector(1, 0, 0x28),
  sqrt: vector(1, 0, 0x51),
  getExponent: vector(2, 1, 0x42),
  toInt: vector(1, 1, 0x5b),
  truncate: vector(1, 2, 0x5b),
  toFloat: vector(1, 0, 0x5b),
  absInt: vector(2, 1, 0x1e),
  /** 8 doubles from the lower 8 integers, and back; the upper half becomes 0. */
  intToDouble: vector(1, 2, 0xe6),
  truncateDouble: vector(1, 1, 0xe6, true),
  /** 16 integers from 16 bytes. */
  loadBytes: vector(2, 1, 0x31),
  /** The lowest bytes of 16 integers; the source comes first, then the place. */
  storeBytes: vector(2, 2, 0x31),
} as const;

/** destination, (first operand,) operand, immediate byte. */
export const VI = {
  round: vector(3, 1, 0x08),
  getMantissa: vector(3, 1, 0x26),
  permuteInLane: vector(3, 1, 0x04),
  shuffleLanes: vector(3, 1, 0x23),
  roundDouble: vector(3, 1, 0x09, true),
  /** A result for each class of numbers of the first operand, by a table in the second: see fixupTable. */
  fixup: vector(3, 1, 0x54),
  /** The half of a vector that the immediate says; the source comes first, then the destination. */
  extractHalf: vector(3, 1, 0x3b, true),
  /** The first operand with one half from the second. */
  insertHalf: vector(3, 1, 0x3a, true),
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
