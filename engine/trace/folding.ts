/**
 * Kernels whose operands are all constant are computed while tracing, by TensorFlow.js's JavaScript backend; elementary
 * functions by our own, which have the same bits everywhere.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as elementary from '../../math/elementary.ts';
import type { Graph, Value } from './graph.ts';
import { quietCpu } from './quiet-cpu.ts';
import { sizeOf } from './shapes.ts';
import { elementType } from './tfjs-to-graph.ts';

/** Larger constants are left to be computed when the graph runs. */
const LARGEST = 1 << 18;

/** Kernels that the graph keeps as cheaply as their result would be. */
const views = new Set([
  'Identity',
  'Reshape',
  'ExpandDims',
  'Tile',
  'BroadcastTo',
  'ZerosLike',
  'OnesLike',
  'Fill',
  'Cast',
]);

const { acos, acosh, asinh, atan, atanh, cos, cosh, exp, expm1, log, log1p, sin, tanh } = elementary;

/** Kernels that are a function of each element. */
export const ownFunctions: Readonly<Record<string, (x: number) => number>> = {
  Acos: acos,
  Acosh: acosh,
  Asinh: asinh,
  Atan: atan,
  Atanh: atanh,
  Cos: cos,
  Cosh: cosh,
  Exp: exp,
  Expm1: expm1,
  Log: log,
  Log1p: log1p,
  Sin: sin,
  Tanh: tanh,
};

/** Kernels in which TensorFlow.js takes functions of the host, Math.exp and the like, and we have none. */
export const hostFunctions: ReadonlySet<string> = new Set([
  'Asin',
  'Atan2',
  'ComplexAbs',
  'Elu',
  'Erf',
  'FFT',
  'FusedConv2D',
  'FusedDepthwiseConv2D',
  'IFFT',
  'LRN',
  'LRNGrad',
  'LogSoftmax',
  'Multinomial',
  'Pow',
  'RotateWithOffset',
  'Selu',
  'Sigmoid',
  'Sinh',
  'Softmax',
  'Softplus',
  'Tan',
  '_FusedMatMul',
]);

type Outcome = Value | Value[] | undefined;

/** The kernel's results as constants, or undefined if it must be recorded. */
export function foldConstants(
  graph: Graph,
  name: string,
  operands: Readonly<Record<string, Value>>,
  attributes: tf.NamedAttrMap,
): Outcome {
  const values = Object.entries(operands);
  if (values.length === 0 || views.has(name) || hostFunctions.has(name)) return undefined;
  if (!values.every(([, value]) => value.constant !== undefined && sizeOf(value.shape) <= LARGEST)) {
    return undefined;
  }
  // Of nothing TensorFlow.js's reductions give other numbers than ours.
  if (values.some(([, { shape }]) => sizeOf(shape) === 0)) return undefined;
  const own = ownFunctions[name];
  if (own !== undefined) {
    const [[, { constant, shape }]] = values;
    return graph.constant('float32', shape, Float32Array.from(hostNumbers(constant), own));
  }
  const kernel = tf.getKernel(name, 'cpu');
  const cpu = quietCpu();
  if (kernel === undefined || kernel === null || cpu === null) return undefined;
  const inputs: Record<string, tf.TensorInfo> = {};
  for (const [key, value] of values) inputs[key] = written(cpu, value);
  try {
    const list = Object.keys(operands).every((key, i) => key === String(i)) ? Object.values(inputs) : inputs;
    const result = kernel.kernelFunc({
      inputs: list as tf.NamedTensorInfoMap,
      attrs: attributes,
      backend: cpu,
    });
    if (!Array.isArray(result)) return read(graph, cpu, result);
    return result.map((info) => read(graph, cpu, info));
  } finally {
    for (const info of Object.values(inputs)) cpu.disposeData(info.dataId, true);
  }
}

type Constant = Value['constant'];

function hostNumbers(constant: Constant): Exclude<Constant, BigInt64Array | undefined> {
  if (constant === undefined || constant instanceof BigInt64Array) throw new Error('not a host constant');
  return constant;
}

function written(cpu: tf.KernelBackend, value: Value): tf.TensorInfo {
  const { shape } = value;
  const constant = hostNumbers(value.constant);
  const size = sizeOf(shape);
  const data =
    constant.length === size
      ? constant.slice() // TensorFlow.js's kernels may write into their operands
      : new (constant.constructor as Float32ArrayConstructor)(size).fill(constant[0]);
  const dtype = value.type as tf.DataType;
  const dataId = cpu.write(data, [...shape], dtype);
  return { dataId, shape: [...shape], dtype };
}

function read(graph: Graph, cpu: tf.KernelBackend, info: tf.TensorInfo): Value {
  const values = cpu.readSync(info.dataId) as Float32Array;
  const value = graph.constant(elementType(info.dtype), info.shape, values);
  cpu.disposeData(info.dataId, true);
  return value;
}
