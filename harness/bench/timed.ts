/** Work by the clock. */
export interface Timed<T> {
  readonly value: T;
  readonly milliseconds: number;
}

export function timed<T>(work: () => T): Timed<T> {
  const start = performance.now();
  const value = work();
  return { value, milliseconds: performance.now() - start };
}
