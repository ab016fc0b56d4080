/** WebAssembly as the neutral part of the compiler sees it. */
import type { Target } from '../../kernels/target.ts';
import { TILE_ROWS } from './products.ts';

export const wasm: Target = {
  rowPadding: TILE_ROWS,
  // Locals, of which there are as many as one likes; a processor has registers for some sixteen.
  loopRegisters: 24,
};
