/**
 * Rows of an ensemble of which each needs one member only. JAX and plain TensorFlow.js compute all members and mask;
 * a compiled graph computes the needed ones, since ONNX allows sizes that depend on the data.
 */
import { concat, engine, logicalNot, reshape, slice, type Tensor, where, zeros } from '@tensorflow/tfjs-core';
import { TRACE_BACKEND } from './trace/backend.ts';

/**
 * Applies `fn` to each of two members with the rows that choose it, and joins the results in the rows' order.
 *
 * Inside `fn` tensors keep the shape of all rows, whatever their number will be. So it may only treat each row by
 * itself and leave their number open: products, element-wise operations, broadcasts along rows; no reshape of
 * rows, no sum over them. An eager backend computes both members on all rows and selects.
 * @param first bool [rows]: the row chooses member 0, else member 1
 * @param ensemble tensors [2, rows, ...]
 * @param fn from one member's rows [rows, ...] of every tensor to results [rows, ...]
 */
export function onChosenMember(
  first: Tensor,
  ensemble: readonly Tensor[],
  fn: (rows: Tensor[], member: 0 | 1) => Tensor,
): Tensor {
  const rows = first.shape[0];
  const stacked = ensemble.map((x) => reshape(x, [2 * rows, ...x.shape.slice(2)]));
  if (engine().backendName !== TRACE_BACKEND) {
    const all = (member: 0 | 1) => stacked.map((x) => slice(x, [member * rows], [rows]));
    const [a, b] = [fn(all(0), 0), fn(all(1), 1)];
    return where(reshape(first, [rows, ...Array<number>(a.rank - 1).fill(1)]), a, b);
  }
  const nobody = zeros([rows], 'bool');
  const masks = [concat([first, nobody], 0), concat([nobody, logicalNot(first)], 0)];
  const of = (member: 0 | 1) =>
    fn(
      stacked.map((x) => engine().runKernel('SelectRows', { x, mask: masks[member] }, { rows }) as Tensor),
      member,
    );
  return engine().runKernel('JoinRows', { a: of(0), b: of(1), first }) as Tensor;
}
