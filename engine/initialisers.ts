/** How a named parameter tensor gets its first values. */
import type { RandomStream } from './random.ts';

/** Fills `out` (row major, `shape`) with first values drawn from `random`. */
export type Initialiser = (out: Float32Array, shape: readonly number[], random: RandomStream) => void;

/** Every value 0. */
export const zeros: Initialiser = (out) => {
  out.fill(0);
};

/** Every value the same. */
export function constant(value: number): Initialiser {
  return (out) => {
    out.fill(value);
  };
}

/** Uniform in [low, high). */
export function uniform(low: number, high: number): Initialiser {
  return (out, _shape, random) => {
    random.fillUniform(out, low, high);
  };
}

/** Normal with mean 0 and the given standard deviation. */
export function normal(deviation: number): Initialiser {
  return (out, _shape, random) => {
    random.fillNormal(out);
    for (let i = 0; i < out.length; i++) out[i] *= deviation;
  };
}

/**
 * Orthonormal columns (or rows, when there are fewer of them) times `gain`, uniformly distributed: the Q of a
 * normal matrix's QR decomposition with the signs that make R's diagonal positive (Mezzadri 2007), as
 * jax.nn.initializers.orthogonal has it. The last dimension counts the columns.
 */
export function orthogonal(gain = 1): Initialiser {
  return (out, shape, random) => {
    const [rows, columns] = matrixShape(shape);
    const length = Math.max(rows, columns);
    const count = Math.min(rows, columns);
    const draws = random.fillNormal(new Float32Array(length * count));
    const vectors = orthonormalise(
      Array.from({ length: count }, (_, i) =>
        Float64Array.from(draws.subarray(i * length, (i + 1) * length)),
      ),
    );
    vectors.forEach((vector, i) => {
      vector.forEach((x, j) => {
        out[rows >= columns ? j * columns + i : i * columns + j] = gain * x;
      });
    });
  };
}

/** Gram-Schmidt, every projection done twice so that rounding leaves the vectors orthogonal. */
function orthonormalise(vectors: Float64Array[]): Float64Array[] {
  for (let i = 0; i < vectors.length; i++) {
    const vector = vectors[i];
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = vectors[j];
        let product = 0;
        for (let k = 0; k < vector.length; k++) product += vector[k] * other[k];
        for (let k = 0; k < vector.length; k++) vector[k] -= product * other[k];
      }
    }
    let square = 0;
    for (const x of vector) square += x * x;
    const scale = 1 / Math.sqrt(square);
    for (let k = 0; k < vector.length; k++) vector[k] *= scale;
  }
  return vectors;
}

function matrixShape(shape: readonly number[]): [rows: number, columns: number] {
  if (shape.length < 2) {
    throw new RangeError(
      `the initialiser orthogonal needs at least two dimensions, not [${shape.join(', ')}]`,
    );
  }
  const columns = shape[shape.length - 1];
  return [shape.slice(0, -1).reduce((product, size) => product * size, 1), columns];
}
