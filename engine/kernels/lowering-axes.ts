/** Normalisation, running sums and extremes along an axis. */
import type { Builder } from './builder.ts';
import type { Tensor } from './kernels.ts';
import { sliceView, type View, wholeView } from './views.ts';

/** Extremes along axes up to this long are found by comparisons that fuse with what is around them. */
const FEW = 8;

/** exp(x - max) divided by its sum, or x - max less the logarithm of that sum. */
export function softmax(builder: Builder, x: Tensor, axis: number, logarithm: boolean, target: View): Tensor {
  const { shape } = target;
  const kept = shape.map((n, i) => (i === axis ? 1 : n));
  const along = (operation: string, tensor: Tensor) =>
    builder.reduced(operation, tensor, [axis], kept, builder.place(kept));
  const shifted = builder.compute('Sub', [x, along('ReduceMax', x)], shape);
  const powers = builder.compute('Exp', [shifted], shape);
  const sum = along('ReduceSum', powers);
  if (!logarithm) return builder.element('Div', 'float32', 'float32', [powers, sum], target);
  const operands = [shifted, builder.compute('Log', [sum], kept)];
  return builder.element('Sub', 'float32', 'float32', operands, target);
}

/** Running sums along an axis: of the elements before each one, and of itself unless exclusive. */
export function scan(
  builder: Builder,
  x: Tensor,
  axis: number,
  { exclusive, reverse }: { readonly exclusive: boolean; readonly reverse: boolean },
  target: View,
): Tensor {
  const length = target.shape[axis];
  const directed = (view: View) => (reverse ? sliceView(view, axis, length - 1, length, -1) : view);
  builder.kernels.push({
    kind: 'scan',
    type: x.type,
    exclusive,
    axis,
    source: directed(x.view),
    result: directed(target),
  });
  return { type: x.type, view: target };
}

/** The first index of the extreme along an axis; the result keeps it with length 1. */
export function argExtremum(builder: Builder, x: Tensor, axis: number, largest: boolean): Tensor {
  const { type, view } = x;
  const length = view.shape[axis];
  const shape = view.shape.map((n, i) => (i === axis ? 1 : n));
  if (length > FEW) {
    const result = builder.place(shape);
    builder.kernels.push({ kind: 'argExtremum', type, largest, axis, source: view, result });
    return { type: 'int32', view: result };
  }
  const part = (i: number): Tensor => ({ type, view: sliceView(view, axis, i, 1) });
  let best = part(0);
  let index = builder.number('int32', 0);
  for (let i = 1; i < length; i++) {
    const better = exceeds(builder, part(i), best, largest);
    index = builder.compute('Where', [better, builder.number('int32', i), index], shape);
    best = builder.compute('Where', [better, part(i), best], shape);
  }
  return length === 1 ? builder.compute('Copy', [index], shape) : index;
}

/** Whether x replaces the best so far: it is larger (smaller), or NaN and the best is none. */
function exceeds(builder: Builder, x: Tensor, best: Tensor, largest: boolean): Tensor {
  const test = (operation: string, operands: readonly Tensor[]) =>
    builder.compute(operation, operands, x.view.shape, 'bool');
  const [larger, atMost] = largest ? ['Greater', 'LessOrEqual'] : ['Less', 'GreaterOrEqual'];
  if (x.type !== 'float32') return test(larger, [x, best]);
  return test('And', [test('Not', [test(atMost, [x, best])]), test('Equal', [best, best])]);
}

/** The largest `count` numbers along the last axis in descending order, and their indices. */
export function largest(builder: Builder, x: Tensor, count: number): { values: Tensor; indices: Tensor } {
  const shape = [...x.view.shape.slice(0, -1), count];
  const result = builder.place([2, ...shape]);
  builder.kernels.push({ kind: 'top', type: x.type, source: x.view, result });
  const half = (i: number): View => ({ ...wholeView(result.storage, shape), offset: i * result.strides[0] });
  return { values: { type: x.type, view: half(0) }, indices: { type: 'int32', view: half(1) } };
}
