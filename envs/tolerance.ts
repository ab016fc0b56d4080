/** The reward function of the Control Suite (Tassa et al. 2018, section "Reward"). */

export type Sigmoid =
  | 'gaussian'
  | 'hyperbolic'
  | 'long_tail'
  | 'reciprocal'
  | 'cosine'
  | 'linear'
  | 'quadratic'
  | 'tanh_squared';

/** What counts as good, and how the reward falls off outside. */
export interface ToleranceOptions {
  /** 1 at and above this value: the lower bound (default: the upper bound, or 0). */
  readonly above?: number;
  /** 1 at and below this value: the upper bound (default: infinity if `above` is given, else 0). */
  readonly below?: number;
  /** Distance from the bounds at which the value is `atMargin`; 0 (default): 0 everywhere outside. */
  readonly margin?: number;
  /** Shape of the fall (default gaussian). */
  readonly sigmoid?: Sigmoid;
  /** Value at the margin, in (0, 1), or [0, 1) for the shapes that reach 0 (default 0.1). */
  readonly atMargin?: number;
}

/** An argument of `tolerance` that has no meaning. */
export class ToleranceError extends Error {
  override readonly name = 'ToleranceError';
}

/**
 * 1 within the bounds, falling to `atMargin` at `margin` outside of them.
 *
 * `{ above: 10 }` means [10, ∞), `{ below: 3 }` (-∞, 3], `{ above: 1, below: 2 }` [1, 2], none of both the
 * point 0. In a reward, keep the options in a constant: then a call allocates nothing.
 * @throws ToleranceError when the bounds are in the wrong order, the margin is negative, the sigmoid
 *   unknown or the value at the margin outside of its range.
 */
export function tolerance(x: number, options: ToleranceOptions = {}): number {
  const { above, below, margin = 0, sigmoid = 'gaussian', atMargin = 0.1 } = options;
  const lower = above ?? (below === undefined ? 0 : Number.NEGATIVE_INFINITY);
  const upper = below ?? (above === undefined ? 0 : Number.POSITIVE_INFINITY);
  if (lower > upper) throw new ToleranceError(`lower bound ${lower} is above upper bound ${upper}`);
  if (margin < 0) throw new ToleranceError(`margin must not be negative, got ${margin}`);
  const within = lower <= x && x <= upper;
  if (margin === 0) return within ? 1 : 0;
  const isDefault = sigmoid === 'gaussian' && atMargin === 0.1;
  if (!isDefault) checkSigmoid(sigmoid, atMargin);
  if (within) return 1;
  const distance = (x < lower ? lower - x : x - upper) / margin;
  return fall(distance, atMargin, sigmoid);
}

function checkSigmoid(sigmoid: Sigmoid, atMargin: number): void {
  switch (sigmoid) {
    case 'cosine':
    case 'linear':
    case 'quadratic':
      if (atMargin >= 0 && atMargin < 1) return;
      throw new ToleranceError(`the value at the margin of '${sigmoid}' must be in [0, 1), got ${atMargin}`);
    case 'gaussian':
    case 'hyperbolic':
    case 'long_tail':
    case 'reciprocal':
    case 'tanh_squared':
      if (atMargin > 0 && atMargin < 1) return;
      throw new ToleranceError(`the value at the margin of '${sigmoid}' must be in (0, 1), got ${atMargin}`);
    default:
      throw new ToleranceError(`unknown sigmoid '${String(sigmoid satisfies never)}'`);
  }
}

/** Distance in standard deviations at which a Gaussian has fallen to `value`. */
const gaussianScale = (value: number) => Math.sqrt(-2 * Math.log(value));
/** The default is what most rewards use: its logarithm need not be taken every time. */
const GAUSSIAN_SCALE = gaussianScale(0.1);

/** Below this, e^x is 0 in double precision; the processor takes its time to find that out. */
const UNDERFLOW = -745.2;

/** A fall from 1 at distance 0 to `atOne` at distance 1. */
function fall(distance: number, atOne: number, sigmoid: Sigmoid): number {
  switch (sigmoid) {
    case 'gaussian': {
      const scaled = distance * (atOne === 0.1 ? GAUSSIAN_SCALE : gaussianScale(atOne));
      const exponent = -0.5 * scaled * scaled;
      return exponent < UNDERFLOW ? 0 : Math.exp(exponent);
    }
    case 'hyperbolic':
      return 1 / Math.cosh(distance * Math.acosh(1 / atOne));
    case 'long_tail': {
      const scaled = distance * Math.sqrt(1 / atOne - 1);
      return 1 / (scaled * scaled + 1);
    }
    case 'reciprocal':
      return 1 / (Math.abs(distance) * (1 / atOne - 1) + 1);
    case 'cosine': {
      const scaled = (distance * Math.acos(2 * atOne - 1)) / Math.PI;
      return Math.abs(scaled) < 1 ? (1 + Math.cos(Math.PI * scaled)) / 2 : 0;
    }
    case 'linear': {
      const scaled = distance * (1 - atOne);
      return Math.abs(scaled) < 1 ? 1 - scaled : 0;
    }
    case 'quadratic': {
      const scaled = distance * Math.sqrt(1 - atOne);
      return Math.abs(scaled) < 1 ? 1 - scaled * scaled : 0;
    }
    case 'tanh_squared': {
      const t = Math.tanh(distance * Math.atanh(Math.sqrt(1 - atOne)));
      return 1 - t * t;
    }
  }
}
