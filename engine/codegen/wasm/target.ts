/** WebAssembly as the neutral part of the compiler sees it. */
import type { Target } from '../../kernels/target.ts';

/** Rows of a product's tiles. */
export const TILE_ROWS = 4;

export const wasm: Target = {
  lanes: 4,
  shortestVector: 4,
  rowPadding: TILE_ROWS,
  // Locals, of which there are as many as one likes; a processor has registers for some sixteen.
  loopRegisters: 24,
};
