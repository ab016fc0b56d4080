/**
 * A learned test function for the Langevin-Stein control variate: a small network Φ(y0; t, y_t, s) in place of a
 * constant matrix. For a posterior p(y0 | y_t) with score -u, E_p[∇·Φ - Φ u] = 0 for any smooth Φ that does not grow
 * too fast, so Σ w (y0 - Φ u + ∇·Φ) estimates the same mean (Oates, Girolami, Chopin 2017; for networks Si et al. 2022).
 *
 *     Φ = ρ (M(t, y_t, s) + Σ_k a_k b_kᵀ g_k(t, y_t, s) tanh(w_k·y1 + c_k(t, y_t, s)))
 *
 * One layer of units of rank one, each placed and scaled by a network of the condition alone: its divergence in y0,
 * -ρ (β/α) Σ_k a_k ⟨b_k, w_k⟩ g_k (1 - tanh²), is exact and costs no more than Φ u itself. ρ = α²/(α² + β²) is the
 * size of the posterior's covariance for data of unit variance; with it all parameters are of order one at every t.
 */
import * as tf from '@tensorflow/tfjs-core';
import { normal, orthogonal, uniform, zeros } from '../../engine/initialisers.ts';
import { ParameterLayout } from '../../engine/parameters.ts';
import { stopGradient } from './tensors.ts';

export interface TestFunctionOptions {
  /** D */
  readonly dim: number;
  /** Numbers in the condition beside t and y_t, for example of the observation; 0 by default. */
  readonly context?: number;
  /** Units of Φ; 64 by default. */
  readonly units?: number;
  /** Width of the condition's network; 64 by default. */
  readonly width?: number;
}

/** Draws along the second axis. */
export interface TestFunctionInputs {
  /** [batch, 1, 1] */
  readonly alpha: tf.Tensor;
  readonly beta: tf.Tensor;
  /** [batch, D] */
  readonly yt: tf.Tensor;
  /** [batch, context], if there is one */
  readonly context?: tf.Tensor;
  /** [batch, N, D] */
  readonly y0: tf.Tensor;
  /** u = y0 + (β/α) ∇log p1(y1), [batch, N, D] */
  readonly stein: tf.Tensor;
}

type Name =
  | 'conditionIn'
  | 'conditionBias'
  | 'conditionOut'
  | 'outBias'
  | 'directions'
  | 'left'
  | 'right'
  | 'offsets';
type Parameters = Readonly<Record<Name, tf.Tensor>>;

export interface TestFunction {
  readonly layout: ParameterLayout<Name>;
  /** Φ u - ∇·Φ at every draw, whose posterior expectation is zero, [batch, N, D]. */
  controlVariate(params: Parameters, inputs: TestFunctionInputs): tf.Tensor;
  /**
   * The logarithm of the variance that is left of y0 with the control variate, in units of that without, per y_t:
   * [batch]. What training minimises.
   * @param weight of the draws, normalised, [batch, N]; constants
   */
  logVarianceLeft(params: Parameters, inputs: TestFunctionInputs, weight: tf.Tensor): tf.Tensor;
}

/** What is counted as no variance left, so that exact answers do not rule the loss. */
const negligible = 1e-6;

export function createTestFunction(options: TestFunctionOptions): TestFunction {
  const { dim, context = 0, units = 64, width = 64 } = options;
  const features = dim + context + 3;
  const outputs = dim * dim + 2 * units; // M, gains, shifts
  const layout = ParameterLayout.of<Name>({
    conditionIn: { shape: [features, width], initialise: orthogonal(1) },
    conditionBias: { shape: [width], initialise: zeros },
    conditionOut: { shape: [width, outputs], initialise: normal(0.1 / Math.sqrt(width)) },
    outBias: {
      shape: [outputs],
      // Half the identity, gains of one: what a constant coefficient would start from.
      initialise: (out) => {
        out.fill(0);
        for (let d = 0; d < dim; d++) out[d * dim + d] = 0.5;
        out.fill(1, dim * dim, dim * dim + units);
      },
    },
    directions: { shape: [dim, units], initialise: normal(1.5 / Math.sqrt(dim)) },
    left: { shape: [units, dim], initialise: normal(0.02) },
    right: { shape: [dim, units], initialise: normal(1 / Math.sqrt(dim)) },
    offsets: { shape: [units], initialise: uniform(-2, 2) },
  });

  function condition(params: Parameters, { alpha, beta, yt, context: given }: TestFunctionInputs) {
    const batch = yt.shape[0];
    const column = (x: tf.Tensor) => tf.reshape(x, [batch, 1]);
    const [a, b] = [column(alpha), column(beta)];
    const tilt = tf.tanh(tf.mul(tf.log(tf.div(b, a)), 0.5));
    const known = [yt, a, b, tilt, ...(given === undefined ? [] : [given])];
    const hidden = tf.tanh(tf.add(tf.matMul(tf.concat(known, 1), params.conditionIn), params.conditionBias));
    const out = tf.add(tf.matMul(hidden, params.conditionOut), params.outBias);
    const [matrix, gains, shifts] = tf.split(out, [dim * dim, units, units], 1);
    return {
      matrix: tf.reshape(matrix, [batch, dim, dim]),
      gains: tf.reshape(gains, [batch, 1, units]),
      shifts: tf.reshape(shifts, [batch, 1, units]),
    };
  }

  function controlVariate(params: Parameters, inputs: TestFunctionInputs): tf.Tensor {
    const { alpha, beta, yt, y0, stein } = inputs;
    const [batch, count] = y0.shape;
    const { matrix, gains, shifts } = condition(params, inputs);
    const perDraw = (x: tf.Tensor, weight: tf.Tensor) =>
      tf.reshape(tf.matMul(tf.reshape(x, [batch * count, x.shape[2] ?? 1]), weight), [
        batch,
        count,
        weight.shape[1] ?? 1,
      ]);
    const ratio = tf.div(beta, alpha);
    const y1 = tf.sub(tf.div(tf.reshape(yt, [batch, 1, dim]), alpha), tf.mul(ratio, y0));
    const place = tf.add(perDraw(y1, params.directions), tf.add(shifts, params.offsets));
    const unit = tf.tanh(place);
    const slope = tf.sub(1, tf.mul(unit, unit));
    const along = tf.sum(tf.mul(params.right, params.directions), 0); // ⟨b_k, w_k⟩
    const applied = tf.mul(unit, perDraw(stein, params.right));
    const spread = tf.mul(tf.mul(slope, along), ratio);
    const ofUnits = perDraw(tf.mul(gains, tf.add(applied, spread)), params.left);
    const ofMatrix = tf.matMul(stein, matrix, false, true);
    const alphaSquared = tf.mul(alpha, alpha);
    const size = tf.div(alphaSquared, tf.add(alphaSquared, tf.mul(beta, beta)));
    return tf.mul(size, tf.add(ofMatrix, ofUnits));
  }

  return {
    layout,
    controlVariate,
    logVarianceLeft(params, inputs, weight) {
      const column = tf.expandDims(weight, 2);
      const spread = (x: tf.Tensor) => {
        const centred = tf.sub(x, tf.sum(tf.mul(column, x), 1, true));
        return tf.sum(tf.mul(column, tf.mul(centred, centred)), [1, 2]);
      };
      const left = spread(tf.sub(inputs.y0, controlVariate(params, inputs)));
      const before = stopGradient(spread(inputs.y0));
      return tf.log(tf.add(tf.div(left, tf.add(before, 1e-20)), negligible));
    },
  };
}
