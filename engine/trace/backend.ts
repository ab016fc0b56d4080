/**
 * A TensorFlow.js backend whose tensors are values of a graph: running a kernel records nodes. TensorFlow.js
 * derives gradients from the same kernels, so they are recorded like everything else.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  DataDependentReadError,
  DisposedTensorError,
  ForeignTensorError,
  OperandError,
  UnsupportedOperationError,
} from './errors.ts';
import { foldConstants } from './folding.ts';
import type { Graph, Value } from './graph.ts';
import { checks } from './kernels/checks.ts';
import { refusals, translations } from './kernels/index.ts';
import { sizeOf } from './shapes.ts';
import { elementType } from './tfjs-to-graph.ts';

export const TRACE_BACKEND = 'trace';

type HostValues = Float32Array | Int32Array | Uint8Array;

/** A tensor: a value of one graph, or numbers from outside that become a constant in whichever graph reads them. */
type Stored = (
  | { readonly graph: Graph; readonly value: Value }
  | { readonly values: HostValues; readonly shape: readonly number[]; readonly dtype: string }
) & {
  /** Tensors that share it, clones and other shapes of numbers from outside. */
  references: number;
};

export class TraceBackend extends tf.KernelBackend {
  readonly #stored = new Map<object, Stored>();
  #graph: Graph | undefined;

  /** Runs `record` with kernels recorded in `graph`. */
  recording<T>(graph: Graph, record: () => T): T {
    if (this.#graph !== undefined) throw new Error('a function is being compiled already');
    this.#graph = graph;
    try {
      return record();
    } finally {
      this.#graph = undefined;
    }
  }

  get graph(): Graph {
    if (this.#graph === undefined) throw new ForeignTensorError();
    return this.#graph;
  }

  /** The value behind a tensor. */
  graphValue(tensor: tf.TensorInfo): Value {
    if (tensor instanceof tf.Tensor && tensor.isDisposed) throw new DisposedTensorError();
    let stored = this.#stored.get(tensor.dataId);
    if (stored === undefined) {
      // Made before tracing, on another backend: TensorFlow.js copies its numbers here.
      (tf.engine() as unknown as { moveData(backend: TraceBackend, dataId: object): void }).moveData(
        this,
        tensor.dataId,
      );
      stored = this.#stored.get(tensor.dataId);
    }
    if (stored === undefined) throw new ForeignTensorError();
    if ('values' in stored)
      return this.graph.constant(elementType(stored.dtype), tensor.shape, stored.values);
    if (stored.graph !== this.graph) throw new ForeignTensorError();
    const { value } = stored;
    return this.graph.reshape(value, tensor.shape);
  }

  /** A tensor that stands for a value. */
  tensorInfo(value: Value): tf.TensorInfo {
    const dataId = {};
    this.#stored.set(dataId, { graph: this.graph, value, references: 1 });
    const dtype = value.type === 'int64' ? 'int32' : value.type;
    return { dataId, shape: [...value.shape], dtype };
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: object,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    const type = elementType(dtype);
    const data = values as ArrayLike<number>;
    const Type = type === 'float32' ? Float32Array : type === 'int32' ? Int32Array : Uint8Array;
    this.#stored.set(dataId, { values: Type.from(data), shape, dtype, references });
  }

  override readSync(dataId: object): tf.BackendValues {
    const stored = this.#stored.get(dataId);
    if (stored === undefined) throw new ForeignTensorError();
    if ('values' in stored) return stored.values;
    const { constant, shape } = stored.value;
    if (constant === undefined || constant instanceof BigInt64Array) throw new DataDependentReadError();
    if (constant.length !== 1) return constant;
    return new (constant.constructor as Float32ArrayConstructor)(sizeOf(shape)).fill(constant[0]);
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  /** @returns whether nothing shares it any more */
  override disposeData(dataId: object, force = false): boolean {
    const stored = this.#stored.get(dataId);
    if (stored !== undefined) stored.references--;
    if (!force && stored !== undefined && stored.references > 0) return false;
    this.#stored.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.#stored.size;
  }

  override refCount(dataId: object): number {
    return this.#stored.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: object): void {
    const stored = this.#stored.get(dataId);
    if (stored !== undefined) stored.references++;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7; // TensorFlow.js's for float32
  }

  override dispose(): void {
    this.#stored.clear();
  }
}

let registered: TraceBackend | undefined;

/** The backend, registered with TensorFlow.js and all its kernels on first use. */
export function traceBackend(): TraceBackend {
  if (registered !== undefined) return registered;
  const backend = new TraceBackend();
  // Priority 0: TensorFlow.js never chooses it by itself while another backend is there.
  tf.registerBackend(TRACE_BACKEND, () => backend, 0);
  for (const kernelName of kernelNames()) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) => runKernel(backend, kernelName, inputs, attrs ?? {}),
    });
  }
  registered = backend;
  return backend;
}

/** Also the names of kernels that cannot be compiled, so that they fail with an error of ours. */
function kernelNames(): Set<string> {
  const names = new Set(Object.keys(translations));
  for (const [name, value] of Object.entries(tf)) {
    if (typeof value === 'string' && /^_?[A-Z][A-Za-z0-9]+$/.test(name) && value.length > 1) names.add(value);
  }
  return names;
}

function runKernel(
  backend: TraceBackend,
  name: string,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
): tf.TensorInfo | tf.TensorInfo[] {
  const translation = translations[name];
  if (translation === undefined) throw new UnsupportedOperationError(name, refusals[name]);
  const operands: Record<string, Value> = {};
  for (const [key, tensor] of Object.entries(inputs)) {
    if (tensor !== undefined && tensor !== null) operands[key] = backend.graphValue(tensor);
  }
  const result = attempt(name, () => {
    checks[name]?.(operands, attributes);
    return (
      foldConstants(backend.graph, name, operands, attributes) ??
      translation(backend.graph, operands, attributes)
    );
  });
  return Array.isArray(result)
    ? result.map((value: Value) => backend.tensorInfo(value))
    : backend.tensorInfo(result as Value);
}

/** Says which operation, and where, when it does not take its operands. */
function attempt<T>(name: string, lower: () => T): T {
  try {
    return lower();
  } catch (error) {
    const plain = [Error, RangeError, TypeError] as unknown[]; // ours have classes of their own
    if (error instanceof Error && plain.includes(error.constructor))
      throw new OperandError(name, error.message);
    throw error;
  }
}
