import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { type DensityTarget, Idem, idemDefaults } from '../../agents/idem.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';

const engine = createEngine();
afterAll(() => engine.dispose());

/** Two Gaussians of deviation 0.3 at (±0.8, 0), 0.3 and 0.7 of the mass. */
const [places, shares, deviation] = [[-0.8, 0.8], [0.3, 0.7], 0.3];
const mixture: DensityTarget = {
  dimension: 2,
  logDensity(y) {
    const parts = places.map((x, k) => {
      const away = tf.sub(y, tf.tensor([x, 0], [1, 1, 2]));
      const log = tf.add(tf.mul(tf.sum(tf.square(away), 2), -0.5 / deviation ** 2), Math.log(shares[k]));
      return { log, pull: tf.mul(away, -1 / deviation ** 2) };
    });
    const [a, b] = parts;
    const top = tf.maximum(a.log, b.log);
    const [p, q] = [tf.exp(tf.sub(a.log, top)), tf.exp(tf.sub(b.log, top))];
    const total = tf.add(p, q);
    const weigh = (w: tf.Tensor, pull: tf.Tensor) => tf.mul(tf.expandDims(tf.div(w, total), 2), pull);
    return {
      logDensity: tf.add(top, tf.log(total)),
      score: tf.add(weigh(p, a.pull), weigh(q, b.pull)),
    };
  },
};

it('samples a mixture that it knows up to a constant alone', async () => {
  const config = {
    ...idemDefaults,
    actorWidth: 64,
    integrationSteps: 40,
    sigmaMin: 0.01,
  };
  const idem = new Idem(config, mixture, engine, RandomStream.fromSeed(1));
  for (let round = 0; round < 40; round++) await idem.iterate();
  const points = await idem.sample(2000);
  const side = places.map(() => [] as number[]);
  for (let i = 0; i < 2000; i++) side[points[2 * i] < 0 ? 0 : 1].push(points[2 * i], points[2 * i + 1]);
  expect(side[0].length / 4000).toBeGreaterThan(0.2);
  expect(side[0].length / 4000).toBeLessThan(0.4);
  for (const [k, values] of side.entries()) {
    const x = values.filter((_, i) => i % 2 === 0);
    const y = values.filter((_, i) => i % 2 === 1);
    expect(Math.abs(mean(x) - places[k])).toBeLessThan(0.1);
    expect(Math.abs(mean(y))).toBeLessThan(0.1);
    for (const list of [x, y]) {
      expect(Math.abs(Math.sqrt(mean(list.map((v) => (v - mean(list)) ** 2))) - deviation)).toBeLessThan(0.1);
    }
  }
  await idem.dispose();
}, 400_000);

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
