import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { parseEstimator } from '../../../agents/posterior/estimator.ts';
import { boltzmannLatentDensity } from '../../../agents/posterior/latent.ts';
import { posteriorMean } from '../../../agents/posterior/posterior-mean.ts';
import { createSchedule, scheduleNames } from '../../../agents/posterior/schedules.ts';
import { createEngine } from '../../../engine/index.ts';
import { RandomStream } from '../../../engine/random.ts';
import type { NdArray } from '../../../engine/types.ts';
import { discrepancy } from './reference.ts';

const [batch, count, dim] = [16, 24, 6];
const random = RandomStream.fromSeed(4);
const normal = (shape: number[]): NdArray => ({
  data: random.fillNormal(new Float32Array(shape.reduce((size, n) => size * n, 1))),
  shape,
});
const inputs = {
  t: { data: random.fillUniform(new Float32Array(batch), 1e-3, 1 - 1e-3), shape: [batch] } as NdArray,
  yt: normal([batch, dim]),
  prior: normal([batch, count, dim]),
};

/** A Boltzmann policy of a critic with two ridges, as a function that both backends run. */
function means(schedule: (typeof scheduleNames)[number], estimator: string) {
  return (x: { t: tf.Tensor; yt: tf.Tensor; prior: tf.Tensor }) => ({
    ...posteriorMean({
      ...x,
      schedule: createSchedule(schedule),
      logDensity: boltzmannLatentDensity(tf.scalar(0.3), (action) => {
        const { value, grad } = tf.valueAndGrad((a: tf.Tensor) => tf.sum(tf.sin(tf.mul(a, 2.5)), -1))(action);
        return { value, gradient: grad };
      }),
      estimator: parseEstimator(estimator),
    }),
  });
}

describe('posterior means compiled to a graph', () => {
  const cases = scheduleNames.flatMap((schedule) =>
    ['noise', 'gradient', 'eta=0.5', 'optimal', 'optimal-isotropic', 'optimal-matrix', 'adaptive'].map(
      (estimator) => ({
        schedule,
        estimator,
      }),
    ),
  );

  test.each(cases)(
    '$schedule $estimator: the graph gives what the eager function gives, finite',
    async ({ schedule, estimator }) => {
      const [graph, eager] = [createEngine({ backend: 'wasm' }), createEngine({ backend: 'cpu' })];
      const found = await graph.compile('means', means(schedule, estimator))(inputs);
      const wanted = await eager.compile('means', means(schedule, estimator))(inputs);
      for (const key of ['y0', 'y1', 'ess', 'cvWeight'] as const) {
        expect([...found[key].data].every(Number.isFinite), key).toBe(true);
        const scale = Math.max(...[...wanted[key].data].map(Math.abs), 1);
        const apart = discrepancy(
          [...found[key].data].map((x) => x / scale),
          [...wanted[key].data].map((x) => x / scale),
        );
        // The plug-in matrix solves a system that is nearly singular when one draw has all the weight: its
        // condition, up to 1e4 here, multiplies float32's 1e-7.
        expect(apart, key).toBeLessThan(estimator === 'optimal-matrix' ? 2e-3 : 1e-4);
      }
      await graph.dispose();
      await eager.dispose();
    },
  );
});

describe('adaptive with one coefficient, compiled', () => {
  const cases = scheduleNames.flatMap((schedule) => [
    { schedule, size: 6, draws: 10 },
    { schedule, size: 1, draws: 24 },
  ]);

  test.each(cases)(
    '$schedule, $size dimensions, $draws draws: the graph gives what the eager function gives, finite',
    async ({ schedule, size, draws }) => {
      const few = { t: inputs.t, yt: normal([batch, size]), prior: normal([batch, draws, size]) };
      const [graph, eager] = [createEngine({ backend: 'wasm' }), createEngine({ backend: 'cpu' })];
      const found = await graph.compile('means', means(schedule, 'adaptive'))(few);
      const wanted = await eager.compile('means', means(schedule, 'adaptive'))(few);
      const { alpha, beta } = createSchedule(schedule);
      for (const key of ['y0', 'y1', 'cvWeight'] as const) {
        expect([...found[key].data].every(Number.isFinite), key).toBe(true);
        // y1 = (y_t - β y0)/α: rounding of y0 weighs β/α as much in it.
        const unit = (row: number) =>
          key === 'y1' ? Math.max(1, beta(few.t.data[row]) / alpha(few.t.data[row])) : 1;
        const columns = found[key].data.length / batch;
        const units = [found, wanted].map((result) =>
          [...result[key].data].map((x, i) => x / unit(Math.floor(i / columns))),
        );
        const scale = Math.max(...units[1].map(Math.abs), 1);
        const scaled = units.map((values) => values.map((x) => x / scale));
        expect(discrepancy(scaled[0], scaled[1]), key).toBeLessThan(1e-4);
      }
      await graph.dispose();
      await eager.dispose();
    },
  );
});
