/** Options by name: a misspelt one is an error, not a default. */
import { UserError, unknownName } from './errors.ts';

/** The keys of some options; the compiler sees to it that none is missing. */
export type KnownKeys<Options> = Readonly<Record<keyof Options, true>>;

/** @param where what the message begins with @throws UserError for the first key that the options do not have */
export function refuseUnknownKeys<Options>(where: string, options: object, known: KnownKeys<Options>): void {
  const odd = Object.keys(options).find((key) => !Object.hasOwn(known, key));
  if (odd !== undefined)
    throw new UserError(`${where}: ${unknownName('key', odd, Object.keys(known)).message}`);
}
