/** Errors of the adaptive estimator beside those of what it chooses between, by mixture and time. */
import { expect } from 'vitest';
import { builtInProblems } from '../../../ablations/problems.ts';
import { type ProposalName, varianceAtTime } from '../../../ablations/variance/experiment.ts';
import { parseEstimator } from '../../../agents/posterior/estimator.ts';
import { GaussianMixture } from '../../../agents/posterior/mixture.ts';
import { createSchedule, linear, type ScheduleName } from '../../../agents/posterior/schedules.ts';
import { RandomStream } from '../../../engine/random.ts';
import { variance } from '../../agents/posterior/reference.ts';

const problems = [
  ...Object.entries(variance).map(([name, mixture]) => ({ name, mixture: new GaussianMixture(mixture) })),
  ...builtInProblems(),
];
const names = ['noise', 'gradient', 'optimal-isotropic', 'optimal-diagonal', 'optimal-matrix', 'adaptive'];

const particles = [10, 30, 100];

/** Mean squared errors by estimator for each N. */
function errors(
  name: string,
  mixture: GaussianMixture,
  t: number,
  { proposal = 'prior' as ProposalName, estimators = names as readonly string[] } = {},
) {
  const rows = varianceAtTime({
    mixture,
    schedule: linear,
    t,
    particles,
    points: 60,
    repetitions: 20,
    random: RandomStream.fromSeed(8).split(`${name}/${t}`),
    estimators: estimators.map((text) => ({ name: text, estimator: parseEstimator(text) })),
    proposal,
  });
  return particles.map((count) => {
    const found = rows.filter((row) => row.particles === count);
    return Object.fromEntries(found.map((row) => [row.estimator, row.mse]));
  });
}

export interface Cell {
  readonly label: string;
  readonly mse: Record<string, number>;
}

/** Every problem and number of draws at these times, on the linear path with draws of the prior. */
export function cellsAt(times: readonly number[]): Cell[] {
  return problems.flatMap(({ name, mixture }) =>
    times.flatMap((t) =>
      errors(name, mixture, t).map((mse, i) => ({ label: `${name} t=${t} N=${particles[i]}`, mse })),
    ),
  );
}

const end = (mse: Record<string, number>) => Math.min(mse.noise, mse.gradient);

/** Asserts an error of at most 1.05 times the better end point's in every cell. */
export function expectNearBetterEnd(cells: readonly Cell[]): void {
  const losses = cells.filter(({ mse }) => mse.adaptive > 1.05 * end(mse)).map(({ label }) => label);
  expect(losses).toEqual([]);
}

/** Asserts a geometric-mean gain over the better end that is above every plug-in optimum's. */
export function expectBestGain(cells: readonly Cell[]): void {
  // Ratios are capped, or the one Gaussian problem, on which it is exact, would decide alone.
  const gain = (name: string) =>
    Math.exp(
      cells.reduce((sum, { mse }) => sum + Math.log(Math.min(end(mse) / mse[name], 1e4)), 0) / cells.length,
    );
  const best = Math.max(...names.filter((name) => name.startsWith('optimal')).map(gain));
  expect(gain('adaptive')).toBeGreaterThan(best);
}

/** One of its modes is ten times thinner along one axis than along the others: late the gradient end is the good one. */
const thinAxis = new GaussianMixture({
  dim: 6,
  weights: [0.4, 0.6],
  means: [
    [0.8, 0.2, -1, 0.1, 0.7, 0],
    [-0.9, 1, 0.3, 0, -0.2, 0.9],
  ],
  covariances: [
    [0.15, 0.2, 0.3, 0.35, 0.5, 0.6],
    [0.5, 0.008, 0.3, 0.9, 0.25, 0.12],
  ].map((variances) => variances.map((value, i) => variances.map((_, j) => (i === j ? value : 0)))),
});
const narrowPeak = new GaussianMixture({
  dim: 1,
  weights: [0.5, 0.5],
  means: [[0.8], [-0.2]],
  covariances: [[[0.0016]], [[1]]],
});
/** Problems for which a few draws do not suffice to estimate a matrix. */
export const hard = {
  'thin axis': { mixture: thinAxis, particles: [10, 15] },
  'narrow peak': { mixture: narrowPeak, particles: [10, 30, 100] },
} as const;

/** Asserts that the adaptive estimator is no worse than 1.05 times the better end on a hard problem. */
export function expectNoWorse(name: keyof typeof hard, schedule: ScheduleName, t: number): void {
  const rows = varianceAtTime({
    ...hard[name],
    schedule: createSchedule(schedule),
    t,
    points: 100,
    repetitions: 40,
    random: RandomStream.fromSeed(9).split(`${name}/${schedule}/${t}`),
    estimators: ['noise', 'gradient', 'adaptive'].map((text) => ({
      name: text,
      estimator: parseEstimator(text),
    })),
  });
  for (const count of hard[name].particles) {
    const mse = (estimator: string) =>
      rows.find((row) => row.particles === count && row.estimator === estimator)?.mse ?? Number.NaN;
    expect(mse('adaptive'), `N = ${count}`).toBeLessThan(1.05 * Math.min(mse('noise'), mse('gradient')));
  }
}

/** Asserts that with draws of the policy's stand-in the error is a tenth of the prior's or less. */
export function expectPolicyGain(name: string, t: number): void {
  const mixture = new GaussianMixture(variance[name]);
  const prior = errors(name, mixture, t, { estimators: ['noise'] });
  errors(name, mixture, t, { proposal: 'policy', estimators: ['adaptive'] }).forEach((mse, i) => {
    expect(mse.adaptive, `t=${t} N=${particles[i]}`).toBeLessThan(prior[i].noise / 10);
  });
}
