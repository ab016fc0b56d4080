/** What a comparison leaves and says when it has ended: tables, plots, page, a table on the terminal. */
import type { ComparisonOutcome } from './comparison.ts';
import { printReport } from './report/print.ts';
import { writeReport } from './report/write.ts';

export interface ClosingOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Writes the report of the folder; prints it, or everything as JSON. */
export function reportComparison(folder: string, outcome: ComparisonOutcome, options: ClosingOptions): void {
  const scored = outcome.runs.some((run) => run.status === 'done');
  const report = scored ? writeReport({ directories: [folder], out: folder }) : undefined;
  if (options.json) {
    const tables = report?.tables ?? {};
    console.log(JSON.stringify({ folder, ...outcome, ...tables }, (_, value) => value ?? null, 2));
  } else if (report !== undefined && !options.quiet) {
    process.stdout.write(`\n${printReport(report)}`);
  }
}
