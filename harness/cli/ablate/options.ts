/** What the options of several ablations are parsed with. */
import { InvalidArgumentError } from 'commander';

/** Collects a repeatable option. */
export const append = (value: string, previous: string[]) => [...previous, value];

/** A list separated by commas. */
export function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.some((name) => name === '')) throw new InvalidArgumentError('an empty name in the list');
  return list;
}

/** A whole number from 1 to a million: draws, points and repetitions beyond it would not fit into memory. */
export function count(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 1 || value > 1e6)
    throw new InvalidArgumentError(`'${text}' is no whole number from 1 to 1,000,000`);
  return value;
}

export const counts = (text: string) => names(text).map(count);

/** Times of the path, in (0, 1). */
export function times(text: string): number[] {
  return names(text).map((item) => {
    const value = Number(item);
    if (!(value > 0 && value < 1)) throw new InvalidArgumentError(`'${item}' is no time between 0 and 1`);
    return value;
  });
}

export function seed(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError(`'${text}' is no seed (whole number from 0)`);
  return value;
}
