import type { Emitter } from './emitter.ts';

/** Where an operation's numbers are: vector registers. */
export interface Registers {
  readonly result: number;
  readonly operands: readonly number[];
  readonly spare: readonly number[];
}

export interface ElementCode {
  /** Registers needed beside the result; the result then differs from every operand. */
  readonly spare: number;
  emit(emitter: Emitter, registers: Registers): void;
}
