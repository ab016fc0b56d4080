/** Computing in blocks of rows, so that what is computed on the way stays in the processor's cache. */
import { concat, split, type Tensor } from '@tensorflow/tfjs-core';

/** A block's largest intermediate tensor may have this many bytes: what a core has of cache for itself, and a little. */
const CACHE_BYTES = 1.6 * 2 ** 20;

export interface RowTensor {
  readonly tensor: Tensor;
  /** Where the rows are; 0 by default. */
  readonly axis?: number;
}

/**
 * Applies `fn` to blocks of rows and joins each of its results along axis 0. Rows must not depend on each other.
 * Measured on one core: 25,600 rows of two networks 256 wide, forward and backward, 200 → 109 ms; with what
 * fits the cache anyway nothing changes, and it is one block.
 * @param inputs tensors with the same number of rows
 * @param rowBytes of the largest tensor that `fn` computes on the way, per row
 */
export function inBlocks(
  inputs: readonly RowTensor[],
  rowBytes: number,
  fn: (...blocks: Tensor[]) => readonly Tensor[],
): Tensor[] {
  const rows = inputs[0].tensor.shape[inputs[0].axis ?? 0];
  const blocks = blockCount(rows, rowBytes);
  if (blocks === 1) return [...fn(...inputs.map(({ tensor }) => tensor))];
  const pieces = inputs.map(({ tensor, axis = 0 }) => split(tensor, blocks, axis));
  const results = Array.from({ length: blocks }, (_, i) => fn(...pieces.map((list) => list[i])));
  return results[0].map((_, k) =>
    concat(
      results.map((list) => list[k]),
      0,
    ),
  );
}

/** The fewest equal blocks that fit. */
function blockCount(rows: number, rowBytes: number): number {
  for (let blocks = 1; blocks < rows; blocks++) {
    if (rows % blocks === 0 && (rows / blocks) * rowBytes <= CACHE_BYTES) return blocks;
  }
  return Math.max(1, rows);
}
