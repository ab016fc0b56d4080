/** What browsers are given: the bundled scripts of pages, found in the build, and MuJoCo's module. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../text/errors.ts';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

/**
 * Folder of the bundles that bin/bundle.js makes, in this file's own build or that beside its sources.
 * @throws UserError if there is none
 */
export function scriptFolder(): string {
  const root = resolve(here, '../..');
  const folder = join(root, import.meta.url.endsWith('.ts') ? 'dist/pages' : 'pages');
  if (existsSync(folder)) return folder;
  throw new UserError('the pages for browsers are not built: npm run build');
}

/** Source of a bundled script. @param name its file */
export const script = (name: string): string => readFileSync(join(scriptFolder(), name), 'utf8');

/** Source of a script of the playground. @param name its file */
export const playgroundScript = (name: string): string =>
  readFileSync(join(scriptFolder(), '../playground/site', name), 'utf8');

/** Folder of MuJoCo's WebAssembly package. */
export const mujocoFolder = (): string => dirname(require.resolve('@mujoco/mujoco'));
