/** Options by name: a misspelt one is an error, not a default. */
import { nearest, UserError } from './errors.ts';

/** The keys of some options; the compiler sees to it that none is missing. */
export type KnownKeys<Options> = Readonly<Record<keyof Options, true>>;

/** The line for a key that does not exist, with the nearest one that does. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `unknown key '${key}'; ${near === undefined ? `known: ${known.join(', ')}` : `did you mean '${near}'?`}`;
}

/** @param where what the message begins with @throws UserError for the first key that the options do not have */
export function refuseUnknownKeys<Options>(where: string, options: object, known: KnownKeys<Options>): void {
  const odd = Object.keys(options).find((key) => !Object.hasOwn(known, key));
  if (odd !== undefined) throw new UserError(`${where}: ${unknownKey(odd, Object.keys(known))}`);
}
