/** A mixture that samplers are trained on, and what their samples must be. */
import { expect } from 'vitest';
import type { MixtureDescription } from '../../../agents/posterior/mixture.ts';
import { samplerDefaults } from '../../../agents/toy/config.ts';
import { mixtureDensity } from '../../../agents/toy/density.ts';
import type { SamplerForm } from '../../../agents/toy/form.ts';
import { CompiledSampler, DensitySampler } from '../../../agents/toy/sampler.ts';
import { RandomStream } from '../../../engine/random.ts';
import type { Engine } from '../../../engine/types.ts';

/** Two Gaussians of deviation 0.3 at (±0.8, 0), 0.3 and 0.7 of the mass. */
const [places, shares, deviation] = [[-0.8, 0.8], [0.3, 0.7], 0.3];
export const round = [
  [deviation ** 2, 0],
  [0, deviation ** 2],
];
export const mixture: MixtureDescription = {
  dim: 2,
  weights: shares,
  means: places.map((x) => [x, 0]),
  covariances: [round, round],
};
export const bound = 2.5;
export const config = { ...samplerDefaults, actorWidth: 64 };
/** Enough for most samplers: a quarter of the evaluations. */
export const smallConfig = { ...config, batchSize: 64, draws: 32 };

/** Of every training: six time constants of the average. */
const updates = 3000;

/** Asserts that a trained sampler's points lie as the mixture does, of which it knows the density up to a constant. */
export async function expectMixture(
  form: SamplerForm,
  steps: number,
  engine: Engine,
  sizes = config,
): Promise<void> {
  const compiled = new CompiledSampler(form, sizes, mixtureDensity(mixture), engine);
  const random = RandomStream.fromSeed(1);
  const sampler = new DensitySampler(compiled, random.split('training'));
  await sampler.train(updates);
  const points = await sampler.sample(2000, steps, random.split('samples'));
  await compiled.dispose();
  const sides: number[][][] = [[], []];
  for (let i = 0; i < 2000; i++)
    sides[points[2 * i] < 0 ? 0 : 1].push([...points.subarray(2 * i, 2 * i + 2)]);
  expect(Math.abs(sides[0].length / 2000 - shares[0])).toBeLessThan(0.1);
  for (const [k, side] of sides.entries()) {
    const [x, y] = [side.map(([x]) => x), side.map(([, y]) => y)];
    expect(Math.abs(mean(x) - places[k])).toBeLessThan(0.1);
    expect(Math.abs(mean(y))).toBeLessThan(0.1);
    for (const values of [x, y]) expect(Math.abs(spread(values) - deviation)).toBeLessThan(0.1);
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

export function spread(values: readonly number[]): number {
  return Math.sqrt(mean(values.map((x) => (x - mean(values)) ** 2)));
}
