/** Sums, products and extremes along axes. */
import { type ReducedAxis, reductionLoops } from '../../kernels/axes.ts';
import type { Combination, ReductionKernel } from '../../kernels/kernels.ts';
import { FLOAT_BYTES, type PlaceOf } from '../../kernels/places.ts';
import type { Code } from './assembler.ts';
import { flushed } from './denormals.ts';
import {
  type Address,
  type Cursor,
  combineLanes,
  emitLoops,
  LANES,
  store,
  type Table,
  VECTOR_BYTES,
} from './loops.ts';
import { S, Type, V, VectorMemory } from './opcodes.ts';
import { wasm } from './target.ts';
import { Values } from './values.ts';

const integerIdentity = { sum: 0, product: 1, max: -(2 ** 31), min: 2 ** 31 - 1 } as const;
/** Bits of 0, 1, -∞ and ∞. */
const floatIdentity = { sum: 0, product: 0x3f800000, max: 0xff800000, min: 0x7f800000 } as const;

const integerCodes = { sum: V.i32Add, product: V.i32Multiply, max: V.i32Maximum, min: V.i32Minimum } as const;

/** Vectors of one row, or of neighbouring columns, combined in turn: they do not wait for each other. */
const ABREAST = 4;

export function emitReduction(code: Code, table: Table, kernel: ReductionKernel, placeOf: PlaceOf): void {
  const { nest, axes, along, across } = reductionLoops(kernel, kernel.axes, placeOf, wasm);
  const reduction = new Reduction(code, kernel, axes);
  const body = (cursor: Cursor) => {
    if (along) reduction.alongRow(cursor);
    else reduction.atPlaces(cursor, across);
  };
  emitLoops(code, table, nest, body, { single: !across, abreast: across ? ABREAST : 1 });
}

class Reduction {
  readonly #code: Code;
  readonly #kernel: ReductionKernel;
  readonly #axes: readonly ReducedAxis[];

  constructor(code: Code, kernel: ReductionKernel, axes: readonly ReducedAxis[]) {
    this.#code = code;
    this.#kernel = kernel;
    this.#axes = axes;
  }

  /** The last of the axes in vectors, its last elements one by one. */
  alongRow(cursor: Cursor): void {
    const code = this.#code;
    const axes = this.#axes;
    const { size } = axes[axes.length - 1];
    const vectors = Math.floor(size / LANES);
    const abreast = Math.min(ABREAST, vectors);
    const sums = Array.from({ length: abreast }, () => this.#identity());
    const tail = size % LANES > 0 ? this.#identity() : undefined;
    const pointer = this.#point(cursor.at(0));
    const step = (i: number) => this.#combineLoad(sums[i], pointer, i * VECTOR_BYTES, VectorMemory.load);
    this.#overAxes(axes.slice(0, -1), pointer, () => {
      code.repeat(Math.floor(vectors / abreast), () => {
        for (let i = 0; i < abreast; i++) step(i);
        code.advance(pointer, abreast * VECTOR_BYTES);
      });
      for (let i = 0; i < vectors % abreast; i++) step(i);
      const done = (vectors % abreast) * VECTOR_BYTES;
      for (let i = 0; i < size % LANES; i++) {
        this.#combineLoad(tail as number, pointer, done + i * FLOAT_BYTES, VectorMemory.splat32);
      }
      code.advance(pointer, (vectors % abreast) * VECTOR_BYTES - vectors * VECTOR_BYTES);
    });
    const [sum, ...others] = sums;
    for (const other of others) this.#combineLocals(sum, other);
    code.get(sum);
    combineLanes(code, () => this.#combine());
    code.set(sum);
    if (tail !== undefined) this.#combineLocals(sum, tail);
    this.#store(cursor.at(1), 1, sum);
    for (const local of [...sums, pointer]) code.release(local);
    if (tail !== undefined) code.release(tail);
  }

  /** What lies at each place along the axes: vectors of neighbouring places, or one number. */
  atPlaces(cursor: Cursor, across: boolean): void {
    const code = this.#code;
    const sums = Array.from({ length: cursor.vectors }, () => this.#identity());
    const pointer = this.#point(cursor.at(0));
    const instruction = !across
      ? VectorMemory.splat32
      : cursor.lanes === LANES || cursor.lanes === 3
        ? VectorMemory.load
        : cursor.lanes === 2
          ? VectorMemory.loadZero64
          : VectorMemory.loadZero32;
    this.#overAxes(this.#axes, pointer, () => {
      for (const [i, sum] of sums.entries()) this.#combineLoad(sum, pointer, i * VECTOR_BYTES, instruction);
    });
    for (const [i, sum] of sums.entries()) {
      this.#store(cursor.at(1, i), across ? cursor.lanes : 1, sum);
      code.release(sum);
    }
    code.release(pointer);
  }

  /** Runs `body` at every index of axes; it leaves the pointer as it finds it. */
  #overAxes(axes: readonly ReducedAxis[], pointer: number, body: () => void): void {
    const visit = (at: number): void => {
      if (at === axes.length) {
        body();
        return;
      }
      const { size, stride } = axes[at];
      this.#code.repeat(size, () => {
        visit(at + 1);
        this.#code.advance(pointer, FLOAT_BYTES * stride);
      });
      this.#code.advance(pointer, -FLOAT_BYTES * stride * size);
    };
    visit(0);
  }

  #point({ base, offset }: Address): number {
    const code = this.#code;
    const pointer = code.take();
    code.i32(offset);
    if (base !== undefined) {
      code.get(base);
      code.scalar(S.i32Add);
    }
    code.set(pointer);
    return pointer;
  }

  #identity(): number {
    const { combination, type } = this.#kernel;
    const local = this.#code.take(Type.v128);
    this.#code.splat(type === 'float32' ? floatIdentity[combination] : integerIdentity[combination] >>> 0);
    this.#code.set(local);
    return local;
  }

  #combineLoad(
    sum: number,
    pointer: number,
    offset: number,
    instruction: (typeof VectorMemory)[keyof typeof VectorMemory],
  ): void {
    const code = this.#code;
    code.get(sum);
    code.get(pointer);
    code.vectorMemory(instruction, offset);
    this.#combine();
    code.set(sum);
  }

  #combineLocals(sum: number, other: number): void {
    const code = this.#code;
    code.get(sum);
    code.get(other);
    this.#combine();
    code.set(sum);
  }

  /** Combines the two vectors on the stack; extremes of floats keep NaN. */
  #combine(): void {
    const { combination, type } = this.#kernel;
    combineVectors(this.#code, combination, type === 'float32');
  }

  #store(address: Address, lanes: number, sum: number): void {
    const { factor, type, combination } = this.#kernel;
    const values = new Values();
    let value = values.value(Type.v128, [], (code) => code.get(sum));
    if (factor !== 1) value = values.multiply(value, values.number(factor));
    const isSum = combination === 'sum' || combination === 'product';
    if (type === 'float32' && (isSum || factor !== 1)) value = flushed(values, value);
    value.uses++;
    values.restart();
    store(this.#code, address, lanes, () => values.push(this.#code, value));
  }
}

function combineVectors(code: Code, combination: Combination, isFloat: boolean): void {
  if (!isFloat) {
    code.vector(integerCodes[combination]);
    return;
  }
  if (combination === 'sum' || combination === 'product') {
    code.vector(combination === 'sum' ? V.f32Add : V.f32Multiply);
    return;
  }
  // The first operand stays beside a NaN; a NaN in the second is put in.
  const second = code.take(Type.v128);
  code.tee(second);
  code.vector(combination === 'max' ? V.f32PseudoMaximum : V.f32PseudoMinimum);
  code.get(second);
  code.get(second);
  code.vector(V.f32NotEqual);
  code.vector(V.or);
  code.release(second);
}
