/** The compiled model as it was, and what resets have written into it since. */
import { decodeFloat64, decodeUint8, encodeArray } from './encoding.ts';
import { ModelError, StateError } from './errors.ts';
import type { MjModel } from './mujoco.ts';

export type NumericArray = Float64Array | Float32Array | Int32Array;

/** Everything in a model that differs from the compiled one; arrays are base64. */
export interface ModelChanges {
  /** Stretches of the memory that holds the model's arrays: [first byte, bytes]. */
  readonly arrays: readonly (readonly [number, string])[];
  /** Simulation options (gravity, wind, ...) by MuJoCo's name: their numbers. */
  readonly options: readonly (readonly [string, string])[];
}

/** Equal bytes between two changed ones that are kept with them rather than parting a stretch. */
const GAP = 32;

export class ModelMemory {
  private readonly compiled: Uint8Array;
  private readonly compiledOptions: ReadonlyMap<string, Float64Array>;
  private known: string | undefined;

  constructor(
    private readonly mjModel: MjModel,
    private readonly option: MjModel['opt'],
  ) {
    this.compiled = Uint8Array.from(this.memory);
    this.compiledOptions = new Map(readOptions(option));
  }

  /** MuJoCo keeps all arrays of a model in one stretch of memory, in the same order for the same model. */
  private get memory(): Uint8Array {
    return this.mjModel.buffer as Uint8Array;
  }

  /** Tells the compiled model from others of the same sizes. */
  get digest(): string {
    this.known ??= digestOf([this.compiled, ...[...this.compiledOptions.values()].map(bytesOf)]);
    return this.known;
  }

  changes(): ModelChanges {
    const options = readOptions(this.option)
      .map(([name, values]) => [name, encodeArray(values)] as const)
      .filter(([name, text]) => {
        const before = this.compiledOptions.get(name);
        return before === undefined || encodeArray(before) !== text;
      });
    return { arrays: this.changedStretches(), options };
  }

  /** Makes the model the compiled one with these changes. @throws StateError if they are of another model. */
  restore(changes: ModelChanges): void {
    const stretches = changes.arrays.map(([start, bytes]) => [start, decodeUint8(bytes)] as const);
    if (stretches.some(([start, bytes]) => !(start >= 0 && start + bytes.length <= this.compiled.length))) {
      throw new StateError('the saved state is of another model');
    }
    const options = new Map(this.compiledOptions);
    for (const [name, values] of changes.options) {
      if (!options.has(name)) throw new StateError(`the saved state has an unknown option '${name}'`);
      options.set(name, decodeFloat64(values));
    }
    const { memory } = this;
    memory.set(this.compiled);
    for (const [start, bytes] of stretches) memory.set(bytes, start);
    for (const [name, values] of options) writeOption(this.option, name, values);
  }

  private changedStretches(): [number, string][] {
    const { memory, compiled } = this;
    const found: [number, string][] = [];
    for (let i = 0; i < compiled.length; i++) {
      if (memory[i] === compiled[i]) continue;
      let end = i + 1;
      for (let j = end; j < compiled.length && j < end + GAP; j++) if (memory[j] !== compiled[j]) end = j + 1;
      found.push([i, encodeArray(memory.slice(i, end))]);
      i = end;
    }
    return found;
  }

  /** Names of the model's arrays that differ from the compiled ones. */
  changedFields(): string[] {
    if (this.changedStretches().length === 0) return [];
    const { byteOffset: origin, buffer } = this.memory;
    return propertyNames(this.mjModel).filter((field) => {
      const view = field === 'buffer' ? undefined : readProperty(this.mjModel, field);
      if (!ArrayBuffer.isView(view) || view.buffer !== buffer) return false;
      const start = view.byteOffset - origin;
      const now = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      return now.some((byte, i) => byte !== this.compiled[start + i]);
    });
  }

  /** The compiled value of an array of the model. */
  compiledArray(field: string): NumericArray {
    const view = readProperty(this.mjModel, field);
    if (!ArrayBuffer.isView(view)) throw new ModelError(`MuJoCo has no array '${field}' in mjModel`);
    const start = view.byteOffset - this.memory.byteOffset;
    const bytes = this.compiled.slice(start, start + view.byteLength);
    const Kind = view.constructor as new (buffer: ArrayBufferLike) => NumericArray;
    return new Kind(bytes.buffer);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** FNV-1a (Fowler, Noll and Vo), 32 bits, in hexadecimal. */
function digestOf(parts: readonly Uint8Array[]): string {
  let hash = 0x811c9dc5;
  for (const part of parts) for (const byte of part) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

const propertyNames = (binding: object) => Object.getOwnPropertyNames(Object.getPrototypeOf(binding));

/** A property of a binding, undefined where the bindings cannot read it (arrays of flags). */
function readProperty(binding: object, name: string): unknown {
  try {
    return (binding as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Every number and every array of numbers among the options. */
function readOptions(option: MjModel['opt']): [string, Float64Array][] {
  return propertyNames(option).flatMap((name): [string, Float64Array][] => {
    const value = readProperty(option, name);
    if (typeof value === 'number') return [[name, Float64Array.of(value)]];
    return ArrayBuffer.isView(value) ? [[name, Float64Array.from(value as NumericArray)]] : [];
  });
}

function writeOption(option: MjModel['opt'], name: string, values: Float64Array): void {
  const value = readProperty(option, name);
  if (ArrayBuffer.isView(value)) (value as NumericArray).set(values);
  else if (value !== values[0]) (option as unknown as Record<string, number>)[name] = values[0];
}
