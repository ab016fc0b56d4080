import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { createSchedule, scheduleNames } from '../../../agents/posterior/schedules.ts';
import { mixtures, scheduleName } from './reference.ts';

describe('path schedules', () => {
  test('agree with the reference coefficients and derivatives at every tabulated time', () => {
    for (const row of mixtures.circle8.rows) {
      const point = createSchedule(scheduleName(row.schedule)).at(row.t);
      for (const [found, wanted] of [
        [point.alpha, row.a],
        [point.beta, row.b],
        [point.alphaDot, row.a_dot],
        [point.betaDot, row.b_dot],
      ]) {
        expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-14 * Math.max(1, Math.abs(wanted)));
      }
    }
  });

  test.each(scheduleNames)('%s: derivatives agree with finite differences', (name) => {
    const schedule = createSchedule(name);
    const h = 1e-6;
    for (let t = 0.01; t < 0.995; t += 0.01) {
      const { alphaDot, betaDot } = schedule.at(t);
      const alphaSlope = (schedule.alpha(t + h) - schedule.alpha(t - h)) / (2 * h);
      const betaSlope = (schedule.beta(t + h) - schedule.beta(t - h)) / (2 * h);
      expect(Math.abs(alphaDot - alphaSlope)).toBeLessThan(1e-7 * Math.max(1, Math.abs(alphaSlope)));
      expect(Math.abs(betaDot - betaSlope)).toBeLessThan(1e-7 * Math.max(1, Math.abs(betaSlope)));
    }
  });

  test.each(scheduleNames)('%s: tensors keep float32 precision at both ends', (name) => {
    const schedule = createSchedule(name);
    const times = Float32Array.of(1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999);
    const point = schedule.atTensor(tf.tensor1d(times));
    for (const key of ['alpha', 'beta', 'alphaDot', 'betaDot'] as const) {
      const found = point[key].dataSync();
      times.forEach((t, i) => {
        const wanted = schedule.at(t)[key];
        expect(Math.abs(found[i] - wanted), `${key} at ${t}`).toBeLessThanOrEqual(1e-6 * Math.abs(wanted));
      });
    }
  });

  test('noise is at t = 0 and data at t = 1', () => {
    for (const name of ['linear', 'cosine'] as const) {
      const schedule = createSchedule(name);
      expect([schedule.alpha(0), schedule.beta(0)]).toEqual([0, 1]);
      expect([schedule.alpha(1), schedule.beta(1)]).toEqual([1, 0]);
    }
  });

  test('refuses unknown keys and a non-positive noise scale', () => {
    expect(() => createSchedule({ kind: 've', sigmaMin: 0, sigmaMax: 5 })).toThrow();
    expect(() => createSchedule({ kind: 'linear', betaMin: 1 } as never)).toThrow();
  });
});
