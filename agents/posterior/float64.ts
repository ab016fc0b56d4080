/** The algebra of estimators on float64 arrays: the reference form for tests, toys and ablations. */
import type { Algebra } from './arithmetic.ts';

/** Row-major [batch, rows, columns]. */
export interface Float64Tensor {
  readonly data: Float64Array;
  readonly shape: readonly [number, number, number];
}

type Shape = Float64Tensor['shape'];

/** @param data row-major; not copied */
export function float64Tensor(data: Float64Array, shape: Shape): Float64Tensor {
  const size = shape[0] * shape[1] * shape[2];
  if (data.length !== size) throw new RangeError(`${data.length} values do not fill [${shape.join(', ')}]`);
  return { data, shape };
}

const scalar = (value: number): Float64Tensor => ({ data: Float64Array.of(value), shape: [1, 1, 1] });

function empty(shape: Shape): Float64Tensor {
  return { data: new Float64Array(shape[0] * shape[1] * shape[2]), shape };
}

/** What one pass of a broadcast operation runs over: sizes and element strides of both operands. */
interface Pass {
  readonly out: Float64Array;
  readonly size: Shape;
  readonly x: Float64Array;
  readonly xStride: Shape;
  readonly y: Float64Array;
  readonly yStride: Shape;
}

function strides(from: Shape, to: Shape): Shape {
  const stride = (size: number, target: number, step: number) => {
    if (size === target) return size === 1 ? 0 : step;
    if (size === 1) return 0;
    throw new RangeError(`[${from.join(', ')}] does not broadcast to [${to.join(', ')}]`);
  };
  return [
    stride(from[0], to[0], from[1] * from[2]),
    stride(from[1], to[1], from[2]),
    stride(from[2], to[2], 1),
  ];
}

/** One loop per operation: a shared loop with the operation as a parameter runs several times slower. */
type Loop = (pass: Pass) => void;

function binary(loop: Loop) {
  return (a: Float64Tensor | number, b: Float64Tensor | number): Float64Tensor => {
    const x = typeof a === 'number' ? scalar(a) : a;
    const y = typeof b === 'number' ? scalar(b) : b;
    const shape: Shape = [
      Math.max(x.shape[0], y.shape[0]),
      Math.max(x.shape[1], y.shape[1]),
      Math.max(x.shape[2], y.shape[2]),
    ];
    const out = empty(shape);
    const whole = (v: Float64Tensor) => v.data.length === out.data.length || v.data.length === 1;
    if (whole(x) && whole(y)) {
      const step = (v: Float64Tensor): Shape => [0, 0, v.data.length === 1 ? 0 : 1];
      const size: Shape = [1, 1, out.data.length];
      loop({ out: out.data, size, x: x.data, xStride: step(x), y: y.data, yStride: step(y) });
    } else {
      const [xStride, yStride] = [strides(x.shape, shape), strides(y.shape, shape)];
      loop({ out: out.data, size: shape, x: x.data, xStride, y: y.data, yStride });
    }
    return out;
  };
}

function addLoop({ out, size, x, xStride, y, yStride }: Pass): void {
  const [xs, ys] = [xStride[2], yStride[2]];
  let o = 0;
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++) {
      let p = i * xStride[0] + j * xStride[1];
      let q = i * yStride[0] + j * yStride[1];
      for (let k = 0; k < size[2]; k++, p += xs, q += ys) out[o++] = x[p] + y[q];
    }
}

function subLoop({ out, size, x, xStride, y, yStride }: Pass): void {
  const [xs, ys] = [xStride[2], yStride[2]];
  let o = 0;
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++) {
      let p = i * xStride[0] + j * xStride[1];
      let q = i * yStride[0] + j * yStride[1];
      for (let k = 0; k < size[2]; k++, p += xs, q += ys) out[o++] = x[p] - y[q];
    }
}

function mulLoop({ out, size, x, xStride, y, yStride }: Pass): void {
  const [xs, ys] = [xStride[2], yStride[2]];
  let o = 0;
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++) {
      let p = i * xStride[0] + j * xStride[1];
      let q = i * yStride[0] + j * yStride[1];
      for (let k = 0; k < size[2]; k++, p += xs, q += ys) out[o++] = x[p] * y[q];
    }
}

function divLoop({ out, size, x, xStride, y, yStride }: Pass): void {
  const [xs, ys] = [xStride[2], yStride[2]];
  let o = 0;
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++) {
      let p = i * xStride[0] + j * xStride[1];
      let q = i * yStride[0] + j * yStride[1];
      for (let k = 0; k < size[2]; k++, p += xs, q += ys) out[o++] = x[p] / y[q];
    }
}

function minimumLoop({ out, size, x, xStride, y, yStride }: Pass): void {
  let o = 0;
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++) {
      const [p, q] = [i * xStride[0] + j * xStride[1], i * yStride[0] + j * yStride[1]];
      for (let k = 0; k < size[2]; k++) out[o++] = Math.min(x[p + k * xStride[2]], y[q + k * yStride[2]]);
    }
}

function maximumLoop({ out, size, x, xStride, y, yStride }: Pass): void {
  let o = 0;
  for (let i = 0; i < size[0]; i++)
    for (let j = 0; j < size[1]; j++) {
      const [p, q] = [i * xStride[0] + j * xStride[1], i * yStride[0] + j * yStride[1]];
      for (let k = 0; k < size[2]; k++) out[o++] = Math.max(x[p + k * xStride[2]], y[q + k * yStride[2]]);
    }
}

function unary(f: (value: number) => number) {
  return (a: Float64Tensor): Float64Tensor => ({ data: a.data.map(f), shape: a.shape });
}

function sum(a: Float64Tensor, axis: 1 | 2): Float64Tensor {
  const [batch, rows, columns] = a.shape;
  const out = empty(axis === 1 ? [batch, 1, columns] : [batch, rows, 1]);
  let p = 0;
  for (let i = 0; i < batch; i++)
    for (let j = 0; j < rows; j++)
      for (let k = 0; k < columns; k++) out.data[axis === 1 ? i * columns + k : i * rows + j] += a.data[p++];
  return out;
}

function max(a: Float64Tensor, axis: 1 | 2): Float64Tensor {
  const [batch, rows, columns] = a.shape;
  const out = empty(axis === 1 ? [batch, 1, columns] : [batch, rows, 1]);
  out.data.fill(Number.NEGATIVE_INFINITY);
  let p = 0;
  for (let i = 0; i < batch; i++)
    for (let j = 0; j < rows; j++)
      for (let k = 0; k < columns; k++) {
        const o = axis === 1 ? i * columns + k : i * rows + j;
        if (a.data[p] > out.data[o]) out.data[o] = a.data[p];
        p++;
      }
  return out;
}

function transpose(a: Float64Tensor): Float64Tensor {
  const [batch, rows, columns] = a.shape;
  const out = empty([batch, columns, rows]);
  for (let i = 0; i < batch; i++)
    for (let j = 0; j < rows; j++)
      for (let k = 0; k < columns; k++)
        out.data[(i * columns + k) * rows + j] = a.data[(i * rows + j) * columns + k];
  return out;
}

function transposedProduct(a: Float64Tensor, b: Float64Tensor): Float64Tensor {
  const batch = Math.max(a.shape[0], b.shape[0]);
  const [n, p, q] = [a.shape[1], a.shape[2], b.shape[2]];
  if (b.shape[1] !== n) throw new RangeError(`rows differ: [${a.shape.join(', ')}], [${b.shape.join(', ')}]`);
  const out = empty([batch, p, q]);
  for (let i = 0; i < batch; i++) {
    const aStart = a.shape[0] === 1 ? 0 : i * n * p;
    const bStart = b.shape[0] === 1 ? 0 : i * n * q;
    for (let row = 0; row < n; row++)
      for (let j = 0; j < p; j++) {
        const value = a.data[aStart + row * p + j];
        const o = (i * p + j) * q;
        for (let k = 0; k < q; k++) out.data[o + k] += value * b.data[bStart + row * q + k];
      }
  }
  return out;
}

function outerProduct(a: Float64Tensor, b: Float64Tensor): Float64Tensor {
  const batch = Math.max(a.shape[0], b.shape[0]);
  const [p, q, n] = [a.shape[1], b.shape[1], a.shape[2]];
  if (b.shape[2] !== n)
    throw new RangeError(`columns differ: [${a.shape.join(', ')}], [${b.shape.join(', ')}]`);
  const out = empty([batch, p, q]);
  for (let i = 0; i < batch; i++) {
    const aStart = a.shape[0] === 1 ? 0 : i * p * n;
    const bStart = b.shape[0] === 1 ? 0 : i * q * n;
    for (let j = 0; j < p; j++)
      for (let k = 0; k < q; k++) {
        let total = 0;
        for (let l = 0; l < n; l++) total += a.data[aStart + j * n + l] * b.data[bStart + k * n + l];
        out.data[(i * p + j) * q + k] = total;
      }
  }
  return out;
}

function concat(a: Float64Tensor, b: Float64Tensor, axis: 1 | 2): Float64Tensor {
  if (axis === 1) return transpose(concat(transpose(a), transpose(b), 2));
  const [batch, rows] = a.shape;
  const out = empty([batch, rows, a.shape[2] + b.shape[2]]);
  for (let row = 0; row < batch * rows; row++) {
    out.data.set(a.data.subarray(row * a.shape[2], (row + 1) * a.shape[2]), row * out.shape[2]);
    out.data.set(b.data.subarray(row * b.shape[2], (row + 1) * b.shape[2]), row * out.shape[2] + a.shape[2]);
  }
  return out;
}

function slice(a: Float64Tensor, axis: 1 | 2, begin: number, size: number): Float64Tensor {
  const [batch, rows, columns] = a.shape;
  if (axis === 1) {
    const out = empty([batch, size, columns]);
    for (let i = 0; i < batch; i++) {
      const start = (i * rows + begin) * columns;
      out.data.set(a.data.subarray(start, start + size * columns), i * size * columns);
    }
    return out;
  }
  const out = empty([batch, rows, size]);
  for (let row = 0; row < batch * rows; row++)
    out.data.set(a.data.subarray(row * columns + begin, row * columns + begin + size), row * size);
  return out;
}

export const float64Algebra: Algebra<Float64Tensor> = {
  epsilon: Number.EPSILON,
  add: binary(addLoop),
  sub: binary(subLoop),
  mul: binary(mulLoop),
  div: binary(divLoop),
  minimum: binary(minimumLoop),
  maximum: binary(maximumLoop),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin),
  shape: (a) => a.shape,
  constant: (rows) => float64Tensor(Float64Array.from(rows.flat()), [1, rows.length, rows[0]?.length ?? 0]),
  sum,
  max,
  transposedProduct,
  outerProduct,
  transpose,
  concat,
  slice,
};
