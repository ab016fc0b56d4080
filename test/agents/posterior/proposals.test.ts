import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { parseEstimator } from '../../../agents/posterior/estimator.ts';
import { float64Algebra, float64Tensor } from '../../../agents/posterior/float64.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { estimatePosteriorMean, posteriorMean } from '../../../agents/posterior/posterior-mean.ts';
import { createSchedule, linear } from '../../../agents/posterior/schedules.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import { pointColumns, variance } from './reference.ts';

const one = (x: number) => float64Tensor(Float64Array.of(x), [1, 1, 1]);

describe('draws beside the prior', () => {
  const mixture = new GaussianMixture(variance.anisotropic2);
  const rough = mixture.rough();

  test.each(['policy', 'laplace'] as const)('%s: many draws find the exact posterior mean', (kind) => {
    const [t, count, batches] = [0.2, 300, 40];
    const { alpha, beta } = linear.at(t);
    const random = RandomStream.fromSeed(3);
    const normals = () =>
      float64Tensor(Float64Array.from(random.fillNormal(new Float32Array(2 * count))), [1, 2, count]);
    const yt = variance.anisotropic2.y_t['0.3'][5];
    const exact = mixture.posterior(alpha, beta, yt).y1;
    const found = Array.from({ length: batches }, () => {
      const policy = Array.from({ length: count }, () =>
        rough.sample(random.uniform(), random.fillNormal(new Float32Array(2))),
      );
      return estimatePosteriorMean(float64Algebra, {
        alpha: one(alpha),
        beta: one(beta),
        yt: pointColumns([yt]),
        prior: normals(),
        logDensity: (y1) => mixture.evaluate(y1),
        estimator: parseEstimator('noise'),
        proposal:
          kind === 'laplace'
            ? { kind, noise: normals() }
            : { kind, y1: pointColumns(policy), logDensity: (y1) => rough.evaluate(y1).logDensity },
      }).y1.data;
    });
    for (const d of [0, 1]) {
      const mean = found.reduce((sum, y1) => sum + y1[d], 0) / batches;
      const spread = found.reduce((sum, y1) => sum + (y1[d] - mean) ** 2, 0) / (batches - 1);
      expect(Math.abs(mean - exact[d])).toBeLessThan(4 * Math.sqrt(spread / batches));
    }
  });

  test.each(['policy', 'laplace'] as const)(
    '%s: the compiled graph is finite from t = 0.001 to 0.999',
    async (kind) => {
      const [batch, count, dim] = [12, 16, 3];
      const random = RandomStream.fromSeed(5);
      const normal = (shape: number[]) => ({
        data: random.fillNormal(new Float32Array(shape.reduce((size, n) => size * n, 1))),
        shape,
      });
      const t = Float32Array.from({ length: batch }, (_, i) => 0.001 + (0.998 * i) / (batch - 1));
      const engine = createEngine({ backend: 'wasm' });
      const means = engine.compile('means', (x: Record<'t' | 'yt' | 'prior' | 'second', tf.Tensor>) => ({
        ...posteriorMean({
          schedule: createSchedule('linear'),
          t: x.t,
          yt: x.yt,
          prior: x.prior,
          logDensity: (y1) => ({ logDensity: tf.mul(tf.sum(tf.mul(y1, y1), 2), -2), score: tf.mul(y1, -4) }),
          estimator: parseEstimator('adaptive'),
          proposal:
            kind === 'laplace'
              ? { kind, noise: x.second }
              : { kind, y1: x.second, logDensity: (y1) => tf.mul(tf.sum(tf.mul(y1, y1), 2), -0.5) },
        }),
      }));
      const found = await means({
        t: { data: t, shape: [batch] },
        yt: normal([batch, dim]),
        prior: normal([batch, count, dim]),
        second: normal([batch, count, dim]),
      });
      for (const key of ['y0', 'y1', 'ess', 'cvWeight'] as const) {
        expect([...found[key].data].every(Number.isFinite), key).toBe(true);
      }
      await engine.dispose();
    },
  );
});
