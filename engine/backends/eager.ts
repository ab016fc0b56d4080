/** Functions run as they are, operation by operation, on a backend of TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import '../gradients/index.ts';
import { BackendUnavailableError } from '../errors.ts';
import { quietCpu } from '../trace/quiet-cpu.ts';
import { inputType, onBackend } from '../trace/trace.ts';
import { isNdArray, type Leaf, leavesOf, treeOf } from '../tree.ts';
import type { NdArray } from '../types.ts';
import { checkingNumerics } from './numerics.ts';
import type { CallableGraph, FunctionRunner } from './runner.ts';
import { replaceWasmKernels } from './wasm-kernels.ts';

export interface EagerOptions {
  /** TensorFlow.js's name of the backend; it must be initialised. */
  readonly backend: string;
  /** Checks every operation's result for NaN and infinity. */
  readonly debugNumerics?: boolean;
}

export class EagerRunner implements FunctionRunner {
  readonly #options: EagerOptions;

  constructor(options: EagerOptions) {
    this.#options = options;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    await ready(this.#options.backend);
    const leaves = leavesOf(inputs, isNdArray).map(({ leaf }) => leaf);
    return new EagerFunction(name, fn, leaves, this.#options);
  }
}

/** Initialises a backend, importing it if need be. */
async function ready(backend: string): Promise<void> {
  if (backend === 'cpu') quietCpu();
  if (tf.findBackend(backend) !== null) return;
  try {
    if (backend === 'wasm') {
      await import('@tensorflow/tfjs-backend-wasm');
      replaceWasmKernels();
    }
    // An optional peer: not a name that the compiler should look for.
    const peer = '@tensorflow/tfjs-node';
    if (backend === 'tensorflow') await import(peer);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new BackendUnavailableError(`the backend '${backend}' is not installed: ${reason}`);
  }
  const before = tf.engine().backendName;
  const done = await tf.setBackend(backend);
  if (!done) throw new BackendUnavailableError(`the backend '${backend}' does not start`);
  if (before !== undefined && before !== null && before !== backend) await tf.setBackend(before);
}

class EagerFunction implements CallableGraph {
  readonly #name: string;
  readonly #fn: (inputs: never) => unknown;
  readonly #leaves: readonly Leaf[];
  readonly #options: EagerOptions;

  constructor(name: string, fn: (inputs: never) => unknown, leaves: readonly Leaf[], options: EagerOptions) {
    this.#name = name;
    this.#fn = fn;
    this.#leaves = leaves;
    this.#options = options;
  }

  async run(inputs: readonly NdArray[]): Promise<unknown> {
    const { backend, debugNumerics } = this.#options;
    return onBackend(backend, () => {
      const engine = tf.engine();
      engine.startScope(this.#name);
      try {
        const tensors = inputs.map((array) => tf.tensor(array.data, [...array.shape], inputType(array)));
        const call = () => this.#fn(treeOf(this.#leaves, tensors) as never);
        const result = debugNumerics === true ? checkingNumerics(call) : call();
        const outputs = leavesOf(result, (value) => value instanceof tf.Tensor);
        const arrays = outputs.map(({ value }) => hostArray(value as tf.Tensor));
        return treeOf(
          outputs.map((output) => output.leaf),
          arrays,
        );
      } finally {
        engine.endScope();
      }
    });
  }

  async dispose(): Promise<void> {}
}

/** A copy (the backend's own memory may move), of the type that the tensor says: backends keep a cast's source. */
function hostArray(tensor: tf.Tensor): NdArray {
  const data = tensor.dataSync() as ArrayLike<number>;
  const Type = tensor.dtype === 'float32' ? Float32Array : tensor.dtype === 'int32' ? Int32Array : Uint8Array;
  return { data: Type.from(data), shape: [...tensor.shape] };
}
