/**
 * What the toy samplers' paths and steps cost by themselves: sliced distances of samples with exact posterior means in the place of the
 * trained network, by integration steps (docs/toy.md).
 *
 *   npx jiti bench/toy-exact.ts
 */
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { setSizes } from '../ablations/toy/experiment.ts';
import { createForm, methodNames } from '../ablations/toy/methods.ts';
import { slicedWasserstein } from '../ablations/toy/sample-distances.ts';
import { builtInTarget, drawExact, extent, targetNames } from '../ablations/toy/targets.ts';
import type { MixtureDescription } from '../agents/posterior/mixture.ts';
import { integrationTimes } from '../agents/samplers.ts';
import { mixtureDensity } from '../agents/toy/density.ts';
import type { SamplerForm } from '../agents/toy/form.ts';
import { createEngine } from '../engine/index.ts';
import { RandomStream } from '../engine/random.ts';
import { mean } from '../harness/statistics/index.ts';

/** What each form's network stands for, of the noise's and the data's posterior means and the path's β. */
const outputs: Readonly<Record<string, (y0: tf.Tensor, y1: tf.Tensor, beta: number) => tf.Tensor>> = {
  'rfm-flow': (y0, y1) => tf.sub(y1, y0),
  'rfm-diffusion': (y0) => y0,
  qne: (y0) => y0,
  idem: (y0, _, beta) => tf.mul(y0, -Math.sqrt(beta ** 2 + 1e-3) / beta),
};

/** The form with a mixture's posterior means in the network's place: E[y0 | y_t] = -β ∇log p_t(y_t), p_t the path's marginal. */
export function withExactMeans(form: SamplerForm, target: MixtureDescription): SamplerForm {
  const marginal = (alpha: number, beta: number) =>
    mixtureDensity({
      ...target,
      means: target.means.map((m) => m.map((value) => alpha * value)),
      covariances: target.covariances.map((rows) =>
        rows.map((row, i) => row.map((value, j) => alpha ** 2 * value + (i === j ? beta ** 2 : 0))),
      ),
    });
  return {
    ...form,
    sample(_, start, times, path) {
      const output = (y: tf.Tensor, k: number) => {
        const { alpha, beta } = form.schedule.at(times[k]);
        const { score } = marginal(alpha, beta).logDensity(tf.expandDims(y, 0));
        const y0 = tf.mul(tf.squeeze(score, [0]), -beta);
        return outputs[form.name](y0, tf.div(tf.sub(y, tf.mul(y0, beta)), alpha), beta);
      };
      return form.sample(output, start, times, path);
    },
  };
}

/** E[y²] of an axis. */
export function secondMoment({ weights, means, covariances }: MixtureDescription, axis: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce(
    (sum, weight, k) => sum + (weight / total) * (means[k][axis] ** 2 + covariances[k][axis][axis]),
    0,
  );
}

async function distances(name: string, method: string, steps: number): Promise<number[]> {
  const { description } = builtInTarget(name);
  const options = { estimator: 'adaptive', draws: 'box', bound: extent(description) } as const;
  const form = withExactMeans(createForm(method, options), description);
  const engine = createEngine();
  const times = integrationTimes(steps, form.tMin);
  const sample = engine.compile('sample', ({ start, path }: { start: tf.Tensor; path: tf.Tensor }) => ({
    points: form.sample((y) => y, start, times, form.samplerNoise ? path : undefined),
  }));
  const count = setSizes.sliced;
  const deviations = [0, 1].map((axis) => form.startDeviation(secondMoment(description, axis)));
  const found: number[] = [];
  for (let seed = 0; seed < 3; seed++) {
    const random = RandomStream.fromSeed(seed).split(`${name}/${method}`);
    const exact = drawExact(description, count, random.split('exact'));
    const normal = random.fillNormal(new Float32Array(2 * count));
    const start = { data: normal.map((value, i) => value * deviations[i % 2]), shape: [count, 2] };
    const noise = random.fillNormal(new Float32Array(steps * 2 * count));
    const { points } = await sample({ start, path: { data: noise, shape: [steps, count, 2] } });
    const drawn = Array.from({ length: count }, (_, i) => [points.data[2 * i], points.data[2 * i + 1]]);
    found.push(slicedWasserstein(drawn, exact));
  }
  await engine.dispose();
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of targetNames)
    for (const method of methodNames) {
      const cells: string[] = [];
      for (const steps of [5, 20, 100])
        cells.push(`${steps}: ${mean(await distances(name, method, steps)).toFixed(3)}`);
      console.log(name.padEnd(8), method.padEnd(14), cells.join('  '));
    }
}
