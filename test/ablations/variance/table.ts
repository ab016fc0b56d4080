/** The variance experiment against the reference table, computed elsewhere (test/data/posterior). */
import { expect } from 'vitest';
import { varianceAtTime } from '../../../ablations/variance/experiment.ts';
import { parseEstimator } from '../../../agents/posterior/estimator.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { linear } from '../../../agents/posterior/schedules.ts';
import { RandomStream } from '../../../engine/random.ts';
import { estimatorNames, variance } from '../../agents/posterior/reference.ts';

/** Every mixture of the table at these times. */
export const cellsAt = (times: readonly number[]) =>
  Object.keys(variance).flatMap((name) => times.map((t) => ({ name, t })));

/** Asserts that every estimator and N is within 4 standard errors of the table. */
export function expectTable(name: string, t: number): void {
  const reference = variance[name];
  // Errors are heavy-tailed at small N, where repetitions are cheap.
  const rows = [
    { particles: [10, 30], repetitions: 60 },
    { particles: [100], repetitions: 20 },
    { particles: [300, 1000], repetitions: 4 },
  ].flatMap((size) =>
    varianceAtTime({
      ...size,
      mixture: new GaussianMixture(reference),
      schedule: linear,
      t,
      points: reference.y_t[String(t)],
      random: RandomStream.fromSeed(0).split(`${name}/${t}`),
      estimators: Object.entries(estimatorNames).map(([name, text]) => ({
        name,
        estimator: parseEstimator(text),
      })),
    }),
  );
  expect(rows).toHaveLength(5 * Object.keys(estimatorNames).length);
  for (const row of rows) {
    const wanted = reference.rows.find((entry) => entry.t === t && entry.N === row.particles)?.estimators[
      row.estimator
    ];
    if (!wanted) throw new Error(`no reference for ${row.estimator}, N = ${row.particles}`);
    const standardError = Math.hypot(row.mse_se, wanted.mse_se);
    expect(Math.abs(row.mse - wanted.mse), `${row.estimator}, N = ${row.particles}`).toBeLessThan(
      4 * standardError,
    );
  }
}
