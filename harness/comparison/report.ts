/** What a comparison says when it has ended: a table on the terminal, or everything as JSON. */
import { printReport } from '../report/print.ts';
import type { Report } from '../report/write.ts';
import { coloursOf, painted } from '../text/colour.ts';
import type { ComparisonOutcome } from './comparison.ts';

export function printComparison(
  folder: string,
  outcome: ComparisonOutcome,
  report: Report,
  { json }: { readonly json: boolean },
): void {
  if (json) {
    console.log(JSON.stringify({ folder, ...outcome, ...report.tables }, (_, value) => value ?? null, 2));
  } else {
    process.stdout.write(`\n${painted(printReport(report), coloursOf(process.stdout))}`);
  }
}
