/** What an engine needs of a backend. */
import type { NdArray } from '../types.ts';

/** A function made ready for inputs of fixed shapes. */
export interface CallableGraph {
  /**
   * @param inputs the leaves of the input tree, in order
   * @returns the output tree of host arrays; it holds until the call after the next
   */
  run(inputs: readonly NdArray[]): Promise<unknown>;
  dispose(): Promise<void>;
}

export interface FunctionRunner {
  /** @param inputs a tree of host arrays with the shapes to build for */
  build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph>;
}
