/**
 * The cosine path with an offset (Nichol, Dhariwal 2021, arXiv 2102.09672), on the method's clock: t = 0 is the data
 * and t = 1 the noise. The rest of this project counts the other way.
 *
 *   ᾱ(t) = cos²(c (t + s)) / cos²(c s), c = π/(2 (1 + s)); α = √ᾱ, β = √(1 - ᾱ)
 *
 * written as α = sin(c (1 - t))/sin c and β = √(sin(c t) sin(c (t + 2s)))/sin c, which keeps float32's precision at
 * both ends.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { atan, log, sin } from '../../math/elementary.ts';
import type { Arithmetic } from '../posterior/arithmetic.ts';
import { numberArithmetic } from '../posterior/arithmetic.ts';
import type { Coefficients, Path } from '../posterior/schedules.ts';
import { tensorAlgebra } from '../posterior/tensors.ts';

/** s. */
export const pathOffset = 0.008;

/** ᾱ is held within this of 0 and 1, where its logarithms are taken. */
export const alphaBarEdge = 1e-5;

const rate = Math.PI / (2 * (1 + pathOffset));

export const offsetCosine: Path = {
  at: (t) => pathPoint(numberArithmetic, t),
  atTensor: (t) => pathPoint<Tensor>(tensorAlgebra, t),
};

function pathPoint<V>(a: Arithmetic<V>, t: V): Coefficients<V> {
  const sine = (x: V) => a.sin(a.mul(x, rate));
  const square = a.mul(sine(t), sine(a.add(t, 2 * pathOffset)));
  return {
    alpha: a.div(sine(a.sub(1, t)), sin(rate)),
    beta: a.div(a.sqrt(square), sin(rate)),
  };
}

/** The network's clock, log ᾱ/(1 - ᾱ), with ᾱ off its ends. */
export function logSnr<V>(a: Arithmetic<V>, { alpha, beta }: Coefficients<V>): V {
  const limit = log((1 - alphaBarEdge) / alphaBarEdge);
  return a.minimum(a.maximum(a.mul(a.log(a.div(alpha, beta)), 2), -limit), limit);
}

/** `steps + 1` times from tMax, the noise, to tMin, equally spaced. */
export function pathTimes(steps: number, { tMin, tMax }: { tMin: number; tMax: number }): number[] {
  return Array.from({ length: steps + 1 }, (_, k) => tMax + ((tMin - tMax) * k) / steps);
}

/** The time at which the path's rate -d log ᾱ/dt reaches `limit`. */
export function timeOfRate(limit: number): number {
  return atan(limit / (2 * rate)) / rate - pathOffset;
}
