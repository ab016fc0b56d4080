/** Distances between two sets of points in the plane or in any dimension, each point with equal weight. */
import { mean } from '../../harness/statistics/index.ts';

export type Points = readonly (readonly number[])[];

function squaredDistance(x: readonly number[], y: readonly number[]): number {
  let total = 0;
  for (let d = 0; d < x.length; d++) total += (x[d] - y[d]) ** 2;
  return total;
}

/**
 * Sliced Wasserstein-2 distance of two sets of equally many points of the plane, over `directions` equally
 * spaced angles in [0, π).
 * @throws RangeError if the sets differ in size
 */
export function slicedWasserstein(x: Points, y: Points, directions = 64): number {
  if (x.length !== y.length) throw new RangeError(`sets of ${x.length} and ${y.length} points`);
  let total = 0;
  for (let k = 0; k < directions; k++) {
    const angle = (Math.PI * k) / directions;
    const [u, v] = [Math.cos(angle), Math.sin(angle)];
    const project = (points: Points) => Float64Array.from(points, ([a, b]) => a * u + b * v).sort();
    const [px, py] = [project(x), project(y)];
    total += px.reduce((sum, value, i) => sum + (value - py[i]) ** 2, 0) / px.length;
  }
  return Math.sqrt(total / directions);
}

/** Median Euclidean distance between different points of both sets together. */
export function medianDistance(x: Points, y: Points): number {
  const pooled = [...x, ...y];
  const distances = new Float64Array((pooled.length * (pooled.length - 1)) / 2);
  let at = 0;
  for (let i = 0; i < pooled.length; i++)
    for (let j = i + 1; j < pooled.length; j++)
      distances[at++] = Math.sqrt(squaredDistance(pooled[i], pooled[j]));
  distances.sort();
  const half = Math.floor(at / 2);
  return at % 2 === 1 ? distances[half] : (distances[half - 1] + distances[half]) / 2;
}

/**
 * Unbiased squared maximum mean discrepancy with the kernel exp(-‖x - y‖²/(2 h²)) (Gretton et al. 2012); can
 * be slightly negative.
 * @param bandwidth h; the median distance of the pooled points by default
 */
export function squaredMmd(x: Points, y: Points, bandwidth = medianDistance(x, y)): number {
  const scale = -1 / (2 * bandwidth * bandwidth);
  const within = (points: Points) => {
    let total = 0;
    for (let i = 0; i < points.length; i++)
      for (let j = 0; j < i; j++) total += 2 * Math.exp(scale * squaredDistance(points[i], points[j]));
    return total / (points.length * (points.length - 1));
  };
  let across = 0;
  for (const p of x) for (const q of y) across += Math.exp(scale * squaredDistance(p, q));
  return within(x) + within(y) - (2 * across) / (x.length * y.length);
}

const mostRounds = 500;

/**
 * The dual value mean f + mean g of entropic transport, entropy relative to the product measure. Of a set to itself both
 * potentials are one, which the mean of it and its successor finds in few rounds (Feydy et al. 2019, section 3.1).
 * @param settled rounds end when no potential moves by more
 */
export function entropicTransport(x: Points, y: Points, epsilon: number, settled = 1e-14): number {
  const cost = x.map((p) => Float64Array.from(y, (q) => squaredDistance(p, q)));
  const toX = softMinimum(cost, epsilon);
  const zero = new Float64Array(y.length);
  if (x === y) {
    const halfway = (f: Float64Array) => toX(f).map((value, i) => (value + f[i]) / 2);
    const f = settle(zero, halfway, settled);
    return mean(f) + mean(toX(f));
  }
  const turned = y.map((_, j) => Float64Array.from(cost, (row) => row[j]));
  const toY = softMinimum(turned, epsilon);
  const g = toY(settle(toX(zero), (f) => toX(toY(f)), settled));
  return mean(toX(g)) + mean(g);
}

/** What a step, again and again, brings values to that no longer move by more than `settled`. */
function settle(
  values: Float64Array,
  step: (values: Float64Array) => Float64Array,
  settled: number,
): Float64Array {
  let now = values;
  for (let round = 0; round < mostRounds; round++) {
    const next = step(now);
    const moved = next.reduce((most, value, i) => Math.max(most, Math.abs(value - now[i])), 0);
    now = next;
    if (moved < settled) break;
  }
  return now;
}

/** The map g → -ε log mean_j exp((g_j - cost_ij)/ε), with the exponentials of the cost taken once. */
function softMinimum(cost: readonly Float64Array[], epsilon: number) {
  const least = cost.map((row) =>
    row.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
  );
  const kernel = cost.map((row, i) => row.map((value) => Math.exp((least[i] - value) / epsilon)));
  return (g: Float64Array): Float64Array => {
    const top = g.reduce((top, value) => Math.max(top, value), Number.NEGATIVE_INFINITY);
    const scaled = g.map((value) => Math.exp((value - top) / epsilon));
    return Float64Array.from(kernel, (row, i) => {
      let total = 0;
      for (let j = 0; j < row.length; j++) total += row[j] * scaled[j];
      // Where the products underflow, the sum is taken in logarithms.
      if (total < 1e-250) return exactSoftMinimum(cost[i], g, epsilon);
      return least[i] - top - epsilon * Math.log(total / row.length);
    });
  };
}

function exactSoftMinimum(cost: Float64Array, g: Float64Array, epsilon: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < g.length; j++) top = Math.max(top, g[j] - cost[j]);
  let total = 0;
  for (let j = 0; j < g.length; j++) total += Math.exp((g[j] - cost[j] - top) / epsilon);
  return -top - epsilon * Math.log(total / g.length);
}
