/** The fifteen targets on which `adaptive` is judged: those of the tests, and others that it was not made on. */
import { fileURLToPath } from 'node:url';
import { builtInProblems, type Problem, readProblems } from '../ablations/problems.ts';
import { GaussianMixture, type MixtureDescription } from '../agents/posterior/mixture.ts';
import { RandomStream } from '../engine/random.ts';

type Rows = number[][];

const diagonal = (values: readonly number[]): Rows =>
  values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));

const isotropic = (dim: number, variance: number): Rows => diagonal(new Array<number>(dim).fill(variance));

/** A narrow peak at (1, ..., 1) with half of the mass, the rest a standard normal. */
function peak(dim: number, deviation: number): MixtureDescription {
  return {
    dim,
    weights: [1, 1],
    means: [new Array<number>(dim).fill(1), new Array<number>(dim).fill(0)],
    covariances: [isotropic(dim, deviation ** 2), isotropic(dim, 1)],
  };
}

/** An orthogonal matrix: Gram-Schmidt on normal rows. */
function rotation(dim: number, seed: number): Rows {
  const random = RandomStream.fromSeed(seed);
  const rows: Rows = [];
  while (rows.length < dim) {
    const row = [...random.fillNormal(new Float32Array(dim))];
    for (const other of rows) {
      const along = row.reduce((sum, value, i) => sum + value * other[i], 0);
      row.forEach((_, i) => {
        row[i] -= along * other[i];
      });
    }
    const norm = Math.hypot(...row);
    rows.push(row.map((value) => value / norm));
  }
  return rows;
}

/** The mixture turned: means Rm, covariances RCRᵀ. */
function rotated(mixture: MixtureDescription, seed: number): MixtureDescription {
  const turn = rotation(mixture.dim, seed);
  const times = (x: Rows, y: Rows) =>
    x.map((row) => y[0].map((_, j) => row.reduce((sum, value, k) => sum + value * y[k][j], 0)));
  const transposed = turn.map((_, i) => turn.map((row) => row[i]));
  const symmetric = (c: Rows) => c.map((row, i) => row.map((value, j) => (value + c[j][i]) / 2));
  return {
    ...mixture,
    means: mixture.means.map((mean) =>
      turn.map((row) => row.reduce((sum, value, i) => sum + value * mean[i], 0)),
    ),
    covariances: mixture.covariances.map((covariance) =>
      symmetric(times(times(turn, covariance), transposed)),
    ),
  };
}

/** Three modes with scales from 0.3 to 1.2, axis by axis. */
const sixAxes: MixtureDescription = {
  dim: 6,
  weights: [0.5, 0.3, 0.2],
  means: [
    [1, -0.5, 0.5, 0, 1, 0],
    [-1, 0.5, 0, 1, 0, -0.5],
    [0, 1, -1, -1, -1, 0.5],
  ],
  covariances: [
    diagonal([0.1, 0.3, 1, 0.2, 0.6, 0.4]),
    diagonal([0.4, 0.1, 0.2, 1.2, 0.3, 0.5]),
    diagonal([0.2, 0.2, 0.2, 0.2, 0.2, 0.2]),
  ],
};

const twelveAxes: MixtureDescription = {
  dim: 12,
  weights: [0.6, 0.4],
  means: [0, 1].map((k) => Array.from({ length: 12 }, (_, d) => (k === 0 ? 0.5 : -0.5) * (d % 3))),
  covariances: [0, 1].map((k) =>
    diagonal(Array.from({ length: 12 }, (_, d) => 0.1 + 0.09 * (k === 0 ? d : 11 - d))),
  ),
};

/** Two modes of equal widths but for one axis along which one of them is thin. */
const thinAxis: MixtureDescription = {
  dim: 6,
  weights: [1, 2],
  means: [
    [1, 0, -1, 0, 1, 0],
    [-1, 1, 0, 0, 0, 1],
  ],
  covariances: [diagonal([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), diagonal([0.5, 0.01, 0.3, 1, 0.2, 0.1])],
};

/** Seven modes along a parabola, each lying along it. */
function ridge(): MixtureDescription {
  const at = [-1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8];
  return {
    dim: 2,
    weights: [1, 2, 3, 3, 2, 2, 1],
    means: at.map((x) => [x, 0.6 * x * x - 0.6]),
    covariances: at.map((x) => {
      const [c, s] = [1 / Math.hypot(1, 1.2 * x), (1.2 * x) / Math.hypot(1, 1.2 * x)];
      const [along, across] = [0.16, 0.01];
      const mixed = (along - across) * c * s;
      return [
        [along * c * c + across * s * s, mixed],
        [mixed, along * s * s + across * c * c],
      ];
    }),
  };
}

const made: Readonly<Record<string, MixtureDescription>> = {
  'six dimensions': sixAxes,
  'six dimensions, rotated': rotated(sixAxes, 6),
  'six dimensions, a thin axis': thinAxis,
  'three modes of three widths (3-D)': {
    dim: 3,
    weights: [1, 2, 1],
    means: [
      [1, 0, 0],
      [-1, 0.5, 0.5],
      [0, -1, 1],
    ],
    covariances: [isotropic(3, 0.04), isotropic(3, 0.25), isotropic(3, 1)],
  },
  'narrow peak in a background, 2-D': peak(2, 0.1),
  'the same in one dimension': peak(1, 0.03),
  'the same in six dimensions': peak(6, 0.14),
  'rare narrow mode': {
    dim: 2,
    weights: [0.05, 0.95],
    means: [
      [1.5, 1.5],
      [-0.5, -0.5],
    ],
    covariances: [
      isotropic(2, 0.01),
      [
        [0.5, 0.2],
        [0.2, 0.3],
      ],
    ],
  },
  'two narrow modes': {
    dim: 2,
    weights: [0.5, 0.5],
    means: [
      [-1, 0.5],
      [1, -0.5],
    ],
    covariances: [diagonal([0.01, 0.04]), diagonal([0.01, 0.04])],
  },
  'one dimension, two modes': {
    dim: 1,
    weights: [0.7, 0.3],
    means: [[-1], [1.2]],
    covariances: [[[0.3]], [[0.1]]],
  },
  'curved ridge': ridge(),
  'twelve dimensions, rotated': rotated(twelveAxes, 12),
};

/** The single Gaussian comes last: on it `adaptive` is exact to rounding, and ratios have to be capped. */
export function adaptiveProblems(): Problem[] {
  const file = fileURLToPath(new URL('../test/data/posterior/variance-dev.json', import.meta.url));
  const others = Object.entries(made).map(([name, mixture]) => ({
    name,
    mixture: new GaussianMixture(mixture),
  }));
  const [gaussian] = builtInProblems(['gaussian']);
  return [...readProblems(file), ...others, { ...gaussian, name: 'one Gaussian' }];
}
