/**
 * Named parameter tensors and the one flat vector that holds them. Optimisers, targets and checkpoints work on
 * the flat vector, a few large operations instead of many small ones; networks work on the named tensors.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Initialiser } from './initialisers.ts';
import type { RandomStream } from './random.ts';
import type { NdArray } from './types.ts';

export interface ParameterSpec {
  /** Without the ensemble's dimension. */
  readonly shape: readonly number[];
  readonly initialise: Initialiser;
}

/** Where one parameter lies in a flat vector [P], or in each row of [n, P] with an ensemble of n. */
export interface Layer {
  readonly name: string;
  /** Without the ensemble's dimension; row major. */
  readonly shape: readonly number[];
  /** Of its first value, in values. */
  readonly offset: number;
}

interface Part extends Layer {
  readonly size: number;
  readonly initialise: Initialiser;
}

/**
 * Where each named tensor lies in the flat vector. Without an ensemble the vector is [P] and a parameter has
 * its own shape; with an ensemble of n it is [n, P], one row per member, and a parameter is [n, ...shape].
 */
export class ParameterLayout<Name extends string = string> {
  /** P, the number of values (of one member). */
  readonly size: number;
  readonly ensemble: number | undefined;
  /** The flat vector's shape. */
  readonly shape: readonly number[];
  readonly #parts: readonly (Part & { readonly name: Name })[];

  private constructor(specs: Readonly<Record<Name, ParameterSpec>>, ensemble: number | undefined) {
    let offset = 0;
    const parts: (Part & { name: Name })[] = [];
    for (const name of Object.keys(specs) as Name[]) {
      const { shape, initialise } = specs[name];
      const size = shape.reduce((product, length) => product * length, 1);
      if (!Number.isInteger(size) || size < 1) {
        throw new RangeError(`parameter '${name}' has the impossible shape [${shape.join(', ')}]`);
      }
      parts.push({ name, shape: [...shape], size, offset, initialise });
      offset += size;
    }
    if (parts.length === 0) throw new RangeError('a parameter layout needs at least one parameter');
    if (ensemble !== undefined && (!Number.isInteger(ensemble) || ensemble < 1)) {
      throw new RangeError(`an ensemble has 1 or more members, not ${ensemble}`);
    }
    this.#parts = parts;
    this.size = offset;
    this.ensemble = ensemble;
    this.shape = ensemble === undefined ? [offset] : [ensemble, offset];
  }

  /** The tensors lie in the flat vector in the order in which `specs` names them. */
  static of<Name extends string>(
    specs: Readonly<Record<Name, ParameterSpec>>,
    options: { readonly ensemble?: number } = {},
  ): ParameterLayout<Name> {
    return new ParameterLayout(specs, options.ensemble);
  }

  /** The names in the order of the vector. */
  get names(): readonly Name[] {
    return this.#parts.map((part) => part.name);
  }

  /** Where each parameter lies, in the order of the vector. */
  get layers(): readonly Layer[] {
    return this.#parts.map(({ name, shape, offset }) => ({ name, shape, offset }));
  }

  /** The flat vector's first values; a parameter's depend on its name, its member and the stream's key alone. */
  initialise(random: RandomStream): Float32Array {
    const members = this.ensemble ?? 1;
    const flat = new Float32Array(members * this.size);
    for (let member = 0; member < members; member++) {
      for (const { name, shape, size, offset, initialise } of this.#parts) {
        const start = member * this.size + offset;
        initialise(flat.subarray(start, start + size), shape, random.split(`${name}/${member}`));
      }
    }
    return flat;
  }

  /** The named tensors of the flat one; one Split, whose gradient is one Concat. */
  unflatten(flat: tf.Tensor): Record<Name, tf.Tensor> {
    this.#check(flat.shape, 'unflatten');
    const axis = this.shape.length - 1;
    const sizes = this.#parts.map((part) => part.size);
    const pieces = sizes.length === 1 ? [flat] : tf.split(flat, sizes, axis);
    const named = {} as Record<Name, tf.Tensor>;
    this.#parts.forEach(({ name, shape }, i) => {
      named[name] = tf.reshape(pieces[i], this.#leafShape(shape));
    });
    return named;
  }

  /** The flat tensor of named ones, which must all be there. */
  flatten(named: Readonly<Record<Name, tf.Tensor>>): tf.Tensor {
    const axis = this.shape.length - 1;
    const pieces = this.#parts.map(({ name, size }) => {
      const tensor = named[name];
      if (tensor === undefined) throw new RangeError(`flatten: parameter '${name}' is missing`);
      return tf.reshape(tensor, this.ensemble === undefined ? [size] : [this.ensemble, size]);
    });
    return pieces.length === 1 ? pieces[0] : tf.concat(pieces, axis);
  }

  /** The named parameters of a flat vector on the host: views without an ensemble, else copies. */
  arrays(flat: Float32Array): Record<Name, NdArray> {
    this.#check([flat.length / (this.ensemble ?? 1)], 'arrays', [this.size]);
    const named = {} as Record<Name, NdArray>;
    for (const { name, shape, size, offset } of this.#parts) {
      let data = flat.subarray(offset, offset + size);
      if (this.ensemble !== undefined) {
        data = new Float32Array(this.ensemble * size);
        for (let member = 0; member < this.ensemble; member++) {
          const start = member * this.size + offset;
          data.set(flat.subarray(start, start + size), member * size);
        }
      }
      named[name] = { data, shape: this.#leafShape(shape) };
    }
    return named;
  }

  #leafShape(shape: readonly number[]): number[] {
    return this.ensemble === undefined ? [...shape] : [this.ensemble, ...shape];
  }

  #check(shape: readonly number[], what: string, expected: readonly number[] = this.shape): void {
    if (shape.length !== expected.length || shape.some((size, i) => size !== expected[i])) {
      throw new RangeError(`${what}: the flat parameters are [${expected}], not [${shape}]`);
    }
  }
}
