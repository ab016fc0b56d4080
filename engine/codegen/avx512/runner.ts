/** Compiled functions as machine code of our own. */

import { type ProfileEvent, profileWriter } from '../../backends/profile.ts';
import { arrayTypes, type ResultSet, ResultSets } from '../../backends/result-sets.ts';
import type { CallableGraph, FunctionRunner } from '../../backends/runner.ts';
import { EngineError, IndexOutOfRangeError } from '../../errors.ts';
import { LINE } from '../../kernels/memory-plan.ts';
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
import { type Native, openNative } from './memory.ts';
import { Program } from './program.ts';

export interface NativeOptions {
  readonly threads: number;
  /** Whether threads that wait for work spin. */
  readonly spin?: boolean;
  readonly onGraph?: (traced: TracedFunction) => void;
  /** Where profiles are written, a path prefix: the same layout as ONNX Runtime's. */
  readonly profilePrefix?: string;
}

export class NativeRunner implements FunctionRunner {
  readonly #options: NativeOptions;

  constructor(options: NativeOptions) {
    this.#options = options;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    const native = openNative();
    const traced = traceFunction(name, fn, inputSpecs(inputs));
    const threads = traced.productFlops < SHARED_FLOPS ? 1 : this.#options.threads;
    const { spin, profilePrefix } = this.#options;
    const program = Program.build(native, traced, { threads, spin, profile: profilePrefix !== undefined });
    this.#options.onGraph?.(traced);
    return new NativeGraph(native, program, traced, profilePrefix);
  }
}

interface AddressedResults extends ResultSet {
  readonly addresses: readonly bigint[];
}

/** Graphs with less work than this run on one thread: handing it out costs more than it saves. */
const SHARED_FLOPS = 2e7;

/** Runs whose times a profile keeps. */
const MOST_PROFILED = 50;

class NativeGraph implements CallableGraph {
  readonly #native: Native;
  readonly #program: Program;
  readonly #traced: TracedFunction;
  /** The array that each input's address was last taken of. */
  readonly #fed: unknown[] = [];
  readonly #results = new ResultSets<AddressedResults>(() => this.#allocate());
  readonly #profilePrefix?: string;
  readonly #profile: ProfileEvent[][] = [];
  #disposed = false;
  #running = false;

  constructor(native: Native, program: Program, traced: TracedFunction, profilePrefix?: string) {
    this.#native = native;
    this.#program = program;
    this.#traced = traced;
    this.#profilePrefix = profilePrefix;
  }

  async run(inputs: readonly NdArray[]): Promise<unknown> {
    if (this.#disposed) throw new EngineError(`'${this.#traced.name}' was disposed`);
    if (this.#running) throw new EngineError('two calls of one compiled function overlap; await the first');
    const { table } = this.#program;
    for (let i = 0; i < inputs.length; i++) {
      const { data } = inputs[i];
      if (this.#fed[i] === data) continue;
      this.#check(i, inputs[i]);
      table[i] = this.#native.koffi.address(data);
      this.#fed[i] = data;
    }
    const { addresses, tree } = this.#results.next(inputs);
    for (let i = 0; i < addresses.length; i++) table[inputs.length + i] = addresses[i];
    const inRange = this.#profilePrefix === undefined ? this.#program.run() : this.#profiledRun();
    if (!inRange) throw new IndexOutOfRangeError(this.#traced.name);
    // Calls of one function must not overlap on any backend, though this one is done already.
    this.#running = true;
    await undefined;
    this.#running = false;
    return tree;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#program.free();
    if (this.#profilePrefix === undefined) return;
    profileWriter(this.#profilePrefix)(this.#traced.name, this.#profile.flat());
  }

  /** Machine code reads numbers of the type that it was made for. */
  #check(i: number, input: NdArray): void {
    const { name, inputs } = this.#traced;
    const { leaf, value } = inputs[i];
    const type = inputType(input);
    if (type !== value.type) {
      throw new TypeError(`'${name}': input '${leaf.path}' is ${type}, and was ${value.type} when compiled`);
    }
  }

  #profiledRun(): boolean {
    const begin = performance.now();
    const inRange = this.#program.run();
    const microseconds = 1000 * (performance.now() - begin);
    const times = this.#program.times();
    const total = times.reduce((sum, { ticks }) => sum + ticks, 0);
    this.#profile.push([
      { cat: 'Session', name: 'model_run', dur: microseconds },
      ...times.map(({ label, ticks }, i) => ({
        cat: 'Node',
        name: `${i}_kernel_time`,
        dur: (microseconds * ticks) / total,
        args: { op_name: label },
      })),
    ]);
    if (this.#profile.length > MOST_PROFILED) this.#profile.shift();
    return inRange;
  }

  #allocate(): AddressedResults {
    const { outputs } = this.#traced;
    const arrays: NdArray[] = [];
    const addresses: bigint[] = [];
    for (const { value } of outputs) {
      const size = sizeOf(value.shape);
      // Whole cache lines: a vector across two takes twice as long.
      const buffer = new ArrayBuffer(4 * size + LINE);
      const address = this.#native.koffi.address(buffer);
      const shift = (LINE - Number(address % BigInt(LINE))) % LINE;
      const data = new arrayTypes[value.type as InputSpec['type']](buffer, shift, size);
      arrays.push({ data, shape: value.shape });
      addresses.push(address + BigInt(shift));
    }
    const leaves = outputs.map((output) => output.leaf);
    return { arrays, addresses, tree: treeOf(leaves, arrays) };
  }
}
