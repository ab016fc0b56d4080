/**
 * Kernels of TensorFlow.js's JavaScript backend that the engine replaces: its own hide NaN, or make of it what no
 * other backend does. What they compute here stands in docs/engine.md, for every backend.
 */
import * as tf from '@tensorflow/tfjs-core';
import { inPairs, parseEinsum } from './einsum.ts';
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

/** Quotients of floats are cast as any float is. */
const floorDivision: Kernel = ({ inputs: { a, b }, backend, valuesOf, original }) => {
  const { dtype, shape, dataId } = original();
  if (a.dtype !== 'float32' && b.dtype !== 'float32') return { dtype, shape, dataId };
  backend.disposeData(dataId, true);
  const [dividend, divisor] = [a, b].map((x) => broadcast(valuesOf(x), x.shape, shape));
  const quotients = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
    toInt32(Math.floor(Math.fround(dividend(i) / divisor(i)))),
  );
  return backend.makeTensorInfo(shape, 'int32', quotients);
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

/** TensorFlow.js's, which says less about a wrong equation, takes two operands at most and no label twice in one. */
const einsum: Kernel = (call) => {
  const { inputs, attributes, backend, original } = call;
  const parts = parseEinsum(
    attributes.equation as string,
    Object.values(inputs).map((tensor) => tensor.shape),
  );
  const made: tf.TensorInfo[] = [];
  const operands = Object.values(inputs).map((tensor, i) => {
    const labels = parts.operands[i];
    if (new Set(labels).size === labels.length) return tensor;
    made.push(diagonal(call, tensor, labels));
    return made[made.length - 1];
  });
  const labels = parts.operands.map((each) => [...new Set(each)].join(''));
  const [first, ...others] = operands;
  const pairs = inPairs({ ...parts, operands: labels });
  const equation = `${labels.join()}->${parts.result}`;
  const result =
    operands.length < 3
      ? original({ inputs: operands, attributes: { equation } })
      : others.reduce((product, tensor, i) => {
          const next = original({ inputs: [product, tensor], attributes: { equation: pairs[i] } });
          if (i > 0) backend.disposeData(product.dataId);
          return next;
        }, first);
  // The result of one operand may be that operand.
  for (const { dataId } of made) if (dataId !== result.dataId) backend.disposeData(dataId);
  return result;
};

/** Where axes of one label have the same index: each label once, in the order of their first axes. */
function diagonal({ backend, valuesOf }: Call, tensor: tf.TensorInfo, labels: string) {
  const { shape, dtype } = tensor;
  const values = valuesOf(tensor);
  const strides = new Map<string, number>();
  const lengths = new Map<string, number>();
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides.set(labels[axis], (strides.get(labels[axis]) ?? 0) + stride);
    lengths.set(labels[axis], shape[axis]);
    stride *= shape[axis];
  }
  const kept = [...new Set(labels)];
  const kind = values.constructor as Float32ArrayConstructor;
  const sizes = kept.map((label) => lengths.get(label) ?? 0);
  const taken = kind.from({ length: sizes.reduce((total, n) => total * n, 1) }, (_, place) => {
    let [rest, offset] = [place, 0];
    for (let i = kept.length - 1; i >= 0; i--) {
      offset += (rest % sizes[i]) * (strides.get(kept[i]) ?? 0);
      rest = Math.floor(rest / sizes[i]);
    }
    return values[offset];
  });
  return backend.makeTensorInfo(sizes, dtype, taken);
}

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

const kernels: Readonly<Record<string, Kernel>> = {
  Sign: sign,
  Cast: cast,
  FloorDiv: floorDivision,
  Pow: power,
  ArgMax: position(larger),
  ArgMin: position(smaller),
  TopK: top,
  TensorScatterUpdate: scatterUpdate,
  Cumsum: scan,
  Cumprod: scan,
  Einsum: einsum,
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
