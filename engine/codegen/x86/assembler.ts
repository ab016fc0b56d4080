/**
 * Writes x86-64 machine code: the few integer instructions that loops need, and what the assemblers of instruction sets
 * offer for vectors. Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */

import { V, type VectorInstruction, vector } from './instructions.ts';

const SHIFT = vector(1, 1, 0x72);

/** General registers by their number in the encoding. */
export const R = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
} as const;

/** Conditions of jumps by their code, of numbers without a sign. */
export const IF = { below: 2, aboveOrEqual: 3, zero: 4, notZero: 5, belowOrEqual: 6 } as const;

/** base + index · scale + displacement; without a base the displacement is an address below 2³¹. */
export interface Address {
  readonly base?: number;
  readonly index?: number;
  readonly scale?: 1 | 2 | 4 | 8;
  readonly displacement: number;
}

export interface Masking {
  /** Mask 1 to 7; lanes that are not in it are left as they are. */
  readonly mask?: number;
  /** Lanes that are not in the mask become 0 instead. */
  readonly zero?: boolean;
}

/** A place in the code, known when it is bound. */
export class Label {
  position: number | undefined;
  readonly uses: number[] = [];
}

export type Operand = number | Address;

export const isAddress = (operand: Operand): operand is Address => typeof operand !== 'number';

export class Assembler {
  #bytes = new Uint8Array(1 << 16);
  length = 0;

  /** @returns the code written so far */
  code(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  byte(...values: readonly number[]): void {
    if (this.length + values.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (const value of values) this.#bytes[this.length++] = value;
  }

  /** @throws RangeError for what 32 bits do not hold: an offset into an array of more than 2 GiB */
  protected int32(value: number): void {
    if (value !== (value | 0)) throw new RangeError('numbers above 2 GiB in machine code');
    this.byte(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255);
  }

  bind(label: Label): void {
    label.position = this.length;
    for (const use of label.uses) this.#patch(use, this.length);
  }

  #patch(at: number, target: number): void {
    const distance = target - (at + 4);
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = (distance >> (8 * i)) & 255;
  }

  #relative(label: Label): void {
    const at = this.length;
    this.int32(0);
    if (label.position === undefined) label.uses.push(at);
    else this.#patch(at, label.position);
  }

  /** ModRM, SIB and displacement of a memory operand; `unit` compresses one-byte displacements. */
  protected memoryOperand(
    reg: number,
    { base, index, scale = 1, displacement }: Address,
    unit: number,
  ): void {
    const field = (reg & 7) << 3;
    const scaleBits = { 1: 0, 2: 1, 4: 2, 8: 3 }[scale] << 6;
    if (base === undefined) {
      this.byte(field | 4, scaleBits | ((index === undefined ? 4 : index & 7) << 3) | 5);
      this.int32(displacement);
      return;
    }
    const short = displacement % unit === 0 && Math.abs(displacement / unit) < 128;
    const mode = displacement === 0 && (base & 7) !== 5 ? 0 : short ? 0x40 : 0x80;
    if (index === undefined && (base & 7) !== 4) this.byte(mode | field | (base & 7));
    else this.byte(mode | field | 4, scaleBits | ((index === undefined ? 4 : index & 7) << 3) | (base & 7));
    if (mode === 0x40) this.byte((displacement / unit) & 255);
    else if (mode === 0x80) this.int32(displacement);
  }

  // Integers.

  #rex(reg: number, rm: Operand, wide = true): void {
    const base = isAddress(rm) ? (rm.base ?? 0) : rm;
    const index = isAddress(rm) ? (rm.index ?? 0) : 0;
    this.byte(0x40 | (wide ? 8 : 0) | ((reg >> 3) << 2) | ((index >> 3) << 1) | (base >> 3));
  }

  #integer(opcode: readonly number[], reg: number, rm: Operand, wide = true): void {
    this.#rex(reg, rm, wide);
    this.byte(...opcode);
    if (isAddress(rm)) this.memoryOperand(reg, rm, 1);
    else this.byte(0xc0 | ((reg & 7) << 3) | (rm & 7));
  }

  /** register = operand */
  move(register: number, operand: Operand): void {
    this.#integer([0x8b], register, operand);
  }

  /** register = the 32-bit operand, zeros above */
  move32(register: number, operand: Operand): void {
    this.#integer([0x8b], register, operand, false);
  }

  store(address: Address, register: number): void {
    this.#integer([0x89], register, address);
  }

  store32(address: Address, register: number): void {
    this.#integer([0x89], register, address, false);
  }

  /** register = a number below 2³¹ */
  moveNumber(register: number, value: number): void {
    this.#rex(0, register);
    this.byte(0xc7, 0xc0 | (register & 7));
    this.int32(value);
  }

  /** register = any 64 bits */
  moveWide(register: number, value: bigint): void {
    this.#rex(0, register);
    this.byte(0xb8 | (register & 7));
    for (let i = 0n; i < 64n; i += 8n) this.byte(Number((value >> i) & 255n));
  }

  loadAddress(register: number, address: Address): void {
    this.#integer([0x8d], register, address);
  }

  addNumber(register: number, value: number): void {
    if (value === 0) return;
    this.#rex(0, register);
    this.byte(0x81, 0xc0 | (register & 7));
    this.int32(value);
  }

  add(register: number, operand: Operand): void {
    this.#integer([0x03], register, operand);
  }

  subtract(register: number, operand: Operand): void {
    this.#integer([0x2b], register, operand);
  }

  /** rax = rax / value, rounded down; rcx and rdx are overwritten. */
  divideNumber(value: number): void {
    if (value === 1) return;
    this.moveNumber(R.rcx, value);
    this.moveNumber(R.rdx, 0);
    this.#rex(0, R.rcx);
    this.byte(0xf7, 0xf0 | R.rcx);
  }

  multiplyNumber(register: number, operand: Operand, value: number): void {
    this.#integer([0x69], register, operand);
    this.int32(value);
  }

  compareNumber(register: number, value: number): void {
    this.#rex(0, register);
    this.byte(0x81, 0xf8 | (register & 7));
    this.int32(value);
  }

  /** Compares a 64-bit number in memory. */
  compareMemory(address: Address, value: number): void {
    this.#rex(7, address);
    this.byte(0x81);
    this.memoryOperand(7, address, 1);
    this.int32(value);
  }

  compareRegisters(a: number, b: number): void {
    this.#integer([0x3b], a, b);
  }

  /** register = where a label is */
  loadLabel(register: number, label: Label): void {
    this.#rex(register, 0);
    this.byte(0x8d, ((register & 7) << 3) | 5);
    this.#relative(label);
  }

  /** Swaps a register with 64 bits of memory, seen by every thread at once. */
  exchange(address: Address, register: number): void {
    this.#integer([0x87], register, address);
  }

  /** As atomicAdd, on 32 bits. */
  atomicAdd32(address: Address, register: number): void {
    this.byte(0xf0);
    this.#integer([0x01], register, address, false);
  }

  /** address += register, seen by every thread at once */
  atomicAdd(address: Address, register: number): void {
    this.byte(0xf0);
    this.#integer([0x01], register, address);
  }

  decrement(register: number): void {
    this.#rex(0, register);
    this.byte(0xff, 0xc8 | (register & 7));
  }

  push(register: number): void {
    this.#rex(0, register, false);
    this.byte(0x50 | (register & 7));
  }

  pop(register: number): void {
    this.#rex(0, register, false);
    this.byte(0x58 | (register & 7));
  }

  jump(label: Label): void {
    this.byte(0xe9);
    this.#relative(label);
  }

  /** See IF. */
  jumpIf(condition: number, label: Label): void {
    this.byte(0x0f, 0x80 | condition);
    this.#relative(label);
  }

  call(label: Label): void {
    this.byte(0xe8);
    this.#relative(label);
  }

  callRegister(register: number): void {
    this.#rex(0, register, false);
    this.byte(0xff, 0xd0 | (register & 7));
  }

  return(): void {
    this.byte(0xc3);
  }

  /** rax = the processor's time stamp; rdx is overwritten. */
  timeStamp(): void {
    this.byte(0x0f, 0x31);
    this.#rex(0, R.rdx);
    this.byte(0xc1, 0xe2, 32);
    this.#integer([0x0b], R.rax, R.rdx);
  }

  pause(): void {
    this.byte(0xf3, 0x90);
  }

  systemCall(): void {
    this.byte(0x0f, 0x05);
  }

  /** The control word of vector arithmetic, to and from memory. */
  loadControl(address: Address): void {
    this.byte(0x0f, 0xae);
    this.memoryOperand(2, address, 1);
  }

  storeControl(address: Address): void {
    this.byte(0x0f, 0xae);
    this.memoryOperand(3, address, 1);
  }

  clearUpper(): void {
    this.byte(0xc5, 0xf8, 0x77);
  }

  /** The lowest double of a vector register from a 32-bit integer in memory. */
  loadIntAsDouble(destination: number, address: Address): void {
    this.byte(0xf2);
    this.#integer([0x0f, 0x2a], destination, address, false);
  }

  /** register = a double towards zero; what does not fit 64 bits becomes their least number */
  truncateDouble(register: number, source: number): void {
    this.byte(0xf2);
    this.#integer([0x0f, 0x2c], register, source);
  }
}

/** Lanes that are so many elements apart in memory, and the register that `loadSteps` gave for them. */
export interface Steps {
  readonly register: number;
  readonly stride: number;
}

/** Vectors as one instruction set has them. */
export abstract class VectorAssembler extends Assembler {
  abstract vector2(
    instruction: VectorInstruction,
    destination: number,
    operand: Operand,
    masking?: Masking,
  ): void;

  abstract vector3(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Operand,
    masking?: Masking,
  ): void;

  /** The second operand is one of the program's constants, the same for every lane. */
  abstract vector3Broadcast(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Address,
    masking?: Masking,
  ): void;

  vector2Immediate(
    instruction: VectorInstruction,
    destination: number,
    operand: Operand,
    immediate: number,
  ): void {
    this.vector2(instruction, destination, operand);
    this.byte(immediate);
  }

  vector3Immediate(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Operand,
    immediate: number,
  ): void {
    this.vector3(instruction, destination, first, second);
    this.byte(immediate);
  }

  /** As vector3Immediate, the second operand one of the program's constants. */
  abstract vector3ImmediateBroadcast(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Address,
    immediate: number,
  ): void;

  /** One number in memory to every lane; under a mask one of the program's constants. */
  abstract broadcast(destination: number, address: Address, masking?: Masking): void;
  abstract storeVector(address: Address, source: number, masking?: Masking): void;
  /** The lowest lane alone. */
  abstract storeScalar(address: Address, source: number): void;
  abstract loadScalar(destination: number, address: Address): void;

  /** Lanes of a mask from where `base` points to a register of zeros; the mask is not one any more. */
  abstract gather(destination: number, steps: Steps, base: number, mask: number): void;
  /** Lanes of a mask to where `base` points; the mask is not one any more. */
  abstract scatter(source: number, steps: Steps, base: number, mask: number): void;

  /** mask = lanes where the comparison holds; `broadcast` as in vector3Broadcast */
  abstract compareFloat(
    mask: number,
    first: number,
    second: Operand,
    predicate: number,
    masking?: Masking,
    broadcast?: boolean,
  ): void;
  abstract compareInt(
    mask: number,
    first: number,
    second: Operand,
    predicate: number,
    masking?: Masking,
    broadcast?: boolean,
  ): void;
  /** mask = first or second, of masks */
  abstract orMasks(mask: number, first: number, second: number): void;
  /** mask = lanes with a bit in common */
  abstract testBits(mask: number, first: number, second: number): void;
  /** mask = the first lanes; rax is overwritten */
  abstract setMask(mask: number, lanes: number): void;
  /** Lanes of one register where a mask holds, else of another. */
  abstract blend(destination: number, otherwise: number, chosen: number, mask: number): void;

  // The destination's field says which way; the result's register is the first operand.
  shiftLeft(destination: number, source: number, bits: number): void {
    this.vector3Immediate(SHIFT, 6, destination, source, bits);
  }

  /** Copies of the sign come in. */
  shiftRight(destination: number, source: number, bits: number): void {
    this.vector3Immediate(SHIFT, 4, destination, source, bits);
  }

  zero(register: number): void {
    this.vector3(V.xor, register, register, register);
  }

  /** The lower half of the destination is the upper half of the source. */
  abstract extractHalf(destination: number, source: number): void;
  /** The destination from the lower halves of two registers. */
  abstract insertHalf(destination: number, lower: number, upper: number): void;

  /** Integers from as many bytes. */
  abstract loadBytes(destination: number, address: Address, masking?: Masking): void;
  /** The lowest bytes of integers below 256. */
  abstract storeBytes(address: Address, source: number, masking?: Masking): void;
}
