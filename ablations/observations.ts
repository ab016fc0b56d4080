/** What experiments on posterior means draw: points y_t and the noise of estimates. */
import { type Float64Tensor, float64Tensor } from '../agents/posterior/float64.ts';
import type { GaussianMixture } from '../agents/posterior/mixture.ts';
import type { RandomStream } from '../engine/random.ts';

/** y_t from its marginal. */
export function drawObservations(
  mixture: GaussianMixture,
  alpha: number,
  beta: number,
  count: number,
  random: RandomStream,
): number[][] {
  const normal = new Float32Array(2 * mixture.dim);
  return Array.from({ length: count }, () => {
    random.fillNormal(normal);
    const y1 = mixture.sample(random.uniform(), normal);
    return y1.map((value, d) => alpha * value + beta * normal[mixture.dim + d]);
  });
}

/** Standard normals. */
export function normals(random: RandomStream, shape: readonly [number, number, number]): Float64Tensor {
  const single = random.fillNormal(new Float32Array(shape[0] * shape[1] * shape[2]));
  return float64Tensor(Float64Array.from(single), shape);
}

/** Uniforms in [0, 1). */
export function uniforms(random: RandomStream, shape: readonly [number, number, number]): Float64Tensor {
  const single = random.fillUniform(new Float32Array(shape[0] * shape[1] * shape[2]));
  return float64Tensor(Float64Array.from(single), shape);
}

/** One number, to broadcast. */
export const scalar = (x: number): Float64Tensor => float64Tensor(Float64Array.of(x), [1, 1, 1]);
