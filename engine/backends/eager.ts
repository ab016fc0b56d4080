/** Functions run as they are, operation by operation, on a backend of TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import '../gradients/index.ts';
import { BackendUnavailableError } from '../errors.ts';
import { quietCpu } from '../trace/quiet-cpu.ts';
import { inputType, onBackend, refuseNothing, refusePromise } from '../trace/trace.ts';
import { frozen, isNdArray, type Leaf, leavesOf, treeOf } from '../tree.ts';
import type { NdArray } from '../types.ts';
import { checkingNumerics } from './numerics.ts';
import type { CallableGraph, FunctionRunner } from './runner.ts';
import { replaceWasmKernels } from './wasm-kernels.ts';

export interface EagerOptions {
  /** TensorFlow.js's name of the backend; by default the fastest that is installed. */
  readonly backend?: string;
  /** Checks every operation's result for NaN and infinity. */
  readonly debugNumerics?: boolean;
}

export class EagerRunner implements FunctionRunner {
  readonly #options: EagerOptions;

  constructor(options: EagerOptions) {
    this.#options = options;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    const backend = this.#options.backend ?? (await installed());
    await ready(backend);
    const leaves = leavesOf(inputs, isNdArray).map(({ leaf }) => leaf);
    return new EagerFunction(name, fn, leaves, backend, this.#options.debugNumerics === true);
  }
}

let fastest: Promise<string> | undefined;

/** TensorFlow.js's own backends, the fastest first; plain JavaScript is always there. */
function installed(): Promise<string> {
  fastest ??= (async () => {
    for (const backend of ['tensorflow', 'wasm']) {
      try {
        await ready(backend);
        return backend;
      } catch (error) {
        if (!(error instanceof BackendUnavailableError)) throw error;
      }
    }
    return 'cpu';
  })();
  return fastest;
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
  readonly #backend: string;
  readonly #debugNumerics: boolean;

  constructor(
    name: string,
    fn: (inputs: never) => unknown,
    leaves: readonly Leaf[],
    backend: string,
    debugNumerics: boolean,
  ) {
    this.#name = name;
    this.#fn = fn;
    this.#leaves = leaves;
    this.#backend = backend;
    this.#debugNumerics = debugNumerics;
  }

  async run(inputs: readonly NdArray[]): Promise<unknown> {
    return onBackend(this.#backend, () => {
      const engine = tf.engine();
      engine.startScope(this.#name);
      try {
        const tensors = inputs.map((array, i) => {
          const label = `'${this.#name}': input '${this.#leaves[i].path}'`;
          return tf.tensor(array.data, [...array.shape], inputType(array, label));
        });
        const call = () => this.#fn(treeOf(this.#leaves, tensors) as never);
        const result = this.#debugNumerics ? checkingNumerics(call) : call();
        refusePromise(this.#name, result);
        const outputs = leavesOf(result, (value) => value instanceof tf.Tensor);
        refuseNothing(this.#name, outputs);
        const arrays = outputs.map(({ value }) => hostArray(value as tf.Tensor));
        const leaves = outputs.map((output) => output.leaf);
        return frozen(treeOf(leaves, arrays));
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
