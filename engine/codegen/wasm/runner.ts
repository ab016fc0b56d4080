/** Compiled functions as WebAssembly of our own. */

import type { ProfileEvent } from '../../backends/profile.ts';
import { arrayTypes, type ResultSet, ResultSets } from '../../backends/result-sets.ts';
import type { CallableGraph, FunctionRunner } from '../../backends/runner.ts';
import { EngineError, IndexOutOfRangeError } from '../../errors.ts';
import { sizeOf } from '../../trace/shapes.ts';
import {
  type InputSpec,
  inputSpecs,
  inputType,
  type TracedFunction,
  traceFunction,
} from '../../trace/trace.ts';
import { treeOf } from '../../tree.ts';
import type { NdArray } from '../../types.ts';
import { Program, RESULT_SETS } from './program.ts';

export interface WasmOptions {
  readonly onGraph?: (traced: TracedFunction) => void;
  /** Measures every step and hands over what was measured when a graph is disposed, as ONNX Runtime writes it. */
  readonly onProfile?: (name: string, events: readonly ProfileEvent[]) => void;
}

export class WasmRunner implements FunctionRunner {
  readonly #options: WasmOptions;

  constructor(options: WasmOptions) {
    this.#options = options;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    const traced = traceFunction(name, fn, inputSpecs(inputs));
    const { onGraph, onProfile } = this.#options;
    const program = await Program.build(traced, { profile: onProfile !== undefined });
    onGraph?.(traced);
    return new WasmGraph(program, traced, onProfile);
  }
}

interface PlacedResults extends ResultSet {
  readonly addresses: readonly number[];
  /** Arrays outside of the memory, which results are copied to. */
  readonly isOutside: boolean;
}

/** Runs whose times a profile keeps. */
const MOST_PROFILED = 50;

/** One graph: what it gives out are views of its memory, so that a state that comes back needs no copy. */
class WasmGraph implements CallableGraph {
  readonly #program: Program;
  readonly #traced: TracedFunction;
  readonly #onProfile: WasmOptions['onProfile'];
  readonly #profile: ProfileEvent[][] = [];
  readonly #bytes: Uint8Array;
  readonly #results: ResultSets<PlacedResults>;
  #allocated = 0;
  #disposed = false;
  #running = false;

  constructor(program: Program, traced: TracedFunction, onProfile: WasmOptions['onProfile']) {
    this.#program = program;
    this.#traced = traced;
    this.#onProfile = onProfile;
    this.#bytes = new Uint8Array(program.memory.buffer);
    this.#results = new ResultSets(() => this.#allocate());
  }

  async run(inputs: readonly NdArray[]): Promise<unknown> {
    if (this.#disposed) throw new EngineError(`'${this.#traced.name}' was disposed`);
    if (this.#running) throw new EngineError('two calls of one compiled function overlap; await the first');
    const program = this.#program;
    const { table, memory } = program;
    for (let i = 0; i < inputs.length; i++) {
      const { data } = inputs[i];
      this.#check(i, inputs[i]);
      if (data.buffer === memory.buffer) table[i] = data.byteOffset;
      else {
        this.#bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), program.inputs[i]);
        table[i] = program.inputs[i];
      }
    }
    const { addresses, arrays, tree, isOutside } = this.#results.next(inputs);
    for (let i = 0; i < addresses.length; i++) table[inputs.length + i] = addresses[i];
    if (this.#onProfile !== undefined) this.#profiledRun();
    else if (!program.run()) throw new IndexOutOfRangeError(this.#traced.name);
    if (isOutside) {
      for (const [i, { data }] of arrays.entries()) {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        bytes.set(this.#bytes.subarray(addresses[i], addresses[i] + data.byteLength));
      }
    }
    // Calls of one function must not overlap on any backend, though this one is done already.
    this.#running = true;
    await undefined;
    this.#running = false;
    return tree;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#onProfile?.(this.#traced.name, this.#profile.flat());
  }

  /** Code reads numbers of the type that it was made for. */
  #check(i: number, input: NdArray): void {
    const { name, inputs } = this.#traced;
    const { leaf, value } = inputs[i];
    const type = inputType(input);
    if (type !== value.type) {
      throw new TypeError(`'${name}': input '${leaf.path}' is ${type}, and was ${value.type} when compiled`);
    }
  }

  #profiledRun(): void {
    const begin = performance.now();
    const times = this.#program.profiledRun();
    const microseconds = 1000 * (performance.now() - begin);
    this.#profile.push([
      { cat: 'Session', name: 'model_run', dur: microseconds },
      ...times.map(({ label, milliseconds }, i) => ({
        cat: 'Node',
        name: `${i}_kernel_time`,
        dur: 1000 * milliseconds,
        args: { op_name: label },
      })),
    ]);
    if (this.#profile.length > MOST_PROFILED) this.#profile.shift();
  }

  /** Two sets lie in the memory; those that replace one are outside, and the last place there is for their results. */
  #allocate(): PlacedResults {
    const { outputs } = this.#traced;
    const set = Math.min(this.#allocated++, RESULT_SETS - 1);
    const isOutside = set === RESULT_SETS - 1;
    const addresses = this.#program.results[set];
    const arrays = outputs.map(({ value }, i) => {
      const ArrayType = arrayTypes[value.type as InputSpec['type']];
      const size = sizeOf(value.shape);
      const data = isOutside
        ? new ArrayType(size)
        : new ArrayType(this.#program.memory.buffer, addresses[i], size);
      return { data, shape: value.shape };
    });
    const leaves = outputs.map((output) => output.leaf);
    return { addresses, arrays, tree: treeOf(leaves, arrays), isOutside };
  }
}
