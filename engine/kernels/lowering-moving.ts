/** Padding and repeating: copies between views. */
import type { Builder } from './builder.ts';
import type { Tensor } from './kernels.ts';
import { expandView, reshapeView, sliceView, type View } from './views.ts';

/** Repeated axes that one loop has registers for. */
const MOST_REPEATED = 3;

/** The tensor inside a frame of one number; the parts of the frame do not overlap. */
export function pad(
  builder: Builder,
  x: Tensor,
  before: readonly number[],
  fill: Tensor,
  target: View,
): Tensor {
  let inner = target;
  for (const [axis, length] of x.view.shape.entries()) {
    const behind = before[axis] + length;
    const frame = [
      sliceView(inner, axis, 0, before[axis]),
      sliceView(inner, axis, behind, inner.shape[axis] - behind),
    ];
    for (const part of frame) if (part.shape[axis] > 0) builder.copy(fill, part);
    inner = sliceView(inner, axis, before[axis], length);
  }
  builder.copy(x, inner);
  return { type: x.type, view: target };
}

/** The tensor as often along each axis as `repeats` says. */
export function tile(builder: Builder, x: Tensor, repeats: readonly number[], target: View): Tensor {
  const repeated = repeats.map((n, axis) => (n > 1 ? axis : -1)).filter((axis) => axis >= 0);
  if (repeated.length > MOST_REPEATED) {
    const some = repeated.slice(MOST_REPEATED);
    const now = repeats.map((n, axis) => (some.includes(axis) ? n : 1));
    const later = repeats.map((n, axis) => (some.includes(axis) ? 1 : n));
    const part = builder.place(x.view.shape.map((n, axis) => n * now[axis]));
    return tile(builder, tile(builder, x, now, part), later, target);
  }
  // An axis for the repeats in front of each axis.
  const single = x.view.shape.flatMap((n) => [1, n]);
  const pieces = x.view.shape.flatMap((n, axis) => [repeats[axis], n]);
  const source = expandView(reshapeView(x.view, single) as View, pieces);
  builder.copy({ ...x, view: source, origin: undefined }, reshapeView(target, pieces) as View);
  return { type: x.type, view: target };
}
