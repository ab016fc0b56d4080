/**
 * Where an ablation's comparisons lie below DIR: in DIR/NAME if there is one, else in DIR/NAME/STEPS, with all
 * plans in DIR/NAME/comparisons.json, so that an interrupted ablation knows also those that had not begun.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { inWords } from '../../agents/schema-words.ts';
import { makeFolder, writeDurably } from '../../harness/files/durable.ts';
import { planSchema } from '../../harness/plan/plan.ts';
import { writeReport } from '../../harness/report/write.ts';
import { hasManifest, loadManifest } from '../../harness/results/manifest.ts';
import { firstIssue, UserError } from '../../harness/text/errors.ts';
import type { PlannedComparison } from './plan.ts';

const format = 'rfm-harness-comparisons/1';
/** A name is that of a folder below the ablation's. */
const layout = z.object({
  comparisons: z.array(z.object({ name: z.string().regex(/^[\w.]*$/), plan: planSchema })).min(1),
});
const planFile = (folder: string) => join(folder, 'comparisons.json');

/**
 * Notes the plans of several comparisons before the first begins.
 * @param folder DIR/NAME
 * @throws UserError where one comparison is already
 */
export function writeLayout(folder: string, planned: readonly PlannedComparison[]): void {
  if (planned.length === 1) return;
  if (hasManifest(folder)) {
    throw new UserError(
      `${folder} holds one comparison, and tasks with different steps need several; choose another --out`,
    );
  }
  makeFolder(folder);
  writeDurably(planFile(folder), `${JSON.stringify({ format, comparisons: planned }, null, 2)}\n`);
}

/**
 * The plans of an ablation that has begun.
 * @throws UserError if there is none
 */
export function readLayout(folder: string): PlannedComparison[] {
  if (hasManifest(folder)) return [{ name: '', plan: loadManifest(folder).config }];
  const file = planFile(folder);
  if (!existsSync(file)) throw new UserError(`nothing to resume in ${folder}`);
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new UserError(`${file} is not readable JSON`);
  }
  const parsed = layout.safeParse(found, { error: inWords });
  if (parsed.success) return parsed.data.comparisons;
  throw new UserError(`${file} holds no plans of this harness: ${firstIssue(parsed.error)}`);
}

/** One report over several comparisons; each has its own too. */
export function writeJointReport(folder: string, planned: readonly PlannedComparison[]): void {
  const directories = planned
    .map(({ name }) => join(folder, name))
    .filter((directory) => existsSync(join(directory, 'summary.csv')));
  if (planned.length > 1 && directories.length > 0) writeReport({ directories, out: folder, force: true });
}
