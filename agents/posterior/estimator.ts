/**
 * Which control variate the posterior mean uses (RFM, arXiv 2601.08136, Langevin-Stein family). Every
 * estimator is ȳ0 - E ū with ȳ0 the self-normalised mean of the prior draws, ū the mean of the Stein term
 * u = y0 + (β/α) ∇log p1(y1), whose expectation is zero, and E the estimator's coefficient.
 */
import { z } from 'zod';
import type { Algebra } from './arithmetic.ts';
import { estimatorForms, estimators } from './estimators.ts';
import type { ControlledMean, WeighedDraws } from './weighing.ts';

/** Where a caller sets none: the values of the published ablations of estimators. The RFM agents set their own. */
export const estimatorDefaults = { ridge: 5e-4, clip: 3, maxWeight: 1 } as const;

const estimatorSchema = z.strictObject({
  /** A name in `estimators`. */
  kind: z.string().refine((name) => Object.hasOwn(estimators, name), 'is not an estimator'),
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

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/**
 * Reads the command line's form: a name, `eta=0.5`, or `optimal` (the reference's, which is the diagonal).
 * @throws EstimatorError with the names that exist
 */
export function parseEstimator(text: string, options: Partial<Omit<Estimator, 'kind'>> = {}): Estimator {
  const [typed, ...numbers] = text.trim().split('=');
  const known = Object.entries(estimators);
  const [kind, record] = known.find(([name, { aliases = [] }]) => [name, ...aliases].includes(typed)) ?? [];
  const wellFormed = record?.numbered
    ? numbers.length === 1 && NUMBER.test(numbers[0])
    : numbers.length === 0;
  if (kind === undefined || !wellFormed) {
    const names = [...estimatorForms('NUMBER'), ...known.flatMap(([, { aliases = [] }]) => aliases)];
    throw new EstimatorError(`unknown estimator "${text}"; one of ${names.join(', ')}`);
  }
  const eta = record?.numbered ? { eta: Number(numbers[0]) } : {};
  return estimatorSchema.parse({ ...options, ...eta, kind });
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

/** Whether the estimate depends on the gradient of log p1. */
export const readsScore = ({ kind }: Estimator): boolean => estimators[kind].readsScore;

/** The estimate of E[y0 | y_t]. */
export function controlledMean<A>(
  a: Algebra<A>,
  draws: WeighedDraws<A>,
  estimator: Estimator,
): ControlledMean<A> {
  return estimators[estimator.kind].rule(a, draws, estimator);
}
