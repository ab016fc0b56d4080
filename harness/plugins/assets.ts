/** Reads the models that come with the package, from its source tree and from its build alike. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelReader } from '../../envs/model-source.ts';
import { UserError } from '../text/errors.ts';

/** assets/ stands beside harness/ in the source tree and beside dist/ in the package. */
const CANDIDATES = ['../../assets', '../../../assets'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
);

export const packagedModels: ModelReader = (file) => {
  for (const folder of CANDIDATES) {
    const path = resolve(join(folder, file));
    const isInside = path.startsWith(folder + sep);
    if (isInside && statSync(path, { throwIfNoEntry: false })?.isFile()) return readFileSync(path, 'utf8');
  }
  throw new UserError(`no model file '${file}' in assets/`);
};

/** Every model that comes with the package: its text by its file's name. */
export function packagedModelFiles(): Record<string, string> {
  const folder = CANDIDATES.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  if (folder === undefined) throw new UserError('the package has no assets/');
  const names = readdirSync(folder).filter((name) => name.endsWith('.xml'));
  return Object.fromEntries(names.map((name) => [name, packagedModels(name)]));
}
