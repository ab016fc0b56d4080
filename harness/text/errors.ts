/** Errors that tell the user what to do: one line, no stack trace. */
import { unknown } from '../../names/nearest.ts';

/** Wrong use of a command or of its input; the command ends with exit code 2. */
export class UserError extends Error {
  /** Marks errors, in any folder, whose message alone is shown to the user. */
  readonly userFacing = true;
  override readonly name: string = 'UserError';
}

/** The error for a name that does not exist, with the nearest ones that do. */
export const unknownName = (kind: string, value: string, allowed: readonly string[]): UserError =>
  new UserError(unknown(kind, value, allowed));

/** What a zod schema says first against a value, with its place: `evaluation.every: expected a number`. */
export function firstIssue({
  issues: [{ path, message }],
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}
