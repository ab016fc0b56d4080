/** AVX2 and FMA in their VEX encoding. Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2. */

import {
  type Address,
  isAddress,
  type Label,
  type Masking,
  type Operand,
  type Steps,
  VectorAssembler,
} from './assembler.ts';
import type { AssemblerMemory } from './instruction-set.ts';
import { INT, V, V1, type VectorInstruction, vector } from './instructions.ts';

/** Elements of a vector, and of a half. */
const LANES = 8;
const HALF = 4;
const HALF_BYTES = 16;
const BYTES = 32;

/** Registers of the assembler: what is computed under a mask, and the mask. */
const VALUE = 14;
const MASK = 15;

const COMPARE = vector(1, 0, 0xc2);
const COMPARE_EQUAL = vector(1, 1, 0x76);
const COMPARE_GREATER = vector(1, 1, 0x66);
/** Lanes of the second operand by bits of the immediate byte; by sign bits of a register. */
const BLEND = vector(3, 1, 0x0c);
const BLEND_BY_SIGNS = vector(3, 1, 0x4a);
const MASKED_LOAD = vector(2, 1, 0x2c);
const BROADCAST = vector(2, 1, 0x18);
const EXTRACT_HALF = vector(3, 1, 0x19);
const INSERT_HALF = vector(3, 1, 0x18);
/** On a half or less of it. */
const [LOAD_1, STORE_1] = [vector(1, 2, 0x10), vector(1, 2, 0x11)];
const [LOAD_2, STORE_2] = [vector(1, 3, 0x10), vector(1, 0, 0x13)];
const [LOAD_4, STORE_4] = [vector(1, 0, 0x10), vector(1, 0, 0x11)];
const INSERT_LANE = vector(3, 1, 0x21);
const EXTRACT_LANE = vector(3, 1, 0x17);
const INSERT_BYTE = vector(3, 1, 0x20);
const EXTRACT_BYTE = vector(3, 1, 0x14);
const SPREAD_BYTES = vector(2, 1, 0x31);
const PACK_INTEGERS = vector(2, 1, 0x2b);
const PACK_WORDS = vector(1, 1, 0x67);

/** An address so many bytes behind another. */
const behind = (address: Address, bytes: number): Address => ({
  ...address,
  displacement: address.displacement + bytes,
});

/**
 * Masks have all bits of a lane set, or none: those of the first lanes are constants, the others are in the thread's
 * working memory. Two of the sixteen registers are the assembler's.
 */
export class Avx2Assembler extends VectorAssembler {
  readonly #memory: AssemblerMemory;
  /** How many of the first lanes are in a mask; undefined where it is in working memory. */
  readonly #lanes = new Map<number, number | undefined>();
  /** The mask that the register for masks holds. */
  #loaded: number | undefined;

  constructor(memory: AssemblerMemory) {
    super();
    this.#memory = memory;
  }

  override bind(label: Label): void {
    super.bind(label);
    this.#loaded = undefined;
  }

  override call(label: Label): void {
    super.call(label);
    this.#loaded = undefined;
  }

  /** What is called may have instructions of 128 bits, which wait where upper halves are in use. */
  override callRegister(register: number): void {
    this.clearUpper();
    super.callRegister(register);
    this.#loaded = undefined;
  }

  #vex(
    { map, prefix, opcode }: VectorInstruction,
    reg: number,
    first: number,
    rm: Operand,
    length: 0 | 1 = 1,
  ): void {
    if (reg === MASK) this.#loaded = undefined;
    const memory = isAddress(rm);
    const base = memory ? (rm.base ?? 0) : rm;
    const index = memory ? (rm.index ?? 0) : 0;
    const inverted = (register: number, bit: number) => (((register >> 3) & 1) ^ 1) << bit;
    const rest = ((~first & 15) << 3) | (length << 2) | prefix;
    if (map === 1 && base < 8 && index < 8) this.byte(0xc5, inverted(reg, 7) | rest);
    else this.byte(0xc4, inverted(reg, 7) | inverted(index, 6) | inverted(base, 5) | map, rest);
    this.byte(opcode);
    if (memory) this.memoryOperand(reg, rm, 1);
    else this.byte(0xc0 | ((reg & 7) << 3) | (rm & 7));
  }

  // Masks.

  /** Where a mask is. */
  #maskAddress(mask: number): Address {
    const lanes = this.#lanes.get(mask);
    if (lanes === undefined) return { displacement: this.#memory.masks + BYTES * mask };
    return this.#laneWords(lanes);
  }

  /** A constant with all bits set in the first lanes. */
  #laneWords(lanes: number): Address {
    return this.#memory.constantWords(Array.from({ length: LANES }, (_, i) => (i < lanes ? 0xffffffff : 0)));
  }

  #loadMask(mask: number): void {
    if (this.#loaded === mask) return;
    this.#vex(V1.load, MASK, 0, this.#maskAddress(mask));
    this.#loaded = mask;
  }

  /** The mask is what the register for masks holds. */
  #keepMask(mask: number): void {
    this.#lanes.set(mask, undefined);
    this.#vex(STORE_4, MASK, 0, this.#maskAddress(mask));
    this.#loaded = mask;
  }

  /** How many of the first lanes are in a mask. */
  #firstLanes(mask: number): number {
    const lanes = this.#lanes.get(mask);
    if (lanes === undefined) throw new RangeError('a mask of the first lanes is needed here');
    return lanes;
  }

  setMask(mask: number, lanes: number): void {
    this.#lanes.set(mask, lanes);
    if (this.#loaded === mask) this.#loaded = undefined;
  }

  #invertMask(): void {
    this.#vex(V.xor, MASK, MASK, this.#laneWords(LANES));
  }

  compareFloat(mask: number, first: number, second: Operand, predicate: number, masking: Masking = {}): void {
    this.#vex(COMPARE, MASK, first, second);
    this.byte(predicate);
    if (masking.mask !== undefined) this.#vex(V.and, MASK, MASK, this.#maskAddress(masking.mask));
    this.#keepMask(mask);
  }

  compareInt(mask: number, first: number, second: Operand, predicate: number, masking: Masking = {}): void {
    if (predicate === INT.less) {
      if (isAddress(second)) this.#vex(V1.load, VALUE, 0, second);
      this.#vex(COMPARE_GREATER, MASK, isAddress(second) ? VALUE : second, first);
    } else {
      const isEquality = predicate === INT.equal || predicate === INT.notEqual;
      this.#vex(isEquality ? COMPARE_EQUAL : COMPARE_GREATER, MASK, first, second);
      if (predicate !== INT.equal) this.#invertMask();
    }
    if (masking.mask !== undefined) this.#vex(V.and, MASK, MASK, this.#maskAddress(masking.mask));
    this.#keepMask(mask);
  }

  orMasks(mask: number, first: number, second: number): void {
    this.#loadMask(first);
    this.#vex(V.or, MASK, MASK, this.#maskAddress(second));
    this.#keepMask(mask);
  }

  testBits(mask: number, first: number, second: number): void {
    this.#vex(V.and, VALUE, first, second);
    this.#vex(V.xor, MASK, MASK, MASK);
    this.#vex(COMPARE_EQUAL, MASK, MASK, VALUE);
    this.#invertMask();
    this.#keepMask(mask);
  }

  blend(destination: number, otherwise: number, chosen: Operand, mask: number): void {
    const lanes = this.#lanes.get(mask);
    if (lanes !== undefined) {
      this.#vex(BLEND, destination, otherwise, chosen);
      this.byte((1 << lanes) - 1);
      return;
    }
    this.#loadMask(mask);
    this.#vex(BLEND_BY_SIGNS, destination, otherwise, chosen);
    this.byte(MASK << 4);
  }

  /** A value, or a vector of constants, where a mask holds. */
  #merge(destination: number, value: Operand, mask: number, zero: boolean | undefined): void {
    if (!zero) {
      this.blend(destination, destination, value, mask);
      return;
    }
    this.#loadMask(mask);
    this.#vex(V.and, destination, MASK, value);
  }

  // Arithmetic.

  vector2(
    instruction: VectorInstruction,
    destination: number,
    operand: Operand,
    { mask, zero }: Masking = {},
  ): void {
    if (mask === undefined) this.#vex(instruction, destination, 0, operand);
    else if (isAddress(operand)) {
      if (instruction !== V1.load || !zero) throw new RangeError('only loads read memory under a mask');
      this.#loadFirst(destination, operand, this.#firstLanes(mask));
    } else if (instruction === V1.move) this.#merge(destination, operand, mask, zero);
    else {
      this.#vex(instruction, VALUE, 0, operand);
      this.#merge(destination, VALUE, mask, zero);
    }
  }

  vector3(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Operand,
    { mask, zero }: Masking = {},
  ): void {
    if (mask === undefined) {
      this.#vex(instruction, destination, first, second);
      return;
    }
    if (isAddress(second)) this.#loadFirst(VALUE, second, this.#firstLanes(mask));
    this.#vex(instruction, VALUE, first, isAddress(second) ? VALUE : second);
    this.#merge(destination, VALUE, mask, zero);
  }

  vector3Broadcast(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Address,
    { mask, zero }: Masking = {},
  ): void {
    this.#vex(instruction, mask === undefined ? destination : VALUE, first, second);
    if (mask !== undefined) this.#merge(destination, VALUE, mask, zero);
  }

  vector3ImmediateBroadcast(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Address,
    immediate: number,
  ): void {
    this.vector3Immediate(instruction, destination, first, second, immediate);
  }

  extractHalf(destination: number, source: number): void {
    this.#vex(EXTRACT_HALF, source, 0, destination);
    this.byte(1);
  }

  insertHalf(destination: number, lower: number, upper: number): void {
    this.#vex(INSERT_HALF, destination, lower, upper);
    this.byte(1);
  }

  // Memory.

  broadcast(destination: number, address: Address, { mask, zero }: Masking = {}): void {
    if (mask === undefined) this.#vex(BROADCAST, destination, 0, address);
    else this.#merge(destination, address, mask, zero);
  }

  loadScalar(destination: number, address: Address): void {
    this.#vex(LOAD_1, destination, 0, address, 0);
  }

  storeScalar(address: Address, source: number): void {
    this.#vex(STORE_1, source, 0, address, 0);
  }

  /** Nothing behind the first lanes is read; the others become 0. */
  #loadFirst(destination: number, address: Address, lanes: number): void {
    const short = { 1: LOAD_1, 2: LOAD_2, 4: LOAD_4 }[lanes];
    if (short !== undefined) {
      this.#vex(short, destination, 0, address, 0);
      return;
    }
    // The destination holds the mask first.
    this.#vex(V1.load, destination, 0, this.#laneWords(lanes));
    this.#vex(MASKED_LOAD, destination, destination, address);
  }

  storeVector(address: Address, source: number, { mask }: Masking = {}): void {
    const lanes = mask === undefined ? LANES : this.#firstLanes(mask);
    if (lanes === LANES) {
      this.#vex(STORE_4, source, 0, address);
      return;
    }
    this.#storeHalf(address, source, Math.min(lanes, HALF));
    if (lanes <= HALF) return;
    this.extractHalf(VALUE, source);
    this.#storeHalf(behind(address, HALF_BYTES), VALUE, lanes - HALF);
  }

  /** The first lanes of the lower half: stores under a mask take long on some processors. */
  #storeHalf(address: Address, source: number, lanes: number): void {
    const whole = { 1: STORE_1, 2: STORE_2, 3: STORE_2, 4: STORE_4 }[lanes] as VectorInstruction;
    this.#vex(whole, source, 0, address, 0);
    if (lanes === 3) this.#storeLane(behind(address, 8), source, 2);
  }

  #storeLane(address: Address, source: number, lane: number): void {
    this.#vex(EXTRACT_LANE, source, 0, address, 0);
    this.byte(lane);
  }

  gather(destination: number, { stride }: Steps, base: number, mask: number): void {
    const lanes = this.#firstLanes(mask);
    const half = (register: number, from: number, to: number) => {
      const at = (lane: number) => ({ base, displacement: 4 * stride * lane });
      this.#vex(LOAD_1, register, 0, at(from), 0);
      for (let lane = from + 1; lane < to; lane++) {
        this.#vex(INSERT_LANE, register, register, at(lane), 0);
        this.byte((lane - from) << 4);
      }
    };
    half(destination, 0, Math.min(lanes, HALF));
    if (lanes <= HALF) return;
    half(VALUE, HALF, lanes);
    this.insertHalf(destination, destination, VALUE);
  }

  scatter(source: number, { stride }: Steps, base: number, mask: number): void {
    const lanes = this.#firstLanes(mask);
    if (lanes > HALF) this.extractHalf(VALUE, source);
    for (let lane = 0; lane < lanes; lane++) {
      const address = { base, displacement: 4 * stride * lane };
      this.#storeLane(address, lane < HALF ? source : VALUE, lane % HALF);
    }
  }

  loadBytes(destination: number, address: Address, { mask }: Masking = {}): void {
    if (mask === undefined) {
      this.#vex(SPREAD_BYTES, destination, 0, address);
      return;
    }
    this.zero(destination);
    for (let lane = 0; lane < this.#firstLanes(mask); lane++) {
      this.#vex(INSERT_BYTE, destination, destination, behind(address, lane), 0);
      this.byte(lane);
    }
    this.#vex(SPREAD_BYTES, destination, 0, destination);
  }

  storeBytes(address: Address, source: number, { mask }: Masking = {}): void {
    this.extractHalf(VALUE, source);
    this.#vex(PACK_INTEGERS, VALUE, source, VALUE, 0);
    this.#vex(PACK_WORDS, VALUE, VALUE, VALUE, 0);
    if (mask === undefined) {
      this.#vex(STORE_2, VALUE, 0, address, 0);
      return;
    }
    for (let lane = 0; lane < this.#firstLanes(mask); lane++) {
      this.#vex(EXTRACT_BYTE, VALUE, 0, behind(address, lane), 0);
      this.byte(lane);
    }
  }
}
