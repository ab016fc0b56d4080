/**
 * Kernels of TensorFlow.js's JavaScript backend that the engine replaces: its own hide NaN, or make of it what no
 * other backend does. What they compute here stands in docs/engine.md, for every backend.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Einsum, inPairs, parseEinsum } from './einsum.ts';
import { toInt32 } from './whole-numbers.ts';

type Values = Float32Array | Int32Array | Uint8Array;

/** What is used of the backend; its class is not exported. */
type Cpu = tf.KernelBackend & {
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values: Values): tf.TensorInfo;
};

interface Call {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly backend: Cpu;
  valuesOf(tensor: tf.TensorInfo): Values;
  /** What TensorFlow.js's own kernel gives, by default for the same operands and attributes. */
  original(changed?: {
    readonly inputs?: Readonly<Record<string, tf.TensorInfo>> | readonly tf.TensorInfo[];
    readonly attributes?: Readonly<Record<string, unknown>>;
  }): tf.TensorInfo;
}

type Kernel = (call: Call) => tf.TensorInfo | tf.TensorInfo[];

const sign: Kernel = ({ inputs: { x }, backend, valuesOf }) => {
  const values = valuesOf(x);
  const Type = values.constructor as Float32ArrayConstructor;
  return backend.makeTensorInfo(x.shape, x.dtype, Type.from(values, Math.sign));
};

const cast: Kernel = ({ inputs: { x }, attributes: { dtype }, backend, valuesOf, original }) => {
  if (x.dtype !== 'float32' || dtype !== 'int32') return original();
  return backend.makeTensorInfo(x.shape, 'int32', Int32Array.from(valuesOf(x), toInt32));
};

/** Quotients of floats are cast as any float is; of whole numbers those by 0 are 0. */
const floorDivision: Kernel = ({ inputs: { a, b }, backend, valuesOf, original }) => {
  const { shape, dataId } = original();
  backend.disposeData(dataId, true);
  const isWhole = a.dtype !== 'float32' && b.dtype !== 'float32';
  const [dividend, divisor] = [a, b].map((x) => broadcast(valuesOf(x), x.shape, shape));
  const quotients = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => {
    if (isWhole) return divisor(i) === 0 ? 0 : toInt32(Math.floor(dividend(i) / divisor(i)));
    return toInt32(Math.floor(Math.fround(dividend(i) / divisor(i))));
  });
  return backend.makeTensorInfo(shape, 'int32', quotients);
};

/** Of whole numbers the low 32 bits, which the double of a product may not have. */
const pairwise =
  (fn: (a: number, b: number) => number): Kernel =>
  ({ inputs: { a, b }, backend, valuesOf, original }) => {
    const result = original();
    if (result.dtype !== 'int32') return result;
    const { shape, dataId } = result;
    backend.disposeData(dataId, true);
    const [left, right] = [a, b].map((x) => broadcast(valuesOf(x), x.shape, shape));
    const numbers = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
      fn(left(i), right(i)),
    );
    return backend.makeTensorInfo(shape, 'int32', numbers);
  };

const wholeProducts: Kernel = ({ inputs: { x }, attributes, backend, valuesOf, original }) => {
  const result = original();
  if (result.dtype !== 'int32') return result;
  const { shape, dataId } = result;
  backend.disposeData(dataId, true);
  const axes = tf.util.parseAxisParam(attributes.axis as number | number[], x.shape);
  const products = new Int32Array(tf.util.sizeFromShape(shape)).fill(1);
  valuesOf(x).forEach((value, place) => {
    let [at, stride, rest] = [0, 1, place];
    for (let axis = x.shape.length - 1; axis >= 0; axis--) {
      const index = rest % x.shape[axis];
      rest = Math.floor(rest / x.shape[axis]);
      if (axes.includes(axis)) continue;
      at += stride * index;
      stride *= x.shape[axis];
    }
    products[at] = Math.imul(products[at], value);
  });
  return backend.makeTensorInfo(shape, 'int32', products);
};

const square: Kernel = ({ inputs: { x }, backend, valuesOf, original }) => {
  if (x.dtype !== 'int32') return original();
  return backend.makeTensorInfo(
    x.shape,
    'int32',
    Int32Array.from(valuesOf(x), (n) => Math.imul(n, n)),
  );
};

/** IEEE 754: 1 to any power, also NaN, and -1 to ±∞, is 1. */
const power: Kernel = ({ inputs: { a, b }, valuesOf, original }) => {
  const result = original();
  const values = valuesOf(result);
  const [base, exponent] = [a, b].map((x) => broadcast(valuesOf(x), x.shape, result.shape));
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue;
    const infinite = Math.abs(exponent(i)) === Number.POSITIVE_INFINITY;
    if (base(i) === 1 || (infinite && base(i) === -1)) values[i] = 1;
  }
  return result;
};

/** The element of a broadcast operand at each place of the result. */
function broadcast(
  values: Values,
  from: readonly number[],
  to: readonly number[],
): (place: number) => number {
  const missing = to.length - from.length;
  return (place) => {
    let [at, stride, rest] = [0, 1, place];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const index = rest % to[axis];
      rest = Math.floor(rest / to[axis]);
      const own = from[axis - missing];
      if (own === undefined) continue;
      if (own > 1) at += stride * index;
      stride *= own;
    }
    return values[at];
  };
}

/** Whether a comes before b where the largest come first: NaN is larger than any number. */
const larger = (a: number, b: number): boolean => a > b || (Number.isNaN(a) && !Number.isNaN(b));
const smaller = (a: number, b: number): boolean => a < b || (Number.isNaN(a) && !Number.isNaN(b));

const position =
  (better: (a: number, b: number) => boolean): Kernel =>
  ({ inputs: { x }, attributes, backend, valuesOf }) => {
    const values = valuesOf(x);
    const [axis] = tf.util.parseAxisParam(attributes.axis as number | number[], x.shape);
    const length = x.shape[axis] ?? 1;
    const inner = tf.util.sizeFromShape(x.shape.slice(axis + 1));
    const shape = x.shape.filter((_, i) => i !== axis);
    const found = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, place) => {
      const first = Math.floor(place / inner) * length * inner + (place % inner);
      let best = 0;
      for (let i = 1; i < length; i++) {
        if (better(values[first + i * inner], values[first + best * inner])) best = i;
      }
      return best;
    });
    return backend.makeTensorInfo(shape, 'int32', found);
  };

const top: Kernel = ({ inputs: { x }, attributes, backend, valuesOf }) => {
  const values = valuesOf(x);
  const count = attributes.k as number;
  const length = x.shape[x.shape.length - 1];
  const rows = length === 0 ? 0 : values.length / length;
  const shape = [...x.shape.slice(0, -1), count];
  const indices = new Int32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const at = (i: number) => values[row * length + i];
    const order = Array.from({ length }, (_, i) => i).sort((i, j) =>
      larger(at(i), at(j)) ? -1 : larger(at(j), at(i)) ? 1 : i - j,
    );
    indices.set(order.slice(0, count), row * count);
  }
  const Type = values.constructor as Float32ArrayConstructor;
  const best = Type.from(indices, (index, i) => values[Math.floor(i / count) * length + index]);
  return [backend.makeTensorInfo(shape, x.dtype, best), backend.makeTensorInfo(shape, 'int32', indices)];
};

/** Of any equation: TensorFlow.js's takes two operands, no label twice in one, and sums no label that one operand has alone. */
const einsum: Kernel = (call) => {
  const { inputs, attributes, backend } = call;
  const operands = Object.values(inputs);
  const parts = parseEinsum(
    attributes.equation as string,
    operands.map(({ shape }) => shape),
  );
  if (operands.length < 3) return contraction(call, operands, parts);
  const [first, ...others] = operands;
  return inPairs(parts).reduce((product, equation, i) => {
    const pair = [product, others[i]];
    const shapes = pair.map(({ shape }) => shape);
    const next = contraction(call, pair, parseEinsum(equation, shapes));
    if (i > 0) backend.disposeData(product.dataId);
    return next;
  }, first);
};

/** Products of the operands' elements, summed over the labels that the result has not. */
function contraction(
  { backend, valuesOf }: Call,
  tensors: readonly tf.TensorInfo[],
  { operands, result }: Einsum,
): tf.TensorInfo {
  const lengths = new Map<string, number>();
  // How far an operand's element moves with each label: along all axes that have it.
  const factors = tensors.map((tensor, i) => {
    const strides = new Map<string, number>();
    let stride = 1;
    for (let axis = tensor.shape.length - 1; axis >= 0; axis--) {
      const label = operands[i][axis];
      strides.set(label, (strides.get(label) ?? 0) + stride);
      lengths.set(label, tensor.shape[axis]);
      stride *= tensor.shape[axis];
    }
    return { values: valuesOf(tensor), strides };
  });
  const labels = [...result, ...[...lengths.keys()].filter((label) => !result.includes(label))];
  const sizes = labels.map((label) => lengths.get(label) ?? 0);
  const steps = labels.map((label) => factors.map(({ strides }) => strides.get(label) ?? 0));
  const shape = sizes.slice(0, result.length);
  const sums = new Float32Array(tf.util.sizeFromShape(shape));
  const at = factors.map(() => 0);
  const move = (axis: number, count: number) => {
    for (let i = 0; i < at.length; i++) at[i] += count * steps[axis][i];
  };
  const sum = (axis: number): number => {
    if (axis === labels.length) return factors.reduce((product, { values }, i) => product * values[at[i]], 1);
    let total = 0;
    for (let i = 0; i < sizes[axis]; i++) {
      total += sum(axis + 1);
      move(axis, 1);
    }
    move(axis, -sizes[axis]);
    return total;
  };
  for (let place = 0; place < sums.length; place++) {
    let rest = place;
    at.fill(0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      move(axis, rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    sums[place] = sum(shape.length);
  }
  return backend.makeTensorInfo(shape, 'float32', sums);
}

/** TensorFlow.js's adds each row to every segment, times 0 or 1: NaN and infinities reach them all. */
const segmentSum: Kernel = ({ inputs: { x, segmentIds }, attributes, backend, valuesOf }) => {
  const count = attributes.numSegments as number;
  const [values, ids] = [valuesOf(x), valuesOf(segmentIds)];
  const shape = [count, ...x.shape.slice(segmentIds.shape.length)];
  const width = tf.util.sizeFromShape(shape.slice(1));
  const sums = new Float64Array(count * width);
  ids.forEach((id, row) => {
    if (!(id >= 0 && id < count)) return;
    for (let i = 0; i < width; i++) sums[id * width + i] += values[row * width + i];
  });
  const isFloat = x.dtype === 'float32';
  return backend.makeTensorInfo(
    shape,
    isFloat ? 'float32' : 'int32',
    isFloat ? Float32Array.from(sums) : Int32Array.from(sums),
  );
};

/** TensorFlow.js's writes into its operand: it gets a copy. */
const scatterUpdate: Kernel = ({ inputs, backend, valuesOf, original }) => {
  const { tensor } = inputs;
  const copy = backend.makeTensorInfo(tensor.shape, tensor.dtype, valuesOf(tensor).slice());
  const result = original({ inputs: { ...inputs, tensor: copy } });
  backend.disposeData(copy.dataId);
  return result;
};

/** TensorFlow.js's takes no axis counted from the end. */
const scan: Kernel = ({ inputs: { x }, attributes, original }) => {
  const axis = attributes.axis as number;
  if (axis >= 0 || x.shape.length === 0) return original();
  return original({ attributes: { ...attributes, axis: axis + x.shape.length } });
};

/** The low 32 bits of products of whole numbers. */
const runningProduct: Kernel = (call) => {
  const { inputs, attributes, backend, valuesOf } = call;
  const { x } = inputs;
  if (x.dtype !== 'int32' || x.shape.length === 0) return scan(call);
  const [axis] = tf.util.parseAxisParam(attributes.axis as number, x.shape);
  const length = x.shape[axis];
  const inner = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const values = valuesOf(x);
  const products = new Int32Array(values.length);
  for (let line = 0; line < values.length / (length || 1); line++) {
    const first = Math.floor(line / inner) * length * inner + (line % inner);
    let running = 1;
    for (let i = 0; i < length; i++) {
      const at = first + inner * (attributes.reverse === true ? length - 1 - i : i);
      const next = Math.imul(running, values[at]);
      products[at] = attributes.exclusive === true ? running : next;
      running = next;
    }
  }
  return backend.makeTensorInfo(x.shape, 'int32', products);
};

const kernels: Readonly<Record<string, Kernel>> = {
  Sign: sign,
  Cast: cast,
  FloorDiv: floorDivision,
  Multiply: pairwise(Math.imul),
  SquaredDifference: pairwise((a, b) => Math.imul(a - b, a - b)),
  Prod: wholeProducts,
  Square: square,
  Pow: power,
  ArgMax: position(larger),
  ArgMin: position(smaller),
  TopK: top,
  TensorScatterUpdate: scatterUpdate,
  Cumsum: scan,
  Cumprod: runningProduct,
  Einsum: einsum,
  UnsortedSegmentSum: segmentSum,
};

let replaced = false;

/** Replaces the kernels, once. */
export function replaceCpuKernels(): void {
  if (replaced) return;
  replaced = true;
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    const theirs = tf.getKernel(kernelName, 'cpu');
    if (theirs === null || theirs === undefined)
      throw new Error(`TensorFlow.js has no kernel '${kernelName}'`);
    tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel({
      kernelName,
      backendName: 'cpu',
      kernelFunc: (parameters) => {
        const inputs = parameters.inputs as Record<string, tf.TensorInfo>;
        const attributes = (parameters.attrs ?? {}) as Record<string, unknown>;
        const backend = parameters.backend as Cpu;
        return kernel({
          inputs,
          attributes,
          backend,
          valuesOf: (tensor) => backend.readSync(tensor.dataId) as Values,
          original: (changed = {}) =>
            theirs.kernelFunc({
              backend: parameters.backend,
              inputs: (changed.inputs ?? parameters.inputs) as tf.NamedTensorInfoMap,
              attrs: (changed.attributes ?? parameters.attrs) as tf.NamedAttrMap,
            }) as tf.TensorInfo,
        });
      },
    });
  }
}
