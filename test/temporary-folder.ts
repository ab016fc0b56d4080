/** One folder for all that the tests put into the temporary one, gone with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Called for every project; a folder in a folder would be too long for the sockets of browsers. */
export default function setup(): (() => void) | undefined {
  if (process.env.RFM_HARNESS_TESTS_TMPDIR !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 't-'));
  process.env.RFM_HARNESS_TESTS_TMPDIR = folder;
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
