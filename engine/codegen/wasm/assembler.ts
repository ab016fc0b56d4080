/** Writes WebAssembly modules: the binary format of WebAssembly Core Specification 2.0, chapter 5. */
import {
  CONSTANT,
  type Memory,
  SHUFFLE,
  Type,
  type V,
  type ValueType,
  type VectorMemory,
} from './opcodes.ts';

/** Bytes that grow at the end. */
class Bytes {
  #data = new Uint8Array(256);
  length = 0;

  byte(...values: readonly number[]): void {
    for (const value of values) {
      if (this.length === this.#data.length) this.#grow(this.length + 1);
      this.#data[this.length++] = value;
    }
  }

  append(values: Uint8Array): void {
    if (this.length + values.length > this.#data.length) this.#grow(this.length + values.length);
    this.#data.set(values, this.length);
    this.length += values.length;
  }

  /** LEB128 without a sign: integers from 0 to 2^32 - 1. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** LEB128 with a sign: integers of 64 bits. */
  signed(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(rest & 127n);
      rest >>= 7n;
      if ((rest === 0n && low < 64) || (rest === -1n && low >= 64)) {
        this.byte(low);
        return;
      }
      this.byte(low | 128);
    }
  }

  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  view(): Uint8Array {
    return this.#data.subarray(0, this.length);
  }

  #grow(least: number): void {
    const larger = new Uint8Array(Math.max(least, 2 * this.#data.length));
    larger.set(this.#data);
    this.#data = larger;
  }
}

const VECTOR_PREFIX = 0xfd;
const NO_RESULT = 0x40;

/** The body of one function. */
export class Code {
  readonly #bytes = new Bytes();
  readonly #parameters: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  readonly #free = new Map<ValueType, number[]>();

  constructor(parameters: readonly ValueType[] = []) {
    this.#parameters = parameters;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** A local that nothing else uses until it is given back. */
  take(type: ValueType = Type.i32): number {
    const free = this.#free.get(type)?.pop();
    if (free !== undefined) return free;
    this.#locals.push(type);
    return this.#parameters.length + this.#locals.length - 1;
  }

  /** Gives a local back. */
  release(local: number): void {
    const type = this.#locals[local - this.#parameters.length];
    const list = this.#free.get(type);
    if (list === undefined) this.#free.set(type, [local]);
    else list.push(local);
  }

  get(local: number): void {
    this.#bytes.byte(0x20);
    this.#bytes.unsigned(local);
  }

  set(local: number): void {
    this.#bytes.byte(0x21);
    this.#bytes.unsigned(local);
  }

  /** Sets a local and leaves the value. */
  tee(local: number): void {
    this.#bytes.byte(0x22);
    this.#bytes.unsigned(local);
  }

  i32(value: number): void {
    this.#bytes.byte(0x41);
    this.#bytes.signed(BigInt(value | 0));
  }

  i64(value: bigint): void {
    this.#bytes.byte(0x42);
    this.#bytes.signed(value);
  }

  f32(value: number): void {
    this.#bytes.byte(0x43);
    this.#bytes.append(new Uint8Array(Float32Array.of(value).buffer));
  }

  f64(value: number): void {
    this.#bytes.byte(0x44);
    this.#bytes.append(new Uint8Array(Float64Array.of(value).buffer));
  }

  /** The same 32 bits in every lane. */
  splat(bits: number): void {
    this.lanes([bits, bits, bits, bits]);
  }

  /** Four lanes of 32 bits. */
  lanes(bits: readonly [number, number, number, number]): void {
    this.#vector(CONSTANT);
    this.#bytes.append(new Uint8Array(Uint32Array.from(bits).buffer));
  }

  scalar(code: number): void {
    this.#bytes.byte(code);
  }

  /** A double on the stack becomes the nearest integer towards zero that 32 bits hold; NaN becomes 0. */
  truncateToI32(): void {
    this.#bytes.byte(0xfc, 0x02);
  }

  /** The same with 64 bits. */
  truncateToI64(): void {
    this.#bytes.byte(0xfc, 0x06);
  }

  vector(code: (typeof V)[keyof typeof V]): void {
    this.#vector(code);
  }

  #vector(code: number): void {
    this.#bytes.byte(VECTOR_PREFIX);
    this.#bytes.unsigned(code);
  }

  /** Lanes of four bytes, 0 to 3 of the first operand and 4 to 7 of the second. */
  shuffle(lanes: readonly number[]): void {
    this.#vector(SHUFFLE);
    for (const lane of lanes) for (let i = 0; i < 4; i++) this.#bytes.byte(4 * lane + i);
  }

  memory([code]: (typeof Memory)[keyof typeof Memory], offset: number): void {
    this.#bytes.byte(code);
    this.#memarg(offset);
  }

  /** Alignment is a hint that decides nothing: everything here is aligned to four bytes, or to one. */
  vectorMemory(
    [code]: (typeof VectorMemory)[keyof typeof VectorMemory],
    offset: number,
    lane?: number,
  ): void {
    this.#vector(code);
    this.#memarg(offset);
    if (lane !== undefined) this.#bytes.byte(lane);
  }

  #memarg(offset: number): void {
    if (offset < 0) throw new RangeError(`an address below the memory: ${offset}`);
    this.#bytes.byte(0);
    this.#bytes.unsigned(offset);
  }

  call(functionIndex: number): void {
    this.#bytes.byte(0x10);
    this.#bytes.unsigned(functionIndex);
  }

  block(body: () => void): void {
    this.#structure(0x02, body);
  }

  loop(body: () => void): void {
    this.#structure(0x03, body);
  }

  /** Takes the condition from the stack. */
  if(then: () => void, otherwise?: () => void): void {
    this.#bytes.byte(0x04, NO_RESULT);
    then();
    if (otherwise !== undefined) {
      this.#bytes.byte(0x05);
      otherwise();
    }
    this.#bytes.byte(0x0b);
  }

  #structure(code: number, body: () => void): void {
    this.#bytes.byte(code, NO_RESULT);
    body();
    this.#bytes.byte(0x0b);
  }

  /** Jumps out of a block or to the beginning of a loop, `depth` structures further out. */
  branch(depth: number): void {
    this.#bytes.byte(0x0c);
    this.#bytes.unsigned(depth);
  }

  /** The same if the number on the stack is not 0. */
  branchIf(depth: number): void {
    this.#bytes.byte(0x0d);
    this.#bytes.unsigned(depth);
  }

  /** local = local + number */
  advance(local: number, by: number): void {
    if (by === 0) return;
    this.get(local);
    this.i32(by);
    this.scalar(0x6a);
    this.set(local);
  }

  /** Runs `body` a fixed number of times. */
  repeat(times: number, body: () => void): void {
    if (times <= 0) return;
    if (times === 1) {
      body();
      return;
    }
    const counter = this.take();
    this.i32(times);
    this.set(counter);
    this.loop(() => {
      body();
      this.get(counter);
      this.i32(1);
      this.scalar(0x6b);
      this.tee(counter);
      this.branchIf(0);
    });
    this.release(counter);
  }

  /** Locals and instructions as the code section has them. */
  finish(): Uint8Array {
    const head = new Bytes();
    const groups: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = groups[groups.length - 1];
      if (last?.type === type) last.count++;
      else groups.push({ type, count: 1 });
    }
    head.unsigned(groups.length);
    for (const { type, count } of groups) {
      head.unsigned(count);
      head.byte(type);
    }
    const whole = new Bytes();
    whole.unsigned(head.length + this.#bytes.length + 1);
    whole.append(head.view());
    whole.append(this.#bytes.view());
    whole.byte(0x0b);
    return whole.view();
  }
}

interface Declared {
  readonly type: number;
  readonly code: Code;
  readonly name?: string;
}

/** A module that imports its memory as `env.memory`. */
export class Module {
  readonly #types: string[] = [];
  readonly #typeBytes: Uint8Array[] = [];
  readonly #functions: Declared[] = [];
  readonly #byKey = new Map<string, number>();

  /** @returns the function's index */
  add(code: Code, parameters: readonly ValueType[], results: readonly ValueType[], name?: string): number {
    this.#functions.push({ type: this.#type(parameters, results), code, name });
    return this.#functions.length - 1;
  }

  /** A function that is written once for each key. */
  shared(
    key: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
    emit: (code: Code) => void,
  ): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const code = new Code(parameters);
    emit(code);
    const index = this.add(code, parameters, results);
    this.#byKey.set(key, index);
    return index;
  }

  #type(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters} ${results}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const bytes = new Bytes();
    bytes.byte(0x60);
    for (const list of [parameters, results]) {
      bytes.unsigned(list.length);
      bytes.byte(...list);
    }
    this.#types.push(key);
    this.#typeBytes.push(bytes.view());
    return this.#types.length - 1;
  }

  /** @param pages of 64 KiB that the memory has at least */
  finish(pages: number): Uint8Array<ArrayBuffer> {
    const module = new Bytes();
    module.byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const section = (id: number, write: (bytes: Bytes) => void) => {
      const bytes = new Bytes();
      write(bytes);
      module.byte(id);
      module.unsigned(bytes.length);
      module.append(bytes.view());
    };
    section(1, (bytes) => {
      bytes.unsigned(this.#typeBytes.length);
      for (const type of this.#typeBytes) bytes.append(type);
    });
    section(2, (bytes) => {
      bytes.unsigned(1);
      bytes.name('env');
      bytes.name('memory');
      bytes.byte(0x02, 0x00);
      bytes.unsigned(pages);
    });
    section(3, (bytes) => {
      bytes.unsigned(this.#functions.length);
      for (const { type } of this.#functions) bytes.unsigned(type);
    });
    section(7, (bytes) => {
      const named = this.#functions.flatMap(({ name }, i) => (name === undefined ? [] : [{ name, i }]));
      bytes.unsigned(named.length);
      for (const { name, i } of named) {
        bytes.name(name);
        bytes.byte(0x00);
        bytes.unsigned(i);
      }
    });
    section(10, (bytes) => {
      bytes.unsigned(this.#functions.length);
      for (const { code } of this.#functions) bytes.append(code.finish());
    });
    return Uint8Array.from(module.view());
  }
}
