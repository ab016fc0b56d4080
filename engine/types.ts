/** The types that everything computed by the engine is described with. */
import type { Tensor } from '@tensorflow/tfjs-core';

/** A dense row-major array on the host. `data.length` is the product of `shape`; `shape` [] is a scalar. */
export interface NdArray {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** Nested plain objects with one kind of leaf, for example `{ actor: { params, m, v }, step }`. */
export type Tree<Leaf> = { readonly [name: string]: Leaf | Tree<Leaf> };

/** The host-side mirror of a tree of tensors: every `Tensor` becomes an `NdArray`. */
export type Arrays<T> = T extends Tensor ? NdArray : { [K in keyof T]: Arrays<T[K]> };

/** A function of tensors that the engine can compile: no side effects, no data-dependent reads. */
export type PureFunction<I, O> = (inputs: I) => O;

/** One step of a state machine: state in, state out, and named outputs beside it. */
export type StepFunction<S, I, O> = (state: S, inputs: I) => { state: S; outputs: O };

/**
 * A compiled pure function. Graphs are built on the first call for each combination of input shapes and
 * cached. The returned arrays belong to the compiled function and hold until its next call with the same
 * shapes: copy what must live longer. The tree that they are in is frozen.
 */
export interface CompiledFunction<I, O> {
  (inputs: Arrays<I>): Promise<Arrays<O>>;
  /** Builds the graph for these shapes without running it. */
  prepare(inputs: Arrays<I>): Promise<void>;
  /** Frees its graphs; later calls are refused. */
  dispose(): Promise<void>;
}

/**
 * A compiled step. The state passed in is donated: its buffers are written again by a later call, so only
 * the returned state may be used afterwards. Two calls of one step must not overlap.
 */
export interface CompiledStep<S, I, O> {
  (state: Arrays<S>, inputs: Arrays<I>): Promise<{ state: Arrays<S>; outputs: Arrays<O> }>;
  /** Builds the graph for these shapes without running it. */
  prepare(state: Arrays<S>, inputs: Arrays<I>): Promise<void>;
  /** Frees its graphs; later calls are refused. */
  dispose(): Promise<void>;
}

/** Compiles functions written in the TensorFlow.js API and runs them on one backend. */
export interface Engine {
  /** The backend's name. */
  readonly backend: string;
  /** Intra-op threads that compiled graphs use. */
  readonly threads: number;
  /** Compiles a pure function; `name` names its graph in errors and profiles. */
  compile<I, O>(name: string, fn: PureFunction<I, O>): CompiledFunction<I, O>;
  /** Compiles a step of a state machine. */
  compileStep<S, I, O>(name: string, fn: StepFunction<S, I, O>): CompiledStep<S, I, O>;
  /** Frees every graph that this engine compiled. */
  dispose(): Promise<void>;
}
