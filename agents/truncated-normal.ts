/** Standard normals cut off to an interval, by inversion, in operations that a graph can hold. */
import * as tf from '@tensorflow/tfjs-core';

/** The largest float32 below 1; beyond it the inverse error function is infinite. */
const largest = 1 - 2 ** -24;

/** Coefficients, highest power first, of erf⁻¹(x)/x in w - 2.5 (w < 5) and in √w - 3 (Giles 2012, table 5). */
const centre = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const tail = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/**
 * erf⁻¹(x) for -1 ≤ x ≤ 1, to some 1e-6 relative; ±1 gives erf⁻¹ of the float next to it. Giles 2012,
 * "Approximating the erfinv function", with w = -log(1 - x²).
 */
export function inverseErf(x: tf.Tensor): tf.Tensor {
  const inside = tf.clipByValue(x, -largest, largest);
  const w = tf.neg(tf.log(tf.mul(tf.sub(1, inside), tf.add(1, inside))));
  const near = polynomial(centre, tf.sub(w, 2.5));
  const far = polynomial(tail, tf.sub(tf.sqrt(tf.maximum(w, 0)), 3));
  return tf.mul(inside, tf.where(tf.less(w, 5), near, far));
}

/**
 * A standard normal given that it lies in [low, high].
 * @param uniform in [0, 1) @param low @param high broadcast against it
 * Where the interval lies so far in a tail that float32 cannot tell its ends' probabilities apart (beyond
 * some 5 deviations), the nearer end is returned.
 */
export function truncatedNormal(uniform: tf.Tensor, low: tf.Tensor, high: tf.Tensor): tf.Tensor {
  const from = tf.erf(tf.mul(low, Math.SQRT1_2));
  const to = tf.erf(tf.mul(high, Math.SQRT1_2));
  const level = tf.add(from, tf.mul(uniform, tf.sub(to, from)));
  const draw = tf.mul(inverseErf(level), Math.SQRT2);
  return tf.minimum(tf.maximum(draw, low), high);
}

/** Horner's rule. */
function polynomial(coefficients: readonly number[], x: tf.Tensor): tf.Tensor {
  const [first, ...rest] = coefficients;
  return rest.reduce<tf.Tensor>(
    (sum, coefficient, i) => tf.add(i === 0 ? tf.mul(x, first) : tf.mul(sum, x), coefficient),
    x,
  );
}
