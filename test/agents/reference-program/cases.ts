/** The recorded cases of the official program in test/data/reference-program; bench/compare-reference/cases.ts says what is in them. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ReferenceCase, readCase } from '../../../bench/compare-reference/cases.ts';

export * from '../../../bench/compare-reference/cases.ts';

const folder = fileURLToPath(new URL('../../data/reference-program/', import.meta.url));

/** All recorded cases of an algorithm: rfm, sac, dqs, maxentdp, qsm or qvpo. */
export function recordedCases(
  algorithm: string,
): { readonly name: string; readonly reference: ReferenceCase }[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(`${algorithm}-`));
  if (files.length === 0) throw new Error(`no case of '${algorithm}' is recorded`);
  return files
    .sort()
    .map((file) => ({ name: file.replace('.json', ''), reference: readCase(`${folder}${file}`) }));
}
