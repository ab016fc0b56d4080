/** A traced function as a WebAssembly module: memory planned, code written. */
import { UnsupportedOperation } from '../../errors.ts';
import { fuse, type ProgramStep } from '../../kernels/fusion.ts';
import { lower } from '../../kernels/lowering.ts';
import { aligned, planMemory } from '../../kernels/memory-plan.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import { labelOf } from '../../kernels/steps.ts';
import { sizeOf } from '../../trace/shapes.ts';
import type { TracedFunction } from '../../trace/trace.ts';
import { Code, Module } from './assembler.ts';
import { Scratch } from './products.ts';
import { TABLE_WORDS } from './scalar-functions.ts';
import { emitStep } from './steps.ts';
import { wasm } from './target.ts';

const PAGE = 65536;
/** What WebAssembly's memories hold at most, less what a vector may read behind the end. */
const MOST_BYTES = 2 ** 32 - PAGE;
/** Steps are put together to functions of about this many bytes: V8 optimises hot functions one by one. */
const FUNCTION_BYTES = 3000;

export interface ProgramOptions {
  /** Measures every step: see Program.profiledRun. */
  readonly profile?: boolean;
}

/** Sets of addresses for results: a step's state moves back and forth between two. */
export const RESULT_SETS = 3;

/** Everything of a program that depends on the graph alone. */
interface Written {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pages: number;
  readonly table: number;
  readonly outside: number;
  /** Addresses of the inputs, and of each set of results. */
  readonly inputs: readonly number[];
  readonly results: readonly (readonly number[])[];
  readonly labels: readonly string[];
  readonly constants: readonly {
    readonly at: number;
    readonly data: Float32Array | Int32Array | Uint32Array;
  }[];
}

/** @throws UnsupportedOperation, also for what is too large for a memory */
export function writeProgram(traced: TracedFunction, options: ProgramOptions = {}): Written {
  try {
    return write(traced, options);
  } catch (error) {
    if (error instanceof RangeError) throw new UnsupportedOperation(error.message);
    throw error;
  }
}

function write(traced: TracedFunction, { profile = false }: ProgramOptions): Written {
  const { kernels, storages } = lower(traced, wasm);
  const steps = fuse(kernels, (storage) => storage.slot !== undefined, wasm);
  const plan = planMemory(steps, storages);
  const slots = traced.inputs.length + traced.outputs.length;
  let end = 0;
  const reserve = (bytes: number) => {
    const at = end;
    end += aligned(bytes);
    return at;
  };
  const table = reserve(FLOAT_BYTES * slots);
  const words = reserve(TABLE_WORDS.byteLength);
  const outside = reserve(FLOAT_BYTES);
  const bytesOf = (shape: readonly number[]) => FLOAT_BYTES * sizeOf(shape);
  const inputs = traced.inputs.map(({ value }) => reserve(bytesOf(value.shape)));
  const results = Array.from({ length: RESULT_SETS }, () =>
    traced.outputs.map(({ value }) => reserve(bytesOf(value.shape))),
  );
  const tensors = reserve(plan.bytes);
  const module = new Module();
  const scratch = new Scratch(end);
  const placeOf: PlaceOf = ({ slot, id }, offset) => {
    if (slot !== undefined) return { slot, offset: FLOAT_BYTES * offset };
    const at = plan.offsets.get(id);
    if (at === undefined) throw new RangeError('a tensor without memory');
    return { offset: tensors + at + FLOAT_BYTES * offset };
  };
  writeSteps(module, steps, profile, (code, step) =>
    emitStep(code, { module, table, words, outside, scratch, placeOf }, step),
  );
  // A vector may be read behind the last element.
  const bytes = scratch.address + scratch.bytes + PAGE;
  if (bytes > MOST_BYTES) throw new RangeError('more than 4 GiB');
  const pages = Math.ceil(bytes / PAGE);
  const constants = storages.flatMap(({ id, constant }) => {
    const at = plan.offsets.get(id);
    return constant === undefined || at === undefined ? [] : [{ at: tensors + at, data: constant }];
  });
  return {
    bytes: module.finish(pages),
    pages,
    table,
    outside,
    inputs,
    results,
    labels: steps.map(labelOf),
    constants: [...constants, { at: words, data: TABLE_WORDS }],
  };
}

/** Exports `run`, and each step by its number where steps are measured. */
function writeSteps(
  module: Module,
  steps: readonly ProgramStep[],
  profile: boolean,
  emit: (code: Code, step: ProgramStep) => void,
): void {
  const functions: number[] = [];
  let code = new Code();
  const close = () => {
    if (code.length === 0 && !profile) return;
    functions.push(module.add(code, [], [], profile ? `step${functions.length}` : undefined));
    code = new Code();
  };
  for (const step of steps) {
    emit(code, step);
    if (profile || code.length >= FUNCTION_BYTES) close();
  }
  if (!profile) close();
  const run = new Code();
  for (const index of functions) run.call(index);
  module.add(run, [], [], 'run');
}

type Exported = Readonly<Record<string, () => void>>;

/** A program in a memory of its own. */
export class Program {
  readonly memory: WebAssembly.Memory;
  readonly inputs: readonly number[];
  readonly results: readonly (readonly number[])[];
  readonly #labels: readonly string[];
  /** Addresses of the caller's arrays: inputs, then outputs. */
  readonly table: Uint32Array;
  readonly #outside: Uint32Array;
  readonly #exports: Exported;

  private constructor(written: Written, memory: WebAssembly.Memory, instance: WebAssembly.Instance) {
    const { table, outside, inputs, results, constants, labels } = written;
    this.memory = memory;
    this.inputs = inputs;
    this.results = results;
    this.#labels = labels;
    this.#exports = instance.exports as Exported;
    this.table = new Uint32Array(memory.buffer, table, inputs.length + results[0].length);
    this.#outside = new Uint32Array(memory.buffer, outside, 1);
    for (const { at, data } of constants) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      new Uint8Array(memory.buffer).set(bytes, at);
    }
  }

  /** @throws UnsupportedOperation */
  static async build(traced: TracedFunction, options: ProgramOptions = {}): Promise<Program> {
    const written = writeProgram(traced, options);
    let memory: WebAssembly.Memory;
    try {
      memory = new WebAssembly.Memory({ initial: written.pages, maximum: written.pages });
    } catch (error) {
      throw new UnsupportedOperation(error instanceof Error ? error.message : String(error));
    }
    const { instance } = await WebAssembly.instantiate(written.bytes, { env: { memory } });
    return new Program(written, memory, instance);
  }

  /** @returns whether every index was in range; otherwise results mean nothing */
  run(): boolean {
    this.#outside[0] = 0;
    this.#exports.run();
    return this.#outside[0] === 0;
  }

  /** Runs step by step, whatever indices are. @returns milliseconds of each */
  profiledRun(): { readonly label: string; readonly milliseconds: number }[] {
    return this.#labels.map((label, i) => {
      const begin = performance.now();
      this.#exports[`step${i}`]();
      return { label, milliseconds: performance.now() - begin };
    });
  }
}
