/**
 * Random graphs of whole numbers that stay below 2²⁴: every operation on them is exact, so that two backends agree
 * bit for bit whatever their order of summation.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Inputs, integers, type Tensors } from '../compare.ts';
import { Dice, type Fn, type Tensor } from './support.ts';

export interface GraphOptions {
  readonly steps: number;
  /** How often each kind of operation is drawn. */
  readonly weights: Partial<Record<Kind, number>>;
  /** Shapes of the inputs; drawn if absent. */
  readonly shapes?: readonly (readonly number[])[];
  readonly outputs?: number;
  /** Operands are taken from the last values with this chance, else from all of them: then many are alive. */
  readonly recent?: number;
  readonly most?: number;
  /** Results are values of the graph themselves, among them some that are others in another shape. */
  readonly plain?: boolean;
}

type Kind =
  | 'unary'
  | 'binary'
  | 'choice'
  | 'transpose'
  | 'reshape'
  | 'slice'
  | 'stride'
  | 'concat'
  | 'split'
  | 'expand'
  | 'reduce'
  | 'product';

const MOST_RANK = 5;
const sizeOf = (shape: readonly number[]) => shape.reduce((n, x) => n * x, 1);
const bounded = (x: Tensor, limit = 1000) => tf.clipByValue(x, -limit, limit);

export function randomGraph(seed: number, options: GraphOptions): { fn: Fn; inputs: Inputs } {
  const dice = new Dice(seed);
  const shapes =
    options.shapes ?? Array.from({ length: 1 + dice.below(3) }, () => drawShape(dice, options.most ?? 600));
  const inputs: Inputs = {};
  for (const [i, shape] of shapes.entries()) {
    const { data } = integers(seed + i, shape, -9, 10);
    inputs[`x${i}`] = { data: Float32Array.from(data), shape };
  }
  // Both backends draw the same: choices depend on shapes alone.
  const fn: Fn = (all) => compute(new Dice(seed + 1), Object.values(all), options);
  return { fn, inputs };
}

function drawShape(dice: Dice, most: number): number[] {
  for (;;) {
    const shape = Array.from({ length: dice.below(MOST_RANK + 1) }, () =>
      dice.of([1, 2, 3, 4, 5, 7, 8, 16, 17, 20]),
    );
    if (sizeOf(shape) <= most) return shape;
  }
}

function compute(dice: Dice, inputs: readonly Tensor[], options: GraphOptions): Tensors {
  const { steps, weights, outputs = 4, recent = 0.5, most = 3000, plain = false } = options;
  const values = [...inputs];
  const bag = Object.entries(weights).flatMap(([kind, n]) => new Array<Kind>(n).fill(kind as Kind));
  const draw = () =>
    dice.next() < recent
      ? values[values.length - 1 - dice.below(Math.min(4, values.length))]
      : dice.of(values);
  const add = (x: Tensor) => {
    if (x.size > 0 && x.size <= most && x.rank <= MOST_RANK) values.push(x);
  };
  for (let i = 0; i < steps; i++) for (const x of operation(dice, dice.of(bag), draw, values)) add(x);
  const results: Tensors = {};
  for (let i = 0; i < outputs; i++) {
    const value = i === 0 ? values[values.length - 1] : dice.of(values);
    results[`y${i}`] = plain ? value : tf.add(value, i + 1);
  }
  // One of them twice, and one under another shape.
  results.again = results.y0;
  results.flat = tf.reshape(dice.of(Object.values(results)), [-1]);
  return results;
}

function operation(dice: Dice, kind: Kind, draw: () => Tensor, values: readonly Tensor[]): Tensor[] {
  const x = draw();
  const axis = dice.below(Math.max(1, x.rank));
  const flat = x.rank === 0;
  switch (kind) {
    case 'unary':
      return [
        dice.of<(x: Tensor) => Tensor>([
          tf.neg,
          tf.abs,
          tf.relu,
          tf.sign,
          (t) => tf.floor(tf.mul(t, 0.5)),
          (t) => bounded(tf.mul(t, 3)),
          (t) => tf.add(tf.clipByValue(t, -7, 30), 2),
          (t) => tf.cast(tf.greater(t, 0), 'float32'),
          (t) => tf.cast(tf.mul(tf.cast(t, 'int32'), tf.scalar(-1, 'int32')), 'float32'),
        ])(x),
      ];
    case 'binary': {
      const y = matching(dice, x, draw, values);
      const op = dice.of<(a: Tensor, b: Tensor) => Tensor>([
        tf.add,
        tf.sub,
        tf.mul,
        tf.maximum,
        tf.minimum,
        tf.squaredDifference,
        (a, b) => tf.cast(tf.lessEqual(a, b), 'float32'),
        (a, b) => tf.cast(tf.equal(a, b), 'float32'),
      ]);
      const narrow = (t: Tensor) => bounded(t, 1000);
      return [bounded(dice.below(2) === 0 ? op(narrow(x), narrow(y)) : op(narrow(y), narrow(x)))];
    }
    case 'choice': {
      const y = matching(dice, x, draw, values);
      const z = dice.of(values.filter((value) => value.shape.join() === x.shape.join()));
      // TensorFlow.js takes a condition of rank 1 for rows.
      if (x.rank !== y.rank) return [tf.maximum(x, y)];
      return [tf.where(tf.logicalOr(tf.greater(x, y), tf.equal(z, 0)), bounded(x), tf.sub(bounded(y), 1))];
    }
    case 'transpose': {
      const order = Array.from({ length: x.rank }, (_, i) => i);
      for (let i = order.length - 1; i > 0; i--) {
        const j = dice.below(i + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return [tf.transpose(x, order)];
    }
    case 'reshape':
      return [tf.reshape(x, factors(dice, x.size))];
    case 'slice': {
      const begin = x.shape.map((n) => dice.below(n));
      const size = x.shape.map((n, i) => 1 + dice.below(n - begin[i]));
      return [flat ? x : tf.slice(x, begin, size)];
    }
    case 'stride': {
      if (flat) return [];
      const strides = x.shape.map(() => dice.of([1, 1, 2, 3, -1, -2]));
      const begin = x.shape.map((n, i) => (strides[i] > 0 ? dice.below(n) : n - 1 - dice.below(n)));
      const end = x.shape.map((n, i) => (strides[i] > 0 ? n : 0));
      // The mask lets an end at the front be passed.
      const mask = strides.reduce((bits, stride, i) => (stride < 0 ? bits | (1 << i) : bits), 0);
      return [tf.stridedSlice(x, begin, end, strides, 0, mask)];
    }
    case 'concat': {
      if (flat) return [tf.stack([x, tf.neg(x), x])];
      const alike = values.filter(
        (y) => y.rank === x.rank && y.shape.every((n, i) => i === axis || n === x.shape[i]),
      );
      const parts = Array.from({ length: 1 + dice.below(3) }, () => dice.of(alike));
      return [tf.concat([x, ...parts], axis)];
    }
    case 'split': {
      if (flat || x.shape[axis] < 2) return [];
      const at = 1 + dice.below(x.shape[axis] - 1);
      if (dice.below(4) === 0 && x.shape[axis] <= 5) return tf.unstack(x, axis);
      const [a, b] = tf.split(x, [at, x.shape[axis] - at], axis);
      return [a, b, tf.add(bounded(b), 1)];
    }
    case 'expand': {
      const spread = tf.expandDims(x, dice.below(x.rank + 1));
      const shape = spread.shape.map((n) => (n === 1 ? dice.of([1, 2, 3, 17]) : n));
      return [spread.rank > MOST_RANK ? x : tf.broadcastTo(spread, shape as [number])];
    }
    case 'reduce': {
      const axes = x.shape.map((_, i) => i).filter(() => dice.below(2) === 0);
      if (axes.length === 0) return [];
      const op = dice.of([tf.sum, tf.max, tf.min]);
      return [bounded(op(bounded(x), axes, dice.below(2) === 0), 1000)];
    }
    case 'product': {
      if (x.rank < 2) return [];
      const rows = x.shape[x.rank - 1];
      const right = values.find((y) => y.rank === 2 && (y.shape[0] === rows || y.shape[1] === rows));
      const left = bounded(x.rank > 3 ? tf.reshape(x, [-1, rows]) : x, 50);
      if (right === undefined) return [bounded(tf.matMul(left, left, false, true))];
      return [bounded(tf.matMul(left, bounded(right, 50), false, right.shape[0] !== rows))];
    }
  }
}

/** A value that broadcasts with x without making it much larger. */
function matching(dice: Dice, x: Tensor, draw: () => Tensor, values: readonly Tensor[]): Tensor {
  const fits = (y: Tensor) => {
    const rank = Math.max(x.rank, y.rank);
    let size = 1;
    for (let i = 1; i <= rank; i++) {
      const [m, n] = [x.shape[x.rank - i] ?? 1, y.shape[y.rank - i] ?? 1];
      if (m !== n && m !== 1 && n !== 1) return false;
      size *= Math.max(m, n);
    }
    return size <= Math.max(3000, x.size);
  };
  for (let i = 0; i < 5; i++) {
    const y = draw();
    if (fits(y)) return y;
  }
  return dice.of(values.filter(fits));
}

/** A shape of this size. */
function factors(dice: Dice, size: number): number[] {
  const shape: number[] = [];
  let rest = size;
  while (shape.length < MOST_RANK - 1 && rest > 1 && dice.below(4) > 0) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter((n) => rest % n === 0);
    const n = dice.of(divisors);
    shape.push(n);
    rest /= n;
  }
  shape.push(rest);
  return shape;
}
