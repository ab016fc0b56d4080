/** A traced function as machine code: memory planned, code written. */

import { EngineError } from '../errors.ts';
import { sizeOf } from '../trace/shapes.ts';
import type { TracedFunction } from '../trace/trace.ts';
import { Label, R } from './assembler.ts';
import { emitExtreme, emitScan, emitTop } from './axes.ts';
import { emitBatch } from './batches.ts';
import { emitBools, emitIntegerCall } from './conversions.ts';
import { CONSTANT_BYTES, Emitter, FLOAT_BYTES, type Layout, type Place, share } from './emitter.ts';
import { fuse, type Step } from './fusion.ts';
import { chosenRowsOf, emitGroup, SPILL_BYTES } from './groups.ts';
import { emitGather, emitScatter } from './indexing.ts';
import {
  type CallKernel,
  type ChoiceKernel,
  chosenBy,
  type Kernel,
  type ProductKernel,
  type ReductionKernel,
  readsOf,
  writesOf,
} from './kernels.ts';
import { lower, NotNative } from './lowering.ts';
import { type Native, NativeMemory } from './memory.ts';
import { emitProduct, type Matrix, PRODUCT_SCRATCH, type Product, transposed, usable } from './products.ts';
import { emitReduction } from './reductions.ts';
import { emitChoice } from './row-loops.ts';
import type { Storage, View } from './views.ts';
import { emitBarrier, emitJob, waitForWorkers, workers } from './workers.ts';

/** Control words of a program, at the start of its memory. */
const CONTROL = { barrier: 0, status: 64, savedStatus: 128, bytes: 128 + 64 * 64 } as const;
/** Rounding to nearest, no exceptions, denormal numbers count as zero. */
const STATUS = 0x1f80 | 0x8040;
const LINE = 64;

const aligned = (bytes: number) => Math.ceil(bytes / LINE) * LINE;

/** Work below this stays on one thread: handing it out costs more. */
const SHARED_ELEMENTS = 8192;
const SHARED_FLOPS = 1e6;

export interface ProgramOptions {
  readonly threads: number;
  /** Whether threads wait longer before they sleep. */
  readonly spin?: boolean;
  /** Measures every step: see Program.times. */
  readonly profile?: boolean;
}

export class Program {
  readonly #native: Native;
  readonly #memory: NativeMemory;
  readonly #code: NativeMemory;
  readonly #entry: bigint;
  readonly #profile?: { readonly steps: readonly Step[]; readonly at: number };
  /** Addresses of the caller's arrays: inputs, then outputs. */
  readonly table: BigInt64Array;

  private constructor(
    native: Native,
    memory: NativeMemory,
    code: NativeMemory,
    entry: bigint,
    slots: number,
    profile?: { readonly steps: readonly Step[]; readonly at: number },
  ) {
    this.#profile = profile;
    this.#native = native;
    this.#memory = memory;
    this.#code = code;
    this.#entry = entry;
    this.table = new BigInt64Array(memory.buffer, CONTROL.bytes, slots);
  }

  /** @throws NotNative, also for what is too large for a program's registers, constants or memory */
  static build(native: Native, traced: TracedFunction, options: ProgramOptions): Program {
    try {
      return Program.#build(native, traced, options);
    } catch (error) {
      if (error instanceof RangeError || error instanceof EngineError) throw new NotNative(error.message);
      throw error;
    }
  }

  static #build(native: Native, traced: TracedFunction, options: ProgramOptions): Program {
    const { kernels, storages } = lower(traced);
    const steps = fuse(kernels, (storage) => storage.slot !== undefined);
    const slots = traced.inputs.length + traced.outputs.length;
    const plan = planMemory(steps, storages);
    const scratch = aligned(PRODUCT_SCRATCH + SPILL_BYTES);
    const constants = CONTROL.bytes + aligned(8 * slots);
    const working = constants + CONSTANT_BYTES;
    const tensors = working + options.threads * scratch;
    const stamps = tensors + plan.bytes;
    const profile = options.profile === true ? { steps, at: stamps } : undefined;
    const memory = new NativeMemory(native, stamps + (profile === undefined ? 0 : 8 * (steps.length + 1)));
    try {
      const layout: Layout = {
        table: memory.address + CONTROL.bytes,
        constants: memory.address + constants,
        scratch: Array.from({ length: options.threads }, (_, i) => memory.address + working + i * scratch),
      };
      const emitter = new Emitter(layout, options.threads);
      const placeOf = (storage: Storage, offset: number): Place => {
        if (storage.slot !== undefined) return { slot: storage.slot, offset: FLOAT_BYTES * offset };
        const at = plan.offsets.get(storage.id);
        if (at === undefined) throw new RangeError('a tensor without memory');
        return { offset: memory.address + tensors + at + FLOAT_BYTES * offset };
      };
      writeCode(native, emitter, steps, placeOf, memory.address, {
        profile: profile === undefined ? undefined : memory.address + stamps,
        spin: options.spin === true,
      });
      const code = new NativeMemory(native, emitter.asm.length);
      code.bytes.set(emitter.asm.code());
      code.seal();
      new Uint32Array(memory.buffer, constants, emitter.constants.length).set(emitter.constants);
      new Uint32Array(memory.buffer, CONTROL.status, 1)[0] = STATUS;
      for (const { id, constant } of storages) {
        const at = plan.offsets.get(id);
        if (constant === undefined || at === undefined) continue;
        const bytes = new Uint8Array(constant.buffer, constant.byteOffset, constant.byteLength);
        memory.bytes.set(bytes, tensors + at);
      }
      return new Program(native, memory, code, BigInt(code.address), slots, profile);
    } catch (error) {
      memory.free();
      throw error;
    }
  }

  /** Ticks of the time stamp counter that each step of the last run took. */
  times(): { readonly label: string; readonly ticks: number }[] {
    if (this.#profile === undefined) return [];
    const { steps, at } = this.#profile;
    const stamps = new BigInt64Array(this.#memory.buffer, at, steps.length + 1);
    return steps.map((step, i) => ({ label: labelOf(step), ticks: Number(stamps[i + 1] - stamps[i]) }));
  }

  run(): void {
    this.#native.koffi.call(this.#entry, this.#native.entry);
  }

  /** Bytes of its own, code apart. */
  get bytes(): number {
    return this.#memory.size;
  }

  free(): void {
    waitForWorkers();
    this.#memory.free();
    this.#code.free();
  }
}

/** What a step does, with its sizes. */
function labelOf({ kernels, group }: Step): string {
  const [first] = kernels;
  if (group !== undefined) {
    const operations = group.operations.map(({ operation }) => operation);
    return `element ${operations.join('+')} [${group.sizes}]`;
  }
  if (first.kind === 'product') {
    const [{ a, b, c }] = first.products;
    return `product ${first.products.length} × [${a.shape}] (${a.strides}) [${b.shape}] (${b.strides}) -> (${c.strides})`;
  }
  if (first.kind === 'call') return `call ${first.symbol} [${first.result.shape}]`;
  if (first.kind === 'reduction') {
    return `reduction ${first.combination} [${first.source.shape}] over ${first.axes}`;
  }
  return `${first.kind} [${first.result.shape}]`;
}

// Memory.

interface MemoryPlan {
  /** Bytes from the start of the tensors, by storage. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: number;
}

/** Tensors that are not needed at the same time share memory. */
export function planMemory(steps: readonly Step[], storages: readonly Storage[]): MemoryPlan {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  steps.forEach((step, at) => {
    for (const storage of touched(step)) {
      if (storage.slot !== undefined) continue;
      if (!first.has(storage.id)) first.set(storage.id, at);
      last.set(storage.id, at);
    }
  });
  const offsets = new Map<number, number>();
  let end = 0;
  for (const { id, constant, elements } of storages) {
    if (constant === undefined || !first.has(id)) continue;
    offsets.set(id, end);
    end += aligned(FLOAT_BYTES * elements);
  }
  const free: { at: number; bytes: number }[] = [];
  const starting = new Map<number, Storage[]>();
  const ending = new Map<number, Storage[]>();
  for (const storage of storages) {
    const from = first.get(storage.id);
    if (from === undefined || storage.constant !== undefined) continue;
    starting.set(from, [...(starting.get(from) ?? []), storage]);
    const to = last.get(storage.id) as number;
    ending.set(to, [...(ending.get(to) ?? []), storage]);
  }
  for (let at = 0; at < steps.length; at++) {
    const given = inPlace(steps[at], starting.get(at) ?? [], ending.get(at) ?? []);
    for (const storage of starting.get(at) ?? []) {
      const source = given.get(storage);
      if (source !== undefined) {
        offsets.set(storage.id, offsets.get(source.id) as number);
        continue;
      }
      const bytes = aligned(FLOAT_BYTES * storage.elements);
      const fitting = free.filter((piece) => piece.bytes >= bytes).sort((a, b) => a.bytes - b.bytes)[0];
      if (fitting === undefined) {
        offsets.set(storage.id, end);
        end += bytes;
      } else {
        offsets.set(storage.id, fitting.at);
        fitting.at += bytes;
        fitting.bytes -= bytes;
      }
    }
    const taken = new Set(given.values());
    for (const storage of ending.get(at) ?? []) {
      if (taken.has(storage)) continue;
      release(free, offsets.get(storage.id) as number, aligned(FLOAT_BYTES * storage.elements));
    }
  }
  // Vectors may be read a line beyond the last element.
  return { offsets, bytes: end + 16 * LINE };
}

/**
 * Results of a loop that are written over operands which nothing reads afterwards: half the memory, and it is in the
 * cache already. Every element of the operand is read where the result's is written, and not after it.
 */
export function inPlace(
  { group }: Step,
  starting: readonly Storage[],
  ending: readonly Storage[],
): Map<Storage, Storage> {
  const given = new Map<Storage, Storage>();
  if (group === undefined) return given;
  const { operations, chosen } = group;
  for (const [at, { store }] of operations.entries()) {
    if (store === undefined || store.chosenRows || !starting.includes(store.storage)) continue;
    if (given.has(store.storage)) continue;
    const writers = operations.filter((other) => other.store?.storage === store.storage);
    if (writers.length > 1) continue;
    const source = ending.find((storage) => {
      if (storage.constant !== undefined || storage.elements !== store.storage.elements) return false;
      if (storage === chosen?.storage || [...given.values()].includes(storage)) return false;
      return operations.every(({ operands, store: other }, i) => {
        if (other?.storage === storage) return false;
        return operands.every(
          (operand) =>
            !('view' in operand) ||
            operand.view.storage !== storage ||
            (i <= at && sameWalk(operand.view, store)),
        );
      });
    });
    if (source !== undefined) given.set(store.storage, source);
  }
  return given;
}

function sameWalk(a: View, b: View): boolean {
  return (
    a.offset === b.offset &&
    a.chosenRows !== true &&
    a.strides.length === b.strides.length &&
    a.strides.every((stride, i) => stride === b.strides[i])
  );
}

/** Storages that a step reads or writes in memory. */
function touched({ kernels, group }: Step): Storage[] {
  if (group === undefined) return kernels.flatMap((kernel) => [...readsOf(kernel), writesOf(kernel)]);
  const choice = group.chosen === undefined ? [] : [group.chosen.storage];
  return group.operations.flatMap(({ operands, store }) => [
    ...choice,
    ...operands.flatMap((operand) => ('view' in operand ? [operand.view.storage] : [])),
    ...(store === undefined ? [] : [store.storage]),
  ]);
}

/** Gives a piece back, joined with its neighbours. */
function release(free: { at: number; bytes: number }[], at: number, bytes: number): void {
  const piece = { at, bytes };
  for (let i = free.length - 1; i >= 0; i--) {
    const other = free[i];
    if (other.bytes === 0) free.splice(i, 1);
    else if (other.at + other.bytes === piece.at) {
      piece.at = other.at;
      piece.bytes += other.bytes;
      free.splice(i, 1);
    } else if (piece.at + piece.bytes === other.at) {
      piece.bytes += other.bytes;
      free.splice(i, 1);
    }
  }
  free.push(piece);
}

// Code.

const saved = [R.rbx, R.rbp, R.r12, R.r13, R.r14, R.r15];

type PlaceOf = (storage: Storage, offset: number) => Place;

/** The first thread's code is at the beginning. */
function writeCode(
  native: Native,
  emitter: Emitter,
  steps: readonly Step[],
  placeOf: PlaceOf,
  control: number,
  { profile, spin }: { readonly profile: number | undefined; readonly spin: boolean },
): void {
  const { asm, threads } = emitter;
  const begins = Array.from({ length: threads }, () => new Label());
  const helpers = workers(native, threads - 1, spin);
  let stamps = 0;
  for (let thread = 0; thread < threads; thread++) {
    emitter.thread = thread;
    asm.bind(begins[thread]);
    for (const register of saved) asm.push(register);
    // Seven registers and the return address: calls find the stack aligned.
    asm.push(R.rax);
    if (thread === 0 && threads > 1) {
      asm.moveNumber(R.rax, 0);
      asm.store({ displacement: control + CONTROL.barrier }, R.rax);
      for (const [i, helper] of helpers.entries()) emitJob(asm, helper, begins[i + 1]);
    }
    asm.storeControl({ displacement: control + CONTROL.savedStatus + LINE * thread });
    asm.loadControl({ displacement: control + CONTROL.status });
    let barriers = 0;
    let before: 'nothing' | 'one' | 'all' = 'nothing';
    const wait = () => {
      if (threads === 1) return;
      barriers++;
      emitBarrier(asm, control + CONTROL.barrier, threads * barriers);
    };
    for (const step of steps) {
      const all = threads > 1 && isShared(step);
      if (all ? before !== 'nothing' : before === 'all') wait();
      before = all ? 'all' : 'one';
      if (profile !== undefined && thread === 0) emitStamp(emitter, profile + 8 * stamps++);
      if (all || thread === 0) emitStep(native, emitter, step, placeOf, all ? threads : 1);
    }
    // The last word of a helper: from then on it does not look at the barrier, which the next run starts anew.
    if (threads > 1) emitBarrier(asm, control + CONTROL.barrier, threads * (barriers + 1), thread !== 0);
    if (profile !== undefined && thread === 0) emitStamp(emitter, profile + 8 * stamps++);
    asm.loadControl({ displacement: control + CONTROL.savedStatus + LINE * thread });
    asm.clearUpper();
    asm.pop(R.rax);
    for (const register of [...saved].reverse()) asm.pop(register);
    asm.return();
  }
  emitter.finish();
}

function emitStamp({ asm }: Emitter, address: number): void {
  asm.timeStamp();
  asm.store({ displacement: address }, R.rax);
}

function isShared({ kernels, group }: Step): boolean {
  if (group !== undefined) {
    return sizeOf(group.sizes) * Math.max(1, group.operations.length / 4) >= SHARED_ELEMENTS;
  }
  const [kernel] = kernels;
  if (kernel.kind === 'product') {
    return (
      kernel.products.reduce((sum, { a, c }) => sum + 2 * sizeOf(c.shape) * a.shape[1], 0) >= SHARED_FLOPS
    );
  }
  if (kernel.kind === 'batch')
    return 2 * sizeOf(kernel.result.shape) * kernel.a.shape[kernel.a.shape.length - 1] >= SHARED_FLOPS;
  return (
    kernel.kind === 'reduction' &&
    sizeOf(kernel.result.shape) > 1 &&
    sizeOf(kernel.source.shape) >= SHARED_ELEMENTS
  );
}

function emitStep(native: Native, emitter: Emitter, step: Step, placeOf: PlaceOf, threads: number): void {
  if (step.group !== undefined) {
    emitGroup(emitter, step.group, placeOf, threads);
    return;
  }
  const [kernel] = step.kernels;
  switch (kernel.kind) {
    case 'product':
      emitProducts(emitter, kernel, placeOf, threads);
      break;
    case 'reduction':
      emitReduce(emitter, kernel, placeOf, threads);
      break;
    case 'call':
      emitCall(native, emitter, kernel, placeOf);
      break;
    case 'batch':
      emitBatch(emitter, kernel, placeOf, threads, productOf);
      break;
    case 'gather':
      emitGather(emitter, kernel, placeOf);
      break;
    case 'scatter':
      emitScatter(emitter, kernel, placeOf);
      break;
    case 'scan':
      emitScan(emitter, kernel, placeOf);
      break;
    case 'extreme':
      emitExtreme(emitter, kernel, placeOf);
      break;
    case 'top':
      emitTop(emitter, kernel, placeOf);
      break;
    case 'bools':
      emitBools(emitter, kernel, placeOf);
      break;
    case 'choice':
      emitChoiceKernel(emitter, kernel, placeOf);
      break;
    default:
      throw new RangeError(`a step without code: ${(kernel as Kernel).kind}`);
  }
}

function emitChoiceKernel(emitter: Emitter, kernel: ChoiceKernel, placeOf: PlaceOf): void {
  const { source } = kernel;
  const [first, second] = ([0, 1] as const).map((member) => chosenRowsOf(chosenBy(kernel, member), placeOf));
  emitChoice(emitter, placeOf(source.storage, source.offset), source.shape[0], first, second);
}

function emitProducts(
  emitter: Emitter,
  { products, chosen }: ProductKernel,
  placeOf: PlaceOf,
  threads: number,
): void {
  if (chosen !== undefined) {
    const product = { ...productOf(products[0], placeOf), chosen: chosenRowsOf(chosen, placeOf) };
    emitProduct(emitter, product, 0, product.rows, threads);
    return;
  }
  const byProduct = products.length % threads === 0;
  for (const [i, views] of products.entries()) {
    const product = productOf(views, placeOf);
    if (threads === 1) emitProduct(emitter, product, 0, product.rows);
    else if (byProduct) {
      if (i % threads === emitter.thread) emitProduct(emitter, product, 0, product.rows);
    } else {
      const [from, to] = share(product.rows, 1, emitter.thread, threads);
      emitProduct(emitter, product, from, to);
    }
  }
}

function productOf({ a, b, c }: ProductKernel['products'][number], placeOf: PlaceOf): Product {
  const matrix = ({ storage, offset, strides }: View): Matrix => ({
    place: placeOf(storage, offset),
    rowStride: FLOAT_BYTES * strides[0],
    columnStride: FLOAT_BYTES * strides[1],
  });
  const product: Product = {
    rows: c.shape[0],
    columns: c.shape[1],
    depth: a.shape[1],
    a: matrix(a),
    b: matrix(b),
    c: matrix(c),
  };
  // A column times the right matrix's rows: the transposed product has long rows.
  const column = product.columns === 1 && product.a.columnStride !== FLOAT_BYTES;
  const row = product.rows === 1 && product.b.columnStride !== FLOAT_BYTES;
  if (!(column || row) || !usable(product.a)) return product;
  if (column && product.c.rowStride !== FLOAT_BYTES) return product;
  return {
    rows: product.columns,
    columns: product.rows,
    depth: product.depth,
    a: transposed(product.b),
    b: transposed(product.a),
    c: transposed(product.c),
  };
}

function emitReduce(emitter: Emitter, kernel: ReductionKernel, placeOf: PlaceOf, threads: number): void {
  const { source, result, axes, combination, type, factor } = kernel;
  const all = source.shape.map((size, axis) => ({
    axis,
    size,
    source: source.strides[axis],
    result: result.strides[axis],
  }));
  emitReduction(
    emitter,
    {
      combination,
      type,
      factor,
      source: placeOf(source.storage, source.offset),
      result: placeOf(result.storage, result.offset),
      kept: all.filter(({ axis }) => !axes.includes(axis)),
      reduced: all.filter(({ axis }) => axes.includes(axis)),
    },
    threads,
  );
}

/** A function of the C library, element by element. */
function emitCall(native: Native, emitter: Emitter, kernel: CallKernel, placeOf: PlaceOf) {
  const { asm } = emitter;
  const { symbol, operands, result } = kernel;
  const address = native.symbol(null, symbol);
  if (address === null) throw new RangeError(`the C library has no ${symbol}`);
  if (kernel.type === 'int32') {
    emitIntegerCall(emitter, kernel, address, placeOf);
    return;
  }
  const pointers = [R.r12, R.r13];
  operands.forEach((view, i) => {
    emitter.point(pointers[i], placeOf(view.storage, view.offset));
  });
  emitter.point(R.r14, placeOf(result.storage, result.offset));
  const uniform = operands.map((view) => view.strides.every((stride) => stride === 0));
  emitter.repeat(R.rbx, sizeOf(result.shape), () => {
    operands.forEach((_, i) => {
      asm.loadScalar(i, { base: pointers[i], displacement: 0 });
      if (!uniform[i]) asm.addNumber(pointers[i], FLOAT_BYTES);
    });
    asm.moveWide(R.rax, address);
    asm.callRegister(R.rax);
    asm.storeScalar({ base: R.r14, displacement: 0 }, 0);
    asm.addNumber(R.r14, FLOAT_BYTES);
  });
}
