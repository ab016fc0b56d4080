/** Compiled functions as machine code of our own; what it has no code for goes to ONNX Runtime. */
import { NotNative } from '../native/lowering.ts';
import { type Native, openNative } from '../native/memory.ts';
import { Program } from '../native/program.ts';
import { type InputSpec, inputType, type Port, type TracedFunction, traceFunction } from '../trace/trace.ts';
import { isNdArray, leavesOf, treeOf } from '../tree.ts';
import type { NdArray } from '../types.ts';
import type { CallableGraph, FunctionRunner } from './runner.ts';

export interface NativeOptions {
  readonly threads: number;
  /** Whether threads that wait for work spin. */
  readonly spin?: boolean;
  readonly onGraph?: (traced: TracedFunction) => void;
  /** Takes graphs that have no native code. */
  readonly fallback: FunctionRunner;
  /** Told why a graph has none. */
  readonly onFallback?: (name: string, reason: string) => void;
}

export class NativeRunner implements FunctionRunner {
  readonly #options: NativeOptions;

  constructor(options: NativeOptions) {
    this.#options = options;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    const specs: InputSpec[] = leavesOf(inputs, isNdArray).map(({ leaf, value }) => ({
      leaf,
      shape: value.shape,
      type: inputType(value),
    }));
    const native = openNative();
    const traced = traceFunction(name, fn, specs);
    this.#options.onGraph?.(traced);
    const threads = traced.productFlops < SHARED_FLOPS ? 1 : this.#options.threads;
    try {
      const program = Program.build(native, traced, { threads, spin: this.#options.spin });
      return new NativeGraph(native, program, traced);
    } catch (error) {
      if (!(error instanceof NotNative)) throw error;
      this.#options.onFallback?.(name, error.message);
      return this.#options.fallback.build(name, fn, inputs);
    }
  }
}

interface ResultSet {
  readonly arrays: readonly NdArray[];
  readonly addresses: readonly bigint[];
  readonly tree: unknown;
  readonly buffers: ReadonlySet<NdArray['data']>;
}

const ALIGNMENT = 64;
/** Graphs with less work than this run on one thread: handing it out costs more than it saves. */
const SHARED_FLOPS = 2e7;

class NativeGraph implements CallableGraph {
  readonly #native: Native;
  readonly #program: Program;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  readonly #fed: unknown[] = [];
  readonly #results: ResultSet[] = [];
  #last = 0;

  constructor(native: Native, program: Program, traced: TracedFunction) {
    this.#native = native;
    this.#program = program;
    this.#inputs = traced.inputs;
    this.#outputs = traced.outputs;
  }

  async run(inputs: readonly NdArray[]): Promise<unknown> {
    const { table } = this.#program;
    for (let i = 0; i < inputs.length; i++) {
      const { data } = inputs[i];
      if (this.#fed[i] === data) continue;
      table[i] = this.#native.koffi.address(data);
      this.#fed[i] = data;
    }
    const { addresses, tree } = this.#free(inputs);
    for (let i = 0; i < addresses.length; i++) table[this.#inputs.length + i] = addresses[i];
    this.#program.run();
    return tree;
  }

  async dispose(): Promise<void> {
    this.#program.free();
  }

  #free(inputs: readonly NdArray[]): ResultSet {
    for (let i = 1; i <= 2; i++) {
      const index = (this.#last + i) % 2;
      this.#results[index] ??= this.#allocate();
      const { buffers } = this.#results[index];
      if (inputs.some(({ data }) => buffers.has(data))) continue;
      this.#last = index;
      return this.#results[index];
    }
    this.#last = 1 - this.#last;
    this.#results[this.#last] = this.#allocate();
    return this.#results[this.#last];
  }

  #allocate(): ResultSet {
    const arrays: NdArray[] = [];
    const addresses: bigint[] = [];
    for (const { value } of this.#outputs) {
      const size = value.shape.reduce((product, n) => product * n, 1);
      const buffer = new ArrayBuffer(4 * size + ALIGNMENT);
      const address = this.#native.koffi.address(buffer);
      const shift = (ALIGNMENT - Number(address % BigInt(ALIGNMENT))) % ALIGNMENT;
      const data =
        value.type === 'float32'
          ? new Float32Array(buffer, shift, size)
          : new Int32Array(buffer, shift, size);
      arrays.push({ data, shape: value.shape });
      addresses.push(address + BigInt(shift));
    }
    const leaves = this.#outputs.map((output) => output.leaf);
    return {
      arrays,
      addresses,
      tree: treeOf(leaves, arrays),
      buffers: new Set(arrays.map(({ data }) => data)),
    };
  }
}
