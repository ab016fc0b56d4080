/** A traced function as a WebAssembly module: memory planned, code written. */
import { arrayTypes, type ResultSet } from '../../backends/result-sets.ts';
import { bytesOf } from '../../bits.ts';
import type { ProgramStep } from '../../kernels/fusion.ts';
import { aligned } from '../../kernels/memory-plan.ts';
import { FLOAT_BYTES } from '../../kernels/places.ts';
import { type Plan, planProgram } from '../../kernels/plan.ts';
import { emitStep, labelOf } from '../../kernels/steps.ts';
import { sizeOf } from '../../trace/shapes.ts';
import { type Structure, sameStructure, structureOf } from '../../trace/structure.ts';
import type { InputSpec, TracedFunction } from '../../trace/trace.ts';
import { treeOf } from '../../tree.ts';
import type { NdArray } from '../../types.ts';
import type { Program } from '../runner.ts';
import { Code, Module } from './assembler.ts';
import { Scratch } from './products.ts';
import { TABLE_WORDS } from './scalar-functions.ts';
import { emitters } from './steps.ts';
import { wasm } from './target.ts';

const PAGE = 65536;
/** What WebAssembly's memories hold at most, less what a vector may read behind the end. */
const MOST_BYTES = 2 ** 32 - PAGE;
/** Steps are put together to functions of about this many bytes: V8 optimises hot functions one by one. */
const FUNCTION_BYTES = 3000;

/** Sets of addresses for results: a step's state moves back and forth between two. */
const RESULT_SETS = 3;

/** Where a program's parts are; it depends on the graph alone. */
interface Layout {
  readonly pages: number;
  readonly table: number;
  readonly outside: number;
  /** Addresses of the inputs, and of each set of results. */
  readonly inputs: readonly number[];
  readonly results: readonly (readonly number[])[];
  readonly labels: readonly string[];
  readonly constants: Plan['constants'];
}

/**
 * @param profile measures every step
 * @throws RangeError for what is too large for a memory
 */
export function writeProgram(
  traced: TracedFunction,
  profile = false,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly layout: Layout } {
  const plan = planProgram(traced, wasm);
  const { steps } = plan;
  let end = 0;
  const reserve = (bytes: number) => {
    const at = end;
    end += aligned(bytes);
    return at;
  };
  const table = reserve(FLOAT_BYTES * plan.slots);
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
  const placeOf = plan.placesFrom(tensors);
  writeSteps(module, steps, profile, (code, step) =>
    emitStep(step, emitters(code, { module, table, words, outside, scratch, placeOf })),
  );
  // A vector may be read behind the last element.
  const bytes = scratch.address + scratch.bytes + PAGE;
  if (bytes > MOST_BYTES) throw new RangeError('more than 4 GiB');
  const pages = Math.ceil(bytes / PAGE);
  const constants = [
    ...plan.constants.map(({ at, data }) => ({ at: tensors + at, data })),
    { at: words, data: TABLE_WORDS },
  ];
  return {
    bytes: module.finish(pages),
    layout: { pages, table, outside, inputs, results, labels: steps.map(labelOf), constants },
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

/** What is kept of a program: its bytes are in the module. */
interface Compiled {
  readonly layout: Layout;
  readonly module: WebAssembly.Module;
}

/** Programs written last: agents of one configuration share code, and what V8 has optimised of it. */
const recent: {
  readonly structure: Structure;
  readonly profile: boolean;
  readonly program: Promise<Compiled>;
}[] = [];
const MOST_RECENT = 16;

function compiled(traced: TracedFunction, profile: boolean): Promise<Compiled> {
  const structure = structureOf(traced);
  const index = recent.findIndex((one) => one.profile === profile && sameStructure(one.structure, structure));
  const [entry] =
    index < 0 ? [{ structure, profile, program: compile(traced, profile) }] : recent.splice(index, 1);
  recent.unshift(entry);
  recent.length = Math.min(recent.length, MOST_RECENT);
  return entry.program;
}

async function compile(traced: TracedFunction, profile: boolean): Promise<Compiled> {
  const { bytes, layout } = writeProgram(traced, profile);
  return { layout, module: await WebAssembly.compile(bytes) };
}

type Exported = Readonly<Record<string, () => void>>;

export interface PlacedResults extends ResultSet {
  readonly addresses: readonly number[];
  /** Arrays outside of the memory, which results are copied to. */
  readonly isOutside: boolean;
}

/**
 * A program in a memory of its own. What it gives out are views of that memory, so that a state that comes back needs
 * no copy.
 */
export class WasmProgram implements Program<PlacedResults> {
  readonly #traced: TracedFunction;
  readonly #layout: Layout;
  readonly #memory: WebAssembly.Memory;
  readonly #bytes: Uint8Array;
  /** Addresses of the caller's arrays: inputs, then outputs. */
  readonly #table: Uint32Array;
  readonly #outside: Uint32Array;
  readonly #exports: Exported;
  readonly #profile: boolean;
  /** Milliseconds of each step. */
  #times: number[] = [];
  #allocated = 0;

  private constructor(
    traced: TracedFunction,
    layout: Layout,
    memory: WebAssembly.Memory,
    exports: Exported,
    profile: boolean,
  ) {
    this.#traced = traced;
    this.#layout = layout;
    this.#memory = memory;
    this.#exports = exports;
    this.#profile = profile;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#table = new Uint32Array(memory.buffer, layout.table, traced.inputs.length + traced.outputs.length);
    this.#outside = new Uint32Array(memory.buffer, layout.outside, 1);
    for (const { at, data } of layout.constants) this.#bytes.set(bytesOf(data), at);
  }

  /** @throws RangeError for what is too large for a memory, or for this machine's */
  static async build(traced: TracedFunction, profile = false): Promise<WasmProgram> {
    const { layout, module } = await compiled(traced, profile);
    const memory = new WebAssembly.Memory({ initial: layout.pages, maximum: layout.pages });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    return new WasmProgram(traced, layout, memory, exports as Exported, profile);
  }

  feed(input: number, data: NdArray['data']): void {
    if (data.buffer === this.#memory.buffer) {
      this.#table[input] = data.byteOffset;
      return;
    }
    const address = this.#layout.inputs[input];
    this.#bytes.set(bytesOf(data), address);
    this.#table[input] = address;
  }

  /** Two sets lie in the memory; those that replace one are outside, and the last place there is for their results. */
  allocate(): PlacedResults {
    const { outputs } = this.#traced;
    const set = Math.min(this.#allocated++, RESULT_SETS - 1);
    const isOutside = set === RESULT_SETS - 1;
    const addresses = this.#layout.results[set];
    const arrays = outputs.map(({ value }, i) => {
      const ArrayType = arrayTypes[value.type as InputSpec['type']];
      const size = sizeOf(value.shape);
      const data = isOutside ? new ArrayType(size) : new ArrayType(this.#memory.buffer, addresses[i], size);
      return { data, shape: value.shape };
    });
    const leaves = outputs.map((output) => output.leaf);
    return { addresses, arrays, tree: treeOf(leaves, arrays), isOutside };
  }

  run({ addresses, arrays, isOutside }: PlacedResults): boolean {
    const first = this.#traced.inputs.length;
    for (let i = 0; i < addresses.length; i++) this.#table[first + i] = addresses[i];
    this.#outside[0] = 0;
    if (this.#profile) this.#measuredRun();
    else this.#exports.run();
    if (isOutside) {
      for (const [i, { data }] of arrays.entries()) {
        bytesOf(data).set(this.#bytes.subarray(addresses[i], addresses[i] + data.byteLength));
      }
    }
    return this.#outside[0] === 0;
  }

  #measuredRun(): void {
    this.#times = this.#layout.labels.map((_, i) => {
      const begin = performance.now();
      this.#exports[`step${i}`]();
      return performance.now() - begin;
    });
  }

  times(): { readonly label: string; readonly time: number }[] {
    return this.#times.map((time, i) => ({ label: this.#layout.labels[i], time }));
  }

  free(): void {}
}
