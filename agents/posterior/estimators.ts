/**
 * Every estimator of the posterior mean. A record here is all that one needs: settings, commands, error messages,
 * the table of docs/estimators.md (`npx jiti bench/docs-tables.ts`) and the tests over all estimators find it.
 */
import { adaptive } from './adaptive.ts';
import {
  type CoefficientRule,
  fixed,
  gradient,
  noise,
  optimalDiagonal,
  optimalIsotropic,
  optimalMatrix,
} from './coefficients.ts';

export interface EstimatorRecord {
  /** Whether the name is followed by a number, its coefficient η. */
  readonly numbered?: boolean;
  /** Other names of it. */
  readonly aliases?: readonly string[];
  /** The coefficient E for the docs, as Markdown. */
  readonly coefficient: string;
  /** Whether it reads the gradient of log p1. */
  readonly readsScore: boolean;
  readonly rule: CoefficientRule;
}

/** By name, in the order in which they are listed. */
export const estimators: Record<string, EstimatorRecord> = {
  noise: { coefficient: '0', readsScore: false, rule: noise },
  gradient: { coefficient: 'I', readsScore: true, rule: gradient },
  eta: { numbered: true, coefficient: 'x I', readsScore: true, rule: fixed },
  'optimal-isotropic': {
    coefficient: 'one number: Σw²⟨δy0, δu⟩ / (Σw²‖δu‖² + ridge (β/α)²), clipped at 3 (α/β)²',
    readsScore: true,
    rule: optimalIsotropic,
  },
  'optimal-diagonal': {
    aliases: ['optimal'],
    coefficient: 'the same per dimension; the default',
    readsScore: true,
    rule: optimalDiagonal,
  },
  'optimal-matrix': {
    coefficient: 'A (B + ridge (β/α)² I)⁻¹, A = Σw² δy0 δuᵀ, B = Σw² δu δuᵀ, not clipped',
    readsScore: true,
    rule: optimalMatrix,
  },
  adaptive: { coefficient: 'below', readsScore: true, rule: adaptive },
};

/**
 * What is typed for each estimator.
 * @param number in the place of a number that one takes
 */
export const estimatorForms = (number = '0.5'): string[] =>
  Object.entries(estimators).map(([name, { numbered }]) => (numbered ? `${name}=${number}` : name));
