/** A loop over many products of the same shape. */

import { pick } from '../../kernels/builder.ts';
import type { BatchKernel, ProductKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type Place, type PlaceOf, share } from '../../kernels/places.ts';
import type { View } from '../../kernels/views.ts';
import { IF, Label, R } from './assembler.ts';
import { type Emitter, PRODUCT_SCRATCH } from './emitter.ts';
import { emitProduct, type Product } from './products.ts';

const WORD = 8;

/**
 * Pointers to the operands and counters lie in a thread's working memory, behind what a product uses. A product
 * finds its operands there as it finds the caller's arrays in the table.
 */
export function emitBatch(
  emitter: Emitter,
  { a, b, result }: BatchKernel,
  placeOf: PlaceOf,
  threads: number,
  productOf: (views: ProductKernel['products'][number], placeOf: PlaceOf) => Product,
): void {
  const { asm } = emitter;
  const views = [a, b, result];
  const sizes = result.shape.slice(0, -2);
  // The longest axis comes first: threads share it.
  const order = sizes.map((_, axis) => axis).sort((x, y) => sizes[y] - sizes[x]);
  const [from, to] = share(sizes[order[0]], 1, emitter.thread, threads);
  if (to <= from) return;
  const words = emitter.scratch + PRODUCT_SCRATCH;
  const word = (i: number) => ({ displacement: words + WORD * i });
  const firstSlot = (words - emitter.layout.table) / WORD;
  const strides = order.map((axis) => views.map((view) => FLOAT_BYTES * view.strides[axis]));
  for (const [i, view] of views.entries()) {
    const place = placeOf(view.storage, view.offset);
    emitter.point(R.rax, { ...place, offset: place.offset + from * strides[0][i] });
    asm.store(word(i), R.rax);
  }
  const matrix = (view: View, i: number): View => ({
    ...pick(view, []),
    storage: { ...view.storage, slot: firstSlot + i },
    offset: 0,
  });
  const slotOf: PlaceOf = ({ slot }, offset): Place => ({ slot, offset: FLOAT_BYTES * offset });
  const product = productOf({ a: matrix(a, 0), b: matrix(b, 1), c: matrix(result, 2) }, slotOf);
  const lengths = order.map((axis, level) => (level === 0 ? to - from : sizes[axis]));
  const level = (at: number): void => {
    if (at === order.length) {
      emitProduct(emitter, product, 0, product.rows);
      return;
    }
    const counter = word(views.length + at);
    asm.moveNumber(R.rax, lengths[at]);
    asm.store(counter, R.rax);
    const again = new Label();
    asm.bind(again);
    level(at + 1);
    for (const i of views.keys()) {
      const walked = at + 1 < order.length ? lengths[at + 1] * strides[at + 1][i] : 0;
      const bytes = strides[at][i] - walked;
      if (bytes === 0) continue;
      asm.move(R.rax, word(i));
      asm.addNumber(R.rax, bytes);
      asm.store(word(i), R.rax);
    }
    asm.move(R.rax, counter);
    asm.decrement(R.rax);
    asm.store(counter, R.rax);
    asm.jumpIf(IF.notZero, again);
  };
  level(0);
}
