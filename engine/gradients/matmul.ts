/** Gradients of matrix products. */
import * as tf from '@tensorflow/tfjs-core';
import { fromInputs, fromList } from './register.ts';
import { sumTo } from './sum-to.ts';

fromInputs('BatchMatMul', ['a', 'b'], (dy, [a, b], { transposeA, transposeB }) => {
  const toA = () =>
    transposeA === true
      ? tf.matMul(b, dy, transposeB === true, true)
      : tf.matMul(dy, b, false, transposeB !== true);
  const toB = () =>
    transposeB === true
      ? tf.matMul(dy, a, true, transposeA === true)
      : tf.matMul(a, dy, transposeA !== true, false);
  return [() => sumTo(toA(), a.shape), () => sumTo(toB(), b.shape)];
});

/** dy · the other operands, summed to this one's labels; labels that nothing else has are spread. */
fromList('Einsum', (dy, operands, { equation }) => {
  const [left, right] = (equation as string).replace(/\s/g, '').split('->');
  const labels = left.split(',');
  return operands.map((x, i) => () => {
    const others = operands.flatMap((operand, j) => (j === i ? [] : [{ operand, labels: labels[j] }]));
    const present = [...labels[i]].filter(
      (l) => right.includes(l) || others.some((o) => o.labels.includes(l)),
    );
    const from = [right, ...others.map((other) => other.labels)].join(',');
    const gradient = tf.einsum(`${from}->${present.join('')}`, dy, ...others.map((other) => other.operand));
    const shape = x.shape.map((length, axis) => (present.includes(labels[i][axis]) ? length : 1));
    return tf.broadcastTo(tf.reshape(gradient, shape), x.shape);
  });
});
