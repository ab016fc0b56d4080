/**
 * The Boltzmann policy in the unbounded latent y with action a = tanh(y):
 * log p1(y|s) = Q(s, tanh y)/λ + Σ_d log sech²(y_d) + const (RFM's target density).
 */
import {
  abs,
  add,
  atanh,
  clipByValue,
  div,
  mul,
  softplus,
  sub,
  sum,
  type Tensor,
  tanh,
} from '@tensorflow/tfjs-core';
import type { DensityValue } from './posterior-mean.ts';

/** Replay actions are clipped to ±(1 - this) before atanh. */
export const clipMargin = 1e-4;

/** The pre-tanh action y = atanh(a) of a replay action. @param action [..., D] in [-1, 1] @returns the same shape */
export function preTanhAction(action: Tensor): Tensor {
  return atanh(clipByValue(action, -1 + clipMargin, 1 - clipMargin));
}

/**
 * log |da/dy| of a = tanh(y), summed over the last axis: Σ log sech²(y), which never overflows.
 * @param y [..., D] @returns [...]
 */
export function logTanhJacobian(y: Tensor): Tensor {
  const minusTwice = mul(abs(y), -2);
  const perDimension = sub(minusTwice, mul(softplus(minusTwice), 2));
  return add(sum(perDimension, -1), 2 * Math.LN2 * (y.shape[y.rank - 1] ?? 1));
}

/**
 * @param temperature λ > 0, a scalar (or anything that broadcasts against [batch, N])
 * @param critic actions [batch, N, D] → Q [batch, N] and ∇_a Q [batch, N, D], per state of the batch
 * @returns y1 [batch, N, D] → log p1 [batch, N] up to a constant and ∇_y log p1 [batch, N, D]
 */
export function boltzmannLatentDensity(
  temperature: Tensor,
  critic: (action: Tensor) => { value: Tensor; gradient: Tensor },
): (y1: Tensor) => DensityValue<Tensor> {
  return (y1) => {
    const action = tanh(y1);
    const { value, gradient } = critic(action);
    // (1 - a²) ∇Q/λ - 2a; where float32 rounds 1 - a² the first term has no weight left.
    const slope = sub(1, mul(action, action));
    return {
      logDensity: add(div(value, temperature), logTanhJacobian(y1)),
      score: sub(mul(slope, div(gradient, temperature)), mul(action, 2)),
    };
  };
}
