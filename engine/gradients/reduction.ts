/** Gradients of sums, extremes and softmax. */
import * as tf from '@tensorflow/tfjs-core';
import { registerGradient } from '@tensorflow/tfjs-core';
import { fromInput, fromOutput } from './register.ts';

/** x's shape with length 1 along the reduced axes. */
function kept(shape: readonly number[], axis: unknown): number[] {
  const axes = tf.util.parseAxisParam((axis ?? shape.map((_, i) => i)) as number | number[], [...shape]);
  return shape.map((length, i) => (axes.includes(i) ? 1 : length));
}

function broadcast(dy: tf.Tensor, x: tf.Tensor, axis: unknown): tf.Tensor {
  return tf.mul(tf.reshape(dy, kept(x.shape, axis)), tf.onesLike(x));
}

fromInput('Sum', (dy, x, { axis }) => broadcast(dy, x, axis));
fromInput('Mean', (dy, x, { axis }) => {
  const count = x.size / kept(x.shape, axis).reduce((product, length) => product * length, 1);
  return broadcast(tf.div(dy, count), x, axis);
});

/** Every element that equals the extreme gets the gradient, as TensorFlow.js has it. */
for (const kernelName of ['Max', 'Min']) {
  registerGradient({
    kernelName,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, [x, y], attributes) => ({
      x: () => {
        const shape = kept(x.shape, attributes.axis ?? attributes.reductionIndices); // Max's name for it
        const extreme = tf.equal(x, tf.reshape(y, shape));
        return tf.mul(tf.reshape(dy as tf.Tensor, shape), tf.cast(extreme, 'float32'));
      },
    }),
  });
}

fromInput('Prod', (dy, x, { axis }) => {
  // The product of the others, from both sides, so that a zero does no harm.
  const axes = tf.util.parseAxisParam((axis ?? x.shape.map((_, i) => i)) as number[], x.shape);
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...rest, ...axes];
  const count = axes.reduce((product, i) => product * x.shape[i], 1);
  const rows = tf.reshape(tf.transpose(x, order), [-1, count]);
  const others = tf.mul(tf.cumprod(rows, 1, true, false), tf.cumprod(rows, 1, true, true));
  const shape = order.map((i) => x.shape[i]);
  const back = order.map((_, i) => order.indexOf(i));
  return tf.mul(tf.reshape(dy, kept(x.shape, axes)), tf.transpose(tf.reshape(others, shape), back));
});

for (const name of ['ArgMax', 'ArgMin', 'Any', 'All']) fromInput(name, (_dy, x) => tf.zeros(x.shape));

fromInput('Cumsum', (dy, _x, { axis, exclusive, reverse }) =>
  tf.cumsum(dy, axis as number, exclusive as boolean, reverse !== true),
);

fromOutput(
  'Softmax',
  (dy, y, { dim }) => {
    const weighted = tf.mul(dy, y);
    return tf.sub(weighted, tf.mul(tf.sum(weighted, dim as number, true), y));
  },
  'logits',
);
fromOutput(
  'LogSoftmax',
  (dy, y, { axis }) => tf.sub(dy, tf.mul(tf.sum(dy, axis as number, true), tf.exp(y))),
  'logits',
);

/** Each of the k largest goes back to where it came from. */
registerGradient({
  kernelName: 'TopK',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, [x, indices]) => ({
    x: () => {
      const dy = (dys as tf.Tensor[])[0];
      const places = tf.oneHot(tf.cast(indices, 'int32'), x.shape[x.rank - 1]);
      return tf.sum(tf.mul(tf.expandDims(dy, -1), tf.cast(places, 'float32')), -2);
    },
  }),
});
