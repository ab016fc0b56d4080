/** AVX-512 as the neutral part of the compiler sees it. */
import type { Target } from '../../kernels/target.ts';
import { R } from './assembler.ts';

const { rcx, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15 } = R;

/** Registers that loops may use; rax is for masks and calls in between. */
export const LOOP_REGISTERS = [rcx, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15] as const;

/** Rows of a product's tiles. */
export const TILE_ROWS = 12;

export const avx512: Target = {
  lanes: 16,
  // A mask costs less than a second number.
  shortestVector: 2,
  rowPadding: TILE_ROWS,
  loopRegisters: LOOP_REGISTERS.length,
};
