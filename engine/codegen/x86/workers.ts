/** Threads of the operating system that wait for machine code to run. They belong to the process and end with it. */
import { EngineError } from '../../errors.ts';
import { Assembler, IF, Label, R } from './assembler.ts';

import { type Native, NativeMemory } from './memory.ts';

/** Words of a worker's memory: how many jobs there were, the code of the last; whether the worker sleeps. */
const JOBS = 0;
const CODE = 8;
const ASLEEP = 64;
/** How many jobs the worker has come back from. */
const DONE = 72;
const BYTES = 128;

/** System calls of Linux on x86-64. */
const FUTEX = 202;
const YIELD = 24;
const WAIT_PRIVATE = 128;
const WAKE_PRIVATE = 129;

/** Rounds of waiting in the processor before a thread sleeps: about 30 µs, and 3 ms where it should spin. */
const SHORT_WAIT = 1000;
const LONG_WAIT = 100_000;

const MOST_WORKERS = 63;
/** Threads that share a program's work, the caller's among them. */
export const MOST_THREADS = MOST_WORKERS + 1;

/** A worker's address: machine code hands it jobs there. */
export interface Worker {
  readonly address: number;
}

let pool: { readonly memory: NativeMemory; readonly workers: Worker[] } | undefined;

/** The first `count` workers of this process, started when first asked for. */
export function workers(native: Native, count: number, spin: boolean): readonly Worker[] {
  if (count === 0) return [];
  pool ??= { memory: new NativeMemory(native, MOST_WORKERS * BYTES), workers: [] };
  while (pool.workers.length < count) {
    if (pool.workers.length === MOST_WORKERS) throw new EngineError(`no more than ${MOST_THREADS} threads`);
    const address = pool.memory.address + BYTES * pool.workers.length;
    start(native, address, spin);
    pool.workers.push({ address });
  }
  return pool.workers.slice(0, count);
}

function start(native: Native, address: number, spin: boolean): void {
  const asm = new Assembler();
  emitWorker(asm, address, spin ? LONG_WAIT : SHORT_WAIT);
  const code = new NativeMemory(native, asm.length);
  code.bytes.set(asm.code());
  code.seal();
  const identifier = new BigUint64Array(1);
  const failed = native.createThread(identifier, null, BigInt(code.address), null);
  if (failed !== 0) throw new EngineError(`the system starts no thread (error ${failed})`);
  native.detachThread(identifier[0]);
}

/** Waits for a job, runs it, waits for the next; never returns. */
function emitWorker(asm: Assembler, address: number, patience: number): void {
  const again = new Label();
  const waiting = new Label();
  const found = new Label();
  asm.push(R.rbx); // calls find the stack aligned
  asm.moveNumber(R.rbx, 0);
  asm.bind(again);
  asm.moveNumber(R.rcx, patience);
  asm.bind(waiting);
  asm.move32(R.rax, { displacement: address + JOBS });
  asm.compareRegisters(R.rax, R.rbx);
  asm.jumpIf(IF.notZero, found);
  asm.pause();
  asm.decrement(R.rcx);
  asm.jumpIf(IF.notZero, waiting);
  // Sleep, unless a job came before whoever gives it could see that this thread sleeps.
  asm.moveNumber(R.rax, 1);
  asm.exchange({ displacement: address + ASLEEP }, R.rax);
  asm.moveNumber(R.rax, FUTEX);
  asm.moveNumber(R.rdi, address + JOBS);
  asm.moveNumber(R.rsi, WAIT_PRIVATE);
  asm.loadAddress(R.rdx, { base: R.rbx, displacement: 0 });
  asm.moveNumber(R.r10, 0);
  asm.systemCall();
  asm.moveNumber(R.rax, 0);
  asm.exchange({ displacement: address + ASLEEP }, R.rax);
  asm.jump(again);
  asm.bind(found);
  asm.loadAddress(R.rbx, { base: R.rax, displacement: 0 });
  asm.move(R.rax, { displacement: address + CODE });
  asm.callRegister(R.rax);
  asm.moveNumber(R.rax, 1);
  asm.atomicAdd32({ displacement: address + DONE }, R.rax);
  asm.jump(again);
}

/** Waits until no worker is in code that it was given: the last instructions of it may be behind the last barrier. */
export function waitForWorkers(): void {
  if (pool === undefined) return;
  const words = new Int32Array(pool.memory.buffer);
  for (let i = 0; i < pool.workers.length; i++) {
    const at = (BYTES * i) / 4;
    while (Atomics.load(words, at + JOBS / 4) !== Atomics.load(words, at + DONE / 4));
  }
}

/** Gives a worker the code at an address; rax, rcx, rdx, rsi, rdi, r10 and r11 are overwritten. */
export function emitJob(asm: Assembler, { address }: Worker, code: Label): void {
  asm.loadLabel(R.rax, code);
  asm.store({ displacement: address + CODE }, R.rax);
  asm.moveNumber(R.rax, 1);
  asm.atomicAdd32({ displacement: address + JOBS }, R.rax);
  asm.move(R.rax, { displacement: address + ASLEEP });
  asm.compareNumber(R.rax, 0);
  const awake = new Label();
  asm.jumpIf(IF.zero, awake);
  asm.moveNumber(R.rax, FUTEX);
  asm.moveNumber(R.rdi, address + JOBS);
  asm.moveNumber(R.rsi, WAKE_PRIVATE);
  asm.moveNumber(R.rdx, 1);
  asm.moveNumber(R.r10, 0);
  asm.systemCall();
  asm.bind(awake);
}

/**
 * Counts a word up, and waits until that has been done `count` times; after a while others may have the core.
 * @param leave does not wait
 */
export function emitBarrier(asm: Assembler, word: number, count: number, leave = false): void {
  const waiting = new Label();
  const done = new Label();
  asm.moveNumber(R.rax, 1);
  asm.atomicAdd({ displacement: word }, R.rax);
  if (leave) return;
  asm.moveNumber(R.rcx, SHORT_WAIT);
  asm.bind(waiting);
  asm.compareMemory({ displacement: word }, count);
  asm.jumpIf(IF.aboveOrEqual, done);
  asm.pause();
  asm.decrement(R.rcx);
  asm.jumpIf(IF.notZero, waiting);
  asm.moveNumber(R.rax, YIELD);
  asm.systemCall();
  asm.moveNumber(R.rcx, 1);
  asm.jump(waiting);
  asm.bind(done);
}
