/** Compiled functions as code of our own: what the programs of every code generator have in common. */
import type { ProfileEvent } from '../backends/profile.ts';
import { type ResultSet, ResultSets } from '../backends/result-sets.ts';
import type { CallableGraph, FunctionRunner } from '../backends/runner.ts';
import { EngineError, IndexOutOfRangeError, UnsupportedOperation } from '../errors.ts';
import { checkInput, inputSpecs, type TracedFunction, traceFunction } from '../trace/trace.ts';
import type { NdArray } from '../types.ts';

/** A graph's code, ready to run. */
export interface Program<Results extends ResultSet> {
  /** Lets the code read an array as an input. @param isOther whether it read another one before */
  feed(input: number, data: NdArray['data'], isOther: boolean): void;
  /** Arrays that the code can write its results into. */
  allocate(): Results;
  /** @returns whether every index was in range; otherwise results mean nothing */
  run(results: Results): boolean;
  /** What each step of the last run took, in any unit, if the program was built to measure it. */
  times(): readonly { readonly label: string; readonly time: number }[];
  free(): void;
}

export interface ProgramOptions {
  readonly threads: number;
  /** Measures every step: see Program.times. */
  readonly profile: boolean;
}

export interface CodeOptions {
  readonly threads?: number;
  readonly onGraph?: (traced: TracedFunction) => void;
  /** Measures every step and hands over what was measured when a graph is disposed, as ONNX Runtime writes it. */
  readonly onProfile?: (name: string, events: readonly ProfileEvent[]) => void;
}

/** Graphs with less work than this run on one thread: handing it out costs more than it saves. */
const SHARED_FLOPS = 2e7;

/** Runs whose times a profile keeps. */
const MOST_PROFILED = 50;

export class CodeRunner<Results extends ResultSet> implements FunctionRunner {
  readonly #write: (traced: TracedFunction, options: ProgramOptions) => Promise<Program<Results>>;
  readonly #options: CodeOptions;

  /** @param write may throw RangeError or EngineError for what is too large for its code or memory */
  constructor(
    write: (traced: TracedFunction, options: ProgramOptions) => Promise<Program<Results>>,
    options: CodeOptions,
  ) {
    this.#write = write;
    this.#options = options;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    const traced = traceFunction(name, fn, inputSpecs(inputs));
    const { threads = 1, onGraph, onProfile } = this.#options;
    let program: Program<Results>;
    try {
      program = await this.#write(traced, {
        threads: traced.productFlops < SHARED_FLOPS ? 1 : threads,
        profile: onProfile !== undefined,
      });
    } catch (error) {
      if (error instanceof RangeError || error instanceof EngineError)
        throw new UnsupportedOperation(error.message);
      throw error;
    }
    onGraph?.(traced);
    return new CodeGraph(program, traced, onProfile);
  }
}

class CodeGraph<Results extends ResultSet> implements CallableGraph {
  readonly #program: Program<Results>;
  readonly #traced: TracedFunction;
  /** The array that each input was last. */
  readonly #fed: unknown[] = [];
  readonly #results: ResultSets<Results>;
  readonly #onProfile: CodeOptions['onProfile'];
  readonly #profile: ProfileEvent[][] = [];
  #disposed = false;
  #running = false;

  constructor(program: Program<Results>, traced: TracedFunction, onProfile: CodeOptions['onProfile']) {
    this.#program = program;
    this.#traced = traced;
    this.#results = new ResultSets(() => program.allocate());
    this.#onProfile = onProfile;
  }

  async run(inputs: readonly NdArray[]): Promise<unknown> {
    if (this.#disposed) throw new EngineError(`'${this.#traced.name}' was disposed`);
    if (this.#running) throw new EngineError('two calls of one compiled function overlap; await the first');
    for (let i = 0; i < inputs.length; i++) {
      const { data } = inputs[i];
      const isOther = this.#fed[i] !== data;
      if (isOther) checkInput(this.#traced.name, this.#traced.inputs[i], inputs[i]);
      this.#program.feed(i, data, isOther);
      this.#fed[i] = data;
    }
    const results = this.#results.next(inputs);
    const begin = this.#onProfile === undefined ? 0 : performance.now();
    if (!this.#program.run(results)) throw new IndexOutOfRangeError(this.#traced.name);
    if (this.#onProfile !== undefined) this.#keepTimes(1000 * (performance.now() - begin));
    // Calls of one function must not overlap on any backend, though this one is done already.
    this.#running = true;
    await undefined;
    this.#running = false;
    return results.tree;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#program.free();
    this.#onProfile?.(this.#traced.name, this.#profile.flat());
  }

  #keepTimes(microseconds: number): void {
    const times = this.#program.times();
    const total = times.reduce((sum, { time }) => sum + time, 0);
    this.#profile.push([
      { cat: 'Session', name: 'model_run', dur: microseconds },
      ...times.map(({ label, time }, i) => ({
        cat: 'Node',
        name: `${i}_kernel_time`,
        dur: (microseconds * time) / total,
        args: { op_name: label },
      })),
    ]);
    if (this.#profile.length > MOST_PROFILED) this.#profile.shift();
  }
}
