/**
 * Which control variate the posterior mean uses (RFM, arXiv 2601.08136, Langevin-Stein family). Every
 * estimator is ȳ0 - E ū with ȳ0 the self-normalised mean of the prior draws, ū the mean of the Stein term
 * u = y0 + (β/α) ∇log p1(y1), whose expectation is zero, and E the estimator's coefficient.
 */
import { z } from 'zod';

export const estimatorNames = [
  'noise',
  'gradient',
  'eta',
  'optimal-isotropic',
  'optimal-diagonal',
  'optimal-matrix',
  'adaptive',
] as const;
export type EstimatorName = (typeof estimatorNames)[number];

/** Where a caller sets none: the values of the published ablations of estimators. The RFM agents set their own. */
export const estimatorDefaults = { ridge: 5e-4, clip: 3, maxWeight: 1 } as const;

export const estimatorSchema = z.strictObject({
  kind: z.enum(estimatorNames),
  /** The coefficient of `eta`: 0 is the noise expectation, 1 the gradient expectation. */
  eta: z.number().finite().default(0),
  /** Added to the second moment of the posterior score of y1 by the `optimal-*` estimators. */
  ridge: z.number().nonnegative().default(estimatorDefaults.ridge),
  /** Bound of |c| = |η| (β/α)² of `optimal-isotropic` and `optimal-diagonal`, as in the reference. */
  clip: z.number().positive().default(estimatorDefaults.clip),
  /** Upper bound of a normalised importance weight (then normalised again); 1 leaves the weights alone. */
  maxWeight: z.number().positive().max(1).default(estimatorDefaults.maxWeight),
});
export type Estimator = z.infer<typeof estimatorSchema>;

/** The text is no estimator. */
export class EstimatorError extends Error {
  readonly userFacing = true;
}

/**
 * Reads the command line's form: a name, `eta=0.5`, or `optimal` (the reference's, which is the diagonal).
 * @throws EstimatorError with the names that exist
 */
export function parseEstimator(text: string, options: Partial<Omit<Estimator, 'kind'>> = {}): Estimator {
  const fixed = /^eta=([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i.exec(text.trim());
  if (fixed) return estimatorSchema.parse({ ...options, kind: 'eta', eta: Number(fixed[1]) });
  const name = text.trim() === 'optimal' ? 'optimal-diagonal' : text.trim();
  const kind = estimatorNames.find((known) => known === name && known !== 'eta');
  if (!kind) {
    const names = estimatorNames.map((known) => (known === 'eta' ? 'eta=NUMBER' : known));
    throw new EstimatorError(`unknown estimator "${text}"; one of ${names.join(', ')}, optimal`);
  }
  return estimatorSchema.parse({ ...options, kind });
}

/** Whether parseEstimator reads the text. */
export function isEstimator(text: string): boolean {
  try {
    parseEstimator(text);
    return true;
  } catch (error) {
    if (error instanceof EstimatorError) return false;
    throw error;
  }
}

/** The text that parseEstimator reads back to the same estimator with default options. */
export function formatEstimator(estimator: Estimator): string {
  return estimator.kind === 'eta' ? `eta=${estimator.eta}` : estimator.kind;
}

/** Whether the estimator reads the target's score; if not, the critic's gradient need not be computed. */
export function needsScore(estimator: Estimator): boolean {
  return estimator.kind !== 'noise' && !(estimator.kind === 'eta' && estimator.eta === 0);
}
