/** Memory that machine code runs in and on, through the C library. Linux on x86-64. */
import { BackendUnavailableError, EngineError } from '../../errors.ts';

/** What is used of the foreign-function interface; written out, since the package is optional. */
interface Koffi {
  load(library: string, options?: { readonly global: boolean }): { func<Call>(definition: string): Call };
  proto(definition: string): object;
  call(code: bigint, type: object): void;
  /** Memory of the process as an array buffer. */
  view(address: bigint, length: number): ArrayBuffer;
  /** Where an array's numbers are. */
  address(data: ArrayBufferView | ArrayBuffer): bigint;
}

/** What the C library and the foreign-function interface offer. */
export interface Native {
  readonly koffi: Koffi;
  /** What the processor has. */
  readonly set: InstructionSetName;
  map(address: null, length: number, protection: number, flags: number, file: number, offset: number): bigint;
  unmap(address: bigint, length: number): number;
  protect(address: bigint, length: number, protection: number): number;
  symbol(library: null, name: string): bigint | null;
  createThread(identifier: BigUint64Array, attributes: null, code: bigint, argument: null): number;
  detachThread(identifier: bigint): number;
  /** The type of a program's code: no operands, no result. Without a name, which a process could give once alone. */
  readonly entry: object;
}

let opened: { readonly native: Native } | { readonly reason: string } | undefined;

/** @throws BackendUnavailableError with the reason */
export function openNative(): Native {
  opened ??= tryToOpen();
  if ('native' in opened) return opened.native;
  throw new BackendUnavailableError(`machine code cannot run here: ${opened.reason}; use the backend wasm`);
}

/** Why machine code cannot run here, or undefined. */
export function whyUnavailable(): string | undefined {
  opened ??= tryToOpen();
  return 'reason' in opened ? opened.reason : undefined;
}

function tryToOpen(): NonNullable<typeof opened> {
  const found = instructionSet();
  if ('reason' in found) return found;
  try {
    const native = open(found.set);
    runProbe(native);
    return { native };
  } catch (error) {
    return { reason: error instanceof Error ? error.message.split('\n')[0] : String(error) };
  }
}

function open(set: InstructionSetName): Native {
  const { createRequire } = process.getBuiltinModule('node:module');
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const library = koffi.load('libc.so.6');
  koffi.load('libm.so.6', { global: true });
  return {
    koffi,
    set,
    map: library.func('void *mmap(void *a, size_t n, int protection, int flags, int file, int64_t offset)'),
    unmap: library.func('int munmap(void *a, size_t n)'),
    protect: library.func('int mprotect(void *a, size_t n, int protection)'),
    symbol: library.func('void *dlsym(void *library, const char *name)'),
    createThread: library.func(
      'int pthread_create(_Out_ uint64_t *id, void *attributes, void *code, void *argument)',
    ),
    detachThread: library.func('int pthread_detach(uint64_t id)'),
    entry: koffi.proto('void ()'),
  };
}

/** Writes a text file: here, since this is the engine's one file that asks for Node. */
export function writeFile(path: string, text: string): void {
  process.getBuiltinModule('node:fs').writeFileSync(path, text);
}

/** Writes code that returns, and runs it: some systems let no process run what it has written. */
function runProbe(native: Native): void {
  const code = new NativeMemory(native, 1);
  code.bytes[0] = 0xc3;
  code.seal();
  native.koffi.call(BigInt(code.address), native.entry);
  code.free();
}

/**
 * What other machines do can be tried on this one: the name of an instruction set hides it from the engine, anything
 * else hides them all.
 */
const HIDING = 'RFM_HARNESS_HIDE_NATIVE';

/** Flags that a processor must have, by instruction set, the fastest first. */
const flagsOf = {
  avx512: ['avx512f', 'avx512dq', 'avx512bw', 'avx512vl', 'fma'],
  avx2: ['avx2', 'fma'],
} as const;

export type InstructionSetName = keyof typeof flagsOf;

/** The best instruction set of this machine, or why there is none. */
function instructionSet(): { readonly set: InstructionSetName } | { readonly reason: string } {
  // The engine imports nothing from Node: it runs in a browser too, without machine code.
  if (typeof process === 'undefined' || process.getBuiltinModule === undefined) {
    return { reason: 'it needs Node 20.16 or newer' };
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { reason: `it is for Linux on x86-64, this is ${process.platform} on ${process.arch}` };
  }
  const hidden = process.env[HIDING] || undefined;
  if (hidden !== undefined && !Object.hasOwn(flagsOf, hidden)) return { reason: `${HIDING} hides it` };
  let flags: Set<string>;
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    flags = new Set(line.trim().split(/\s+/));
  } catch {
    return { reason: '/proc/cpuinfo cannot be read' };
  }
  const names = (Object.keys(flagsOf) as InstructionSetName[]).filter((name) => name !== hidden);
  const absent = names.map((name) => flagsOf[name].filter((flag) => !flags.has(flag)));
  const found = absent.findIndex((missing) => missing.length === 0);
  if (found >= 0) return { set: names[found] };
  return { reason: `this processor has no ${absent[absent.length - 1].join(', ')}` };
}

const READ = 1;
const WRITE = 2;
const EXECUTE = 4;
/** Private, anonymous, below 2 GiB so that an address fits a displacement. */
const FLAGS = 0x02 | 0x20 | 0x40;

/** A piece of memory below 2 GiB. */
export class NativeMemory {
  readonly #native: Native;
  readonly address: number;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly buffer: ArrayBuffer;

  /** @throws EngineError if the system gives no such memory */
  constructor(native: Native, size: number) {
    this.#native = native;
    this.size = Math.max(4096, Math.ceil(size / 4096) * 4096);
    const address = native.map(null, this.size, READ | WRITE, FLAGS, -1, 0);
    if (address < 0 || address > 0x7fffffffn) {
      throw new EngineError(`the system gives no ${this.size} bytes of memory below 2 GiB`);
    }
    this.address = Number(address);
    this.buffer = native.koffi.view(address, this.size);
    this.bytes = new Uint8Array(this.buffer);
  }

  /** From now on it can be run and not be written. */
  seal(): void {
    if (this.#native.protect(BigInt(this.address), this.size, READ | EXECUTE) !== 0) {
      throw new EngineError('the system does not let this process run code that it has written');
    }
  }

  free(): void {
    this.#native.unmap(BigInt(this.address), this.size);
  }
}
