/** AVX-512 in its EVEX encoding. Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2. */

import {
  type Address,
  isAddress,
  type Masking,
  type Operand,
  R,
  type Steps,
  VectorAssembler,
} from './assembler.ts';
import { type VectorInstruction, vector } from './instructions.ts';

/** How the bytes of an instruction's memory operand relate to its one-byte displacements. */
type Tuple = 4 | 64;

/** Masks are the registers k1 to k7. */
export class Avx512Assembler extends VectorAssembler {
  #evex(
    { map, prefix, opcode, wide = false }: VectorInstruction,
    reg: number,
    first: number,
    rm: Operand,
    masking: Masking = {},
    broadcast = false,
    unit: Tuple = broadcast ? 4 : 64,
    length: 0 | 1 | 2 = 2,
  ): void {
    const memory = isAddress(rm);
    const base = memory ? (rm.base ?? 0) : rm;
    const index = memory ? (rm.index ?? 0) : 0;
    const x = memory ? (index >> 3) & 1 : (base >> 4) & 1;
    const inverted = (bit: number) => (bit ^ 1) & 1;
    this.byte(
      0x62,
      (inverted(reg >> 3) << 7) |
        (inverted(x) << 6) |
        (inverted(base >> 3) << 5) |
        (inverted(reg >> 4) << 4) |
        map,
      ((wide ? 1 : 0) << 7) | ((~first & 15) << 3) | 4 | prefix,
      ((masking.zero ? 1 : 0) << 7) |
        (length << 5) |
        ((broadcast ? 1 : 0) << 4) |
        (inverted(first >> 4) << 3) |
        (masking.mask ?? 0),
      opcode,
    );
    if (memory) this.memoryOperand(reg, rm, unit);
    else this.byte(0xc0 | ((reg & 7) << 3) | (rm & 7));
  }

  vector3(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Operand,
    masking?: Masking,
  ): void {
    this.#evex(instruction, destination, first, second, masking);
  }

  vector3Broadcast(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Address,
    masking?: Masking,
  ): void {
    this.#evex(instruction, destination, first, second, masking, true);
  }

  vector2(instruction: VectorInstruction, destination: number, operand: Operand, masking?: Masking): void {
    this.#evex(instruction, destination, 0, operand, masking);
  }

  vector3ImmediateBroadcast(
    instruction: VectorInstruction,
    destination: number,
    first: number,
    second: Address,
    immediate: number,
  ): void {
    this.#evex(instruction, destination, first, second, {}, true);
    this.byte(immediate);
  }

  broadcast(destination: number, address: Address, masking?: Masking): void {
    this.#evex(vector(2, 1, 0x18), destination, 0, address, masking, false, 4);
  }

  storeVector(address: Address, source: number, masking?: Masking): void {
    this.#evex(vector(1, 0, 0x11), source, 0, address, masking);
  }

  storeScalar(address: Address, source: number): void {
    this.#evex(vector(1, 2, 0x11), source, 0, address, {}, false, 4, 0);
  }

  loadScalar(destination: number, address: Address): void {
    this.#evex(vector(1, 2, 0x10), destination, 0, address, {}, false, 4, 0);
  }

  gather(destination: number, { register }: Steps, base: number, mask: number): void {
    this.#indexed(0x92, destination, register, base, mask);
  }

  scatter(source: number, { register }: Steps, base: number, mask: number): void {
    this.#indexed(0xa2, source, register, base, mask);
  }

  /** An address whose index is a vector register. */
  #indexed(opcode: number, register: number, indices: number, base: number, mask: number): void {
    const inverted = (bit: number) => (bit ^ 1) & 1;
    this.byte(
      0x62,
      (inverted(register >> 3) << 7) |
        (inverted(indices >> 3) << 6) |
        (inverted(base >> 3) << 5) |
        (inverted(register >> 4) << 4) |
        2,
      (15 << 3) | 4 | 1,
      (2 << 5) | (inverted(indices >> 4) << 3) | mask,
      opcode,
      0x80 | ((register & 7) << 3) | 4,
      (2 << 6) | ((indices & 7) << 3) | (base & 7),
    );
    this.int32(0);
  }

  compareFloat(
    mask: number,
    first: number,
    second: Operand,
    predicate: number,
    masking?: Masking,
    broadcast = false,
  ): void {
    this.#evex(vector(1, 0, 0xc2), mask, first, second, masking, broadcast);
    this.byte(predicate);
  }

  compareInt(
    mask: number,
    first: number,
    second: Operand,
    predicate: number,
    masking?: Masking,
    broadcast = false,
  ): void {
    this.#evex(vector(3, 1, 0x1f), mask, first, second, masking, broadcast);
    this.byte(predicate);
  }

  orMasks(mask: number, first: number, second: number): void {
    this.byte(0xc5, 0x84 | ((~first & 15) << 3), 0x45, 0xc0 | (mask << 3) | second);
  }

  testBits(mask: number, first: number, second: number): void {
    this.#evex(vector(2, 1, 0x27), mask, first, second);
  }

  setMask(mask: number, lanes: number): void {
    this.moveNumber(R.rax, (1 << lanes) - 1);
    this.byte(0xc5, 0xf8, 0x92, 0xc0 | (mask << 3));
  }

  blend(destination: number, otherwise: number, chosen: number, mask: number): void {
    this.#evex(vector(2, 1, 0x65), destination, otherwise, chosen, { mask });
  }

  extractHalf(destination: number, source: number): void {
    this.#evex(vector(3, 1, 0x3b, true), source, 0, destination);
    this.byte(1);
  }

  insertHalf(destination: number, lower: number, upper: number): void {
    this.#evex(vector(3, 1, 0x3a, true), destination, lower, upper);
    this.byte(1);
  }

  loadBytes(destination: number, address: Address, masking?: Masking): void {
    this.vector2(vector(2, 1, 0x31), destination, address, masking);
  }

  storeBytes(address: Address, source: number, masking?: Masking): void {
    this.vector2(vector(2, 2, 0x31), source, address, masking);
  }
}
