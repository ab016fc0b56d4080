/** AVX2 with FMA: vectors of 8, masks in vectors, 16 registers. Results have the bits that AVX-512 gives. */
import type { Vectors } from '../../kernels/vector-functions.ts';
import { Avx2Assembler } from './avx2-assembler.ts';
import { type InstructionSet, LOOP_REGISTERS, type RareInstructions } from './instruction-set.ts';
import { VI } from './instructions.ts';

const MASKS = 8;
const VECTOR_BYTES = 32;

const SIGN = 0x80000000;
const EXPONENT = 0x7f800000;
const MANTISSA = 0x007fffff;
const ONE = 0x3f800000;
const DEFAULT_NAN = 0xffc00000;

/**
 * What AVX-512 has instructions for, with their results for every x: denormal numbers count as zero.
 * @param toIntegers the nearest integers
 */
function rare<V>(v: Vectors<V>, toIntegers: (x: V) => V): RareInstructions<V> {
  /** A NaN made quiet. */
  const orNaN = (x: V, otherwise: V): V => v.choose(v.notEqual(x, x), v.add(x, x), otherwise);
  return {
    /** Of x around 1, or NaN, and n of which 2^(n/2) is a float: half of n goes to the exponent's bits. */
    scale(x, n) {
      const whole = toIntegers(n);
      const half = v.shiftRight(whole, 1);
      const rest = v.subtractIntegers(whole, half);
      const factor = v.addIntegers(v.shiftLeft(rest, 23), v.bits(ONE));
      return v.multiply(v.addIntegers(x, v.shiftLeft(half, 23)), factor);
    },
    exponent(x) {
      const bits = v.shiftRight(v.and(x, v.bits(EXPONENT)), 23);
      const usual = v.subtract(v.integersToFloats(bits), v.number(127));
      // ∞ at infinities, NaN at NaN.
      const most = v.choose(v.equalIntegers(bits, v.bits(255)), v.multiply(x, x), usual);
      return v.choose(v.equalIntegers(bits, v.bits(0)), v.number(Number.NEGATIVE_INFINITY), most);
    },
    mantissa(x) {
      const usual = v.or(v.and(x, v.bits(MANTISSA)), v.bits(ONE));
      const zero = v.or(v.and(x, v.bits(SIGN)), v.bits(ONE));
      const most = v.choose(v.equal(x, v.number(0)), zero, usual);
      return orNaN(x, v.choose(v.less(x, v.number(0)), v.bits(DEFAULT_NAN), most));
    },
    step: (x) => orNaN(x, v.maskToFloats(v.less(v.number(0), x))),
  };
}

export const avx2: InstructionSet = {
  target: {
    lanes: 8,
    shortestVector: 2,
    rowPadding: 12,
    loopRegisters: LOOP_REGISTERS.length,
  },
  registers: 16,
  freeRegisters: 14,
  constantCopies: 8,
  maskBytes: MASKS * VECTOR_BYTES,
  hasScatter: false,
  multipliesByMemory: false,
  tileRows: (vectors) => (vectors === 1 ? 12 : vectors === 2 ? 6 : vectors === 3 ? 4 : vectors === 4 ? 2 : 1),
  tileVectors: (rows) => (rows > 4 ? 2 : rows > 2 ? 3 : rows === 2 ? 4 : 8),
  blockBytes: 1 << 17,
  firstSum: () => 0,
  laneExchanges: [[VI.shuffleHalves, 0x01]],
  assembler: (memory) => new Avx2Assembler(memory),
  rare,
};
