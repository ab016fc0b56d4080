/** Arithmetic on shapes. */

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** numpy's broadcasting of two shapes. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new RangeError(`shapes [${a}] and [${b}] do not broadcast`);
    }
    return left === 1 ? right : left;
  });
}

/** Axes counted from the front, ascending; all of them if none are named. */
export function normaliseAxes(axes: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axes === null || axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axes === 'number' ? [axes] : axes;
  const sorted = list.map((axis) => normaliseAxis(axis, rank)).sort((a, b) => a - b);
  if (new Set(sorted).size < sorted.length) throw new RangeError(`the axes [${list}] name one twice`);
  return sorted;
}

export function normaliseAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= Math.max(rank, 1)) {
    throw new RangeError(`axis ${axis} is not one of a tensor of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Without the axes, or with length 1 there. */
export function reducedShape(shape: readonly number[], axes: readonly number[], keep: boolean): number[] {
  return shape.map((n, i) => (axes.includes(i) ? 1 : n)).filter((_, i) => keep || !axes.includes(i));
}
