/** What all parts of code generation share: where things are, subroutines, constants. */
import { floatBits } from '../../bits.ts';
import { FLOAT_BYTES, type Place } from '../../kernels/places.ts';
import { type Address, IF, Label, type VectorAssembler } from './assembler.ts';
import type { AssemblerMemory, InstructionSet } from './instruction-set.ts';
import { V1 } from './instructions.ts';

/** Addresses below 2 GiB of what a program reads beside tensors. */
export interface Layout {
  /** Of the table of callers' arrays, 8 bytes each. */
  readonly table: number;
  /** Of numbers that instructions read, 4 bytes each. */
  readonly constants: number;
  /** Of 4 bytes that are not 0 once an index was out of range. */
  readonly outside: number;
  /** Of each thread's working memory. */
  readonly scratch: readonly number[];
}

/** Memory for a program's constants. */
export const constantBytes = ({ constantCopies }: InstructionSet): number => (1 << 16) * constantCopies;

/** Memory of a thread for what products keep, and groups of operations behind it. */
export const PRODUCT_SCRATCH = 1 << 17;
export const SPILL_BYTES = 1 << 14;
/** Working memory of a thread. */
export const scratchBytes = ({ maskBytes }: InstructionSet): number =>
  PRODUCT_SCRATCH + SPILL_BYTES + maskBytes;

export class Emitter implements AssemblerMemory {
  readonly set: InstructionSet;
  /** Elements of a vector, and their bytes. */
  readonly lanes: number;
  readonly vectorBytes: number;
  readonly asm: VectorAssembler;
  readonly layout: Layout;
  /** The thread that code is being written for. */
  thread = 0;
  readonly threads: number;
  readonly constants: number[] = [];
  readonly #constantIndex = new Map<number, number>();
  readonly #words = new Map<string, number>();
  readonly #subroutines = new Map<string, { label: Label; emit: () => void }>();

  constructor(set: InstructionSet, layout: Layout, threads: number) {
    this.set = set;
    this.lanes = set.target.lanes;
    this.vectorBytes = FLOAT_BYTES * this.lanes;
    this.asm = set.assembler(this);
    this.layout = layout;
    this.threads = threads;
  }

  get scratch(): number {
    return this.layout.scratch[this.thread];
  }

  get masks(): number {
    return this.scratch + PRODUCT_SCRATCH + SPILL_BYTES;
  }

  /** A float's place among the constants. */
  constant(value: number): Address {
    return this.constantBits(floatBits(value));
  }

  constantBits(bits: number): Address {
    const index =
      this.#constantIndex.get(bits) ??
      this.#push(Array.from({ length: this.set.constantCopies }, () => bits));
    this.#constantIndex.set(bits, index);
    return this.#constantAt(index);
  }

  /** Loads what a gather or scatter needs for elements a stride apart. */
  loadSteps(register: number, stride: number): void {
    if (!this.set.hasScatter) return;
    const steps = Array.from({ length: this.lanes }, (_, i) => (i * stride) >>> 0);
    this.asm.vector2(V1.load, register, this.constantWords(steps));
  }

  constantWords(words: readonly number[]): Address {
    const key = words.join();
    const index = this.#words.get(key) ?? this.#push(words);
    this.#words.set(key, index);
    return this.#constantAt(index);
  }

  #constantAt(index: number): Address {
    return { displacement: this.layout.constants + FLOAT_BYTES * index };
  }

  #push(words: readonly number[]): number {
    const index = this.constants.length;
    if (FLOAT_BYTES * (index + words.length) > constantBytes(this.set))
      throw new RangeError('too many constants');
    for (const word of words) this.constants.push(word);
    return index;
  }

  /** register = the address of a place */
  point(register: number, { slot, offset }: Place): void {
    if (slot === undefined) {
      this.asm.moveNumber(register, offset);
      return;
    }
    this.asm.move(register, { displacement: this.layout.table + 8 * slot });
    this.asm.addNumber(register, offset);
  }

  /** Calls code that is written once for each key. */
  call(key: string, emit: () => void): void {
    let subroutine = this.#subroutines.get(key);
    if (subroutine === undefined) {
      subroutine = { label: new Label(), emit };
      this.#subroutines.set(key, subroutine);
    }
    this.asm.call(subroutine.label);
  }

  /** Writes the subroutines that were called; they may call others. */
  finish(): void {
    for (const { label, emit } of this.#subroutines.values()) {
      this.asm.bind(label);
      emit();
      this.asm.return();
    }
  }

  /**
   * Runs `body` a fixed number of times, counting in a register that the body leaves alone; once or never needs none.
   */
  repeat(register: number | undefined, times: number, body: () => void): void {
    if (times <= 0) return;
    if (times === 1) {
      body();
      return;
    }
    if (register === undefined) throw new RangeError('a loop without a register to count in');
    this.asm.moveNumber(register, times);
    const again = new Label();
    this.asm.bind(again);
    body();
    this.asm.decrement(register);
    this.asm.jumpIf(IF.notZero, again);
  }
}
