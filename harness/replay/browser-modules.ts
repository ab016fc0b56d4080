/** The compiled modules that browsers run: found in the build, and joined into one page. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'es-module-lexer';
import { UserError } from '../text/errors.ts';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

/** dist/: this file's own build if it runs from there, else the one beside its sources. */
export function buildFolder(): string {
  const root = resolve(here, '../..');
  const folder = import.meta.url.endsWith('.ts') ? join(root, 'dist') : root;
  if (!existsSync(join(folder, 'harness/replay/browser/player.js'))) {
    throw new UserError('the pages for browsers are not built: npm run build');
  }
  return folder;
}

/** Folder of the three.js package. */
export const threeFolder = (): string => dirname(dirname(require.resolve('three')));
/** Folder of MuJoCo's WebAssembly package. */
export const mujocoFolder = (): string => dirname(require.resolve('@mujoco/mujoco'));

/** A module whose imports are numbers of modules before it. */
export interface LinkedModule {
  /** Source text in pieces; between piece i and i + 1 belongs the address of module `imports[i]`. */
  readonly pieces: readonly string[];
  readonly imports: readonly number[];
}

/** A module and all it imports, each after those that it needs. @param entry path of a file in the build */
export async function linkModules(entry: string): Promise<LinkedModule[]> {
  const linked: LinkedModule[] = [];
  const numbers = new Map<string, number>();
  const add = async (path: string): Promise<number> => {
    const known = numbers.get(path);
    if (known !== undefined) return known;
    const source = readFileSync(path, 'utf8');
    const [imported] = await parse(source, path);
    const pieces: string[] = [];
    const imports: number[] = [];
    let end = 0;
    for (const found of imported) {
      if (found.type !== 'static' && found.type !== 'reexport-star') continue;
      imports.push(await add(modulePath(found.specifier, path)));
      pieces.push(source.slice(end, found.start));
      end = found.end;
    }
    numbers.set(path, linked.length);
    return linked.push({ pieces: [...pieces, source.slice(end)], imports }) - 1;
  };
  await add(join(buildFolder(), entry.split('/').join(sep)));
  return linked;
}

function modulePath(name: string, from: string): string {
  if (name.startsWith('.')) return resolve(dirname(from), name);
  if (name === 'three') return join(threeFolder(), 'build/three.module.js');
  return require.resolve(name);
}
