/** What a comparison says when it has ended. */
import type { ComparisonOutcome } from './comparison.ts';

export interface ClosingOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Prints the runs. */
export async function reportComparison(
  folder: string,
  outcome: ComparisonOutcome,
  options: ClosingOptions,
): Promise<void> {
  if (options.json) console.log(JSON.stringify({ folder, ...outcome }, null, 2));
}
