/** Gradients of sums, extremes and softmax. */
import * as tf from '@tensorflow/tfjs-core';
import { registerGradient } from '@tensorflow/tfjs-core';
import { fromInput, fromOutput } from './register.ts';
import { sumTo } from './sum-to.ts';

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

/** Moves by one place along the axis, towards its end or its start; what comes in is `fill`. */
function shifted(x: tf.Tensor, axis: number, distance: number, fill = 0): tf.Tensor {
  const length = x.shape[axis];
  const by = Math.min(Math.abs(distance), length);
  const begin = x.shape.map((_, i) => (i === axis && distance < 0 ? by : 0));
  const size = x.shape.map((n, i) => (i === axis ? n - by : n));
  const paddings = x.shape.map((_, i): [number, number] => {
    if (i !== axis) return [0, 0];
    return distance < 0 ? [0, by] : [by, 0];
  });
  return tf.pad(tf.slice(x, begin, size), paddings, fill);
}

/** Each factor's share of every product that it is in; without a division, so that zeros do no harm. */
fromInput('Cumprod', (dy, x, attributes) => {
  const axis = tf.util.parseAxisParam(attributes.axis as number, x.shape)[0] ?? 0;
  if (x.rank === 0) return attributes.exclusive === true ? tf.zerosLike(dy) : dy.clone();
  const forwards = (v: tf.Tensor) => (attributes.reverse === true ? tf.reverse(v, axis) : v);
  const factors = forwards(x);
  const products = forwards(dy);
  // sums[k] = products[k] + factors[k + 1] · sums[k + 1], over windows that double.
  let sums = attributes.exclusive === true ? shifted(products, axis, -1) : products;
  let ratio = shifted(factors, axis, -1);
  for (let window = 1; window < x.shape[axis]; window *= 2) {
    sums = tf.add(sums, tf.mul(ratio, shifted(sums, axis, -window)));
    ratio = tf.mul(ratio, shifted(ratio, axis, -window));
  }
  return forwards(tf.mul(sums, tf.cumprod(factors, axis, true)));
});

registerGradient({
  kernelName: 'FusedBatchNorm',
  inputsToSave: ['x', 'mean', 'variance', 'scale'],
  gradFunc: (gradient, saved, { varianceEpsilon }) => {
    const dy = gradient as tf.Tensor;
    const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?];
    const precision = () => tf.rsqrt(tf.add(variance, varianceEpsilon as number));
    const scaled = () => (scale === undefined ? dy : tf.mul(dy, scale));
    return {
      x: () => tf.mul(scaled(), precision()),
      mean: () => sumTo(tf.neg(tf.mul(scaled(), precision())), mean.shape),
      variance: () => {
        const cubed = tf.mul(precision(), tf.square(precision()));
        return sumTo(tf.mul(tf.mul(scaled(), tf.sub(x, mean)), tf.mul(cubed, -0.5)), variance.shape);
      },
      scale: () => sumTo(tf.mul(dy, tf.mul(tf.sub(x, mean), precision())), (scale ?? mean).shape),
      offset: () => sumTo(dy, mean.shape),
    };
  },
});

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
