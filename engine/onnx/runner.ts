/** Compiled functions: traced once per combination of shapes, run by ONNX Runtime. */
import { arrayTypes, type ResultSet, ResultSets } from '../backends/result-sets.ts';
import type { CallableGraph, FunctionRunner } from '../backends/runner.ts';
import { BackendUnavailableError, EngineError, IndexOutOfRangeError } from '../errors.ts';
import { sizeOf } from '../trace/shapes.ts';
import {
  checkInput,
  type InputSpec,
  inputSpecs,
  type Port,
  type TracedFunction,
  traceFunction,
} from '../trace/trace.ts';
import { treeOf } from '../tree.ts';
import type { NdArray } from '../types.ts';
import { openRuntime, type Runtime, type RuntimeTensor, type Session } from './runtime.ts';

export interface OnnxOptions {
  /** Intra-op threads of graphs that are large enough for more than one. */
  readonly threads: number;
  /** Whether idle threads wait by spinning. */
  readonly spin?: boolean;
  /** Execution providers by ONNX Runtime's names, first choice first. */
  readonly providers?: readonly string[];
  /** Called with every graph before it is loaded. */
  readonly onGraph?: (traced: TracedFunction) => void;
  /** Where ONNX Runtime writes its profile, a path prefix. */
  readonly profilePrefix?: string;
}

/** Runs graphs of one engine. */
export class OnnxRunner implements FunctionRunner {
  readonly #options: OnnxOptions;
  #runtime: Promise<Runtime> | undefined;

  constructor(options: OnnxOptions) {
    this.#options = options;
  }

  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    const traced = traceFunction(name, fn, inputSpecs(inputs));
    this.#options.onGraph?.(traced);
    this.#runtime ??= openRuntime();
    const runtime = await this.#runtime;
    const session = await createSession(runtime, traced, this.#options);
    return new OnnxGraph(runtime, session, traced);
  }
}

/**
 * Graphs with less work than this run on one thread: handing it out costs more than it saves (an update of the
 * smoke preset took twice the processor time with two).
 */
const SHARED_FLOPS = 3e8;

async function createSession(
  runtime: Runtime,
  traced: TracedFunction,
  options: OnnxOptions,
): Promise<Session> {
  const { providers, profilePrefix, spin } = options;
  const threads = traced.productFlops < SHARED_FLOPS ? 1 : options.threads;
  checkProviders(runtime, providers ?? []);
  try {
    return await runtime.InferenceSession.create(traced.model, {
      executionProviders: providers === undefined ? ['cpu'] : [...providers, 'cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Graphs come simplified; more takes 0.5 s for the largest and makes none faster.
      graphOptimizationLevel: 'basic',
      enableCpuMemArena: true,
      enableMemPattern: true,
      // Its warnings are of no use to the caller, and its errors are thrown.
      logSeverityLevel: 4,
      ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
      extra: {
        session: {
          // Adam's moments become denormal after some hundred updates, which are many times slower.
          set_denormal_as_zero: '1',
          // Threads that wait by spinning lose to every other process: three to six times slower beside one.
          intra_op: { allow_spinning: spin ? '1' : '0' },
        },
      },
    });
  } catch (error) {
    throw new EngineError(`ONNX Runtime does not take the graph of '${traced.name}': ${messageOf(error)}`);
  }
}

/** Refuses execution providers that this installation of ONNX Runtime does not have. */
function checkProviders(runtime: Runtime, providers: readonly string[]): void {
  const present = runtime.listSupportedBackends().map(({ name }) => name);
  for (const provider of providers) {
    if (present.includes(provider)) continue;
    throw new BackendUnavailableError(
      `this installation of ONNX Runtime has no execution provider '${provider}'; it has: ${present.join(', ')}`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What ONNX Runtime says of an index, in its operations' own words. */
const OUTSIDE = /indices element out of data bounds|invalid index found|invalid indice found/;

function failureOf(name: string, message: string): EngineError {
  if (OUTSIDE.test(message)) return new IndexOutOfRangeError(name);
  return new EngineError(`ONNX Runtime fails in '${name}': ${message.split('\n')[0]}`);
}

interface Fetches extends ResultSet {
  readonly fetches: Record<string, RuntimeTensor>;
}

/** One loaded graph. */
class OnnxGraph implements CallableGraph {
  readonly #name: string;
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  readonly #feeds: Record<string, RuntimeTensor> = {};
  /** The array that each input's tensor was last made of. */
  readonly #fed: unknown[] = [];
  readonly #results = new ResultSets<Fetches>(() => this.#allocate());
  #running = false;

  constructor(runtime: Runtime, session: Session, traced: TracedFunction) {
    this.#name = traced.name;
    this.#runtime = runtime;
    this.#session = session;
    this.#inputs = traced.inputs;
    this.#outputs = traced.outputs;
  }

  async run(inputs: readonly NdArray[]): Promise<unknown> {
    if (this.#running) throw new EngineError('two calls of one compiled function overlap; await the first');
    for (let i = 0; i < inputs.length; i++) {
      const { data } = inputs[i];
      if (this.#fed[i] === data) continue;
      const { name, value } = this.#inputs[i];
      checkInput(this.#name, this.#inputs[i], inputs[i]);
      this.#feeds[name] = this.#tensor(value.type, data, value.shape);
      this.#fed[i] = data;
    }
    const { fetches, tree } = this.#results.next(inputs);
    this.#running = true;
    try {
      await this.#session.run(this.#feeds, fetches);
    } catch (error) {
      throw failureOf(this.#name, messageOf(error));
    } finally {
      this.#running = false;
    }
    return tree;
  }

  async dispose(): Promise<void> {
    this.#session.endProfiling(); // writes the profile, if there is one
    await this.#session.release();
  }

  #allocate(): Fetches {
    const fetches: Record<string, RuntimeTensor> = {};
    const arrays: NdArray[] = this.#outputs.map(({ name, value }) => {
      const data = new arrayTypes[value.type as InputSpec['type']](sizeOf(value.shape));
      fetches[name] = this.#tensor(value.type, data, value.shape);
      return { data, shape: value.shape };
    });
    const leaves = this.#outputs.map((output) => output.leaf);
    return { fetches, tree: treeOf(leaves, arrays), arrays };
  }

  #tensor(type: string, data: NdArray['data'], shape: readonly number[]): RuntimeTensor {
    const { Tensor } = this.#runtime;
    if (type === 'float32') return new Tensor('float32', data as Float32Array, shape);
    if (type === 'int32') return new Tensor('int32', data as Int32Array, shape);
    return new Tensor('bool', data as Uint8Array, shape);
  }
}
