/** What is installed, which compute backends work here, and how fast a matrix product is in each. */
import { availableParallelism, cpus } from 'node:os';
import { matMul, type Tensor } from '@tensorflow/tfjs-core';
import { type BackendName, backendNames, backends } from '../../engine/backends/records.ts';
import { defaultBackend } from '../../engine/default-backend.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { installedVersion } from '../process/installed-version.ts';

export interface PackageState {
  readonly name: string;
  /** undefined if it is not installed. */
  readonly version?: string;
  /** The harness works without. */
  readonly optional: boolean;
}

export interface BackendState {
  readonly backend: string;
  readonly threads: number;
  readonly works: boolean;
  /** That its code is written for, where it has a choice. */
  readonly instructionSet?: string;
  /** Of a 512 × 512 product, in 10^9 multiplications and additions per second. */
  readonly gigaflops?: number;
  readonly startMilliseconds?: number;
  /** Why it does not work. */
  readonly problem?: string;
}

export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly packages: readonly PackageState[];
  readonly backends: readonly BackendState[];
}

const packages: readonly [name: string, optional: boolean][] = [
  ['@mujoco/mujoco', false],
  ['onnxruntime-node', true],
  ['koffi', true],
  ['@tensorflow/tfjs-core', false],
  ['@tensorflow/tfjs-backend-wasm', true],
  ['@tensorflow/tfjs-node', true],
  ['bullmq', true],
  ['ioredis', true],
];

export async function diagnose(): Promise<Diagnosis> {
  const cores = availableParallelism();
  const found: BackendState[] = [];
  for (const name of backendNames()) {
    const counts = backends[name].hasThreads && cores > 1 ? [1, cores] : [1];
    for (const threads of counts) found.push(await tryBackend(name, threads));
  }
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores,
    packages: packages.map(([name, optional]) => ({ name, version: installedVersion(name), optional })),
    backends: found,
  };
}

/** Whether everything that is not optional is there and the default backend computes. */
export function isHealthy({ packages: found, backends: tried }: Diagnosis): boolean {
  return (
    found.every(({ version, optional }) => optional || version !== undefined) &&
    tried.some(({ backend, works }) => backend === defaultBackend() && works)
  );
}

const SIZE = 512;

async function tryBackend(backend: BackendName, threads: number): Promise<BackendState> {
  try {
    const start = performance.now();
    const engine = createEngine({ backend, threads });
    const product = engine.compile<{ a: Tensor; b: Tensor }, { c: Tensor }>('product', ({ a, b }) => ({
      c: matMul(a, b),
    }));
    const matrix = (seed: number) => ({
      data: RandomStream.fromSeed(seed).fillNormal(new Float32Array(SIZE * SIZE)),
      shape: [SIZE, SIZE],
    });
    const inputs = { a: matrix(1), b: matrix(2) };
    const { c } = await product(inputs);
    const startMilliseconds = performance.now() - start;
    let exact = 0;
    for (let k = 0; k < SIZE; k++) exact += inputs.a.data[k] * inputs.b.data[k * SIZE];
    if (!(Math.abs(c.data[0] - exact) < 1e-2)) throw new Error(`a product is ${c.data[0]}, not ${exact}`);
    let fastest = Number.POSITIVE_INFINITY;
    const begin = performance.now();
    while (performance.now() - begin < 500) {
      const before = performance.now();
      await product(inputs);
      fastest = Math.min(fastest, performance.now() - before);
    }
    await engine.dispose();
    const gigaflops = (2 * SIZE ** 3) / (fastest * 1e6);
    const instructionSet = backends[backend].instructionSet?.();
    return { backend, threads, works: true, instructionSet, gigaflops, startMilliseconds };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { backend, threads, works: false, problem };
  }
}

/** The diagnosis as lines of text. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { node, platform, processor, cores } = diagnosis;
  const lines = [`Node ${node} on ${platform}, ${processor}, ${cores} core${cores === 1 ? '' : 's'}`, ''];
  for (const { name, version, optional } of diagnosis.packages) {
    const state =
      version ?? (optional ? `not installed (optional: npm install ${name})` : 'MISSING: npm install');
    lines.push(`  ${name.padEnd(32)} ${state}`);
  }
  lines.push('');
  for (const state of diagnosis.backends) {
    const { backend, threads, works, instructionSet, gigaflops, startMilliseconds, problem } = state;
    const code = instructionSet === undefined ? '' : ` on ${instructionSet}`;
    const name = `${backend}${code}, ${threads} thread${threads === 1 ? '' : 's'}`;
    const found = works
      ? `${(gigaflops ?? 0).toFixed(0).padStart(4)} GFLOP/s of a ${SIZE} × ${SIZE} product, ready in ${(startMilliseconds ?? 0).toFixed(0)} ms`
      : `not usable: ${problem}`;
    lines.push(`  ${name.padEnd(32)} ${found}`);
  }
  return lines.join('\n');
}
