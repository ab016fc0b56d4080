/** What makes a sampler of a density RFM, iDEM or QNE: its path, its regression target and its integration. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Schedule } from '../posterior/schedules.ts';
import type { FieldAtTime } from '../samplers.ts';
import type { DensityTarget } from './density.ts';

export interface RegressionInputs {
  readonly target: DensityTarget;
  /** [batch] */
  readonly t: Tensor;
  /** Points of the path, [batch, D] */
  readonly yt: Tensor;
  /** Coefficients of the path at t, [batch, 1] */
  readonly alpha: Tensor;
  readonly beta: Tensor;
  /** Draws of the form's law, [batch, N, D] */
  readonly draws: Tensor;
}

export interface Regression {
  /** What the network's output is drawn to, [batch, D] */
  readonly value: Tensor;
  /** Effective sample size, [batch] */
  readonly ess: Tensor;
}

export interface SamplerForm {
  readonly name: string;
  readonly schedule: Schedule;
  /** Times lie in [tMin, 1 - tMin]. */
  readonly tMin: number;
  /**
   * Standard deviation, on one axis, of the normal points that the integration starts from.
   * @param meanSquare of the own samples in the buffer on that axis; 0 as long as there are none
   */
  startDeviation(meanSquare: number): number;
  /** Half the width of the box about the origin that holds the density; own samples are cut off to it. */
  readonly bound: number;
  /** Law of the draws that the regression consumes. */
  readonly law: 'normal' | 'uniform';
  /** Whether integration consumes fresh noise [steps, rows, D]. */
  readonly samplerNoise: boolean;
  regress(inputs: RegressionInputs): Regression;
  /** From points at times[0] to points at the last time, [rows, D]. @param output the network at the times */
  sample(output: FieldAtTime, start: Tensor, times: readonly number[], path?: Tensor): Tensor;
}
