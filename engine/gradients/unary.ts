/** Gradients of operations on every element. */
import * as tf from '@tensorflow/tfjs-core';
import { fromInput, fromInputs, fromOutput } from './register.ts';

/** dy where the condition holds, else 0. */
function masked(dy: tf.Tensor, condition: tf.Tensor): tf.Tensor {
  return tf.mul(dy, tf.cast(condition, 'float32'));
}

const piecewiseConstant = [
  'Ceil',
  'Floor',
  'Round',
  'Sign',
  'Step',
  'IsNan',
  'IsInf',
  'IsFinite',
  'LogicalNot',
];
for (const name of [...piecewiseConstant, 'ZerosLike', 'OnesLike'])
  fromInput(name, (_dy, x) => tf.zeros(x.shape));

fromInput('Identity', (dy) => dy.clone());
fromInput('Cast', (dy) => dy.clone());
fromInput('Abs', (dy, x) => tf.mul(dy, tf.sign(x)));
fromInput('Neg', (dy) => tf.neg(dy));
fromInput('Square', (dy, x) => tf.mul(dy, tf.mul(x, 2)));
fromInput('Log', (dy, x) => tf.div(dy, x));
fromInput('Log1p', (dy, x) => tf.div(dy, tf.add(x, 1)));
fromInput('Expm1', (dy, x) => tf.mul(dy, tf.exp(x)));
fromInput('Sin', (dy, x) => tf.mul(dy, tf.cos(x)));
fromInput('Cos', (dy, x) => tf.neg(tf.mul(dy, tf.sin(x))));
fromInput('Tan', (dy, x) => tf.div(dy, tf.square(tf.cos(x))));
fromInput('Sinh', (dy, x) => tf.mul(dy, tf.cosh(x)));
fromInput('Cosh', (dy, x) => tf.mul(dy, tf.sinh(x)));
fromInput('Asin', (dy, x) => tf.mul(dy, tf.rsqrt(tf.sub(1, tf.square(x)))));
fromInput('Acos', (dy, x) => tf.neg(tf.mul(dy, tf.rsqrt(tf.sub(1, tf.square(x))))));
fromInput('Atan', (dy, x) => tf.div(dy, tf.add(1, tf.square(x))));
fromInput('Asinh', (dy, x) => tf.mul(dy, tf.rsqrt(tf.add(1, tf.square(x)))));
fromInput('Acosh', (dy, x) => tf.mul(dy, tf.rsqrt(tf.sub(tf.square(x), 1))));
fromInput('Atanh', (dy, x) => tf.div(dy, tf.sub(1, tf.square(x))));
fromInput('Erf', (dy, x) => tf.mul(dy, tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI))));
fromInput('Softplus', (dy, x) => tf.mul(dy, tf.sigmoid(x)));
fromInput('Relu6', (dy, x) => masked(dy, tf.logicalAnd(tf.greater(x, 0), tf.less(x, 6))));
fromInput('LeakyRelu', (dy, x, { alpha }) => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha as number)));
fromInput('ClipByValue', (dy, x, { clipValueMin, clipValueMax }) =>
  masked(
    dy,
    tf.logicalAnd(tf.greaterEqual(x, clipValueMin as number), tf.lessEqual(x, clipValueMax as number)),
  ),
);

fromOutput('Relu', (dy, y) => tf.mul(dy, tf.step(y)));
fromOutput('Exp', (dy, y) => tf.mul(dy, y));
fromOutput('Tanh', (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y))));
fromOutput('Sigmoid', (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y))));
fromOutput('Sqrt', (dy, y) => tf.div(tf.mul(dy, 0.5), y));
fromOutput('Rsqrt', (dy, y) => tf.mul(tf.mul(dy, -0.5), tf.mul(y, tf.square(y))));
fromOutput('Reciprocal', (dy, y) => tf.neg(tf.mul(dy, tf.square(y))));
fromOutput('Elu', (dy, y) => tf.mul(dy, tf.minimum(tf.add(y, 1), 1)));

/** Scale and scale · α of Klambauer et al. 2017. */
const SELU_SCALE = 1.0507009873554805;
const SELU_SCALE_ALPHA = 1.7580993408473766;
fromInput('Selu', (dy, x) =>
  tf.mul(dy, tf.where(tf.greater(x, 0), SELU_SCALE, tf.mul(tf.exp(x), SELU_SCALE_ALPHA))),
);

fromInputs('Prelu', ['x', 'alpha'], (dy, [x, alpha]) => [
  () => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha)),
  () => {
    const all = tf.mul(dy, tf.minimum(x, 0));
    const axes = tf.broadcast_util.getReductionAxes(alpha.shape, dy.shape);
    return tf.reshape(axes.length > 0 ? tf.sum(all, axes) : all, alpha.shape);
  },
]);
