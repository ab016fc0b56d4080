/** What the page of the method and its worker tell each other. */
import type { MixtureDescription } from '../agents/posterior/mixture.ts';

/** What is learned, and how. */
export interface MethodSettings {
  /** A mixture of the plane. */
  readonly density: MixtureDescription;
  readonly estimator: string;
  /** N: draws of a posterior mean. */
  readonly draws: number;
  /** Integration steps of the flow. */
  readonly steps: number;
}

export type MethodOrder =
  | { readonly type: 'begin'; readonly number: number; readonly settings: MethodSettings }
  | { readonly type: 'stop' };

/** The mean squared error of an estimator at a time. */
export interface MethodError {
  readonly series: string;
  readonly t: number;
  readonly mse: number;
  readonly mse_se: number;
}

/** Every report is of the training with the number of its order. */
export type MethodReport = { readonly number: number } & (
  | {
      readonly type: 'flow';
      readonly updates: number;
      /** Of the last update. */
      readonly loss: number;
      readonly ess: number;
      /** [steps + 1, particles, 2] */
      readonly points: Float32Array;
      /** Velocities at `gridPoints`, [steps + 1, grid², 2] */
      readonly field: Float32Array;
    }
  | { readonly type: 'errors'; readonly errors: readonly MethodError[] }
  | { readonly type: 'failed'; readonly message: string }
);

/** Half the width of what is shown. */
export const REACH = 3;
/** Arrows along a side of the field. */
export const GRID = 13;
export const PARTICLES = 400;

/** Where the field is shown, [GRID², 2]. */
export function gridPoints(): Float32Array {
  const points = new Float32Array(2 * GRID * GRID);
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const at = 2 * (row * GRID + column);
      points[at] = REACH * ((2 * (column + 0.5)) / GRID - 1);
      points[at + 1] = REACH * ((2 * (row + 0.5)) / GRID - 1);
    }
  }
  return points;
}
