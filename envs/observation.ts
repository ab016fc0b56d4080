/** The flat observation of a task, written part by part without allocating. */
import type { ObservationPart, ObservationSpec } from './environment.ts';
import { TaskError } from './errors.ts';
import { named } from './named-value.ts';

/**
 * What `observe` writes into. The first observation of an environment fixes names, sizes and order of the parts;
 * later ones must write the same parts.
 *
 *     observation.add('position', physics.qposFrom(1));          // copied
 *     observation.add('height', torsoHeight(physics));           // a scalar
 *     observation.open('orientations').push(x).push(z);          // number by number
 *     observation.add('arm_pos', values, [8, 2]);                // a matrix, row major
 */
export class ObservationWriter {
  private readonly found: {
    name: string;
    shape: readonly number[] | undefined;
    offset: number;
    size: number;
  }[] = [];
  /** While the layout is found: the values so far. */
  private growing: number[] | undefined = [];
  /** The flat observation [obs], overwritten by every observation. */
  flat = new Float64Array();
  private part = -1;
  private cursor = 0;

  /** Begins a part; its numbers follow by push(). */
  open(name: string, shape?: readonly number[]): this {
    this.closePart();
    this.part++;
    if (this.growing !== undefined) this.found.push({ name, shape, offset: this.cursor, size: 0 });
    else if (this.found[this.part]?.name !== name) this.disagree(`part ${this.part} is '${name}'`);
    return this;
  }

  push(value: number): this {
    if (typeof value !== 'number') this.refuse(this.found[this.part]?.name ?? '', value);
    if (this.growing !== undefined) this.growing.push(value);
    else this.flat[this.cursor] = value;
    this.cursor++;
    return this;
  }

  /** A whole part: a scalar (shape []), an array (shape [n]) or, with a shape, a matrix row by row. */
  add(name: string, value: number | ArrayLike<number>, shape?: readonly number[]): this {
    if (typeof value === 'number') return this.open(name, shape ?? SCALAR).push(value);
    // Typed arrays hold numbers; only others must be looked through.
    if (!(value instanceof Float64Array)) this.checkNumbers(name, value);
    this.open(name, shape);
    if (this.growing !== undefined) for (let i = 0; i < value.length; i++) this.growing.push(value[i]);
    else for (let i = 0; i < value.length; i++) this.flat[this.cursor + i] = value[i];
    this.cursor += value.length;
    return this;
  }

  private checkNumbers(name: string, values: ArrayLike<unknown>): void {
    if (typeof values !== 'object' || typeof values?.length !== 'number') this.refuse(name, values);
    for (let i = 0; i < values.length; i++) {
      if (typeof values[i] !== 'number') this.refuse(`${name}[${i}]`, values[i]);
    }
  }

  private refuse(name: string, value: unknown): never {
    const hint = typeof value === 'boolean' ? `: write Number(...), which is ${Number(value)} here` : '';
    throw new TaskError(
      `observation '${name}' is ${named(value)}; expected a number, or an array of numbers${hint}`,
    );
  }

  /** Ends the first observation: from here on the layout is fixed. */
  fix(): ObservationSpec {
    this.closePart();
    const values = this.growing ?? [];
    this.growing = undefined;
    this.flat = Float64Array.from(values);
    const parts: ObservationPart[] = this.found.map(({ name, shape, offset, size }) => {
      const dimensions = shape ?? [size];
      if (dimensions.reduce((a, b) => a * b, 1) !== size) {
        throw new TaskError(`observation '${name}' has ${size} numbers, its shape is [${dimensions}]`);
      }
      return { name, shape: dimensions, offset, size };
    });
    const names = parts.map((part) => part.name);
    if (names.length === 0) throw new TaskError('the task observes nothing');
    if (new Set(names).size < names.length)
      throw new TaskError(`observations share a name: ${names.join(', ')}`);
    return { size: values.length, parts };
  }

  /** Begins the next observation. */
  begin(): void {
    this.part = -1;
    this.cursor = 0;
  }

  /** Ends an observation, which must have had all parts. */
  finish(): void {
    this.closePart();
    if (this.part !== this.found.length - 1) this.disagree(`${this.part + 1} parts`);
  }

  private closePart(): void {
    if (this.part < 0) return;
    const part = this.found[this.part];
    const size = this.cursor - part.offset;
    if (this.growing !== undefined) part.size = size;
    else if (size !== part.size) this.disagree(`'${part.name}' has ${size} numbers`);
  }

  private disagree(found: string): never {
    const expected = this.found.map(({ name, size }) => `${name}[${size}]`).join(', ');
    throw new TaskError(
      `every observation of a task must have the same parts: ${found}, expected ${expected}`,
    );
  }
}

const SCALAR: readonly number[] = [];
