/**
 * The densities of the toy comparison. All are Gaussian mixtures, so that density, score and exact draws are those of
 * one description and nothing has to be normalised or approximated; all are centred and of order one.
 */
import { GaussianMixture, type MixtureDescription } from '../../agents/posterior/mixture.ts';
import { RandomStream } from '../../engine/random.ts';
import { unknownName } from '../../harness/text/errors.ts';
import type { Points } from './sample-distances.ts';

const isotropic = (variance: number) => [
  [variance, 0],
  [0, variance],
];

/**
 * Two moons: a point uniform on one of two half circles of radius 1, the upper one about (-0.5, -0.25), the lower one
 * about (0.5, 0.25), plus N(0, 0.1² I). In closed form the arc's integral is a mean over `arcPoints` angles by the
 * midpoint rule; at a spacing of one deviation the density's ripple along the arc is 5e-9 of it.
 */
function moons(arcPoints = 32, deviation = 0.1): MixtureDescription {
  const angles = Array.from({ length: arcPoints }, (_, k) => (Math.PI * (k + 0.5)) / arcPoints);
  const upper = angles.map((angle) => [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25]);
  const lower = upper.map(([x, y]) => [-x, -y]);
  const means = [...upper, ...lower];
  return {
    dim: 2,
    weights: means.map(() => 1),
    means,
    covariances: means.map(() => isotropic(deviation ** 2)),
  };
}

/** Eight equal Gaussians of deviation 0.15 on a circle of radius 1.5. */
function ring(): MixtureDescription {
  const angles = Array.from({ length: 8 }, (_, k) => (Math.PI * k) / 4);
  return {
    dim: 2,
    weights: angles.map(() => 1),
    means: angles.map((angle) => [1.5 * Math.cos(angle), 1.5 * Math.sin(angle)]),
    covariances: angles.map(() => isotropic(0.15 ** 2)),
  };
}

/** Two long modes at right angles with 0.3 and 0.7 of the mass. */
const crossed: MixtureDescription = {
  dim: 2,
  weights: [0.3, 0.7],
  means: [
    [-1.4, 0.3],
    [0.6, -0.13],
  ],
  covariances: [
    [
      [0.2, 0.17],
      [0.17, 0.2],
    ],
    [
      [0.2, -0.18],
      [-0.18, 0.2],
    ],
  ],
};

/**
 * Forty equal Gaussians with centres uniform in a square, after the mixture of FAB and iDEM (arXiv 2402.06121), whose
 * square is [-40, 40]² and whose deviation is 1.31; here a twenty-fifth of that, with centres of our own drawing.
 */
function forty(): MixtureDescription {
  const random = RandomStream.fromSeed(40).split('centres');
  const places = Array.from({ length: 40 }, () => [0, 0].map(() => 1.6 * (2 * random.uniform() - 1)));
  const centre = [0, 1].map((d) => places.reduce((sum, place) => sum + place[d] / places.length, 0));
  const means = places.map((place) => place.map((value, d) => value - centre[d]));
  return {
    dim: 2,
    weights: means.map(() => 1),
    means,
    covariances: means.map(() => isotropic(0.0525 ** 2)),
  };
}

const builtIn: Readonly<Record<string, () => MixtureDescription>> = {
  moons: () => moons(),
  ring,
  crossed: () => crossed,
  forty,
};

export const targetNames: readonly string[] = Object.keys(builtIn);

export interface ToyTarget {
  readonly name: string;
  readonly description: MixtureDescription;
}

/** @throws UserError for a name that does not exist */
export function builtInTarget(name: string): ToyTarget {
  if (!Object.hasOwn(builtIn, name)) throw unknownName('target', name, targetNames);
  return { name, description: builtIn[name]() };
}

/** Half the width of a box about the origin that holds every component to five deviations. */
export function extent({ means, covariances }: MixtureDescription): number {
  const reach = means.flatMap((mean, k) =>
    mean.map((value, d) => Math.abs(value) + 5 * Math.sqrt(covariances[k][d][d])),
  );
  return Math.max(...reach);
}

/** Exact draws. */
export function drawExact(description: MixtureDescription, count: number, random: RandomStream): Points {
  const mixture = new GaussianMixture(description);
  const normal = new Float32Array(description.dim);
  return Array.from({ length: count }, () => {
    random.fillNormal(normal);
    return mixture.sample(random.uniform(), normal);
  });
}
