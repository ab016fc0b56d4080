/** What a comparison leaves and says when it has ended: tables, plots, page, a table on the terminal. */

import { printReport } from '../report/print.ts';
import { writeReport } from '../report/write.ts';
import type { ComparisonOutcome } from './comparison.ts';

export interface ClosingOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Writes the report of the folder, also where every run failed; prints it, or everything as JSON. */
export function reportComparison(folder: string, outcome: ComparisonOutcome, options: ClosingOptions): void {
  const report = writeReport({ directories: [folder], out: folder });
  if (options.json) {
    console.log(JSON.stringify({ folder, ...outcome, ...report.tables }, (_, value) => value ?? null, 2));
  } else if (!options.quiet) {
    process.stdout.write(`\n${printReport(report)}`);
  }
}
