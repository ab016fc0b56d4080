/**
 * Enlargement of a grid by cubic splines: `scipy.ndimage.zoom(grid, factor)` with its defaults (order 3, constant
 * mode, corners on corners).
 *
 * The grid's values are interpolated by a cubic B-spline whose coefficients come from a recursive filter, mirrored
 * at the edges (Unser, Aldroubi and Eden 1993, "B-spline signal processing"); both axes one after the other.
 */

/** The pole of the cubic B-spline's inverse filter. */
const POLE = Math.sqrt(3) - 2;

/**
 * @param grid square grid of `size` × `size` values, row major; not changed.
 * @param enlarged number of rows and columns wanted.
 * @returns [enlarged × enlarged], row major; its corners are the grid's corners.
 */
export function splineZoom(grid: ArrayLike<number>, size: number, enlarged: number): Float64Array {
  const coefficients = Float64Array.from(grid);
  for (let column = 0; column < size; column++) toCoefficients(coefficients, column, size, size);
  for (let row = 0; row < size; row++) toCoefficients(coefficients, row * size, 1, size);

  const { first, weights } = sampling(size, enlarged);
  const tall = new Float64Array(enlarged * size);
  for (let row = 0; row < enlarged; row++) {
    for (let k = 0; k < 4; k++) {
      const weight = weights[4 * row + k];
      const source = mirrored(first[row] + k, size) * size;
      for (let column = 0; column < size; column++) {
        tall[row * size + column] += weight * coefficients[source + column];
      }
    }
  }
  const out = new Float64Array(enlarged * enlarged);
  for (let row = 0; row < enlarged; row++) {
    for (let column = 0; column < enlarged; column++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        sum += weights[4 * column + k] * tall[row * size + mirrored(first[column] + k, size)];
      }
      out[row * enlarged + column] = sum;
    }
  }
  return out;
}

/** x^n for n from 0 on. */
const raised = (x: number, n: number): number => (n === 0 ? 1 : x * raised(x, n - 1));

/** Replaces the values of one line by the B-spline coefficients that interpolate them; mirrored at both ends. */
function toCoefficients(line: Float64Array, start: number, stride: number, length: number): void {
  const at = (i: number): number => start + i * stride;
  const gain = (1 - POLE) * (1 - 1 / POLE);
  for (let i = 0; i < length; i++) line[at(i)] *= gain;

  // The causal filter begins with the whole mirrored, periodic past summed up.
  const last = raised(POLE, length - 1);
  let past = line[at(0)] + last * line[at(length - 1)];
  let power = POLE;
  for (let i = 1; i < length - 1; i++) {
    past += power * (line[at(i)] + last * line[at(length - 1 - i)]);
    power *= POLE;
  }
  line[at(0)] = past / (1 - last * last);
  for (let i = 1; i < length; i++) line[at(i)] += POLE * line[at(i - 1)];

  line[at(length - 1)] = ((POLE * line[at(length - 2)] + line[at(length - 1)]) * POLE) / (POLE * POLE - 1);
  for (let i = length - 2; i >= 0; i--) line[at(i)] = POLE * (line[at(i + 1)] - line[at(i)]);
}

/** For every point of the enlarged axis, the first of the four coefficients it depends on, and their weights. */
function sampling(size: number, enlarged: number): { first: Int32Array; weights: Float64Array } {
  const first = new Int32Array(enlarged);
  const weights = new Float64Array(4 * enlarged);
  const spacing = (size - 1) / (enlarged - 1);
  for (let i = 0; i < enlarged; i++) {
    const place = i * spacing;
    const left = Math.floor(place);
    const y = place - left;
    const z = 1 - y;
    first[i] = left - 1;
    const [before, at, after] = [
      (z * z * z) / 6,
      (y * y * (y - 2) * 3 + 4) / 6,
      (z * z * (z - 2) * 3 + 4) / 6,
    ];
    weights.set([before, at, after, 1 - before - at - after], 4 * i);
  }
  return { first, weights };
}

/** An index beyond an end, reflected about the end's centre. */
function mirrored(index: number, length: number): number {
  const inside = Math.abs(index);
  return inside < length ? inside : 2 * (length - 1) - inside;
}
