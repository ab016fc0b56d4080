/**
 * Products of the backend wasm beside the best strict micro-kernel: a loop over packed operands that does nothing else,
 * for tiles of 2 to 8 rows × 1 to 4 vectors. Both in turns in one process, by its processor time; the best of many short
 * measurements each.
 *
 *   node --no-liftoff --import jiti/register bench/wasm-products.ts [--rounds 40]
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Code, Module } from '../engine/codegen/wasm/assembler.ts';
import { S, Type, V, VectorMemory } from '../engine/codegen/wasm/opcodes.ts';
import { productFunction, Scratch } from '../engine/codegen/wasm/products.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '40' } } });
const rounds = Number(values.rounds);

const PAGES = 512;
const [A, B, C, SCRATCH] = [4 << 20, 8 << 20, 12 << 20, 24 << 20];
const memory = new WebAssembly.Memory({ initial: PAGES });
const numbers = new Float32Array(memory.buffer);
for (let i = 0; i < numbers.length; i++) numbers[i] = Math.random() - 0.5;

function instantiate(module: Module): () => void {
  const compiled = new WebAssembly.Module(module.finish(PAGES));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports.run as () => void;
}

/** What is measured: a function and its multiplications and additions. */
interface Candidate {
  readonly name: string;
  readonly operations: number;
  readonly run: () => void;
}

const DEPTH = 128;
const REPEATS = 500;

/** `rows` × `vectors` sums in registers over panels of packed operands, again and again. */
function microKernel(rows: number, vectors: number): Candidate {
  const code = new Code();
  const take = (count: number) => Array.from({ length: count }, () => code.take(Type.v128));
  const sums = Array.from({ length: rows }, () => take(vectors));
  const right = take(vectors);
  const [factor] = take(1);
  const [left, panel] = [code.take(), code.take()];
  for (const sum of sums.flat()) {
    code.splat(0);
    code.set(sum);
  }
  code.repeat(REPEATS, () => {
    code.i32(A);
    code.set(left);
    code.i32(B);
    code.set(panel);
    code.loop(() => {
      for (const [vector, local] of right.entries()) {
        code.get(panel);
        code.vectorMemory(VectorMemory.load, 16 * vector);
        code.set(local);
      }
      for (const [row, locals] of sums.entries()) {
        code.get(left);
        code.vectorMemory(VectorMemory.splat32, 4 * row);
        code.set(factor);
        for (const [vector, sum] of locals.entries()) {
          code.get(sum);
          code.get(factor);
          code.get(right[vector]);
          code.vector(V.f32Multiply);
          code.vector(V.f32Add);
          code.set(sum);
        }
      }
      code.advance(left, 4 * rows);
      code.advance(panel, 16 * vectors);
      code.get(panel);
      code.i32(B + 16 * vectors * DEPTH);
      code.scalar(S.i32Ne);
      code.branchIf(0);
    });
  });
  for (const [i, sum] of sums.flat().entries()) {
    code.i32(C);
    code.get(sum);
    code.vectorMemory(VectorMemory.store, 16 * i);
  }
  const module = new Module();
  module.add(code, [], [], 'run');
  const operations = 2 * rows * 4 * vectors * DEPTH * REPEATS;
  return { name: `micro-kernel ${rows} × ${vectors} vectors`, operations, run: instantiate(module) };
}

/** The generator's own product of two matrices of rows. */
function product(rows: number, k: number, columns: number): Candidate {
  const module = new Module();
  const strides = (length: number) => ({ row: 4 * length, column: 4 });
  const shape = { rows, columns, k, a: strides(k), b: strides(columns), c: strides(columns) };
  const index = productFunction(module, new Scratch(SCRATCH), shape);
  const code = new Code();
  for (const address of [A, B, C]) code.i32(address);
  code.call(index);
  module.add(code, [], [], 'run');
  const name = `product [${rows}, ${k}] · [${k}, ${columns}]`;
  return { name, operations: 2 * rows * k * columns, run: instantiate(module) };
}

/** Milliseconds of processor time so far. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const LEAST_MILLISECONDS = 20;

/** Operations per nanosecond. */
function rate({ run, operations }: Candidate): number {
  const begin = processorTime();
  let runs = 0;
  let spent = 0;
  do {
    run();
    runs++;
    spent = processorTime() - begin;
  } while (spent < LEAST_MILLISECONDS);
  return (operations * runs) / spent / 1e6;
}

const tiles = [2, 3, 4, 5, 6, 8].flatMap((rows) => [1, 2, 3, 4].map((vectors) => [rows, vectors] as const));
const kernels = tiles.map(([rows, vectors]) => microKernel(rows, vectors));
const products = [
  product(128, 128, 128),
  product(512, 512, 512),
  product(256, 64, 64),
  product(1024, 128, 128),
];
const best = new Map<Candidate, number>();
for (let round = 0; round < rounds; round++) {
  for (const candidate of [...kernels, ...products]) {
    best.set(candidate, Math.max(best.get(candidate) ?? 0, rate(candidate)));
  }
}
const rateOf = (candidate: Candidate) => best.get(candidate) as number;
const fastest = kernels.reduce((a, b) => (rateOf(a) >= rateOf(b) ? a : b));
console.log(`Node ${process.version}, load ${loadavg()[0].toFixed(2)}`);
for (const candidate of [fastest, ...products]) {
  const ratio = rateOf(candidate) / rateOf(fastest);
  console.log(`${candidate.name.padEnd(34)} ${rateOf(candidate).toFixed(1)} GFLOP/s  ${ratio.toFixed(2)}`);
}
