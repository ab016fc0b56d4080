/** Agents see observations and rewards as float32: a number beyond its range is infinite to them. */

/** Whether a value is a number that float32 holds as a finite one. */
export function fitsSingle(value: unknown): value is number {
  return typeof value === 'number' && 0 * Math.fround(value) === 0;
}

/** A number that does not fit, as a message. @param at when it was found */
export function describeUnfit(value: number, at: string): string {
  const why = Number.isFinite(value) ? ': beyond float32 (3.4e38), in which agents see it' : '';
  return `${value} at ${at}${why}`;
}
