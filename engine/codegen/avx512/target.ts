/** AVX-512 as the neutral part of the compiler sees it. */
import type { Target } from '../../kernels/target.ts';
import { LOOP_REGISTERS } from './loops.ts';
import { ROW_PADDING } from './products.ts';

export const avx512: Target = {
  rowPadding: ROW_PADDING,
  loopRegisters: LOOP_REGISTERS,
};
