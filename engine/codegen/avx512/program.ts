/** A traced function as machine code: memory planned, code written. */

import { EngineError, UnsupportedOperation } from '../../errors.ts';
import { fuse, type ProgramStep } from '../../kernels/fusion.ts';
import { lower } from '../../kernels/lowering.ts';
import { aligned, LINE, planMemory } from '../../kernels/memory-plan.ts';
import { FLOAT_BYTES, type Place, type PlaceOf } from '../../kernels/places.ts';
import { isShared, labelOf } from '../../kernels/steps.ts';
import type { Storage } from '../../kernels/views.ts';
import type { TracedFunction } from '../../trace/trace.ts';
import { Label, R } from './assembler.ts';
import { CONSTANT_BYTES, Emitter, type Layout } from './emitter.ts';
import { SPILL_BYTES } from './groups.ts';
import { type Native, NativeMemory } from './memory.ts';
import { PRODUCT_SCRATCH } from './products.ts';
import { emitStep } from './steps.ts';
import { avx512 } from './target.ts';
import { emitBarrier, emitJob, waitForWorkers, workers } from './workers.ts';

/** Control words of a program, at the start of its memory. */
const CONTROL = { barrier: 0, status: 64, outside: 68, savedStatus: 128, bytes: 128 + 64 * 64 } as const;
/** Rounding to nearest, no exceptions, denormal numbers count as zero. */
const STATUS = 0x1f80 | 0x8040;

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
  readonly #outside: Uint32Array;
  readonly #profile?: { readonly steps: readonly ProgramStep[]; readonly at: number };
  /** Addresses of the caller's arrays: inputs, then outputs. */
  readonly table: BigInt64Array;

  private constructor(
    native: Native,
    memory: NativeMemory,
    code: NativeMemory,
    entry: bigint,
    slots: number,
    profile?: { readonly steps: readonly ProgramStep[]; readonly at: number },
  ) {
    this.#profile = profile;
    this.#native = native;
    this.#memory = memory;
    this.#code = code;
    this.#entry = entry;
    this.table = new BigInt64Array(memory.buffer, CONTROL.bytes, slots);
    this.#outside = new Uint32Array(memory.buffer, CONTROL.outside, 1);
  }

  /** @throws UnsupportedOperation, also for what is too large for a program's registers, constants or memory */
  static build(native: Native, traced: TracedFunction, options: ProgramOptions): Program {
    try {
      return Program.#build(native, traced, options);
    } catch (error) {
      if (error instanceof RangeError || error instanceof EngineError)
        throw new UnsupportedOperation(error.message);
      throw error;
    }
  }

  static #build(native: Native, traced: TracedFunction, options: ProgramOptions): Program {
    const { kernels, storages } = lower(traced, avx512);
    const steps = fuse(kernels, (storage) => storage.slot !== undefined, avx512);
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
        outside: memory.address + CONTROL.outside,
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

  /** @returns whether every index was in range; otherwise results mean nothing */
  run(): boolean {
    this.#outside[0] = 0;
    this.#native.koffi.call(this.#entry, this.#native.entry);
    return this.#outside[0] === 0;
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

const saved = [R.rbx, R.rbp, R.r12, R.r13, R.r14, R.r15];

/** The first thread's code is at the beginning. */
function writeCode(
  native: Native,
  emitter: Emitter,
  steps: readonly ProgramStep[],
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
    // The worker's last instruction: from then on it does not look at the barrier, which the next run starts anew.
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
