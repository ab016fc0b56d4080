/** What distinguishes the vector instructions of one processor from another's. */
import type { Target } from '../../kernels/target.ts';
import type { SpecialInstructions, Vectors } from '../../kernels/vector-functions.ts';
import { type Address, R, type VectorAssembler } from './assembler.ts';
import type { VectorInstruction } from './instructions.ts';

const { rcx, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15 } = R;

/** Registers that loops may use; rax is for masks and calls in between. */
export const LOOP_REGISTERS = [rcx, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15] as const;

/** Instructions that only some sets have. */
export type RareInstructions<V> = Omit<SpecialInstructions<V>, 'lessProduct'>;

/** Memory that an assembler's code may read and write beside what it is told. */
export interface AssemblerMemory {
  /** A vector of 32-bit words among the program's constants. */
  constantWords(words: readonly number[]): Address;
  /** Working memory of the thread that code is written for. */
  readonly masks: number;
}

export interface InstructionSet {
  readonly target: Target;
  /** Vector registers, and how many of them, the first, are free for code that uses masks. */
  readonly registers: number;
  readonly freeRegisters: number;
  /** How often a constant stands in memory, for instructions to read it in every lane. */
  readonly constantCopies: number;
  /** Bytes of working memory for masks. */
  readonly maskBytes: number;
  /** Whether one instruction reads or writes elements that are apart. */
  readonly hasScatter: boolean;
  /** Whether a product's tile can multiply by a number in memory without loading it. */
  readonly multipliesByMemory: boolean;
  /** Rows of a product's tiles of so many vectors side by side. */
  tileRows(vectors: number): number;
  /** Vectors side by side in tiles of few rows over an operand that is not packed. */
  tileVectors(rows: number): number;
  /** Bytes of rows over which one panel after another passes. */
  readonly blockBytes: number;
  /** The first of a tile's registers for sums. */
  firstSum(sums: number): number;
  /** Exchanges of a vector's quarters after which each is the sum of all: the instruction and its immediate byte. */
  readonly laneExchanges: readonly (readonly [VectorInstruction, number])[];
  assembler(memory: AssemblerMemory): VectorAssembler;
  /** Functions in place of the rare instructions, where there are none; `toIntegers` gives the nearest integers. */
  readonly rare?: <V>(v: Vectors<V>, toIntegers: (x: V) => V) => RareInstructions<V>;
}
