/** Reads the models that come with the package, from its source tree and from its build alike. */
import { existsSync, readFileSync } from 'node:fs';
import type { ModelSource } from '../../envs/model-source.ts';
import { UserError } from '../text/errors.ts';

/** assets/ stands beside harness/ in the source tree and beside dist/ in the package. */
const CANDIDATES = [new URL('../../assets/', import.meta.url), new URL('../../../assets/', import.meta.url)];

export const packagedModels: ModelSource = (file) => {
  for (const folder of CANDIDATES) {
    const url = new URL(file, folder);
    if (existsSync(url)) return readFileSync(url, 'utf8');
  }
  throw new UserError(`no model file '${file}' in assets/`);
};
