/** Errors that tell the user what to do: one line, no stack trace. */
import { distance } from 'fastest-levenshtein';

/** Wrong use of a command or of its input; the command ends with exit code 2. */
export class UserError extends Error {
  /** Marks errors, in any folder, whose message alone is shown to the user. */
  readonly userFacing = true;
  override readonly name: string = 'UserError';
}

/** The allowed name nearest to what was typed, if any is near enough to be meant. */
export function nearest(value: string, allowed: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of allowed) {
    const d = distance(value.toLowerCase(), name.toLowerCase());
    if (d < bestDistance) {
      best = name;
      bestDistance = d;
    }
  }
  return bestDistance <= Math.max(2, Math.ceil(value.length * 0.4)) ? best : undefined;
}

/** The error for a name that does not exist, with the nearest one that does. */
export function unknownName(kind: string, value: string, allowed: readonly string[]): UserError {
  const near = nearest(value, allowed);
  const hint = near === undefined ? `known: ${allowed.join(', ')}` : `did you mean '${near}'?`;
  return new UserError(`unknown ${kind} '${value}'; ${hint}`);
}

/** What a zod schema says first against a value, with its place: `evaluation.every: expected a number`. */
export function firstIssue({
  issues: [{ path, message }],
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}
