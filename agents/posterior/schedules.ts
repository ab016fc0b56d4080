/**
 * Paths y_t = α(t) y1 + β(t) y0 between noise y0 ~ N(0, I) at t = 0 and data y1 at t = 1, the only
 * orientation in this project (Lipman 2022, arXiv 2210.02747; Albergo 2023, arXiv 2303.08797; for vp and ve
 * Song 2021, arXiv 2011.13456, with their time reversed).
 */
import { reshape, type Tensor } from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import { log } from '../../math/elementary.ts';
import { type Arithmetic, numberArithmetic } from './arithmetic.ts';
import { type ScheduleConfig, type ScheduleName, scheduleSchema } from './schedule-config.ts';
import { tensorAlgebra } from './tensors.ts';

export * from './schedule-config.ts';

/** A path's coefficients at one time. */
export interface Coefficients<V> {
  readonly alpha: V;
  readonly beta: V;
}

/** The path's coefficients at one time and their derivatives in t. */
export interface PathPoint<V> extends Coefficients<V> {
  readonly alphaDot: V;
  readonly betaDot: V;
}

/** What a diffusion's sampler reads of a path, on the path's own clock. */
export interface Path {
  at(t: number): Coefficients<number>;
  atTensor(t: Tensor): Coefficients<Tensor>;
}

export interface Schedule extends Path {
  readonly config: ScheduleConfig;
  alpha(t: number): number;
  beta(t: number): number;
  alphaTensor(t: Tensor): Tensor;
  betaTensor(t: Tensor): Tensor;
  /** In float64. vp: betaDot is infinite at t = 1 itself. */
  at(t: number): PathPoint<number>;
  /** For times of any shape; every coefficient has that shape. */
  atTensor(t: Tensor): PathPoint<Tensor>;
}

/** @param config a name (with its default parameters) or a complete description */
export function createSchedule(config: ScheduleName | z.input<typeof scheduleSchema>): Schedule {
  const parsed = scheduleSchema.parse(typeof config === 'string' ? { kind: config } : config);
  const at = (t: number) => pathPoint(numberArithmetic, parsed, t);
  const atTensor = (t: Tensor) => pathPoint<Tensor>(tensorAlgebra, parsed, t);
  return {
    config: parsed,
    alpha: (t) => at(t).alpha,
    beta: (t) => at(t).beta,
    alphaTensor: (t) => atTensor(t).alpha,
    betaTensor: (t) => atTensor(t).beta,
    at,
    atTensor,
  };
}

/** The paths with their default parameters. */
export const linear: Schedule = createSchedule('linear');
export const cosine: Schedule = createSchedule('cosine');
export const vp: Schedule = createSchedule('vp');
export const ve: Schedule = createSchedule('ve');

/** The one description of every path. Written in 1 - t where that keeps float32's precision near the data. */
function pathPoint<V>(a: Arithmetic<V>, config: ScheduleConfig, t: V): PathPoint<V> {
  const rest = a.sub(1, t);
  switch (config.kind) {
    case 'linear': {
      const one = a.add(a.mul(t, 0), 1);
      return { alpha: t, beta: rest, alphaDot: one, betaDot: a.mul(one, -1) };
    }
    case 'cosine': {
      const quarter = Math.PI / 2;
      const alpha = a.sin(a.mul(t, quarter));
      const beta = a.sin(a.mul(rest, quarter)); // cos(πt/2), relatively exact as β → 0
      return { alpha, beta, alphaDot: a.mul(beta, quarter), betaDot: a.mul(alpha, -quarter) };
    }
    case 'vp': {
      const { betaMin, betaMax } = config;
      const slope = (betaMax - betaMin) / 2;
      const logAlpha = a.mul(rest, a.add(a.mul(rest, -slope / 2), -betaMin / 2));
      const alpha = a.exp(logAlpha);
      const beta = a.sqrt(a.mul(a.expm1(a.mul(logAlpha, 2)), -1));
      const alphaDot = a.mul(alpha, a.add(a.mul(rest, slope), betaMin / 2));
      return { alpha, beta, alphaDot, betaDot: a.div(a.mul(a.mul(alpha, alphaDot), -1), beta) };
    }
    case 've': {
      const rate = log(config.sigmaMin / config.sigmaMax);
      const beta = a.mul(a.exp(a.mul(t, rate)), config.sigmaMax);
      const zero = a.mul(t, 0);
      return { alpha: a.add(zero, 1), beta, alphaDot: zero, betaDot: a.mul(beta, rate) };
    }
  }
}

/** The point's coefficients as columns, to multiply arrays of shape [batch, ..., D] with `rank` axes. */
export function columns(point: PathPoint<Tensor>, rank: number): PathPoint<Tensor> {
  const column = (x: Tensor) => reshape(x, [x.size, ...Array<number>(rank - 1).fill(1)]);
  return {
    alpha: column(point.alpha),
    beta: column(point.beta),
    alphaDot: column(point.alphaDot),
    betaDot: column(point.betaDot),
  };
}

/**
 * The velocity α' y1 + β' y0 (the flow policy's regression target when y0, y1 are posterior means).
 * @param point coefficients as columns of the same rank as y0 and y1
 */
export function velocity<V>(a: Arithmetic<V>, point: PathPoint<V>, y0: V, y1: V): V {
  return a.add(a.mul(point.alphaDot, y1), a.mul(point.betaDot, y0));
}
