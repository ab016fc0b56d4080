/** Matrix products that are quicker as the product of the transposed matrices. */
import type { ProductKernel } from './kernels.ts';
import { transposeView, type View } from './views.ts';

type ProductViews = ProductKernel['products'][number];

/** A column times the right matrix's rows: the transposed product has long rows. Matrices are the last two axes. */
export function oriented({ a, b, c }: ProductViews): ProductViews {
  const [left, right, result] = [a, b, c].map(({ strides }) => strides.slice(-2));
  const [rows, columns] = c.shape.slice(-2);
  const isColumn = columns === 1 && left[1] !== 1;
  const isRow = rows === 1 && right[1] !== 1;
  // Each operand must be contiguous along one of its axes.
  const isUsable = left.includes(1) && !(isColumn && result[0] !== 1);
  if (!(isColumn || isRow) || !isUsable) return { a, b, c };
  return { a: transposed(b), b: transposed(a), c: transposed(c) };
}

function transposed(view: View): View {
  const axes = [...view.shape.keys()];
  return transposeView(view, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}
