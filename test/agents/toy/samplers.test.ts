import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { GaussianMixture, type MixtureDescription } from '../../../agents/posterior/mixture.ts';
import { mixtureDensity } from '../../../agents/toy/density.ts';
import type { SamplerForm } from '../../../agents/toy/form.ts';
import { idem } from '../../../agents/toy/idem.ts';
import { qne } from '../../../agents/toy/qne.ts';
import { rfmFlow } from '../../../agents/toy/rfm.ts';
import { CompiledSampler, DensitySampler } from '../../../agents/toy/sampler.ts';
import { withExactMeans } from '../../../bench/toy-exact.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { bound, expectMixture, mean, mixture, round, smallConfig, spread } from './mixture.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

// idem, rfm-flow with draws of the prior, rfm-diffusion, larger batches: samplers.nightly.test.ts.
const forms: readonly { what: string; form: SamplerForm; steps: number }[] = [
  { what: 'rfm-flow', form: rfmFlow({ bound }), steps: 20 },
  { what: 'qne', form: qne({ bound }), steps: 40 },
];

describe.each(forms)('$what', ({ form, steps }) => {
  it('samples a mixture that it knows up to a constant alone', async () => {
    expect.hasAssertions();
    await expectMixture(form, steps, engine, smallConfig);
  });
});

describe('what integration starts from', () => {
  const generations = 12;
  /** A generation before every update, of a buffer that holds eight. */
  const sizes = {
    ...smallConfig,
    actorWidth: 8,
    batchSize: 4,
    draws: 4,
    innerUpdates: 1,
    generated: 1000,
    generationSteps: 20,
    bufferCapacity: 8000,
  };
  /** Two Gaussians at (±1.2, 0): the second moment of an axis is in closed form. */
  const wide: MixtureDescription = { ...mixture, weights: [1, 1], means: [-1.2, 1.2].map((x) => [x, 0]) };
  const moments = [1.2 ** 2 + round[0][0], round[1][1]];
  const sigmaMax = 1;
  const exact = withExactMeans(idem({ bound, sigmaMax }), wide);

  /** Points where integration begins and where it ends, [4000, 2]. */
  async function ends(form: SamplerForm, steps: number) {
    const compiled = new CompiledSampler(form, sizes, mixtureDensity(wide), engine);
    const sampler = new DensitySampler(compiled, RandomStream.fromSeed(6));
    const draw = () => sampler.follow(4000, steps, RandomStream.fromSeed(7));
    const before = await draw();
    await sampler.train(generations);
    const after = await draw();
    await compiled.dispose();
    const last = steps * 8000;
    return {
      before: before.subarray(0, 8000),
      start: after.subarray(0, 8000),
      end: after.subarray(last, last + 8000),
    };
  }
  const secondMoment = (points: Float32Array, axis: number) =>
    mean(Array.from({ length: points.length / 2 }, (_, i) => points[2 * i + axis] ** 2));

  it("idem's has the second moments of its path's noise end, and with the exact score its samples have the density's", async () => {
    const { before, start, end } = await ends(exact, 100);
    for (const axis of [0, 1]) {
      // Four standard errors of a normal's second moment are 9 %; steps of finite size take some per cent off.
      expect(Math.abs(secondMoment(before, axis) / sigmaMax ** 2 - 1)).toBeLessThan(0.1);
      expect(Math.abs(secondMoment(start, axis) / (sigmaMax ** 2 + moments[axis]) - 1)).toBeLessThan(0.1);
      expect(Math.abs(secondMoment(end, axis) / moments[axis] - 1)).toBeLessThan(0.1);
    }
  });

  it.each([rfmFlow({ bound }), qne({ bound })])('that of $name is N(0, I), bit for bit', async (form) => {
    const { start } = await ends(form, 2);
    expect(start).toEqual(RandomStream.fromSeed(7).fillNormal(new Float32Array(8000)));
  });
});

it('a training and its samples repeat bit for bit', async () => {
  const compiled = new CompiledSampler(idem({ bound }), smallConfig, mixtureDensity(mixture), engine);
  const run = async (parts: readonly number[]) => {
    const sampler = new DensitySampler(compiled, RandomStream.fromSeed(3));
    for (const updates of parts) await sampler.train(updates);
    return sampler.sample(50, 10, RandomStream.fromSeed(4));
  };
  const whole = await run([110]);
  expect(whole.every(Number.isFinite)).toBe(true);
  expect(await run([50, 60])).toEqual(whole);
  await compiled.dispose();
});

it('no estimator leaves the numbers, however wild its targets at small t', async () => {
  for (const estimator of ['gradient', 'noise', 'optimal-matrix']) {
    const narrow = {
      ...mixture,
      covariances: [round, round].map(() => [
        [1e-4, 0],
        [0, 1e-4],
      ]),
    };
    const form = rfmFlow({ bound, estimator });
    const compiled = new CompiledSampler(form, smallConfig, mixtureDensity(narrow), engine);
    const sampler = new DensitySampler(compiled, RandomStream.fromSeed(1));
    const { loss } = await sampler.train(100);
    expect(Number.isFinite(loss), estimator).toBe(true);
    const points = await sampler.sample(500, 20, RandomStream.fromSeed(2));
    expect(
      points.every((value) => Math.abs(value) <= 2 * bound),
      estimator,
    ).toBe(true);
    await compiled.dispose();
  }
});

it("the mixture's graph gives the float64 density up to a constant, and its score", async () => {
  const skewed: MixtureDescription = {
    dim: 3,
    weights: [1, 2],
    means: [
      [0.5, -1, 0],
      [-0.5, 1, 2],
    ],
    covariances: [
      [
        [0.5, 0.2, 0],
        [0.2, 0.4, -0.1],
        [0, -0.1, 0.3],
      ],
      [
        [0.1, 0, 0.05],
        [0, 0.2, 0],
        [0.05, 0, 0.2],
      ],
    ],
  };
  const points = RandomStream.fromSeed(5).fillNormal(new Float32Array(5 * 7 * 3));
  const evaluate = engine.compile('density', ({ y }: { y: tf.Tensor }) => {
    const { logDensity, score } = mixtureDensity(skewed).logDensity(y);
    return { logDensity, score };
  });
  const found = await evaluate({ y: { data: points, shape: [5, 7, 3] } });
  expect(found.logDensity.shape).toEqual([5, 7]);
  const exact = new GaussianMixture(skewed);
  const one = (i: number) => ({
    data: Float64Array.from(points.subarray(3 * i, 3 * i + 3)),
    shape: [1, 3, 1],
  });
  const constants: number[] = [];
  for (let i = 0; i < 35; i++) {
    const wanted = exact.evaluate(one(i) as never);
    constants.push(found.logDensity.data[i] - wanted.logDensity.data[0]);
    for (let d = 0; d < 3; d++) {
      const [got, score] = [found.score.data[3 * i + d], wanted.score.data[d]];
      expect(Math.abs(got - score)).toBeLessThan(1e-4 * (1 + Math.abs(score)));
    }
  }
  expect(spread(constants)).toBeLessThan(1e-5);
});
