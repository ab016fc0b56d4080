/** Independent reference numbers (test/data/posterior) and how the tests read them. */
import { readFileSync } from 'node:fs';
import { type Float64Tensor, float64Algebra, float64Tensor } from '../../../agents/posterior/float64.ts';
import type { ScheduleName } from '../../../agents/posterior/schedules.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../data/posterior/${name}`, import.meta.url), 'utf8'));

interface Mixture {
  dim: number;
  weights: number[];
  means: number[][];
  covariances: number[][][];
}

export interface PosteriorRow {
  schedule: 'linear' | 'trigonometric' | 'vp' | 've';
  t: number;
  a: number;
  b: number;
  a_dot: number;
  b_dot: number;
  y_t: number[][];
  E_y1: number[][];
  E_y0: number[][];
  velocity: number[][];
  score: number[][];
  log_p: number[];
}

export interface Fixture {
  t: number;
  a: number;
  b: number;
  y_t: number[];
  y0: number[][];
  log_p1: number[];
  grad_log_p1: number[][];
  weights: number[];
  ess: number;
  estimates: Record<string, number[]>;
  exact_E_y1: number[];
}

export interface VarianceRow {
  t: number;
  N: number;
  ess_mean: number;
  estimators: Record<
    string,
    { mse: number; mse_se: number; mse_median_over_y: number; bias2: number; variance: number }
  >;
}

export const mixtures: Record<string, Mixture & { rows: PosteriorRow[] }> = read('gmm-dev.json').mixtures;

export const variance: Record<
  string,
  Mixture & { exact_fixture_N10: Fixture[]; y_t: Record<string, number[][]>; rows: VarianceRow[] }
> = read('variance-dev.json').mixtures;

/** The file calls the cosine path by another name. */
export const scheduleName = (name: PosteriorRow['schedule']): ScheduleName =>
  name === 'trigonometric' ? 'cosine' : name;

/** The file's names of the estimators. */
export const estimatorNames: Record<string, string> = {
  noise: 'noise',
  gradient: 'gradient',
  'eta_0.25': 'eta=0.25',
  'eta_0.5': 'eta=0.5',
  'eta_0.75': 'eta=0.75',
  opt_diag: 'optimal-diagonal',
  opt_scalar: 'optimal-isotropic',
  opt_matrix: 'optimal-matrix',
};

/** Points as the estimators lay them out: [1, D, N] from N rows of D. */
export function pointColumns(points: readonly (readonly number[])[]): Float64Tensor {
  const flat = float64Tensor(Float64Array.from(points.flat()), [1, points.length, points[0].length]);
  return float64Algebra.transpose(flat);
}

/** |found - wanted| in units of max(1, |wanted|). */
export function discrepancy(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    worst = Math.max(worst, Math.abs(found[i] - wanted[i]) / Math.max(1, Math.abs(wanted[i])));
  }
  return worst;
}
