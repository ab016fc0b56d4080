/**
 * Every backend, the fastest first. A record here is all that one needs: options, their help and errors, `doctor`, the
 * manifest and docs/engine.md find it. A graph that a backend has no code for runs on the next one that is there.
 */
import { openNative, whyUnavailable } from '../codegen/x86/memory.ts';
import { openRuntime } from '../onnx/runtime.ts';
import type { TracedFunction } from '../trace/trace.ts';
import { profileWriter } from './profile.ts';
import type { FunctionRunner } from './runner.ts';

export interface BackendRecord {
  /** What computes, for docs/engine.md, as Markdown. */
  readonly what: string;
  /** On which machines, for docs/engine.md, as Markdown. */
  readonly where: string;
  /**
   * Family of bits: within one, the same inputs give the same bits on every machine where the backend runs. The number
   * goes up when results of an unchanged agent change (CONTRIBUTING.md). Absent where numbers round as the machine does.
   */
  readonly bits?: string;
  /** Whether it shares a graph's work among threads. */
  readonly hasThreads?: boolean;
  /** Why it cannot run here; undefined if it can. */
  whyUnavailable(): Promise<string | undefined>;
  /** The instruction set of this machine that it writes code for, as its vendors write it. Only where it can run. */
  instructionSet?(): string;
  /** Loads what it needs. */
  open(request: RunnerRequest): Promise<FunctionRunner>;
}

export interface RunnerRequest {
  readonly threads: number;
  /** Whether threads that wait for work spin. */
  readonly spin?: boolean;
  /** ONNX Runtime's execution providers to try before the CPU. */
  readonly providers?: readonly string[];
  /** Called with each graph that is built. */
  readonly onGraph?: (traced: TracedFunction) => void;
  /** Where profiles are written, a path prefix. */
  readonly profile?: string;
  /** Throws at the first operation that makes a value non-finite, where operations run one by one. */
  readonly debugNumerics?: boolean;
}

const records = {
  native: {
    what: 'machine code, AVX-512 or AVX2, that the engine writes for each graph ([how](#native-code))',
    where: 'Linux on x86-64 with AVX-512, or with AVX2 and FMA, Node 20.16 or newer; the default there',
    bits: 'native-1',
    hasThreads: true,
    async whyUnavailable() {
      const reason = whyUnavailable();
      return reason && `machine code cannot run here: ${reason}; use the backend wasm`;
    },
    instructionSet: () => ({ avx512: 'AVX-512', avx2: 'AVX2' })[openNative().set],
    async open({ threads, spin, onGraph, profile }) {
      const { CodeRunner } = await import('../codegen/runner.ts');
      const { NativeProgram } = await import('../codegen/x86/program.ts');
      const { MOST_THREADS } = await import('../codegen/x86/workers.ts');
      const native = openNative();
      return new CodeRunner(
        async (traced, options) => new NativeProgram(native, traced, { ...options, spin }),
        { threads: Math.min(threads, MOST_THREADS), onGraph, onProfile: profileWriter(profile) },
      );
    },
  },
  wasm: {
    what: 'WebAssembly SIMD that the engine writes for each graph ([how](#webassembly)): [the same bits everywhere](reproducibility.md)',
    where: 'everywhere; the default elsewhere',
    bits: 'wasm-1',
    async whyUnavailable() {
      return hasVectors() ? undefined : 'this WebAssembly has no SIMD; use the backend eager';
    },
    async open({ onGraph, profile }) {
      const { CodeRunner } = await import('../codegen/runner.ts');
      const { WasmProgram } = await import('../codegen/wasm/program.ts');
      return new CodeRunner((traced, options) => WasmProgram.build(traced, options.profile), {
        onGraph,
        onProfile: profileWriter(profile),
      });
    },
  },
  onnx: {
    what: 'the graph in ONNX Runtime',
    where:
      'where the user has installed it: `npm install --ignore-scripts onnxruntime-node` (288 MB; its install script would add libraries for graphics cards)',
    hasThreads: true,
    async whyUnavailable() {
      try {
        await openRuntime();
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
    async open({ threads, spin, providers, onGraph, profile }) {
      const { OnnxRunner } = await import('../onnx/runner.ts');
      return new OnnxRunner({ threads, spin, providers, onGraph, profilePrefix: profile });
    },
  },
  eager: {
    what: 'the same function in TensorFlow.js, operation by operation, for debugging',
    where:
      "everywhere; on `@tensorflow/tfjs-node` or `@tensorflow/tfjs-backend-wasm` where the user has installed one, else on TensorFlow.js's JavaScript",
    async whyUnavailable() {
      return undefined;
    },
    async open({ debugNumerics }) {
      const { EagerRunner } = await import('./eager.ts');
      return new EagerRunner({ debugNumerics });
    },
  },
} as const satisfies Record<string, BackendRecord>;

/** A backend by its name. */
export type BackendName = keyof typeof records;

export const backends: Readonly<Record<BackendName, BackendRecord>> = records;

/** The names of all backends, fastest first. */
export const backendNames = (): BackendName[] => Object.keys(backends) as BackendName[];

/** Whether there is a backend of this name. */
export const isBackend = (name: unknown): name is BackendName =>
  typeof name === 'string' && Object.hasOwn(backends, name);

/** A module with one function that makes a vector. */
const VECTORS = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
];

const hasVectors = (): boolean =>
  typeof WebAssembly === 'object' && WebAssembly.validate(Uint8Array.from(VECTORS));
