/** What takes a graph that no code generator takes: ONNX Runtime where it is installed, else TensorFlow.js itself. */
import { BackendUnavailableError } from '../errors.ts';
import type { CallableGraph, FunctionRunner } from './runner.ts';

export class LastRunner implements FunctionRunner {
  readonly #compiled: FunctionRunner;
  readonly #eager: FunctionRunner;

  constructor(compiled: FunctionRunner, eager: FunctionRunner) {
    this.#compiled = compiled;
    this.#eager = eager;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    try {
      return await this.#compiled.build(name, fn, inputs);
    } catch (error) {
      if (!(error instanceof BackendUnavailableError)) throw error;
      return this.#eager.build(name, fn, inputs);
    }
  }
}
