/** Target densities with known posteriors on which estimators are compared. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { GaussianMixture, type MixtureDescription, mixtureSchema } from '../agents/posterior/mixture.ts';
import { inWords } from '../agents/schema-words.ts';
import { UserError } from '../harness/text/errors.ts';

export interface Problem {
  readonly name: string;
  readonly mixture: GaussianMixture;
}

/** Equal blobs on a circle with unequal weights: many modes, one curvature. */
function ring(modes: number, radius: number, variance: number): MixtureDescription {
  const angles = Array.from({ length: modes }, (_, k) => (2 * Math.PI * k) / modes);
  return {
    dim: 2,
    weights: angles.map((_, k) => 1 + (k % 4)),
    means: angles.map((angle) => [radius * Math.cos(angle), radius * Math.sin(angle)]),
    covariances: angles.map(() => diagonal([variance, variance])),
  };
}

const diagonal = (values: readonly number[]) =>
  values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));

/** Two long blobs at right angles: the curvature depends on direction and mode. */
const crossed: MixtureDescription = {
  dim: 2,
  weights: [1, 2],
  means: [
    [-1.2, 0],
    [1.2, 0.5],
  ],
  covariances: [
    [
      [1, 0.9],
      [0.9, 1],
    ],
    [
      [0.5, -0.4],
      [-0.4, 0.5],
    ],
  ],
};

/** Three modes of six dimensions, the size of a control task's action, with scales from 0.3 to 1.2. */
const sixDimensional: MixtureDescription = {
  dim: 6,
  weights: [3, 2, 1],
  means: [
    [1, -1, 0.5, 0, 0, 0.5],
    [-1, 0.5, 0, 1, -0.5, 0],
    [0, 1, -1, -1, 1, -1],
  ],
  covariances: [
    diagonal([0.1, 0.2, 0.4, 0.8, 1.2, 0.3]),
    diagonal([0.5, 0.1, 0.3, 0.2, 0.6, 1]),
    diagonal([0.3, 0.3, 0.3, 0.3, 0.3, 0.3]),
  ],
};

/** One Gaussian: every posterior is Gaussian too, and a constant matrix removes all variance. */
const gaussian: MixtureDescription = {
  dim: 2,
  weights: [1],
  means: [[0.5, -0.5]],
  covariances: [
    [
      [0.6, 0.35],
      [0.35, 0.4],
    ],
  ],
};

/** A narrow peak inside a broad background, as a critic with one good action has. */
const peak: MixtureDescription = {
  dim: 2,
  weights: [1, 1],
  means: [
    [1, 1],
    [0, 0],
  ],
  covariances: [diagonal([0.01, 0.01]), diagonal([1, 1])],
};

/** Two long modes at right angles in twelve dimensions, each with half of its variances small. */
const twelveDimensional: MixtureDescription = {
  dim: 12,
  weights: [3, 2],
  means: [1, -1].map((side) => Array.from({ length: 12 }, (_, d) => (side * ((d % 3) - 1)) / 2)),
  covariances: [0, 1].map((k) => diagonal(Array.from({ length: 12 }, (_, d) => (d % 2 === k ? 0.1 : 0.6)))),
};

const descriptions: Readonly<Record<string, MixtureDescription>> = {
  ring: ring(6, 2.5, 0.16),
  crossed,
  gaussian,
  peak,
  'six-dimensional': sixDimensional,
  'twelve-dimensional': twelveDimensional,
};

/** Those that every experiment takes if none is named. */
export const problemNames = ['ring', 'crossed', 'gaussian', 'peak', 'six-dimensional'] as const;

/** @param names those of problemNames, and `twelve-dimensional` */
export function builtInProblems(names: readonly string[] = problemNames): Problem[] {
  return names.map((name) => ({ name, mixture: new GaussianMixture(descriptions[name]) }));
}

const fileSchema = z.union([
  mixtureSchema.transform((mixture) => ({ single: mixture })),
  z.object({ mixtures: z.record(z.string(), mixtureSchema) }),
]);

/**
 * Reads a problem file: one mixture {dim, weights, means, covariances}, or {mixtures: {name: mixture}}.
 * @throws UserError that names the file and what is wrong with it
 */
export function readProblems(file: string): Problem[] {
  const parsed = fileSchema.safeParse(readJson(file), { error: inWords });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const nested = 'errors' in issue && Array.isArray(issue.errors) ? issue.errors.flat()[0] : issue;
    const where = nested?.path?.length ? ` (${nested.path.join('.')})` : '';
    throw new UserError(
      `${file}: not a Gaussian mixture with dim, weights, means, covariances: ${nested?.message ?? issue.message}${where}`,
    );
  }
  const found =
    'single' in parsed.data
      ? { [basename(file).replace(/\.json$/i, '')]: parsed.data.single }
      : parsed.data.mixtures;
  if (Object.keys(found).length === 0) throw new UserError(`${file}: 'mixtures' holds no mixture`);
  return Object.entries(found).map(([name, mixture]) => {
    try {
      return { name, mixture: new GaussianMixture(mixture) };
    } catch (error) {
      throw new UserError(`${file}: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`${file}: not JSON: ${error.message}`);
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UserError(`${file}: ${reason === 'ENOENT' ? 'no such file' : `cannot be read (${reason})`}`);
  }
}
