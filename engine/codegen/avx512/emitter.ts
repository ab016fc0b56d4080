/** What all parts of code generation share: where things are, subroutines, constants. */
import { floatBits } from '../../bits.ts';
import { FLOAT_BYTES, type Place } from '../../kernels/places.ts';
import { type Address, Assembler, IF, Label } from './assembler.ts';
import { avx512 } from './target.ts';

export const VECTOR = avx512.lanes;
export const VECTOR_BYTES = VECTOR * FLOAT_BYTES;

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

/** How many constants a program may have. */
export const CONSTANT_BYTES = 1 << 16;

export class Emitter {
  readonly asm = new Assembler();
  readonly layout: Layout;
  /** The thread that code is being written for. */
  thread = 0;
  readonly threads: number;
  readonly constants: number[] = [];
  readonly #constantIndex = new Map<number, number>();
  readonly #steps = new Map<number, number>();
  readonly #subroutines = new Map<string, { label: Label; emit: () => void }>();

  constructor(layout: Layout, threads: number) {
    this.layout = layout;
    this.threads = threads;
  }

  get scratch(): number {
    return this.layout.scratch[this.thread];
  }

  /** A float's place among the constants. */
  constant(value: number): Address {
    return this.constantBits(floatBits(value));
  }

  constantBits(bits: number): Address {
    let index = this.#constantIndex.get(bits);
    if (index === undefined) {
      index = this.constants.length;
      if (FLOAT_BYTES * index >= CONSTANT_BYTES) throw new RangeError('too many constants');
      this.constants.push(bits);
      this.#constantIndex.set(bits, index);
    }
    return { displacement: this.layout.constants + FLOAT_BYTES * index };
  }

  /** Sixteen numbers in a row: 0, step, 2 step and so on. */
  constantSteps(step: number): Address {
    let index = this.#steps.get(step);
    if (index === undefined) {
      index = this.constants.length;
      for (let i = 0; i < VECTOR; i++) this.constants.push((i * step) >>> 0);
      if (FLOAT_BYTES * this.constants.length > CONSTANT_BYTES) throw new RangeError('too many constants');
      this.#steps.set(step, index);
    }
    return { displacement: this.layout.constants + FLOAT_BYTES * index };
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
