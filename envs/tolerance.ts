/** The reward function of the Control Suite (Tassa et al. 2018, section "Reward"). */
import { acos, acosh, atanh, cos, cosh, exp, log, tanh } from '../math/elementary.ts';

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

/** Options that have been checked, and the constants of their shape: what a reward keeps, so that a call only computes. */
export class Tolerance {
  readonly lower: number;
  readonly upper: number;
  readonly margin: number;
  readonly sigmoid: Sigmoid;
  /** What a distance in margins is multiplied by before the shape is taken. */
  readonly scale: number;

  /**
   * `{ above: 10 }` means [10, ∞), `{ below: 3 }` (-∞, 3], `{ above: 1, below: 2 }` [1, 2], none of both the point 0.
   * @throws ToleranceError when the bounds are in the wrong order, the margin is negative, the sigmoid
   *   unknown or the value at the margin outside of its range.
   */
  constructor(options: ToleranceOptions = {}) {
    const { above, below, margin = 0, sigmoid = 'gaussian', atMargin = 0.1 } = options;
    this.lower = above ?? (below === undefined ? 0 : Number.NEGATIVE_INFINITY);
    this.upper = below ?? (above === undefined ? 0 : Number.POSITIVE_INFINITY);
    this.margin = margin;
    this.sigmoid = sigmoid;
    if (this.lower > this.upper) {
      throw new ToleranceError(`lower bound ${this.lower} is above upper bound ${this.upper}`);
    }
    if (margin < 0) throw new ToleranceError(`margin must not be negative, got ${margin}`);
    if (margin > 0) checkSigmoid(sigmoid, atMargin);
    this.scale = margin > 0 ? scaleOf(sigmoid, atMargin) : 0;
  }
}

/**
 * 1 within the bounds, falling to `atMargin` at `margin` outside of them. In a reward, keep a Tolerance in a constant.
 * @throws ToleranceError for options without meaning
 */
export function tolerance(x: number, options: Tolerance | ToleranceOptions = {}): number {
  const { lower, upper, margin, scale, sigmoid } =
    options instanceof Tolerance ? options : new Tolerance(options);
  if (lower <= x && x <= upper) return 1;
  if (margin === 0) return 0;
  return fall(((x < lower ? lower - x : x - upper) / margin) * scale, sigmoid);
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

/** Below this, e^x is 0 in double precision; the processor takes its time to find that out. */
const UNDERFLOW = -745.2;

/** The factor with which a shape falls from 1 at distance 0 to `atOne` at distance 1. */
function scaleOf(sigmoid: Sigmoid, atOne: number): number {
  switch (sigmoid) {
    case 'gaussian':
      return Math.sqrt(-2 * log(atOne));
    case 'hyperbolic':
      return acosh(1 / atOne);
    case 'long_tail':
      return Math.sqrt(1 / atOne - 1);
    case 'reciprocal':
      return 1 / atOne - 1;
    case 'cosine':
      return acos(2 * atOne - 1);
    case 'linear':
      return 1 - atOne;
    case 'quadratic':
      return Math.sqrt(1 - atOne);
    case 'tanh_squared':
      return atanh(Math.sqrt(1 - atOne));
  }
}

/** A fall from 1 at 0, of a distance that has been multiplied by its shape's factor. */
function fall(scaled: number, sigmoid: Sigmoid): number {
  switch (sigmoid) {
    case 'gaussian': {
      const exponent = -0.5 * scaled * scaled;
      return exponent < UNDERFLOW ? 0 : exp(exponent);
    }
    case 'hyperbolic':
      return 1 / cosh(scaled);
    case 'long_tail':
      return 1 / (scaled * scaled + 1);
    case 'reciprocal':
      return 1 / (Math.abs(scaled) + 1);
    case 'cosine': {
      const turns = scaled / Math.PI;
      return Math.abs(turns) < 1 ? (1 + cos(Math.PI * turns)) / 2 : 0;
    }
    case 'linear':
      return Math.abs(scaled) < 1 ? 1 - scaled : 0;
    case 'quadratic':
      return Math.abs(scaled) < 1 ? 1 - scaled * scaled : 0;
    case 'tanh_squared': {
      const t = tanh(scaled);
      return 1 - t * t;
    }
  }
}
