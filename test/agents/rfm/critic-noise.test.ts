import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchDeviation, criticNoiseDraws, perturbed } from '../../../agents/rfm/critic-noise.ts';
import { choosePolicy } from '../../../agents/rfm/endpoints.ts';
import { RandomStream } from '../../../engine/random.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const [batch, draws, size] = [200, 10, 3];

function errorOf(deviation: number, seed: number) {
  const random = RandomStream.fromSeed(seed);
  const shapes = criticNoiseDraws(batch, size);
  const draw = ({ law, shape }: { law: string; shape: readonly number[] }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    return tf.tensor(law === 'normal' ? random.fillNormal(data) : random.fillUniform(data), [...shape]);
  };
  const noise = { frequency: draw(shapes.frequency), phase: draw(shapes.phase) };
  const nothing = (action: tf.Tensor) => ({
    value: tf.zeros(action.shape.slice(0, 2)),
    gradient: tf.zeros(action.shape),
  });
  return perturbed(nothing, noise, tf.scalar(deviation));
}

const actions = (seed: number) =>
  tf.tensor(RandomStream.fromSeed(seed).fillUniform(new Float32Array(batch * draws * size), -0.9, 0.9), [
    batch,
    draws,
    size,
  ]);

describe('a perturbed critic', () => {
  it('is wrong by the deviation asked for, without bias', () => {
    const error = errorOf(0.7, 1)(actions(2)).value;
    const deviation = Math.sqrt(tf.mean(tf.square(error)).dataSync()[0]);
    expect(Math.abs(deviation - 0.7)).toBeLessThan(0.05);
    // 200 states with phases of their own
    expect(Math.abs(tf.mean(error).dataSync()[0])).toBeLessThan((4 * 0.7) / Math.sqrt(batch));
  });

  it('has the gradient of its value, by central differences', () => {
    const error = errorOf(0.7, 1);
    const at = actions(2);
    const gradient = error(at).gradient;
    const h = 1e-3;
    for (let d = 0; d < size; d++) {
      const step = tf.tensor(
        Array.from({ length: size }, (_, i) => (i === d ? h : 0)),
        [1, 1, size],
      );
      const slope = tf.div(tf.sub(error(tf.add(at, step)).value, error(tf.sub(at, step)).value), 2 * h);
      const found = tf.squeeze(tf.slice(gradient, [0, 0, d], [-1, -1, 1]), [2]);
      expect(tf.max(tf.abs(tf.sub(slope, found))).dataSync()[0]).toBeLessThan(0.02);
    }
  });

  it('is the same function for every call of one update, and another at the next', () => {
    const error = errorOf(1, 1);
    expect([...error(actions(2)).value.dataSync()]).toEqual([...error(actions(2)).value.dataSync()]);
    const other = errorOf(1, 3)(actions(2)).value;
    const [a, b] = [error(actions(2)).value, other].map((x) => Array.from(x.dataSync()));
    const correlation = a.reduce((sum, x, i) => sum + x * b[i], 0) / a.length;
    expect(Math.abs(correlation)).toBeLessThan(0.2);
  });

  it('measures the batch by the smaller critic', () => {
    const values = tf.tensor([
      [1, 5, 3],
      [9, 3, 7],
    ]);
    expect(batchDeviation(values).dataSync()[0]).toBeCloseTo(Math.sqrt(8 / 9), 5); // of 1, 3, 3
  });
});

describe('adaptive end points', () => {
  it('take the policy’s sample with its Boltzmann weight, each source at least one time in ten', () => {
    const rows = 20_000;
    const uniform = tf.tensor(RandomStream.fromSeed(4).fillUniform(new Float32Array(rows)), [rows]);
    const share = (own: number, replayed: number) => {
      const q = tf.tile(tf.tensor2d([[own, replayed]]), [rows, 1]);
      return tf.mean(choosePolicy(q, tf.scalar(0.5), uniform)).dataSync()[0];
    };
    const allowed = 4 * Math.sqrt(0.25 / rows);
    expect(Math.abs(share(1, 1) - 0.5)).toBeLessThan(allowed);
    expect(Math.abs(share(1.5, 1) - 1 / (1 + Math.exp(-1)))).toBeLessThan(allowed);
    expect(Math.abs(share(1e6, -1e6) - 0.9)).toBeLessThan(allowed);
    expect(Math.abs(share(-1e6, 1e6) - 0.1)).toBeLessThan(allowed);
  });
});
