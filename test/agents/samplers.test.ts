import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSchedule, scheduleNames } from '../../agents/posterior/schedules.ts';
import {
  boltzmannIndex,
  denoise,
  euler,
  type FieldAtTime,
  heun,
  heunFromData,
  integrationTimes,
  pick,
} from '../../agents/samplers.ts';
import { RandomStream } from '../../engine/random.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const normals = (seed: number, shape: number[]) =>
  tf.tensor(
    RandomStream.fromSeed(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))),
    shape,
  );

/** Mean and standard deviation of all numbers in x. */
function moments(x: tf.Tensor): [number, number] {
  const data = Float32Array.from(x.dataSync());
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  return [mean, Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length)];
}

describe('flow samplers', () => {
  // dy/dt = y from y(0) = 1 ends at e
  const error = (sampler: typeof euler, steps: number) => {
    const times = integrationTimes(steps, 1e-9);
    return Math.abs(sampler((y) => y, tf.tensor2d([[1]]), times).dataSync()[0] - Math.E);
  };

  it('euler converges with first order, heun with second', () => {
    expect(error(euler, 20) / error(euler, 40)).toBeCloseTo(2, 0);
    expect(error(heun, 10) / error(heun, 20)).toBeGreaterThan(3.5);
    expect(error(heun, 20)).toBeLessThan(error(euler, 20) / 20);
  });
});

describe('denoise', () => {
  // For data N(m, s²) the noise's posterior mean is known: E[y0 | y_t] = β (y - α m)/(α² s² + β²).
  const [m, s] = [0.7, 0.5];
  for (const name of scheduleNames) {
    for (const ancestral of [false, true]) {
      it(`turns noise into N(0.7, 0.5²) with the exact noise prediction: ${name}${ancestral ? ', ancestral' : ''}`, () => {
        const schedule = createSchedule(name);
        const times = integrationTimes(200, 1e-3);
        const exact = (y: tf.Tensor, k: number) => {
          const [alpha, beta] = [schedule.alpha(times[k]), schedule.beta(times[k])];
          return tf.mul(tf.sub(y, alpha * m), beta / (alpha * alpha * s * s + beta * beta));
        };
        const rows = 2000;
        // the path's own distribution at the first time, so that only the steps are tested
        const [alpha, beta] = [schedule.alpha(times[0]), schedule.beta(times[0])];
        const start = tf.add(tf.mul(normals(1, [rows, 1]), Math.hypot(alpha * s, beta)), alpha * m);
        const noise = ancestral ? normals(2, [200, rows, 1]) : undefined;
        const samples = denoise(exact, start, times, { schedule, dataBound: 50 }, noise);
        const [mean, deviation] = moments(samples);
        expect(Math.abs(mean - m)).toBeLessThan(0.05);
        expect(Math.abs(deviation - s)).toBeLessThan(0.05);
      });
    }
  }
});

describe('sampling from predictions of the data', () => {
  // For data N(m, s²): E[y1 | y_t] = m + α s² (y - α m)/(α² s² + β²).
  const [m, s, rows] = [0.7, 0.5, 2000];
  const path = (name: (typeof scheduleNames)[number], steps: number, asInput: boolean) => {
    const schedule = createSchedule(name);
    const known = integrationTimes(steps, 1e-3);
    const times = asInput ? integrationTimes(steps, tf.scalar(1e-3)) : known;
    const exact: FieldAtTime = (y, k) => {
      const [alpha, beta] = [schedule.alpha(known[k]), schedule.beta(known[k])];
      const gain = (alpha * s * s) / (alpha * alpha * s * s + beta * beta);
      return tf.add(tf.mul(tf.sub(y, alpha * m), gain), m);
    };
    const [alpha, beta] = [schedule.alpha(known[0]), schedule.beta(known[0])];
    const start = tf.add(tf.mul(normals(1, [rows, 1]), Math.hypot(alpha * s, beta)), alpha * m);
    return { schedule, times, exact, start };
  };
  for (const name of scheduleNames) {
    for (const asInput of [false, true]) {
      const title = `${name}${asInput ? ', times as inputs' : ''}`;
      it(`turns noise into N(0.7, 0.5²) in 200 steps, deterministic, ancestral and by Heun: ${title}`, () => {
        const { schedule, times, exact, start } = path(name, 200, asInput);
        const noise = normals(2, [200, rows, 1]);
        for (const samples of [
          denoise(exact, start, times, { schedule, predicts: 'data' }),
          denoise(exact, start, times, { schedule, predicts: 'data' }, noise),
          heunFromData(exact, start, times, schedule),
        ]) {
          const [mean, deviation] = moments(samples);
          expect(Math.abs(mean - m)).toBeLessThan(0.05);
          expect(Math.abs(deviation - s)).toBeLessThan(0.05);
        }
      });
    }
  }

  it('euler on the velocity and the first-order steps on the data are the same on the linear path', () => {
    const { schedule, times, exact, start } = path('linear', 10, false);
    const velocity: FieldAtTime = (y, k) => tf.div(tf.sub(exact(y, k), y), 1 - (times[k] as number));
    const a = euler(velocity, start, times).dataSync();
    const b = denoise(exact, start, times, { schedule, predicts: 'data' }).dataSync();
    for (let i = 0; i < 100; i++) expect(b[i]).toBeCloseTo(a[i], 4);
  });

  it('times as inputs give what times as numbers give', () => {
    for (const solve of [euler, heun]) {
      const grow: FieldAtTime = (y) => y;
      const known = solve(grow, tf.tensor2d([[1]]), integrationTimes(10, 0.05)).dataSync()[0];
      const found = solve(grow, tf.tensor2d([[1]]), integrationTimes(10, tf.scalar(0.05))).dataSync()[0];
      expect(found).toBeCloseTo(known, 5);
    }
  });
});

describe('choice among particles', () => {
  it('draws with probability softmax(Q/λ)', () => {
    const [rows, q, lambda] = [5000, [0, 0.02, 0.05], 0.02];
    const uniform = tf.tensor(RandomStream.fromSeed(4).fillUniform(new Float32Array(rows * 3)), [rows, 3]);
    const index = boltzmannIndex(tf.tile(tf.tensor2d([q]), [rows, 1]), uniform, tf.scalar(lambda)).dataSync();
    const weights = q.map((v) => Math.exp(v / lambda));
    const total = weights.reduce((a, b) => a + b);
    for (let k = 0; k < 3; k++) {
      const p = weights[k] / total;
      const frequency = index.filter((i) => i === k).length / rows;
      expect(Math.abs(frequency - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / rows));
    }
  });

  it('picks the particle of the index', () => {
    const particles = normals(5, [3, 4, 2]);
    const picked = pick(particles, tf.tensor1d([2, 0, 3], 'int32')).arraySync();
    const all = particles.arraySync() as number[][][];
    expect(picked).toEqual([all[0][2], all[1][0], all[2][3]]);
  });
});
