/** Memory that machine code runs in and on, through the C library. Linux on x86-64 with AVX-512. */
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
  map(address: null, length: number, protection: number, flags: number, file: number, offset: number): bigint;
  unmap(address: bigint, length: number): number;
  protect(address: bigint, length: number, protection: number): number;
  symbol(library: null, name: string): bigint | null;
  createThread(identifier: BigUint64Array, attributes: null, code: bigint, argument: null): number;
  detachThread(identifier: bigint): number;
  /** The type of a program's code: no operands, no result. */
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
  const reason = unsuitable();
  if (reason !== undefined) return { reason };
  try {
    const native = open();
    runProbe(native);
    return { native };
  } catch (error) {
    return { reason: error instanceof Error ? error.message.split('\n')[0] : String(error) };
  }
}

function open(): Native {
  const { createRequire } = process.getBuiltinModule('node:module');
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const library = koffi.load('libc.so.6');
  koffi.load('libm.so.6', { global: true });
  return {
    koffi,
    map: library.func('void *mmap(void *a, size_t n, int protection, int flags, int file, int64_t offset)'),
    unmap: library.func('int munmap(void *a, size_t n)'),
    protect: library.func('int mprotect(void *a, size_t n, int protection)'),
    symbol: library.func('void *dlsym(void *library, const char *name)'),
    createThread: library.func(
      'int pthread_create(_Out_ uint64_t *id, void *attributes, void *code, void *argument)',
    ),
    detachThread: library.func('int pthread_detach(uint64_t id)'),
    entry: koffi.proto('void rfm_harness_entry()'),
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

/** Set to anything but nothing, it hides AVX-512 from the engine: what other machines do can be tried on this one. */
const HIDING = 'RFM_HARNESS_HIDE_AVX512';

const needed = ['avx512f', 'avx512dq', 'avx512bw', 'avx512vl', 'fma'];

function unsuitable(): string | undefined {
  // The engine imports nothing from Node: it runs in a browser too, without machine code.
  if (typeof process === 'undefined' || process.getBuiltinModule === undefined) {
    return 'it needs Node 20.16 or newer';
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `it is for Linux on x86-64, this is ${process.platform} on ${process.arch}`;
  }
  if (process.env[HIDING]) return `${HIDING} hides the processor's AVX-512`;
  let flags: Set<string>;
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    flags = new Set(line.trim().split(/\s+/));
  } catch {
    return '/proc/cpuinfo cannot be read';
  }
  const absent = needed.filter((name) => !flags.has(name));
  return absent.length === 0 ? undefined : `this processor has no ${absent.join(', ')}`;
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
