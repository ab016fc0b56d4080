/** Compiles pure functions of tensors, written in the TensorFlow.js API, and runs them. */
import { BackendChain, type OnFallback } from './backends/chain.ts';
import { EagerRunner } from './backends/eager.ts';
import { type BackendName, isBackend } from './backends/records.ts';
import type { CallableGraph, FunctionRunner } from './backends/runner.ts';
import { defaultBackend } from './default-backend.ts';
import { EngineError } from './errors.ts';
import { inputType, type TracedFunction } from './trace/trace.ts';
import { isNdArray, leavesOf } from './tree.ts';
import type {
  Arrays,
  CompiledFunction,
  CompiledStep,
  Engine,
  NdArray,
  PureFunction,
  StepFunction,
} from './types.ts';

/** What an engine may be given. */
export interface EngineOptions {
  /** By default `native` where it runs, else `wasm`. `cpu` is TensorFlow.js's plain JavaScript, for tests. */
  readonly backend?: BackendName | 'cpu';
  /** Intra-op threads of compiled graphs; 1 by default. Small graphs take one whatever is given. */
  readonly threads?: number;
  /**
   * Whether threads that wait for work spin (false by default): a quarter faster on a machine with nothing else to do,
   * several times slower beside other processes.
   */
  readonly spin?: boolean;
  /** ONNX Runtime's execution providers to try before the CPU, for example ['cuda']. */
  readonly providers?: readonly string[];
  /** Called with each compiled graph, for example to save `model` as a file. */
  readonly dumpGraph?: (traced: TracedFunction) => void;
  /** Called with the name of each function that runs on another backend, why, and on which. */
  readonly onFallback?: OnFallback;
  /** Path prefix of profiles, one file for each graph, in the layout of ONNX Runtime's. */
  readonly profile?: string;
  /** Eager backends: throws at the first operation that makes a value non-finite. */
  readonly debugNumerics?: boolean;
}

/** What compiles functions of tensors and runs them. @throws RangeError, Error for a backend that does not run here */
export function createEngine(options: EngineOptions = {}): Engine {
  const { threads = 1 } = options;
  if (!(Number.isSafeInteger(threads) && threads >= 1))
    throw new RangeError(`createEngine: threads is ${threads}; expected a whole number, at least 1`);
  const backend = options.backend ?? (options.providers === undefined ? defaultBackend() : 'onnx');
  const runner = runnerOf(backend, threads, options);
  const compiled = new Set<Variants>();
  const variantsOf = (name: string, fn: (inputs: never) => unknown) => {
    const variants = new Variants(name, fn, runner);
    compiled.add(variants);
    return variants;
  };
  return {
    backend,
    threads,

    compile<I, O>(name: string, fn: PureFunction<I, O>): CompiledFunction<I, O> {
      const variants = variantsOf(name, fn as (inputs: never) => unknown);
      const call = (inputs: Arrays<I>) => variants.call(inputs) as Promise<Arrays<O>>;
      return Object.assign(call, {
        prepare: (inputs: Arrays<I>) => variants.prepare(inputs),
        dispose: () => variants.dispose(),
      });
    },

    compileStep<S, I, O>(name: string, fn: StepFunction<S, I, O>): CompiledStep<S, I, O> {
      // Trees without leaves are not in what a compiled function is given and gives.
      const joined = ({ state = {} as S, inputs = {} as I }: { state?: S; inputs?: I }) => fn(state, inputs);
      const variants = variantsOf(name, joined as (inputs: never) => unknown);
      type Result = { state: Arrays<S>; outputs: Arrays<O> };
      const call = async (state: Arrays<S>, inputs: Arrays<I>) => {
        const result = (await variants.call({ state, inputs })) as Partial<Result>;
        return { state: {} as Arrays<S>, outputs: {} as Arrays<O>, ...result };
      };
      return Object.assign(call, {
        prepare: (state: Arrays<S>, inputs: Arrays<I>) => variants.prepare({ state, inputs }),
        dispose: () => variants.dispose(),
      });
    },

    async dispose() {
      await Promise.all([...compiled].map((variants) => variants.dispose()));
    },
  };
}

function runnerOf(backend: string, threads: number, options: EngineOptions): FunctionRunner {
  const { spin, providers, dumpGraph: onGraph, profile, debugNumerics, onFallback } = options;
  if (!isBackend(backend)) return new EagerRunner({ backend, debugNumerics });
  return new BackendChain(backend, { threads, spin, providers, onGraph, profile, debugNumerics }, onFallback);
}

interface Variant {
  readonly shapes: readonly (readonly number[])[];
  readonly lengths: readonly number[];
  readonly paths: readonly string[];
  readonly graph: Promise<CallableGraph>;
}

/** One function's graphs, one for each combination of input shapes. */
class Variants {
  readonly #name: string;
  readonly #fn: (inputs: never) => unknown;
  readonly #runner: FunctionRunner;
  #variants: Variant[] = [];
  #isDisposed = false;

  constructor(name: string, fn: (inputs: never) => unknown, runner: FunctionRunner) {
    this.#name = name;
    this.#fn = fn;
    this.#runner = runner;
  }

  async call(inputs: unknown): Promise<unknown> {
    const arrays = leavesOf(inputs, isNdArray);
    const graph = await this.#variant(inputs, arrays).graph;
    return graph.run(arrays.map(({ value }) => value));
  }

  async prepare(inputs: unknown): Promise<void> {
    await this.#variant(inputs, leavesOf(inputs, isNdArray)).graph;
  }

  async dispose(): Promise<void> {
    const variants = this.#variants;
    this.#variants = [];
    this.#isDisposed = true;
    await Promise.all(variants.map(async ({ graph }) => (await graph).dispose()));
  }

  #variant(inputs: unknown, arrays: readonly { leaf: { path: string }; value: NdArray }[]): Variant {
    const found = this.#variants.find(
      ({ shapes, lengths, paths }) =>
        shapes.length === arrays.length &&
        arrays.every(
          ({ leaf, value: { data, shape } }, i) =>
            paths[i] === leaf.path && lengths[i] === data.length && sameLengths(shapes[i], shape),
        ),
    );
    if (found !== undefined) return found;
    if (this.#isDisposed) throw new EngineError(`'${this.#name}' was disposed`);
    for (const { leaf, value } of arrays) check(this.#name, leaf.path, value);
    const variant: Variant = {
      shapes: arrays.map(({ value }) => [...value.shape]),
      lengths: arrays.map(({ value }) => value.data.length),
      paths: arrays.map(({ leaf }) => leaf.path),
      graph: this.#runner.build(this.#name, this.#fn, inputs),
    };
    this.#variants.push(variant);
    variant.graph.catch(() => {
      this.#variants = this.#variants.filter((other) => other !== variant);
    });
    return variant;
  }
}

function sameLengths(a: readonly number[], b: readonly number[] | undefined): boolean {
  if (a.length !== b?.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @throws TypeError, RangeError that name the input */
function check(name: string, path: string, array: NdArray): void {
  const { data, shape } = array;
  const label = `'${name}': input '${path}'`;
  inputType(array, label);
  if (!Array.isArray(shape))
    throw new TypeError(`${label} has the shape ${shape}; expected a list of whole numbers`);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw new RangeError(`${label} has the shape [${shape}]; expected whole numbers`);
  const size = shape.reduce((product, length) => product * length, 1);
  if (data.length !== size) {
    throw new RangeError(`${label} has ${data.length} values for the shape [${shape}]`);
  }
}

export { type BackendName, type BackendRecord, backendNames, backends } from './backends/records.ts';
export type { TracedFunction } from './trace/trace.ts';
export * from './types.ts';
