/** A traced function as machine code: memory planned, code written. */

import { arrayTypes, type ResultSet } from '../../backends/result-sets.ts';
import { bytesOf } from '../../bits.ts';
import type { ProgramStep } from '../../kernels/fusion.ts';
import { aligned, LINE } from '../../kernels/memory-plan.ts';
import type { PlaceOf } from '../../kernels/places.ts';
import { planProgram } from '../../kernels/plan.ts';
import { emitStep, isShared, labelOf } from '../../kernels/steps.ts';
import { sizeOf } from '../../trace/shapes.ts';
import type { InputSpec, TracedFunction } from '../../trace/trace.ts';
import { treeOf } from '../../tree.ts';
import type { NdArray } from '../../types.ts';
import type { Program, ProgramOptions } from '../runner.ts';
import { Label, R } from './assembler.ts';
import { constantBytes, Emitter, type Layout, scratchBytes } from './emitter.ts';
import { instructionSets } from './instruction-sets.ts';
import { type Native, NativeMemory } from './memory.ts';
import { emitters } from './steps.ts';
import { emitBarrier, emitJob, waitForWorkers, workers } from './workers.ts';

/** Control words of a program, at the start of its memory. */
const CONTROL = { barrier: 0, status: 64, outside: 68, savedStatus: 128, bytes: 128 + 64 * 64 } as const;
/** Rounding to nearest, no exceptions, denormal numbers count as zero. */
const STATUS = 0x1f80 | 0x8040;

export interface NativeOptions extends ProgramOptions {
  /** Whether threads wait longer before they sleep. */
  readonly spin?: boolean;
}

export interface AddressedResults extends ResultSet {
  readonly addresses: readonly bigint[];
}

export class NativeProgram implements Program<AddressedResults> {
  readonly #native: Native;
  readonly #traced: TracedFunction;
  readonly #memory: NativeMemory;
  readonly #code: NativeMemory;
  readonly #entry: bigint;
  readonly #outside: Uint32Array;
  /** Addresses of the caller's arrays: inputs, then outputs. */
  readonly #table: BigInt64Array;
  readonly #labels: readonly string[];
  /** Of the time stamp counter, before each step and behind the last. */
  readonly #stamps: BigInt64Array;

  constructor(native: Native, traced: TracedFunction, options: NativeOptions) {
    this.#native = native;
    this.#traced = traced;
    const set = instructionSets[native.set];
    const plan = planProgram(traced, set.target);
    const { steps, slots } = plan;
    const scratch = aligned(scratchBytes(set));
    const constants = CONTROL.bytes + aligned(8 * slots);
    const working = constants + constantBytes(set);
    const tensors = working + options.threads * scratch;
    const stamps = tensors + plan.bytes;
    const measured = options.profile ? steps.length + 1 : 0;
    const memory = new NativeMemory(native, stamps + 8 * measured);
    this.#memory = memory;
    this.#labels = steps.map(labelOf);
    this.#table = new BigInt64Array(memory.buffer, CONTROL.bytes, slots);
    this.#outside = new Uint32Array(memory.buffer, CONTROL.outside, 1);
    this.#stamps = new BigInt64Array(memory.buffer, stamps, measured);
    try {
      const layout: Layout = {
        table: memory.address + CONTROL.bytes,
        constants: memory.address + constants,
        outside: memory.address + CONTROL.outside,
        scratch: Array.from({ length: options.threads }, (_, i) => memory.address + working + i * scratch),
      };
      const emitter = new Emitter(set, layout, options.threads);
      writeCode(native, emitter, steps, plan.placesFrom(memory.address + tensors), memory.address, {
        profile: options.profile ? memory.address + stamps : undefined,
        spin: options.spin === true,
      });
      this.#code = new NativeMemory(native, emitter.asm.length);
      this.#code.bytes.set(emitter.asm.code());
      this.#code.seal();
      this.#entry = BigInt(this.#code.address);
      new Uint32Array(memory.buffer, constants, emitter.constants.length).set(emitter.constants);
      new Uint32Array(memory.buffer, CONTROL.status, 1)[0] = STATUS;
      for (const { at, data } of plan.constants) memory.bytes.set(bytesOf(data), tensors + at);
    } catch (error) {
      memory.free();
      throw error;
    }
  }

  feed(input: number, data: NdArray['data'], isOther: boolean): void {
    if (isOther) this.#table[input] = this.#native.koffi.address(data);
  }

  allocate(): AddressedResults {
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

  run({ addresses }: AddressedResults): boolean {
    const first = this.#traced.inputs.length;
    for (let i = 0; i < addresses.length; i++) this.#table[first + i] = addresses[i];
    this.#outside[0] = 0;
    this.#native.koffi.call(this.#entry, this.#native.entry);
    return this.#outside[0] === 0;
  }

  times(): { readonly label: string; readonly time: number }[] {
    const stamps = this.#stamps;
    return this.#labels.map((label, i) => ({ label, time: Number(stamps[i + 1] - stamps[i]) }));
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
      if (all || thread === 0) emitStep(step, emitters(native, emitter, placeOf, all ? threads : 1));
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
