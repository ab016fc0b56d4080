/** Gradients of operations on pairs of elements, summed over the axes that were broadcast. */
import * as tf from '@tensorflow/tfjs-core';
import { fromInputs, fromList } from './register.ts';
import { sumTo } from './sum-to.ts';

/** Registers the gradients with respect to a and b before broadcasting is undone. */
function pair(
  name: string,
  gradient: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => readonly [() => tf.Tensor, () => tf.Tensor],
): void {
  fromInputs(name, ['a', 'b'], (dy, [a, b]) => {
    const [toA, toB] = gradient(dy, a, b);
    return [() => sumTo(toA(), a.shape), () => sumTo(toB(), b.shape)];
  });
}

const nothing = (x: tf.Tensor) => tf.zeros(x.shape);

/** dy where the condition holds, else 0. */
const masked = (dy: tf.Tensor, condition: tf.Tensor) => tf.mul(dy, tf.cast(condition, 'float32'));

pair('Add', (dy) => [() => dy, () => dy]);
pair('Sub', (dy) => [() => dy, () => tf.neg(dy)]);
pair('Multiply', (dy, a, b) => [
  () => tf.mul(dy, tf.cast(b, 'float32')),
  () => tf.mul(dy, tf.cast(a, 'float32')),
]);
pair('RealDiv', (dy, a, b) => [() => tf.div(dy, b), () => tf.neg(tf.div(tf.mul(dy, tf.div(a, b)), b))]);
pair('Maximum', (dy, a, b) => [() => masked(dy, tf.greaterEqual(a, b)), () => masked(dy, tf.less(a, b))]);
pair('Minimum', (dy, a, b) => [() => masked(dy, tf.lessEqual(a, b)), () => masked(dy, tf.greater(a, b))]);
pair('SquaredDifference', (dy, a, b) => [
  () => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
  () => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
]);
pair('Pow', (dy, base, exponent) => [
  () => tf.mul(dy, tf.mul(exponent, tf.pow(base, tf.sub(exponent, 1)))),
  () => {
    // log of a base that is not positive has no derivative here; TensorFlow takes 0.
    const log = tf.where(tf.greater(base, 0), tf.log(base), tf.zerosLike(base));
    return tf.mul(dy, tf.mul(tf.pow(base, exponent), log));
  },
]);
pair('Atan2', (dy, a, b) => {
  const square = () => tf.add(tf.square(a), tf.square(b));
  return [() => tf.mul(dy, tf.div(b, square())), () => tf.neg(tf.mul(dy, tf.div(a, square())))];
});
pair('Mod', (dy, a, b) => [() => dy, () => tf.neg(tf.mul(dy, tf.floor(tf.div(a, b))))]);

/** Piecewise constant in their operands: a gradient that reaches them (through a condition of tf.where) ends there. */
for (const name of [
  'FloorDiv',
  'Equal',
  'NotEqual',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalOr',
  'LogicalXor',
]) {
  fromInputs(name, ['a', 'b'], (_dy, [a, b]) => [() => nothing(a), () => nothing(b)]);
}

fromList('AddN', (dy, operands) => operands.map(() => () => dy.clone()));

fromInputs('Select', ['condition', 't', 'e'], (dy, [condition]) => [
  () => nothing(condition),
  () => choose(dy, condition, true),
  () => choose(dy, condition, false),
]);

/** dy where the condition has the value; a condition of rank 1 chooses whole rows. */
function choose(dy: tf.Tensor, condition: tf.Tensor, value: boolean): tf.Tensor {
  const rows = condition.rank === 1 && dy.rank > 1;
  const shape = rows ? [condition.shape[0], ...dy.shape.slice(1).map(() => 1)] : condition.shape;
  const chosen = value ? condition : tf.logicalNot(condition);
  return masked(dy, tf.reshape(chosen, shape));
}
