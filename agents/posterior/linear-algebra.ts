/** Dense linear algebra of a few dimensions in float64, for exact references. Matrices are arrays of rows. */

export type Matrix = readonly (readonly number[])[];

/** The matrix is not symmetric positive definite. */
export class NotPositiveDefiniteError extends Error {
  readonly userFacing = true;
}

/** Lower triangular L with L Lᵀ = a. @throws NotPositiveDefiniteError */
export function cholesky(a: Matrix): number[][] {
  const n = a.length;
  const lower = a.map(() => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i][j];
      for (let k = 0; k < j; k++) rest -= lower[i][k] * lower[j][k];
      if (i === j) {
        if (!(rest > 0))
          throw new NotPositiveDefiniteError(`matrix is not positive definite (row ${i}: ${rest})`);
        lower[i][i] = Math.sqrt(rest);
      } else {
        lower[i][j] = rest / lower[j][j];
      }
    }
  }
  return lower;
}

/** x with L x = b. */
export function solveLower(lower: Matrix, b: readonly number[]): number[] {
  const x = new Array<number>(b.length);
  for (let i = 0; i < b.length; i++) {
    let rest = b[i];
    for (let k = 0; k < i; k++) rest -= lower[i][k] * x[k];
    x[i] = rest / lower[i][i];
  }
  return x;
}

/** x with L Lᵀ x = b. */
export function solveCholesky(lower: Matrix, b: readonly number[]): number[] {
  const x = solveLower(lower, b);
  for (let i = b.length - 1; i >= 0; i--) {
    let rest = x[i];
    for (let k = i + 1; k < b.length; k++) rest -= lower[k][i] * x[k];
    x[i] = rest / lower[i][i];
  }
  return x;
}

/** log det of L Lᵀ. */
export function logDeterminant(lower: Matrix): number {
  return 2 * lower.reduce((total, row, i) => total + Math.log(row[i]), 0);
}
