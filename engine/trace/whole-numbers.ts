/** Floats as 32-bit integers. */

const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];

/** Towards zero; 0 for NaN, and the nearest number where 32 bits do not hold the result. */
export const toInt32 = (x: number): number =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.min(MOST, Math.max(LEAST, x))) + 0;
