/** The algebra of estimators on TensorFlow.js tensors: what the engine compiles. */
import {
  add,
  concat,
  customGrad,
  div,
  exp,
  log,
  matMul,
  max,
  maximum,
  minimum,
  mul,
  sin,
  slice,
  sqrt,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import type { Algebra } from './arithmetic.ts';

export const tensorAlgebra: Algebra<Tensor> = {
  epsilon: 2 ** -23,
  add: (a, b) => add(a, b),
  sub: (a, b) => sub(a, b),
  mul: (a, b) => mul(a, b),
  div: (a, b) => div(a, b),
  minimum: (a, b) => minimum(a, b),
  maximum: (a, b) => maximum(a, b),
  exp: (a) => exp(a),
  // ONNX has no Expm1; with τ = tanh(a/2), exp(a) - 1 = 2τ / (1 - τ), and 1 - τ ≥ 1 for a ≤ 0.
  expm1: (a) => {
    const half = tanh(mul(a, 0.5));
    return div(mul(half, 2), sub(1, half));
  },
  log: (a) => log(a),
  sqrt: (a) => sqrt(a),
  sin: (a) => sin(a),
  shape: (a) => [a.shape[0] ?? 1, a.shape[1] ?? 1, a.shape[2] ?? 1],
  constant: (rows) => tensor(rows.flat(), [1, rows.length, rows[0]?.length ?? 0], 'float32'),
  sum: (a, axis) => sum(a, axis, true),
  max: (a, axis) => max(a, axis, true),
  transposedProduct: (a, b) => matMul(a, b, true, false),
  outerProduct: (a, b) => matMul(a, b, false, true),
  transpose: (a) => transpose(a, [0, 2, 1]),
  concat: (a, b, axis) => concat([a, b], axis),
  slice: (a, axis, begin, size) =>
    axis === 1 ? slice(a, [0, begin, 0], [-1, size, -1]) : slice(a, [0, 0, begin], [-1, -1, size]),
};

/** The value of x as a constant: gradients do not pass. */
export function stopGradient<T extends Tensor>(x: T): T {
  // A custom gradient without inputs: the tape then holds no path from the result back to x.
  return customGrad(() => ({ value: x.clone(), gradFunc: () => [] }))() as T;
}
