/** Distances and directions between points of a simulation, without allocating. */

/** Between two points [3], m. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const x = b[0] - a[0];
  const y = b[1] - a[1];
  const z = b[2] - a[2];
  return Math.sqrt(x * x + y * y + z * z);
}

/** How far `to` lies from `from` along an axis (0, 1, 2) of a frame [9, row major], m. */
export function along(
  frame: ArrayLike<number>,
  axis: number,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
): number {
  return (
    (to[0] - from[0]) * frame[axis] +
    (to[1] - from[1]) * frame[3 + axis] +
    (to[2] - from[2]) * frame[6 + axis]
  );
}

/** Length of a vector in the plane. */
export const planarLength = (x: number, y: number): number => Math.sqrt(x * x + y * y);
