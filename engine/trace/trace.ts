/** Runs a function once on the tracing backend and gives the graph that it is. */
import * as tf from '@tensorflow/tfjs-core';
import '../gradients/index.ts';
import { onnxModel } from '../onnx/onnx-model.ts';
import { isNdArray, type Leaf, leavesOf, treeOf } from '../tree.ts';
import type { NdArray } from '../types.ts';
import { TRACE_BACKEND, traceBackend } from './backend.ts';
import { withLine } from './errors.ts';
import { type ElementType, Graph, type GraphNode, needed, type Value } from './graph.ts';
import { joinPatterns } from './patterns.ts';
import { withoutRandomDraws } from './random-draws.ts';
import { sizeOf } from './shapes.ts';

export interface Port {
  readonly leaf: Leaf;
  /** Unique in the graph. */
  readonly name: string;
  readonly value: Value;
}

/** A function as a graph: its inputs and outputs are the leaves of its argument's and its result's tree. */
export interface TracedFunction {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Operations per update, by name. */
  readonly operations: ReadonlyMap<string, number>;
  /** Multiplications and additions of its matrix products. */
  readonly productFlops: number;
  /** The graph as an ONNX file, written when it is first asked for. */
  readonly model: Uint8Array;
}

export interface InputSpec {
  readonly leaf: Leaf;
  readonly shape: readonly number[];
  readonly type: Exclude<ElementType, 'int64'>;
}

/**
 * The type of tensor that a host array becomes.
 * @param label of the input, for the error
 * @throws TypeError for an array of another kind
 */
export function inputType({ data }: NdArray, label = 'an input'): InputSpec['type'] {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint8Array) return 'bool';
  const kind = (data as ArrayBufferView).constructor.name;
  throw new TypeError(
    `${label} is a ${kind}: give a Float32Array, an Int32Array or a Uint8Array (of 0 and 1)`,
  );
}

/** Code reads numbers of the type that it was made for. @throws TypeError */
export function checkInput(name: string, { leaf, value }: Port, input: NdArray): void {
  const label = `'${name}': input '${leaf.path}'`;
  const type = inputType(input, label);
  if (type !== value.type) throw new TypeError(`${label} is ${type}, and was ${value.type} when compiled`);
}

/** What a tree of host arrays becomes. */
export function inputSpecs(inputs: unknown): InputSpec[] {
  return leavesOf(inputs, isNdArray).map(({ leaf, value }) => ({
    leaf,
    shape: value.shape,
    type: inputType(value),
  }));
}

/** @throws TypeError for what an asynchronous function gives */
export function refusePromise(name: string, result: unknown): void {
  if (!(result instanceof Promise)) return;
  // That it reads tensors too early matters no more.
  result.catch(() => {});
  throw new TypeError(`'${name}' is asynchronous: a compiled function is not`);
}

/** @throws TypeError for a function that gives nothing */
export function refuseNothing(name: string, outputs: readonly unknown[]): void {
  if (outputs.length === 0) throw new TypeError(`'${name}' returns no tensors`);
}

function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

/**
 * @throws UnsupportedOperationError, DataDependentReadError, ForeignTensorError, OperandError; each names the
 *   line of `fn`
 */
export function traceFunction(
  name: string,
  fn: (inputs: never) => unknown,
  specs: readonly InputSpec[],
): TracedFunction {
  const backend = traceBackend();
  const graph = new Graph();
  return backend.recording(graph, () =>
    onBackend(TRACE_BACKEND, () => {
      const inputs = specs.map(({ leaf, shape, type }) => ({
        leaf,
        name: `in:${leaf.path}`,
        value: graph.input(type, shape),
      }));
      const engine = tf.engine();
      engine.startScope(name);
      try {
        const tensors = inputs.map(({ value }) => engine.makeTensorFromTensorInfo(backend.tensorInfo(value)));
        const argument = treeOf(
          inputs.map((input) => input.leaf),
          tensors,
        );
        const result = withLines(() => withoutRandomDraws(() => fn(argument as never)));
        refusePromise(name, result);
        const taken = new Set<Value>();
        const outputs = leavesOf(result, isTensor).map(({ leaf, value: tensor }) => {
          const found = backend.graphValue(tensor);
          const value = found.node === undefined || taken.has(found) ? graph.copy(found) : found;
          taken.add(value);
          return { leaf, name: `out:${leaf.path}`, value };
        });
        refuseNothing(name, outputs);
        const values = outputs.map((output) => output.value);
        joinPatterns(needed(values), values);
        const operations = new Map<string, number>();
        let productFlops = 0;
        for (const node of needed(values)) {
          operations.set(node.operation, (operations.get(node.operation) ?? 0) + 1);
          productFlops += flopsOf(node);
        }
        let model: Uint8Array | undefined;
        return {
          name,
          inputs,
          outputs,
          operations,
          productFlops,
          get model() {
            model ??= onnxModel({ name, inputs, outputs });
            return model;
          },
        };
      } finally {
        engine.endScope();
      }
    }),
  );
}

/** Errors of TensorFlow.js's own checks get the function's line. */
function withLines<T>(body: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  try {
    return body();
  } catch (error) {
    throw withLine(error);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function flopsOf({ operation, inputs: [a], outputs: [product], attributes }: GraphNode): number {
  if (a === undefined || !['MatMul', 'FusedMatMul', 'Gemm'].includes(operation)) return 0;
  return 2 * sizeOf(product.shape) * a.shape[a.shape.length - (attributes.transA === 1 ? 2 : 1)];
}

/** Runs `body` with TensorFlow.js's global backend switched, and switches back. */
export function onBackend<T>(name: string, body: () => T): T {
  const engine = tf.engine() as unknown as { backendName?: string | null; backendInstance?: unknown };
  const before = { name: engine.backendName, instance: engine.backendInstance };
  if (before.name !== name) void tf.setBackend(name); // takes effect at once for a backend that is initialised
  try {
    return body();
  } finally {
    engine.backendName = before.name;
    engine.backendInstance = before.instance;
  }
}
