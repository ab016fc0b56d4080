/** Options by name: a misspelt one is an error, not a default. */
import { unknownKey } from '../../names/nearest.ts';
import { UserError } from './errors.ts';

/** The keys of some options; the compiler sees to it that none is missing. */
export type KnownKeys<Options> = Readonly<Record<keyof Options, true>>;

/** @param where what the message begins with @throws UserError for the first key that the options do not have */
export function refuseUnknownKeys<Options>(where: string, options: object, known: KnownKeys<Options>): void {
  const fault = unknownKey(options, Object.keys(known));
  if (fault !== undefined) throw new UserError(`${where}: ${fault}`);
}
