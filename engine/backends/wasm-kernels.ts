/**
 * Kernels of TensorFlow.js's WebAssembly backend that are computed by its JavaScript backend instead: its own lose
 * NaN, read outside of a tensor, take one type for another, or are not there. The backend is for debugging, which
 * needs the right numbers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { quietCpu } from '../trace/quiet-cpu.ts';
import { arrayTypes } from './result-sets.ts';

const inJavaScript = [
  'Relu',
  'Relu6',
  'ClipByValue',
  'Maximum',
  'Minimum',
  'Sign',
  'Cast',
  'FloorDiv',
  'Mod',
  'ArgMax',
  'ArgMin',
  'TopK',
  'Cumprod',
  'Cumsum',
  'GatherNd',
  'GatherV2',
  'ScatterNd',
  'TensorScatterUpdate',
  'UnsortedSegmentSum',
  'Einsum',
  'StridedSlice',
  'Reverse',
  'Tile',
  'Select',
  'OneHot',
  'Max',
  'Min',
  'All',
  'Any',
  'Pow',
];
/** Kernels whose own take the bits of whole numbers for those of floats. */
const ofWholeNumbers = [
  'Abs',
  'Acos',
  'Acosh',
  'Asin',
  'Asinh',
  'Atan',
  'Atanh',
  'Ceil',
  'Cos',
  'Cosh',
  'Elu',
  'Erf',
  'Exp',
  'Expm1',
  'Floor',
  'IsFinite',
  'IsInf',
  'IsNan',
  'LeakyRelu',
  'Log',
  'Log1p',
  'Neg',
  'Reciprocal',
  'Round',
  'Rsqrt',
  'Selu',
  'Sigmoid',
  'Sin',
  'Sinh',
  'Softplus',
  'Sqrt',
  'Square',
  'Step',
  'Tan',
  'Tanh',
];

/** Call it once, after the backend has been imported. */
export function replaceWasmKernels(): void {
  const cpu = quietCpu();
  for (const kernelName of [...inJavaScript, ...ofWholeNumbers]) {
    const theirs = tf.getKernel(kernelName, 'cpu');
    if (theirs === null || theirs === undefined)
      throw new Error(`TensorFlow.js has no kernel '${kernelName}'`);
    const own = tf.getKernel(kernelName, 'wasm');
    if (own) tf.unregisterKernel(kernelName, 'wasm');
    const takesFloats = own && ofWholeNumbers.includes(kernelName);
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      ...(takesFloats && { setupFunc: own.setupFunc, disposeFunc: own.disposeFunc }),
      kernelFunc: ({ inputs, attrs, backend }) => {
        if (
          takesFloats &&
          Object.values(inputs as tf.NamedTensorInfoMap).every(
            (x) => x === undefined || x.dtype === 'float32',
          )
        )
          return own.kernelFunc({ inputs, attrs, backend });
        const wasm = backend as tf.KernelBackend;
        const copies = Object.entries(inputs as Record<string, tf.TensorInfo>).map(
          ([key, tensor]) => [key, moved(tensor, wasm, cpu)] as const,
        );
        // Some kernels take a list.
        const operands = Array.isArray(inputs)
          ? copies.map(([, tensor]) => tensor)
          : Object.fromEntries(copies);
        const results = theirs.kernelFunc({ inputs: operands as tf.NamedTensorInfoMap, attrs, backend: cpu });
        const back = [results].flat().map((tensor) => moved(tensor, cpu, wasm));
        for (const tensor of [results].flat()) cpu.disposeData(tensor.dataId, true);
        for (const [, tensor] of copies) cpu.disposeData(tensor.dataId, true);
        return Array.isArray(results) ? back : back[0];
      },
    });
  }
}

/** A tensor with the same numbers on another backend. */
function moved(tensor: tf.TensorInfo, from: tf.KernelBackend, to: tf.KernelBackend): tf.TensorInfo {
  const { shape, dtype } = tensor;
  // Backends keep the source of a cast: its numbers may be of another type.
  const Type = arrayTypes[dtype as keyof typeof arrayTypes];
  const values = Type.from(from.readSync(tensor.dataId) as Float32Array);
  return { dataId: to.write(values, shape, dtype), shape, dtype };
}
