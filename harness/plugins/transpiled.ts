/**
 * Users' files as JavaScript, kept from process to process: each run loads them in a process of its own, and loading
 * and running Babel takes longer than everything else of it. What cannot be kept is transpiled again.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Jiti, JitiOptions } from 'jiti';
import { removeIfPossible, sha256 } from '../files/durable.ts';
import { userFolder } from '../files/user-folder.ts';

type Transform = NonNullable<JitiOptions['transform']>;

/** Files kept at most; the oldest go. */
const MOST_KEPT = 200;

const require = createRequire(import.meta.url);
const { version } = require('jiti/package.json') as { version: string };
let babel: Transform | undefined;

/** jiti's own, which it has no name for outside. */
function transpile(options: Parameters<Transform>[0]): ReturnType<Transform> {
  babel ??= createRequire(require.resolve('jiti'))('../dist/babel.cjs') as Transform;
  return babel(options);
}

type CreateJiti = (
  id: string,
  options: JitiOptions,
  means: {
    readonly onError: (error: Error) => never;
    readonly nativeImport: (id: string | URL) => Promise<unknown>;
    readonly createRequire: typeof createRequire;
  },
) => Jiti;

/**
 * jiti's createJiti for a user's file, of which Node itself loads nothing but packages: jiti would first let Node load what is
 * CommonJS already, or an ES module, and `rfm-harness` would be the package installed beside the file, a second one.
 */
export function transpilingJiti(file: string, options: JitiOptions): Jiti {
  const create = createRequire(require.resolve('jiti'))('../dist/jiti.cjs') as CreateJiti;
  const isToBeTranspiled = (id: string | URL) => {
    const path = (id instanceof URL ? fileURLToPath(id) : id).replaceAll('\\', '/');
    return path === file || (SCRIPT.test(path) && !/\/(node_modules|jiti-esm)\//.test(path));
  };
  const refuse = (id: string | URL) => new Error(`${id} is transpiled first`); // jiti does so then
  return create(
    file,
    { ...options, transform: withDefault },
    {
      onError(error) {
        throw error;
      },
      nativeImport: async (id) => {
        if (isToBeTranspiled(id)) throw refuse(id);
        return import(String(id));
      },
      createRequire: (from) =>
        new Proxy(createRequire(from), {
          apply(target, self, words: [string]) {
            if (isToBeTranspiled(words[0])) throw refuse(words[0]);
            return Reflect.apply(target, self, words);
          },
        }),
    },
  );
}

/** What Node gives of CommonJS too: `module.exports` as the default export. */
const DEFAULT = `
;((all) => {
  const holds = typeof all === 'function' || (typeof all === 'object' && all !== null && Object.keys(all).length > 0);
  if (holds && !all.__esModule && !('default' in all) && Object.isExtensible(all))
    Object.defineProperty(all, 'default', { value: all, configurable: true });
})(module.exports);`;

const withDefault: Transform = (options) => {
  const result = keptTransform(options);
  const isModule = /^\s*(import|export)\b/m.test(options.source);
  return isModule || result.error !== undefined ? result : { ...result, code: `${result.code}${DEFAULT}` };
};

/** A path of a script, not the name of a package. */
const SCRIPT = /^(\/|[a-z]:\/).*\.[cm]?[jt]sx?$/i;

/** A transform for jiti. */
export const keptTransform: Transform = (options) => {
  const folder = userFolder('cache', 'transpiled');
  const path = join(folder, sha256(JSON.stringify([version, options])));
  const kept = read(path);
  if (kept !== undefined) return { code: kept };
  const result = transpile(options);
  if (result.error === undefined) keep(folder, path, result.code);
  return result;
};

/** The code, if it is there as it was written. */
function read(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    const code = text.slice(end + 1);
    return text.slice(0, end) === sha256(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

function keep(folder: string, path: string, code: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, `${sha256(code)}\n${code}`);
    renameSync(temporary, path);
    const names = readdirSync(folder);
    if (names.length <= MOST_KEPT) return;
    const byAge = names
      .map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.time - a.time);
    for (const { name } of byAge.slice(MOST_KEPT)) removeIfPossible(join(folder, name));
  } catch {
    removeIfPossible(temporary); // a full disk, or a home that cannot be written
  }
}
